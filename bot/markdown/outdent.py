"""A message that begins inside a list: what stands in its items is moved to the first column.

CommonMark takes what is indented by four columns for code where no item is open ("Indented code
blocks"), and in a new message none is. So each line loses what the items took of its indentation
that were open where the message began, as long as they go on. A line that begins an item could
then go on with the paragraph above it: a blank line comes between.
"""

from __future__ import annotations

import re

from bot.characters import with_newlines
from bot.markdown.leaves import MORE, QUOTE, START, Nesting, read, read_all
from bot.markdown.lines import LIST_MARKER

_TAB = 4
_PARAGRAPH = Nesting(paragraph=True)
_ITEM_OR_FENCE = re.compile(rf"^[ \t>]*+(?:{LIST_MARKER}|```|~~~)", re.MULTILINE)


def place_behind(text: str, place: Nesting = START) -> Nesting:
    """What is open behind `text`, which begins at `place`, as far as items of lists go."""
    within = text[text.rfind("\n") + 1 :].lstrip(" \t").startswith(">")
    if place == START and not within and not _ITEM_OR_FENCE.search(text):
        return START
    return read_all(place, with_newlines(text))


class Outdent:
    """Moves the lines of one message while it grows, each whole line once."""

    def __init__(self, place: Nesting, *, broken: bool = False) -> None:
        """`place`: what is open where the message begins. `broken`: that is within a line, which
        has to begin with the marks of the quotations it stands in."""
        self._begin = place
        self._lead = "> " * place.containers.count(QUOTE) if broken else ""
        self._restart()

    def _restart(self) -> None:
        self._place = self._begin
        self._open = len(self._begin.containers)
        self._read = self._moved = ""

    def shown(self, text: str) -> str:
        """`text`, which is all that the message holds by now."""
        text = self._lead + text
        if not any(width != QUOTE for width in self._begin.containers):
            return text
        if not text.startswith(self._read):
            self._restart()
        end = len(self._read)
        moved: list[str] = []
        while newline := text.find("\n", end) + 1:
            moved.append(self._line(text[end:newline]))
            end = newline
            if not self._open:
                break
        self._read = text[:end]
        self._moved += "".join(moved)
        if not self._open:
            return self._moved + text[end:]
        before = self._place, self._open
        last = self._line(text[end:])
        self._place, self._open = before
        return self._moved + last

    def _line(self, line: str) -> str:
        kind, behind = read(self._place, with_newlines(line))
        goes_on, moved = _moved(line, self._begin.containers[: self._open])
        lazy = kind is MORE and behind.containers == self._place.containers
        ends = goes_on < self._open and line.strip() and not lazy
        if ends:
            self._open = goes_on
        self._open = min(self._open, len(behind.containers))
        parted = ends and self._place.paragraph and read(_PARAGRAPH, moved)[0] is MORE
        self._place = behind
        return f"\n{moved}" if parted else moved


def _moved(line: str, containers: tuple[int, ...]) -> tuple[int, str]:
    """How many of `containers` go on in `line`, and the line without what their items take."""
    kept, rest = "", line
    for number, width in enumerate(containers):
        bare = rest.lstrip(" \t")
        indent = _columns(rest[: len(rest) - len(bare)])
        if width == QUOTE:
            if indent >= _TAB or not bare.startswith(">"):
                return number, kept + rest
            begin = len(rest) - len(bare) + 1
            begin += rest[begin : begin + 1] == " "
            kept, rest = kept + rest[:begin], rest[begin:]
        elif indent >= width:
            rest = " " * (indent - width) + bare
        elif bare.strip():
            return number, kept + rest
        else:
            return len(containers), kept + bare
    return len(containers), kept + rest


def _columns(space: str) -> int:
    return len(space.expandtabs(_TAB))
