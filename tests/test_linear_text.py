"""The work on any text grows with the text, however it repeats, nests or never closes.

All patterns and all functions of text in `bot` are found here by themselves, and timed on hostile
texts of 4, 16 and 64 thousand characters. Ratios are compared, of CPU time, so that a slow machine
is no fault of the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from structlog.testing import capture_logs

from bot.markdown.inline_markup import _mendable
from bot.markdown.links.places import _between_words
from bot.markdown.rewriting import openings
from tests.hostile import FRAGMENTS, against, common
from tests.linear import (
    functions_of,
    made_in_functions,
    modules,
    patterns_in,
    slow,
    uses_of,
    ways_of,
    written_in_functions,
)
from tests.text_drivers import DRIVERS, LAID_OUT

MODULES = modules()

NO_TEXT = {
    "bot.app": "starts and stops",
    "bot.joining.process": "starts and stops",
    "bot.joining.workspace": "starts and stops",
    "bot.cli": "runs commands",
    "bot.terminal.parser": "reads arguments, and ends the process where they are wrong",
    "bot.demo": "runs the demo",
    "bot.eval.rules": "looks for an operator's expressions, with a deadline (`an answer judged`)",
    "bot.joining.several": "starts and stops",
    "bot.terminal.ask": "asks Grok",
    "bot.store.redis.connection.script_source": "reads scripts of its own",
    "bot.settings": "reads what the operator has set, time zones from files",
    "bot.eval.dataset._without_waiting": "opens a file of an operator's",
    "bot.metrics._closed": "names what is counted, each once in a process",
}
"""Modules and functions whose strings nobody in Slack and no API has written."""

FUNCTIONS = {
    path: work
    for name, module in MODULES.items()
    if name not in NO_TEXT
    for path, work in functions_of(module).items()
    if path.partition("(")[0] not in NO_TEXT
}

MADE_IN_FUNCTIONS = {
    "bot.grok.http.event_stream": ["_pattern: re.compile"],
    "bot.markdown.rewriting.openings": [
        *("_all_dull: re.compile", "_next_formula: re.compile", "_any_plain: re.compile")
    ],
    "bot.markdown.links.places": ["_between_words: re.compile"],
    "bot.markdown.inline_markup": ["_mendable: re.compile"],
    "bot.completion.transcript": ["_like_names: re.compile"],
    "bot.ops.redact": ["__init__: re.compile"],
    "bot.slack.inbound.payloads": ["without_call: re.compile", "without_call: re.compile"],
}
"""Patterns that depend on names or secrets: what uses them is driven by `DRIVERS`. Those of
`markdown` are made when they are needed, and tried by themselves below; that of numbers in an
event is a row of at most eight of them, each at a fixed place."""

REFUSES = {
    "bot.completion.__getattr__": "takes a name of what the room gives",
    "bot.completion.form._read(name)": "takes a name of a field (`a form`)",
    "bot.completion.form._read(text)": "takes a name of a field (`a form`)",
    "bot.completion.form._read(all)": "takes a name of a field (`a form`)",
    "bot.completion.references.in_ascii": "takes a name of a host",
    "bot.characters._digit": "takes one character",
    **{
        f"bot.words.grok.{name}({given})": "takes names of places"
        for name in ("grok_not_searched", "grok_ask_without_search")
        for given in ("model", "places", "all")
    },
    "bot.jobs.job._read_post": "takes what the bot has stored",
    "bot.jobs.job._required": "has no fields to look into",
    "bot.rules.commands._lines": "takes a name of what help there is",
    "bot.views.form_fields.choice": "takes one of the labels",
    "bot.words.votes.because": "takes a name of a reason",
    "bot.store.redis.address.parse_address": "takes an address of an operator's",
    "bot.store.redis.clients.client": "takes an address of an operator's",
    "bot.markdown.links.places._is_note": "takes one character",
    "bot.slack.inbound.http_mode.parse(body)": "takes JSON (`a payload`)",
    "bot.slack.inbound.http_mode.parse(content_type)": "takes JSON (`a payload`)",
    "bot.slack.inbound.http_mode.parse(all)": "takes JSON (`a payload`)",
    "bot.slack.inbound.incoming.json_object": "takes JSON (`a payload`)",
    "bot.slack.reading.thread._between(ts)": "takes numbers",
    "bot.slack.reading.thread._between(later_ts)": "takes numbers",
    "bot.store.policies._entry": "takes what the bot has stored",
    "bot.store.redis.connection._checked": "takes an address of the operator's",
    "bot.store.conversations._turns": "takes what the bot has stored (`turns that are kept`)",
    "bot.views.form_fields._search_element(name)": "takes a name of a field (`a search`)",
    "bot.views.form_fields._search_element(typed)": "takes a name of a field (`a search`)",
    "bot.views.form_fields._search_element(all)": "takes a name of a field (`a search`)",
    "bot.words.search.read_there(place)": "takes a name of a place that is searched",
    "bot.words.search.read_there(only)": "takes a name of a place that is searched",
    "bot.words.search.read_there(but)": "takes a name of a place that is searched",
    "bot.words.search.read_there(all)": "takes a name of a place that is searched",
    "bot.words.search.not_searched": "takes a name of a place that is searched",
    "bot.words.search.only_elsewhere": "takes a name of a place that is searched",
    "bot.words.admin.only_admins": "takes a name of what was wanted",
    "bot.words.request.by_default(problem)": "takes a name of what has set it",
    "bot.words.request.by_default(source)": "takes a name of what has set it",
    "bot.words.request.by_default(all)": "takes a name of what has set it",
    "bot.words.request.default_refused(model)": "takes a name of what has set it",
    "bot.words.request.default_refused(parameter)": "takes a name of what has set it",
    "bot.words.request.default_refused(source)": "takes a name of what has set it",
    "bot.words.request.default_refused(all)": "takes a name of what has set it",
    "bot.words.request.none_served(models)": "takes names of what has set it",
    "bot.words.request.none_served(sources)": "takes names of what has set it",
    "bot.words.request.none_served(all)": "takes names of what has set it",
}
"""Functions that raise for every text here, and why."""

TEXTS = common(8)
WELL_FORMED = {text: make for text, make in TEXTS.items() if "ud800" not in text}


def source_of(module: ModuleType) -> str:
    """What stands in the file of a module."""
    return Path(str(module.__file__)).read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What cannot be read is told to the log, at each text again."""
    with capture_logs():
        yield


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MODULES if patterns_in(MODULES[name])])
def test_every_pattern_takes_time_in_proportion_to_the_text(name: str) -> None:
    module = MODULES[name]
    source = source_of(module)
    used = [
        (path, pattern, way)
        for path, pattern in patterns_in(module).items()
        for way in ways_of(path, source)
    ]
    used += [(path, *each) for path, each in written_in_functions(source).items()]
    found = [
        str(each)
        for path, pattern, way in used
        for each in slow(f"{path}.{way}", uses_of(pattern, way), against(pattern))
    ]
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("kinds", openings._KINDS)
@pytest.mark.parametrize("bars", [False, True])
def test_every_pattern_made_when_it_is_needed_does_too(kinds: tuple[str, ...], bars: bool) -> None:
    for made in (openings._all_dull, openings._next_formula):
        pattern = made(kinds, bars)
        found = slow(made.__name__, uses_of(pattern, "match"), against(pattern))
        assert list(map(str, found)) == []


