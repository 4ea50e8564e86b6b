"""What is said to people is spelled one way, ends whole, and says what to do next."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import string
import types
import typing
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

import bot
from bot import words
from bot.completion.options import OPTIONS
from bot.errors import Fault
from bot.words import admin, form, grok, talk, usage
from bot.words import request as request_words
from bot.words.sentences import Sentence
from bot.words.terminal.ask import spelled
from tests.sentences import misspoken, required, sentences

ROOT = Path(bot.__file__).parent
TO_PEOPLE = sorted((ROOT / "words").glob("*.py"))
TO_OPERATORS = [
    *(ROOT / "ops").glob("*words.py"),
    *(ROOT / "words" / "terminal").glob("[!_]*.py"),
]
ROOMS = [*TO_PEOPLE, *TO_OPERATORS]
_STRAIGHT = re.compile(r"[A-Za-z]'[a-z]")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TO_PEOPLE, ids=_name)
def test_sentences_to_people_in_slack_have_one_kind_of_apostrophe(path: Path) -> None:
    assert [text for text in _texts(path) if _STRAIGHT.search(text)] == []


@pytest.mark.parametrize("path", TO_OPERATORS, ids=_name)
def test_sentences_in_the_terminal_have_the_other(path: Path) -> None:
    assert [text for text in _texts(path) if "’" in text and text != "’"] == []


def test_what_slack_is_told_is_told_in_the_terminal_with_its_own() -> None:
    assert spelled(grok.GROK_SENTENCES["bad_key"]).startswith("Grok does not accept this bot's key")


def test_hints_of_flags_have_the_same_apostrophe() -> None:
    assert [option.hint for option in OPTIONS.values() if _STRAIGHT.search(option.hint)] == []


def _texts(path: Path) -> list[str]:
    """Every string in a file that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    ]


def test_nothing_is_written_twice() -> None:
    """What closes many a sentence apart: `Please try again in a minute.`"""
    texts = Counter(text for path in ROOMS for text in _texts(path) if len(text.split()) > 4)

    assert [text for text, times in texts.items() if times > 1 and text[0].isalpha()] == []


# What is said in the end


GRATES = {
    "two signs at an end": re.compile(r"[.?!:;,][;.,]|\?[.;:]|[.;,]\?|!\?"),
    "two spaces": re.compile(r"(?<=[\w.,;:?!]) {2,}(?=\S)"),
    "a space before a sign": re.compile(r"\s[.;,?!](?:\s|$)"),
    "something of Python": re.compile(r"\bNone\b(?!\.| yet)|\bTrue\b|\bFalse\b|\{[a-z_]+\}"),
    "a sentence that begins small": re.compile(r"(?<!\d)[.?!] [a-z]"),
}
LAID_OUT = frozenset({"LIMIT_LINE", "demo_ready", "DEMO_GROK", "DEMO_SEVERAL_READY"})
"""Spaces stand in these to be seen."""
_FINE = re.compile(
    r"`[^`\n]*`|https?://\S*|<[^>]*>|…|\w+\.\w+|\.env|\+@all\S*(?: -@\w+)*|--no-…|e\.g\.|\((?:…)?\)"
    r"|\{text\}"
)
"""Code, addresses, names, and the place in a saved prompt: they have signs of their own."""


@pytest.mark.parametrize("path", ROOMS, ids=_name)
@pytest.mark.parametrize("what", GRATES)
def test_nothing_that_is_said_grates(path: Path, what: str) -> None:
    said = list(_said(path))

    assert said
    assert [text for text in said if GRATES[what].search(_FINE.sub("X", text))] == []


@pytest.mark.parametrize("path", ROOMS, ids=_name)
def test_every_sentence_can_be_said(path: Path) -> None:
    for name, sentence in sentences(path, ROOT).items():
        for said in _formatted(sentence):
            assert said == "" or not re.search(r"[][{}|]|\bcount ", _FINE.sub("X", said)), name


