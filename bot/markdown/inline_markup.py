"""What is open at the end of a paragraph that still grows: code, links, emphasis.

The rules are those of CommonMark and GFM. What cannot be told yet, such as half a link, is
held back until more of it came or it is too long to wait for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from bot.markdown.emphasis import OWN_WORDS, Emphasis, Openers, after_run, closing

_SPECIAL = re.compile(r"[*_`~\\\[\]<:](?:(?<=\*)\*+|(?<=_)_+|(?<=`)`+|(?<=~)~+|)")
"""What may mean something, runs as a whole. It begins with one of few characters: that is searched
for fast."""

_RUN = re.compile(r"`+|\*+|_+|~+")
_RUNS = "*_`~"
_AUTOLINK = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*>")
_BEGUN_ANGLE = re.compile(r"<[^\s<>]*\Z")
_SCHEME = re.compile(r"(?<![A-Za-z0-9])https?\Z")
_BEGUN = re.compile(r"(?:(?<![A-Za-z0-9])h(?:t(?:t(?:ps?)?)?)?|!)\Z")
"""What an address or an image begins with."""
_ADDRESS = re.compile(r":(?://[^\s<>\[\]()`|]*|/?\Z)")
_PLACE = r"[^\s()<]*+(?:\([^\s()]*+\)[^\s()]*+)*+"
"""Where a link leads; parentheses in it are balanced."""
_LINK = re.compile(
    rf"\([ \t]*+(?:<[^<>\n]*+>|{_PLACE})"
    r"""(?:\s++(?:"[^"\n]*+"|'[^'\n]*+'))?+\s*+\)"""
)
_BEGUN_TITLE = r"""(?:\s++(?:"[^"\n]*+(?:"\s*+)?|'[^'\n]*+(?:'\s*+)?)?)?"""
_BEGUN_LINK = re.compile(
    rf"\([ \t]*+(?:<[^<>\n]*+(?:>{_BEGUN_TITLE})?|{_PLACE}(?:\([^\s()]*+|{_BEGUN_TITLE}))\Z"
)

_MOST_HELD = 1_000
_LONGEST_LABEL = 300
"""How long half an address, and half the text of a link, is waited for, in characters."""

LONGEST_TICKS = 32
_MOST_BRACKETS = 16
_UNSURE = ("*", "_", "~", "\\")
"""What means something else at the end of a text than before what is left out there."""

_MOST_TRIES = 8
"""So many ends are tried, which is enough for all but texts that are nothing but such runs."""

MOST_STEPS = 500
"""So much markup is followed in one paragraph, and in trying its ends. Behind it nothing is closed
or held back: nobody can read such a text, and reading it must not take long."""

_AFTER_ADDRESS = "*_~.,:;!?'\""


_MENDABLE = (
    r"[*~_](?:(?<=[^\w\s*~_].)[*~_]{0,7}(?=[^\W_])"
    r"|(?<=[^\w\s*~_\x00-\x7f].)[*~_]{0,7}(?=[^\s*~_])"
    r"|(?<=[^\x00-\x7f].)[*~_]{0,7}(?=[^\w\s*~_])"
    r"|(?<=[^\s*~_].)[*~_]{0,7}(?=[^\w\s*~_\x00-\x7f])"
    rf"|(?<=[{OWN_WORDS}]_)_(?=[{OWN_WORDS}])|(?<=\*)[_~]|(?<=_)[*~]|(?<=~)[*_])"
)
"""A run that may have to be mended. It begins with one of few characters: that is searched for
fast. To compile it takes 2 ms, which most starts are not to wait for."""

_MENDABLE_ASCII = re.compile(
    r"[*~_](?:(?<=[!\"%'),.:;+>?\]`}].)|(?<=\*[_~])|(?<=_[*~])|(?<=\\[*_~].))"
    r"[*~_]{0,7}(?=[A-Za-z0-9])"
)
"""The same in a text without other letters: one between punctuation that ends a word and a letter,
or behind another run, or behind what is escaped."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of a paragraph can be shown, what closes what is open there, and what would open
    it again."""

    end: int
    closing: str = ""
    opening: str = ""


class _Code(NamedTuple):
    at: int
    ticks: str


_Bracket = tuple[int, Openers]
"""Where a `[` stands that may begin a link, and what was open before it, which is open again behind
that."""