@pytest.mark.slow
@pytest.mark.parametrize("made", [_between_words, _mendable, openings._any_plain])
def test_so_does_every_pattern_made_once(made: Callable[[], re.Pattern[str]]) -> None:
    pattern = made()
    found = [
        str(each)
        for way in ("search", "split", "match")
        for each in slow(made.__name__, uses_of(pattern, way), against(pattern))
    ]
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_text_takes_time_in_proportion_to_it(name: str) -> None:
    work = FUNCTIONS[name]

    assert list(map(str, slow(name, work, TEXTS))) == []
    assert bool(work.returned) != (name in REFUSES), work.raised


@pytest.mark.slow
@pytest.mark.parametrize("name", DRIVERS)
def test_what_is_more_than_a_function_does_too(name: str) -> None:
    texts = dict(list(WELL_FORMED.items())[:: 2 if name in LAID_OUT else 1])

    assert list(map(str, slow(name, DRIVERS[name], texts))) == []


def test_no_pattern_is_put_together_where_it_is_not_found() -> None:
    made = {name: made_in_functions(source_of(module)) for name, module in MODULES.items()}
    assert {name: found for name, found in made.items() if found} == MADE_IN_FUNCTIONS


def test_patterns_and_functions_are_found() -> None:
    """There are more than a hundred of each, the ones in containers among them."""
    patterns = {f"{name}.{path}" for name in MODULES for path in patterns_in(MODULES[name])}

    assert len(patterns) > 100
    assert len(FUNCTIONS) > 200
    assert set(REFUSES) <= set(FUNCTIONS)
    assert {"bot.grok.errors._SECRETS[0]", "bot.ops.redact._PATTERNS[0][0]"} <= patterns
    assert {"bot.markdown.safety.make_safe", "bot.completion.flags.parse_text"} <= set(FUNCTIONS)