def test_every_place_of_a_sentence_is_given_where_it_is_said() -> None:
    """No type checker reads that."""
    assert [fault for path in ROOT.rglob("*.py") for fault in misspoken(path, ROOT)] == []


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("words.BY(model=m, endpoint=e)", ""),
        ("words.BY(model=m)", "endpoint"),
        ("words.BY(model=m, endpoint=e, else_=x)", "else_"),
        ("words.BY(m, e)", "by name"),
        ("words.BY(**m)", "by name"),
        ("told(words.BY)", "by name"),
        ("words.FAILED(m)", ""),
        ("words.FAILED(sentence=m)", ""),
        ("words.FAILED()", "sentence"),
        ("words.FAILED(m, n)", "by name"),
        ("told(words.FAILED)", ""),
        ("words.TOKENS_USED(total=1)", ""),
        ("words.TOKENS_USED(reasoning=1)", "total"),
        ("said(model=m)", "endpoint"),
        ("words.BY.template", ""),
    ],
)
def test_what_is_not_given_is_found(tmp_path: Path, call: str, fault: str) -> None:
    source = tmp_path / "bot" / "speaks.py"
    source.parent.mkdir()
    source.write_text(f"from bot import words\nfrom bot.words import BY as said\n{call}\n")

    found = list(misspoken(source, source.parent))

    assert len(found) == bool(fault)
    assert all(fault in each for each in found)


@pytest.mark.parametrize(
    "told",
    [request_words.fault_line, lambda fault: form.field_fault(fault.problem, fault.allowed)],
)
@pytest.mark.parametrize(
    ("problem", "allowed"),
    [
        (request_words.UNKNOWN_PARAMETER("temperature"), "a number from 0 to 2"),
        (request_words.UNKNOWN_PARAMETER("temperature"), ""),
        (request_words.TOO_LARGE("3"), "a number from 0 to 2"),
        (request_words.TOO_LARGE("3"), ""),
        (request_words.switch_or_prompt("--echo", "off"), ""),
    ],
)
def test_a_fault_ends_as_one_sentence_or_two(
    told: Callable[[Fault], str], problem: str, allowed: str
) -> None:
    line = told(Fault("temprature", problem, allowed))

    assert not any(sign.search(line) for sign in GRATES.values())
    assert allowed in line


def _said(path: Path) -> Iterator[str]:
    """Everything that a room of words says: its constants, and what its functions return."""
    dotted = path.relative_to(ROOT.parent).with_suffix("").parts
    room = importlib.import_module(".".join(part for part in dotted if part != "__init__"))
    for name, value in vars(room).items():
        if isinstance(value, types.FunctionType):
            if value.__module__ == room.__name__ and not (name.startswith("_") or name in LAID_OUT):
                yield from _returned(value)
        elif name.isupper() and name not in LAID_OUT:
            yield from _strings(value)


