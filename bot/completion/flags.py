r"""The grammar of a question: `[flags] prompt`, in Slack and in the terminal.

    --temperature 0.2   --temperature=0.2   -t 0.2   --max_tokens 50   --echo   --no-echo
    --stop "\n\n" --stop END   --logit-bias 50256=-100,198=5   --reply thread   -- prompt
    --stream off   --temperature 0,2   --max-tokens 200.000

A value that itself starts like a flag is written after `=` or in quotes. Several prompts are
given as `--prompt "…" --prompt "…"`; text after those is a fault, as it may be a forgotten quote.
What follows the flags is the prompt to the letter: the whitespace between them is not part of
it, and after a lone `--` only the first whitespace character is not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from pydantic import JsonValue

from bot.characters import DASHES, excerpt, from_seen, plain
from bot.completion.ask import Effort, ReplyTo, effort_in
from bot.completion.faults import schema_faults
from bot.completion.lexer import Flag, Lexer, ShellWords, TypedText, starts_like_flag
from bot.completion.options import (
    NEVER_BEGINS,
    OPTIONS,
    PARAMETERS,
    REPLY_TO,
    SHORT,
    shown_value,
    suits,
    switched,
    typed,
)
from bot.completion.request import Option, flag_of
from bot.completion.search import LISTS, OFF, OPTION_NAMES, read_all
from bot.errors import Fault
from bot.words import request as words

_TURNED_OFF = tuple(
    option for option in OPTIONS.values() if option.kind == "boolean" or option.name == "search"
)
_NAMES = (*OPTIONS, *(f"no_{option.name}" for option in _TURNED_OFF))
_TAKE_VALUE = frozenset(name for name, option in OPTIONS.items() if option.kind != "boolean")

_LONGEST_NAME = 40
_MOST_COMPARED = 20
"""So many unknown flags get a nearest one: comparing is slow, and people stop reading."""

_LONGEST_SLIP = 20
_LEAST_LETTERS = 5
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_DOUBLED = re.compile(r"(.)(?=\1)")

FILE = "file"
"""The flag of the terminal that names a file."""

IN_SLACK = "/grok help"
IN_TERMINAL = "ask --help"
"""What lists the flags, to whoever typed one that does not exist."""


@dataclass(frozen=True, slots=True)
class Flags:
    """What was asked for: parameters, the prompt among them, and the bot's own options.

    `given` are their values in JSON form by the names of options, as far as they were given; what
    is said of searching as `bot.completion.search` reads it, and `--private` as a reply. `faults`
    is everything wrong with the flags and their values, once per parameter. A missing model or
    prompt is not among it: channel defaults may give them.
    """

    given: Mapping[str, JsonValue]
    files: tuple[str, ...] = ()
    """Paths of files that go along, in the terminal."""
    faults: tuple[Fault, ...] = ()

    @property
    def values(self) -> dict[str, JsonValue]:
        """Those of the parameters."""
        return {name: value for name, value in self.given.items() if name in PARAMETERS}

    @property
    def search(self) -> dict[str, JsonValue]:
        """What was said of searching."""
        return {name: value for name, value in self.given.items() if name in OPTION_NAMES}

    @property
    def system(self) -> str | None:
        """How Grok is to behave."""
        system = self.given.get("system")
        return system if isinstance(system, str) else None

    @property
    def reply(self) -> ReplyTo | None:
        """Where the answer goes."""
        return next((place for place in REPLY_TO if place == self.given.get("reply")), None)

    @property
    def effort(self) -> Effort | None:
        """How long to think."""
        return effort_in(self.given.get("effort"))

    def with_(self, **given: JsonValue) -> Flags:
        """The same, but for what is `given` now."""
        return replace(self, given={**self.given, **given})


def parse_text(text: str) -> Flags:
    """Flags and prompt as typed in Slack, Slack's own escapes already undone. Never raises."""
    if from_seen(text)[:1] in DASHES:  # or it is blank
        return _parse(TypedText(text))
    given: dict[str, JsonValue] = {"prompt": text.lstrip()}
    return Flags(given, faults=schema_faults(given))


def parse_words(arguments: Sequence[str]) -> Flags:
    """Flags and prompt as a shell has split them. Never raises."""
    return _parse(ShellWords(arguments), IN_TERMINAL)


def find_option(name: str, mark: str = "--") -> Option | None:
    """The option with this name, `-` and `_` alike, or with this letter after a `-`."""
    short = SHORT.get(name.lower())
    if mark == "-":
        return short
    option = OPTIONS.get(name.lower().replace("-", "_"))
    return option or (short if len(mark) == 1 else None)


