"""What is open at the end of a paragraph that still grows: code, links, emphasis.

The rules are those of CommonMark and GFM. What cannot be told yet, such as half a link, is
held back until more of it came or it is too long to wait for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from bot.markdown.emphasis import Openers, Pair, after_run, closing

_SPECIAL = re.compile(r"[\\`*_~\[\]<:]")
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

_LONGEST_TICKS = 32
_MOST_BRACKETS = 16
_UNSURE = ("*", "_", "~", "\\")
"""What means something else at the end of a text than before what is left out there."""

_MOST_TRIES = 8
"""So many ends are tried, which is enough for all but texts that are nothing but such runs."""

_MOST_STEPS = 500
"""So much markup is followed in one paragraph, and in trying its ends. Behind it nothing is closed
or held back: nobody can read such a text, and reading it must not take long."""

_AFTER_ADDRESS = "*_~.,:;!?'\""


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


class _Bracket(NamedTuple):
    """A `[` that may begin a link, behind which what was open before it is open again."""

    at: int
    openers: Openers


class InlineMarkup:
    """Follows the inline markup of one paragraph. What was decided is not read again."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0
        self._openers: Openers = ()
        self._brackets: tuple[_Bracket, ...] = ()
        self._code: _Code | None = None
        self._steps = 0
        self.to_mend: list[Pair] = []
        """Pairs of emphasis that are none to every reader as they stand."""
        self._sure: int | None = None
        """The end of what was `settled` when something was waited for no longer."""

    def read(self, text: str) -> None:
        """The paragraph as it is now: what it was before, and more."""
        self._text = text
        while self._steps < _MOST_STEPS and self._step():
            self._steps += 1
        if self._steps >= _MOST_STEPS:
            self._at = len(text)
            self._openers, self._brackets, self._code = (), (), None

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
            if sure or shown.opening.endswith("`") or steps >= _MOST_STEPS:
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
        for bracket in reversed(self._brackets):
            if 0 < first - bracket.at <= _LONGEST_LABEL:
                first = bracket.at
        return first

    def settled(self) -> int:
        """The end of what is outside of anything that is open, or can be once more text came."""
        openers = [self._openers, *(bracket.openers for bracket in self._brackets)]
        since = [opener.at for each in openers for opener in each]
        since += [bracket.at for bracket in self._brackets[:1]]
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
        for bracket in self._brackets:
            if behind - bracket.at <= _LONGEST_LABEL:
                return bracket.at, bracket.openers, None
        end = self._at
        if not self._code and (begun := _BEGUN.search(self._text, max(end - 5, 0), end)):
            end = begun.start()
        return end, self._openers, self._code

    def _step(self) -> bool:
        """Read the next thing that matters; False when there is none, or it has but begun."""
        if self._code:
            return self._leave(self._code)
        text = self._text
        found = _SPECIAL.search(text, self._at)
        if found is None:
            self._at = len(text)
            return False
        self._at = at = found.start()
        char = text[at]
        if char in _RUNS:
            return self._read_run(char)
        if char == "[":
            return self._open_bracket()
        if char == "]":
            return self._close_bracket()
        if char == "<":
            return self._read_angle()
        return self._read_address() if char == ":" else self._skip(2)

    def _skip(self, count: int) -> bool:
        if self._at + count > len(self._text):
            return False
        self._at += count
        return True

    def _read_run(self, char: str) -> bool:
        start, text = self._at, self._text
        end = start + 1
        if text.startswith(char, end) and (run := _RUN.match(text, end)):
            end = run.end()
        if end == len(text):
            return False
        self._at = end
        if char != "`":
            openers = self._openers
            self._openers, pairs = after_run(openers, text[start:end], start, text)
            self.to_mend += pairs
        elif end - start <= _LONGEST_TICKS:
            self._code = _Code(start, text[start:end])
        return True

    def _leave(self, code: _Code) -> bool:
        while (start := self._text.find(code.ticks, self._at)) >= 0:
            self._steps += 1
            end = start + len(self._run(start))
            if end == len(self._text):
                self._at = start
                self._steps -= 1  # it is read again when more of it came
                return False
            self._at = end
            if end - start == len(code.ticks):
                self._code = None
                return True
        self._at = max(self._at, len(self._text.rstrip("`")))
        return False

    def _run(self, start: int) -> str:
        run = _RUN.match(self._text, start)
        return run.group() if run else ""

    def _open_bracket(self) -> bool:
        image = self._text[self._at - 1 : self._at] == "!"
        bracket = _Bracket(self._at - image, self._openers)
        self._brackets = (*self._brackets, bracket)[-_MOST_BRACKETS:]
        return self._skip(1)

    def _close_bracket(self) -> bool:
        if not self._brackets:
            return self._skip(1)
        behind = self._at + 1
        if behind == len(self._text):
            return False
        link = _LINK.match(self._text, behind)
        if link is None and self._may_follow(_BEGUN_LINK, behind):
            return False
        if link:
            self._openers = self._brackets[-1].openers
            self._forget_pairs_into(self._brackets[-1].at)
        self._brackets = self._brackets[:-1]
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
        return not self._may_follow(_BEGUN_ANGLE, self._at) and self._skip(1)

    def _read_address(self) -> bool:
        scheme = _SCHEME.search(self._text, max(self._at - 5, 0), self._at)
        address = _ADDRESS.match(self._text, self._at) if scheme else None
        if scheme is None or address is None:
            return self._skip(1)
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


def _opening(openers: Openers) -> str:
    return "".join(opener.markup for opener in openers)