PLANTED = """
import re
from collections.abc import Iterator

from bot.deferred import compiled_later

class Holder:
    KEPT = {"one": (re.compile(r"a+b"),)}

BLANKS = re.compile(r"\\([ ]*!|[ ]*x")
FINE = re.compile(r"a+")
LATER = compiled_later(r"a+c")

def rest(text: str) -> str:
    while text:
        text = text[1:]
    return text

def doubled(text: str, times: int = 2) -> Iterator[str]:
    for at in range(0, len(text), 16):
        yield from text[at:].split("(")[:1]

def by_pages(text: str) -> int:
    pages = (text[at:at + 3000] for at in range(0, len(text), 3000))
    return sum(letter in page for page in pages for letter in text)

def fine(text: str) -> int:
    return len(text.split())

def refuses(text: str) -> str:
    return {}[text]
"""


def planted() -> ModuleType:
    module = ModuleType("planted")
    exec(PLANTED, vars(module))
    return module


@pytest.mark.slow
def test_a_pattern_that_starts_again_and_again_is_found() -> None:
    patterns = patterns_in(planted())
    found = {
        path
        for path, each in patterns.items()
        if slow(path, uses_of(each, "search"), against(each), most=1)
    }

    assert set(patterns) - found == {"FINE"}
    assert len(patterns) == 4


@pytest.mark.slow
def test_a_function_that_copies_the_rest_again_and_again_is_found() -> None:
    functions = functions_of(planted())
    found = {path for path, work in functions.items() if slow(path, work, TEXTS, most=1)}

    assert set(functions) - found == {"planted.fine", "planted.refuses"}
    assert len(functions) == 5


def test_a_function_that_raises_for_every_text_is_found() -> None:
    functions = functions_of(planted())
    for work in functions.values():
        work("text")

    assert [path for path, work in functions.items() if not work.returned] == ["planted.refuses"]
    assert functions["planted.refuses"].raised == {KeyError: 1}


def test_patterns_inside_functions_are_found() -> None:
    written = "def f(t):\n    return re.sub('a+b', '', t)"
    ((name, (pattern, way)),) = written_in_functions(written).items()
    assert (name, pattern.pattern, way) == ("f: 'a+b'", "a+b", "sub")
    assert made_in_functions(written) == []
    assert made_in_functions("def f(t):\n    return re.sub(t + '!', '', t)") == ["f: re.sub"]


def test_how_a_pattern_is_used_is_read_from_the_source() -> None:
    source = "A = re.compile('a')\nB = re.compile('b')\nA.match(x)\nuse(B)\n"
    source += "def use(it: re.Pattern[str]) -> None:\n    it.fullmatch(x)"

    assert ways_of("A", source) == ("match",)
    assert ways_of("A", source.replace("A.", "A().")) == ("match",)
    assert ways_of("B", source) == ("fullmatch",)


def test_every_fragment_stands_in_the_texts() -> None:
    texts = [make(4_000) for make in TEXTS.values()]

    assert all(any(unit * 20 in text for text in texts) for unit in FRAGMENTS)
    assert max(map(len, texts)) < 4_100
    assert re.search(r"\[{100}", "".join(texts))