def named_option(word: str) -> Option | None:
    """The option that `word` names, with or without the dashes of its flag."""
    name = plain(word)
    option = find_option(name.lstrip("-"))
    if option is None and name.startswith("-"):
        return find_option(name[1:], mark="-")
    return option


def likeliest(
    name: str, names: Collection[str], *, least: int = 1, alike: float = 0.6
) -> list[str]:
    """What of `names` is likely to be meant by `name`: those that begin so, where it has so many
    letters at `least`, else the one that is most like it, if any is as much `alike` (up to 1)."""
    begun = [each for each in names if each.startswith(name)] if len(name) >= least else []
    return begun or get_close_matches(name[:_LONGEST_NAME], names, n=1, cutoff=alike)


def is_slip(typed: str, word: str) -> bool:
    """Whether one slip makes `typed` of `word`: two letters the wrong way round, one too many, one
    too few, or its neighbour on the keyboard."""
    if len(typed) > _LONGEST_SLIP or abs(len(typed) - len(word)) > 1:
        return False
    swapped = (word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1))
    if typed in swapped:
        return True
    if len(word) < _LEAST_LETTERS:  # short words are near to too many others
        return len(typed) > len(word) and _DOUBLED.sub("", typed) == word
    if len(typed) == len(word) + 1:
        return any(typed[:i] + typed[i + 1 :] == word for i in range(1, len(typed)))
    if len(typed) == len(word) - 1:
        return any(word[:i] + word[i + 1 :] == typed for i in range(len(word) - 1))
    if len(typed) != len(word):
        return False
    wrong = [pair for pair in zip(typed, word, strict=True) if pair[0] != pair[1]]
    return len(wrong) == 1 and _are_neighbours(*wrong[0])


def _are_neighbours(one: str, other: str) -> bool:
    places = [(row, keys.find(each)) for each in (one, other) for row, keys in enumerate(_KEYS)]
    found = [(row, column) for row, column in places if column >= 0]
    if len(found) < 2:
        return False
    (row, column), (other_row, other_column) = found
    return abs(row - other_row) <= 1 and abs(column - other_column) <= 1


def _parse(source: Lexer, help_: str = IN_SLACK) -> Flags:
    reader = _Reader(source, help_)
    while (flag := source.flag()) is not None:
        reader.take(flag)
    return reader.finish(source.rest())


