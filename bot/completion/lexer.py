"""Cuts what was typed into flags, values and the prompt; it knows no flag by its name.

Flags come first. A word that starts with `--`, or with `-` and a letter, is a flag; flags end at
the first other word, or at a lone `--`. Keyboards make other dashes of it: a phone an em dash, a
Chinese one two of them, a Japanese one wide ones. Each counts before a letter, two or a long one
alone too; one en dash alone may begin a list. What nobody sees before a flag, as comes along with
text that is copied, is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.characters import DASHES, UNSEEN, plain

QuoteTrouble = Literal["unclosed", "after_quote"]

_LONG_DASHES = "—―⸺"

LONE_END = rf"(?:[{DASHES}]{{2}}|[{_LONG_DASHES}])"
"""The end of the flags, as a pattern."""

_UNSEEN_BEFORE = rf"(?:[{UNSEEN}][\s{UNSEEN}]*+)?+"
_END = re.compile(rf"{_UNSEEN_BEFORE}{LONE_END}(?=\s|\Z)")
_MARK = re.compile(
    rf"{_UNSEEN_BEFORE}(--|[{DASHES}]{{2}}(?=[A-Za-zＡ-Ｚａ-ｚ])|[{DASHES}](?=[^\W\d_]))"
)
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[0-9]{1,3}(?:[\u2009\u202f][0-9]{3})+(?!\S)|\S*")
"""Typography parts the thousands of a number by spaces that nobody writes between words."""

_NAME = re.compile(r"[^\s=＝]*")
_EQUALS = ("=", "＝")

_CLOSING = {
    '"': '"',
    "'": "'",
    "“": "”“",
    "”": "”",
    "„": "“”",
    "‟": "”",
    "‘": "’",
    "’": "’",
    "‚": "‘’",
    "«": "»",
    "»": "«»",
    "‹": "›",
    "›": "‹›",
    "＂": "＂",
    "＇": "＇",
    "「": "」",
    "『": "』",
}
"""By each quote that may begin a value, those that may end it."""

_QUOTED = {
    opening: re.compile(rf"(?:\\.|[^\\{closing}])*+[{closing}]", re.DOTALL)
    for opening, closing in _CLOSING.items()
}
_PADDED = frozenset("«»‹›")
"""French puts a space inside of these, which is no part of what is quoted."""

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}

_SEEN = 40
"""Characters that are looked at of what follows a word."""

_MOST_NOT_JSON = 20
"""So many values that begin like JSON and are none are read to where they go wrong."""

QUOTES = "\"'“”„‘’`«»‹›"
"""What people may put around a word: phones make curly ones."""

STRAIGHT_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as it was typed: its dash, its name, and whether an `=` follows."""

    mark: str
    name: str
    has_value: bool


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it was typed; `quote` is the quote that it stood in, or empty."""

    raw: str
    quote: str = ""
    trouble: QuoteTrouble | None = None

    def text(self, *, control: bool = False) -> str:
        r"""What the value means.

        In quotes, a backslash takes the special meaning from a quote or a backslash. With
        `control`, in quotes or not, `\n`, `\r`, `\t` and `\\` mean what they do in most languages.
        """
        if not self.quote and not control:
            return self.raw
        literal = f"\\{self.quote}{_CLOSING.get(self.quote, '')}"

        def meant(escape: re.Match[str]) -> str:
            if control and escape[1] in _CONTROL:
                return _CONTROL[escape[1]]
            return escape[1] if escape[1] in literal else escape[0]

        return _ESCAPE.sub(meant, self.raw)


class Lexer(Protocol):
    """What was typed, read from the front."""

    def flag(self) -> Flag | None:
        """The next flag; None when the flags are over."""

    def value(self, *, json_object: bool = False) -> Value | None:
        """The value of the flag just read; None when the end or another flag comes instead.

        With `json_object`, a value that starts like a JSON object may hold spaces.
        """

    def word(self) -> tuple[str, str] | None:
        """The next word, which stays unread, and what follows it; None when the end or another
        flag comes instead."""

    def rest(self) -> str | None:
        """What follows the flags, to the letter; None when nothing does."""


def starts_like_flag(text: str) -> bool:
    """Whether `text` would be read as a flag, or as the end of the flags."""
    return bool(_END.match(text) or _MARK.match(text))


class TypedText:
    """One line (or several), as typed after `/grok`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ended = False
        self._straight: str | None = None
        self._not_json = 0
        self._unclosed: set[str] = set()

    def flag(self) -> Flag | None:
        self._skip(_SPACE)
        if end := _END.match(self._text, self._at):
            self._at = end.end()
            self._ended = True
            return None
        if not (mark := _MARK.match(self._text, self._at)):
            return None
        self._at = mark.end()
        name = plain(self._skip(_NAME))
        return Flag(mark[1], name, has_value=self._text.startswith(_EQUALS, self._at))

    def word(self) -> tuple[str, str] | None:
        self._skip(_SPACE)
        start = self._at
        if _END.match(self._text, start) or _MARK.match(self._text, start):
            return None
        word = self._skip(_WORD)
        self._skip(_SPACE)
        following = self._text[self._at : self._at + _SEEN]
        self._at = start
        return (word, following) if word else None

    def value(self, *, json_object: bool = False) -> Value | None:
        if self._text.startswith(_EQUALS, self._at):
            self._at += 1
            return self._value(json_object)
        self._skip(_SPACE)
        if _END.match(self._text, self._at) or _MARK.match(self._text, self._at):
            return None
        return self._value(json_object)

    def rest(self) -> str | None:
        if self._ended:
            after = self._text[self._at :]
            return after[1:]  # one space parts `--` from the prompt
        return self._text[self._at :] or None

    def _value(self, json_object: bool) -> Value | None:
        first = self._text[self._at : self._at + 1]
        if first in _QUOTED:
            return self._quoted(first)
        start = self._at
        if json_object and first == "{":
            self._skip_json()
        self._skip(_WORD)
        return Value(self._text[start : self._at]) if self._at > start else None

    def _quoted(self, quote: str) -> Value:
        inside = None
        if quote not in self._unclosed:  # or every such quote would be followed to the end
            inside = _QUOTED[quote].match(self._text, self._at + 1)
        if inside is None:
            self._unclosed.add(quote)
            return Value(self._skip(_WORD), trouble="unclosed")
        self._at = inside.end()
        stray = self._skip(_WORD)
        raw = inside[0][:-1].strip() if quote in _PADDED else inside[0][:-1]
        return Value(raw, quote, trouble="after_quote" if stray else None)

    def _skip_json(self) -> None:
        if self._not_json >= _MOST_NOT_JSON:
            return
        if self._straight is None:
            self._straight = self._text.translate(STRAIGHT_QUOTES)
        try:
            _, self._at = json.JSONDecoder().raw_decode(self._straight, self._at)
        except (ValueError, RecursionError):
            self._not_json += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]


class ShellWords:
    """Words that a shell has already split and unquoted."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self._at = 0
        self._ended = False
        self._inline: str | None = None

    def flag(self) -> Flag | None:
        if self._at == len(self._words):
            return None
        word = self._words[self._at]
        if _END.fullmatch(word):
            self._at += 1
            self._ended = True
            return None
        if not (mark := _MARK.match(word)):
            return None
        self._at += 1
        name, equals, inline = word[mark.end() :].partition("=")
        self._inline = inline if equals else None
        return Flag(mark[1], plain(name), has_value=bool(equals))

    def word(self) -> tuple[str, str] | None:
        left = self._words[self._at :]
        if not left or starts_like_flag(left[0]):
            return None
        return left[0], " ".join(left[1:2])[:_SEEN]

    def value(self, *, json_object: bool = False) -> Value | None:  # noqa: ARG002
        if self._inline is not None:
            return Value(self._inline)
        if self._at == len(self._words):
            return None
        word = self._words[self._at]
        if _END.fullmatch(word) or _MARK.match(word):
            return None
        self._at += 1
        return Value(word)

    def rest(self) -> str | None:
        if self._ended or self._at < len(self._words):
            return " ".join(self._words[self._at :])
        return None