def _returned(function: Callable[..., object]) -> Iterator[str]:
    hints = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters
    for number in (0, 1, 2):
        values = {name: _sample(name, hints[name], number) for name in parameters}
        keyed = {n for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
        plain = [value for name, value in values.items() if name not in keyed]
        try:
            yield from _strings(function(*plain, **{name: values[name] for name in keyed}))
        except KeyError:  # a sample that is none of the names it knows
            continue


_NAMES = {"kind": "workspace", "source": "channel", "problem": "is too small", "unit": "tokens"}


def _sample(name: str, hint: object, number: int) -> object:
    if name in _NAMES:
        return _NAMES[name]
    if hint is bool:
        return bool(number)
    if hint is str or typing.get_origin(hint) is typing.Literal:
        return "Word"
    if typing.get_origin(hint) is Mapping:
        return {"word": "word"}
    if "tuple[str, str]" in str(hint):
        return [("Word", "word")] * (number + 1)
    if typing.get_origin(hint) in (Sequence, tuple, list):
        return (
            [Fault("n", "0 is too small", "1")] * number
            if "Fault" in str(hint)
            else ["Word"] * (number + 1)
        )
    if hint is Fault:
        return Fault("n", "0 is too small", "1")
    return number + 1


def _formatted(sentence: Sentence) -> Iterator[str]:
    """What it says of one, of two, and with nothing in every place that may be empty."""
    forms: dict[str, list[str]] = {}
    for name, shape in _places(sentence.template):
        forms.setdefault(name, []).append(shape)
    needed = required(sentence.template)
    for number in (1, 2, 0):
        yield sentence(
            **{
                name: _value(each, 1 if number == 0 and name in needed else number)
                for name, each in forms.items()
            }
        )


def _value(forms: list[str], number: int) -> object:
    """Something to be said in places of these formats."""
    if {"or", "and", "list", "apart"}.intersection(forms):
        return ["Word"] * number
    return number if {*forms} - {"", "capital"} else "Word" * min(number, 1)


def _places(template: str) -> Iterator[tuple[str, str]]:
    """The places in it, each with its format, and those within what depends on a number."""
    for _, name, shape, _ in string.Formatter().parse(template):
        if name:
            yield name, shape or ""
            yield from _places(shape or "")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Sentence):
        yield from _formatted(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _strings(each)


NEXT = re.compile(
    r"\b(?:ask|try|tell|choose|press|write|type|copy|pick|open|set|invite|shorten|change|check"
    r"|correct|look|lower|allows?|resets|come back|follows|put|no need to ask)\b|`/grok",
    re.IGNORECASE,
)
FAILURES: Mapping[str, str] = {
    **grok.GROK_SENTENCES,
    **{
        name: said
        for name, value in vars(grok).items()
        if re.match(r"GROK_(?!CANN|SENT|UNLISTED|MISSPELT|NO_(?:E|L))", name)
        for said in _strings(value)
    },
    **words.ENDED,
    **{
        name: said
        for room in (words, admin, form, talk, usage)
        for name, value in vars(room).items()
        for said in _strings(value)
        if re.fullmatch(
            r"NOT_(?:TAKEN|CHANGED|OPENED|SWITCHED|FORGOTTEN|LEFT|SHARED|GIVEN|SEEN_THERE|FOR_GUESTS"
            r"|IN_THIS_CHANNEL|ANNOUNCED)|MAYBE_\w+|\w*FAILED|\w*_AWAY|NOTHING_TO_(?!STOP|SHARE|CONTINUE)\w+"
            r"|NO_PLACE|\w*_OFTEN|\w*TOO_LONG|GIVEN_UP|UNSHOWABLE|UNSHOWN|\w*_LATE|\w*_SILENT"
            r"|WHO_ARE_YOU|NO_MODEL_LEFT|STILL_PAUSED|ANSWER_FORGOTTEN|TYPED_FORGOTTEN|DROPPED"
            r"|NOTHING_WRITTEN|INVITE_ME\w*|MEMBERS_ONLY",
            name,
        )
        and said != "not taken"
    },
}
"""What is said when something came to nothing."""


@pytest.mark.parametrize("name", FAILURES)
def test_whoever_gets_nothing_reads_what_to_do_next(name: str) -> None:
    *_, last = re.split(r"(?<=[.!?]) (?=[A-Z])", FAILURES[name].strip("_"))

    assert NEXT.search(last), last


@pytest.mark.parametrize(
    ("admins", "asks"),
    [
        ([], admin.WHERE_ADMINS),
        (["<@U1>"], "Please ask <@U1>."),
        (["<@U1>", "<@U2>", "<@U3>", "<@U4>"], "Please ask <@U1>, <@U2> or <@U3>."),
    ],
)
def test_whoever_is_told_that_only_admins_may_reads_whom_to_ask(
    admins: list[str], asks: str
) -> None:
    for matter, sentence in admin.ONLY_ADMINS.items():
        assert admin.only_admins(matter, admins) == f"{sentence} {asks}"


@pytest.mark.parametrize(
    ("source", "change"),
    [
        ("own", "take your default back: `/grok defaults unset --temperature me`"),
        ("channel", "ask an admin to change it"),
        ("workspace", "ask an admin to change it"),
        ("settings", "ask whoever runs this bot to change it"),
    ],
)
def test_whoever_asked_with_a_default_that_is_refused_reads_how_it_is_changed(
    source: str, change: str
) -> None:
    assert request_words.default_refused("grok-4.3", "--temperature", source).endswith(
        f", or {change}."
    )