class _Reader:
    """Collects what the flags say, and everything that is wrong with them."""

    def __init__(self, source: Lexer, help_: str) -> None:
        self._source = source
        self._help = help_
        self._given: dict[str, JsonValue] = {}
        self._texts: dict[str, list[JsonValue]] = {}
        self._search: dict[str, list[str]] = {}
        self._files: list[str] = []
        self._unknown: dict[str, Fault] = {}
        self._faults: dict[str, Fault] = {}

    def take(self, flag: Flag) -> None:
        """Take one flag, and its value from the source."""
        if option := find_option(flag.name, flag.mark):
            self._take(option, flag)
        elif flag.name.lower() == FILE and flag.mark != "-":
            self._take_file()
        elif option := _switched_off(flag):
            self._turn_off(option)
            if flag.has_value or self._switched_by_word() is not None:
                self._source.value()
                self._fault(option, words.OFF_WITH_VALUE)
        else:
            self._take_unknown(flag)

    def finish(self, rest: str | None) -> Flags:
        """Everything that was taken, with `rest` as the prompt."""
        if rest is not None and "prompt" in self._texts:
            self._fault(OPTIONS["prompt"], words.PROMPT_SPLIT, words.ALLOWED_PROMPT_SPLIT)
        elif rest is not None:
            self._texts["prompt"] = [rest]
        self._given |= {name: t[0] if len(t) == 1 else t for name, t in self._texts.items()}
        if "private" in self._given and "reply" in self._given:
            self._fault(OPTIONS["private"], words.PRIVATE_AND_REPLY, words.ALLOWED_PRIVATE)
        search = self._read_search() if self._search else {}
        if self._given.pop("private", False) and "private" not in self._faults:
            self._given["reply"] = "private"
        given = {**self._given, **search}
        flags = Flags(
            {name: value for name, value in given.items() if name not in self._faults},
            tuple(self._files),
        )
        found = (*self._unknown.values(), *self._faults.values(), *schema_faults(flags.values))
        return replace(flags, faults=found)

    def _read_search(self) -> dict[str, JsonValue]:
        search, faults = read_all({name: ",".join(t) for name, t in self._search.items()})
        self._faults = {**{fault.parameter: fault for fault in faults}, **self._faults}
        return search

    def _take(self, option: Option, flag: Flag) -> None:
        if option.kind == "boolean" and not flag.has_value:
            self._switch(option)
            return
        value = self._source.value(json_object=option.kind == "bias")
        if value is None:
            self._fault(option, words.FLAG_NO_VALUE)
        elif value.trouble:
            self._fault(option, words.FLAG_TROUBLE[value.trouble])
        elif option.kind == "search":
            self._look(option, value.text())
        else:
            self._give(option, typed(option.kind, value.text(control=option.name == "stop")))

    def _take_file(self) -> None:
        """Take a path. In Slack files are attached."""
        value = self._source.value()
        if self._help != IN_TERMINAL:
            self._unknown[FILE] = Fault("", words.FILES_ARE_ATTACHED)
        elif value is None or not value.text():
            self._unknown[FILE] = Fault(f"--{FILE}", words.FLAG_NO_VALUE, words.ALLOWED_FILE)
        else:
            self._files.append(value.text())

    def _look(self, option: Option, text: str) -> None:
        """Take what was said of searching; that of a list may be said several times."""
        if option.name in self._search and option.name not in LISTS:
            self._fault(option, words.FLAG_TWICE)
        self._search.setdefault(option.name, []).append(text)

    def _turn_off(self, option: Option) -> None:
        if option.kind == "search":
            self._look(option, OFF)
        else:
            self._give(option, False)

    def _switch(self, option: Option) -> None:
        """Turn a switch on, or as a word behind it says. A word that the prompt may begin with
        as well is a fault: asked wrongly, everybody would read it."""
        match self._switched_by_word():
            case None:
                self._give(option, True)
            case bool() as value:
                self._source.value()
                self._give(option, value)
            case str() as word:
                self._fault(option, words.switch_or_prompt(option.flag, word))

    def _switched_by_word(self) -> bool | str | None:
        """What the next word says of a switch; the word, when that cannot be known."""
        word, following = self._source.word() or ("", "")
        value = switched(word)
        if value is None:
            return None
        ends = not following or starts_like_flag(following)
        if ends or word in NEVER_BEGINS or (len(word) > 1 and word.isupper()):
            return value
        goes_on = following[0].islower()
        if word.isdigit():
            return value if following[0].isupper() else None
        if word[0].isupper():
            return None if goes_on else word
        return word if goes_on else value

    def _give(self, option: Option, value: JsonValue) -> None:
        if option.kind == "texts":
            self._texts.setdefault(option.name, []).append(value)
        elif option.name in self._given:
            self._fault(option, words.FLAG_TWICE)
        elif not suits(option, value):
            self._fault(option, words.not_of_kind(option.kind, shown_value(value)))
        else:
            self._given[option.name] = value

    def _take_unknown(self, flag: Flag) -> None:
        near = _nearest(flag) if len(self._unknown) < _MOST_COMPARED else []
        typed_flag = excerpt(flag.mark + flag.name, _LONGEST_NAME)
        problem = words.unknown_flag(typed_flag, [*map(flag_of, near)], self._help)
        self._unknown[problem] = Fault("", problem)
        # Its value must not pass for the prompt, or later flags would go unseen; nor must a word of
        # the prompt for its value, or it would be missing where the text is given back.
        guessed = len(flag.name) > 1 and bool(near) and _TAKE_VALUE.issuperset(near)
        if flag.has_value or guessed:
            self._source.value(json_object=True)

    def _fault(self, option: Option, problem: str, allowed: str = "") -> None:
        fault = Fault(option.name, problem, allowed or option.allowed)
        self._faults.setdefault(option.name, fault)


def _switched_off(flag: Flag) -> Option | None:
    """The switch that `--no-…` turns off; searching is one, too."""
    off, _, name = flag.name.lower().replace("_", "-").partition("-")
    option = find_option(name) if off == "no" and flag.mark != "-" else None
    return option if option in _TURNED_OFF else None


def _nearest(flag: Flag) -> list[str]:
    """The names of the flags that are likely to be meant."""
    name = flag.name.lower().replace("-", "_").strip("_")
    return [SHORT[name].name] if name in SHORT else likeliest(name, _NAMES)