class InlineMarkup:
    """Follows the inline markup of one paragraph. What was decided is not read again."""

    __slots__ = ("_at", "_brackets", "_code", "_openers", "_steps", "_sure", "_text", "to_mend")

    def __init__(self) -> None:
        self._text = ""
        self._at = 0
        self._openers: Openers = ()
        self._brackets: list[_Bracket] = []
        self._code: _Code | None = None
        self._steps = 0
        self.to_mend: list[Emphasis] = []
        """Pairs of emphasis that are none to every reader as they stand."""
        self._sure: int | None = None
        """The end of what was `settled` when something was waited for no longer."""

    def read(self, text: str) -> None:
        """The paragraph as it is now: what it was before, and more."""
        self._text = text
        while self._steps < MOST_STEPS:
            if not (self._leave(self._code) if self._code else self._follow()):
                break
        if self._steps >= MOST_STEPS:
            self._at = len(text)
            self._openers, self._brackets, self._code = (), [], None

    @property
    def openers(self) -> Openers:
        """The runs that open emphasis which nothing has closed yet."""
        return self._openers

    def pass_code(self) -> bool:
        """Take for text what opened code that nothing closes; False: there is none."""
        if self._code is None:
            return False
        self._at, self._code = self._code.at + len(self._code.ticks), None
        return True

    def shown(self) -> Shown:
        """As much of the paragraph as can be shown without leaving anything open."""
        shown, markup = self._closed(), self
        steps = 0
        for _ in range(_MOST_TRIES):
            end = shown.end
            sure = end == len(markup._text) or not markup._text[:end].endswith(_UNSURE)
            if sure or shown.opening.endswith("`") or steps >= MOST_STEPS:
                break
            markup = InlineMarkup()
            markup.read(self._text[:end].rstrip("".join(_UNSURE)))
            steps += markup._steps
            shown = markup._closed()
        return shown

    def closing_at(self, text: str) -> str:
        """What closes what is open when it is put behind `text`, all that was read but for space;
        half a link or an address is taken for text."""
        if self._code:
            outer = closing(self._openers, "`")
            return self._code.ticks + (outer or "")
        return closing(self._openers, text[-1:]) or ""

    def first_open(self) -> int:
        """Where the first thing begins that is open, or undecided, at the end."""
        end, openers, code = self._decided()
        first = min([end, *(opener.at for opener in openers), *([code.at] if code else [])])
        for at, _ in reversed(self._brackets):
            if 0 < first - at <= _LONGEST_LABEL:
                first = at
        return first

    def settled(self) -> int:
        """The end of what is outside of anything that is open, or can be once more text came."""
        openers = [self._openers, *(before for _, before in self._brackets)]
        since = [opener.at for each in openers for opener in each]
        since += [at for at, _ in self._brackets[:1]]
        since += [self._code.at] if self._code else []
        since += [] if self._sure is None else [self._sure]
        return min([self._decided()[0], *since])

    def _closed(self) -> Shown:
        end, openers, code = self._decided()
        while code or openers:
            stripped = len(self._text[:end].rstrip())
            if code:
                outer = closing(openers, "`")
                gap = " " if self._text[:stripped].endswith("`") else ""
                if outer is not None and code.at + len(code.ticks) < stripped:
                    opening = _opening(openers) + code.ticks
                    return Shown(stripped, gap + code.ticks + outer, opening)
                end, code = code.at, None
                continue
            markup = closing(openers, self._text[stripped - 1 : stripped])
            if markup and openers[-1].end < stripped:
                return Shown(stripped, markup, _opening(openers))
            end, openers = openers[-1].at, openers[:-1]
        return Shown(end)

    def _decided(self) -> tuple[int, Openers, _Code | None]:
        """The end of what can be told, and what is open there."""
        behind = self._at if self._text.startswith("]", self._at) else len(self._text)
        for at, openers in self._brackets:
            if behind - at <= _LONGEST_LABEL:
                return at, openers, None
        end = self._at
        if not self._code and (begun := _BEGUN.search(self._text, max(end - 5, 0), end)):
            end = begun.start()
        return end, self._openers, self._code

    def _follow(self) -> bool:
        """Read on up to code that opens; False where there is nothing more that matters, or it has
        but begun."""
        text, behind, steps = self._text, self._at, self._steps
        size, search = len(text), _SPECIAL.search
        while behind >= 0 and not self._code and steps < MOST_STEPS:
            found = search(text, behind)
            if found is None:
                at, behind = size, -1
                break
            at, end = found.span()
            char = text[at]
            if char in _RUNS:
                behind = end if end < size else -1
                if behind >= 0:
                    self._read_run(text[at:end], at)
            elif char == "[":
                behind = self._open_bracket(at)
            elif char == "\\":
                behind = at + 2 if at + 2 <= size else -1
            elif char == "]" and not self._brackets:
                behind = end
            else:
                self._at = at
                behind = self._at if self._read_other(char) else -1
                at = self._at
            steps += behind >= 0
        self._at, self._steps = (at if behind < 0 else behind), steps
        return behind >= 0

    def _read_run(self, run: str, at: int) -> None:
        """Read a `run` of one character that stands at `at`, behind which the text goes on."""
        if run[0] != "`":
            self._openers, pairs = after_run(self._openers, run, at, self._text)
            if pairs:
                self.to_mend += pairs
        elif len(run) <= LONGEST_TICKS:
            self._code = _Code(at, run)

    def _open_bracket(self, at: int) -> int:
        image = at > 0 and self._text[at - 1] == "!"
        self._brackets.append((at - image, self._openers))
        if len(self._brackets) > _MOST_BRACKETS:
            del self._brackets[0]
        return at + 1

    def _read_other(self, char: str) -> bool:
        """Read what is seldom; False where it has but begun."""
        if char == "]":
            return self._close_bracket()
        return self._read_angle() if char == "<" else self._read_address()

    def _leave(self, code: _Code) -> bool:
        """Read on behind `code`; False where nothing ends it yet."""
        text, ticks = self._text, code.ticks
        while (start := text.find(ticks, self._at)) >= 0:
            end = start + len(ticks)
            if text.startswith("`", end) and (run := _RUN.match(text, end)):
                end = run.end()
            if end == len(text):
                self._at = start
                return False
            self._steps += 1
            self._at = end
            if end - start == len(ticks):
                self._code = None
                self._steps += 1
                return True
        self._at = max(self._at, len(text.rstrip("`")))
        return False

    def _close_bracket(self) -> bool:
        behind, text = self._at + 1, self._text
        if behind == len(text):
            return False
        if text[behind] != "(":
            self._brackets.pop()
            self._at = behind
            return True
        link = _LINK.match(text, behind)
        if link is None and self._may_follow(_BEGUN_LINK, behind):
            return False
        at, openers = self._brackets.pop()
        if link:
            self._openers = openers
            self._forget_pairs_into(at)
        self._at = link.end() if link else behind
        return True

    def _forget_pairs_into(self, label: int) -> None:
        """What was opened before the text of a link, which begins at `label`, is not closed in
        it."""
        number = len(self.to_mend)
        while number and self.to_mend[number - 1].closes > label:
            number -= 1
        self.to_mend[number:] = [pair for pair in self.to_mend[number:] if pair.opens > label]

    def _read_angle(self) -> bool:
        if link := _AUTOLINK.match(self._text, self._at):
            self._at = link.end()
            return True
        if self._may_follow(_BEGUN_ANGLE, self._at):
            return False
        self._at += 1
        return True

    def _read_address(self) -> bool:
        near = self._text[self._at - 1 : self._at] in ("p", "s")
        scheme = _SCHEME.search(self._text, max(self._at - 5, 0), self._at) if near else None
        address = _ADDRESS.match(self._text, self._at) if scheme else None
        if scheme is None or address is None:
            self._at += 1
            return True
        if address.end() == len(self._text) and address.end() - self._at <= _MOST_HELD:
            self._at = scheme.start()
            return False
        if address.end() == len(self._text):
            self._give_up()
        self._at += max(len(address.group().rstrip(_AFTER_ADDRESS)), 1)
        return True

    def _may_follow(self, begun: re.Pattern[str], at: int) -> bool:
        """Whether the rest, from `at` on, is short enough to wait for and has `begun`."""
        if self._sure is not None and len(self._text) - at > _MOST_HELD:
            return False
        if not begun.match(self._text, at, at + _MOST_HELD + 1):
            return False
        if len(self._text) - at <= _MOST_HELD:
            return True
        self._give_up()
        return False

    def _give_up(self) -> None:
        """Wait no longer for what may turn out to be a link nevertheless."""
        if self._sure is None:
            self._sure = self.settled()


def may_link(text: str) -> bool:
    """Whether there may be a link or an address in `text`, half of one at its end included."""
    if ":" in text and ("<" in text or "://" in text):
        return True
    at = -1
    while (at := text.find("](", at + 1)) >= 0:
        if _LINK.match(text, at + 1) or _BEGUN_LINK.match(text, at + 1):
            return True
    return False


def mendable_at(text: str, start: int) -> int:
    """Where there may be emphasis in `text`, from `start` on, that has to be mended; its end where
    there is none."""
    mendable = _MENDABLE_ASCII if text.isascii() else _mendable()
    found = mendable.search(text, start)
    return found.start() if found else len(text)


@cache
def _mendable() -> re.Pattern[str]:
    return re.compile(_MENDABLE)


def _opening(openers: Openers) -> str:
    return "".join(opener.markup for opener in openers)
