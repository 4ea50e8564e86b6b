"""One section of an answer as the messages that show it, while it grows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from hashlib import blake2b

from bot.completion.result import Section
from bot.markdown.filling import Piece, Room
from bot.markdown.joins import enough
from bot.markdown.markdown import Layout
from bot.markdown.rewriting.rewriting import Rewriting
from bot.markdown.safety import Safe, SafeGrowth, make_safe

_COMPARED = 200
"""The last characters of what was shown, by which a section that grows is known again."""

_SLICE_CHARS = 4_000
"""Laid out at a stretch: a few milliseconds, and some tens for the worst of texts."""


class Flow:
    """One section laid out while it grows."""

    def __init__(
        self, first: Room, rest: Room, most: int | None, behind: str = "", *, counted: int = 0
    ) -> None:
        """Of more messages than `most` is told how many there are, `counted` at most, and no more
        is laid out. `behind`: the text that the section goes on with, which is shown elsewhere."""
        self._rooms = first, rest
        self._most, self._counted = most, counted
        self._behind = behind
        self._restart(Section())

    def _restart(self, section: Section) -> None:
        title = section.title
        self._breaks = section.breaks
        self._layout = Layout(*self._rooms)
        self._rewriting = Rewriting()
        self._full: list[Safe] = []
        self._growth = SafeGrowth()
        self._settled_growth = SafeGrowth()
        self._title = title
        self._head = f"{title}\n\n" if title else ""
        self._ahead = self._behind
        self._joined = not self._behind
        self._held = self._following = ""
        """What is not laid out yet, until it tells how it goes on: of what it goes on with, and
        what it goes on with that as it is rewritten."""
        self._shown_ahead = 0
        self._seen = 0
        self._last = ""
        self._taken = blake2b()
        self._end: tuple[str, str] | None = None
        if self._joined:
            self._layout.break_at(self._breaks)
        self._layout.feed(self._head)

    async def prepare(self, section: Section) -> None:
        """Do most of the work of `show`, in slices between which others have their turn."""
        self._follow(section)
        while self._ahead and section.text.strip():
            self._take_ahead()
            await asyncio.sleep(0)
        while len(section.text) - self._seen > _SLICE_CHARS:
            self._take_slice(section.text)
            await asyncio.sleep(0)

    def show(self, section: Section) -> Sequence[str]:
        """Markdown of each message of `section`, of which more text may have come.

        A message that is full is made once, and only the last line of the others anew; those
        that are but counted are empty.
        """
        self._follow(section)
        while self._ahead and section.text.strip():
            self._take_ahead()
        while self._seen < len(section.text) and not self._ahead:
            self._take_slice(section.text)
        if section.done and self._end is None:
            self._finish(section)
            self._make_full()
        last = self._tail(growing=not section.done)
        if last.text.isspace() or not last.text:
            return self._full.copy() or [self._made(last)]
        return [*self._full, self._made(last)]

    def settled(self, section: Section) -> Sequence[str]:
        """The beginning of the markdown of each of those messages that stays as it is,
        whatever follows; all of it where the section is done."""
        shown = self.show(section)
        if not section.text.strip():
            return [""] * len(shown)
        if section.done:
            return shown
        settled = self._layout.settled() if self._joined else Piece("")
        stays = self._settled_growth.safe(settled.markdown)
        more = stays.strip() or len(shown) > len(self._full)
        return [*self._full, stays] if more else self._full.copy()

    def break_behind(self, said: str, *, between_blocks: bool) -> int | None:
        """The best place for one of `Section.breaks` in its last message, of which `said` has to
        stay; None: there is none yet."""
        places = self._layout.breaks(between_blocks=between_blocks) if self._joined else ()
        for place, above in places:
            markdown = make_safe(above.markdown)
            if place > 0 and len(markdown) > len(said) and markdown.startswith(said):
                return place
        return None

    def _follow(self, section: Section) -> None:
        if not self._continues(section):
            self._restart(section)

    def _tail(self, *, growing: bool = False) -> Piece:
        return self._layout.tail(growing=growing) if self._joined or not growing else Piece("")

    def _take_ahead(self) -> None:
        """Lay out a slice of what it goes on with."""
        ahead = self._rewriting.feed(self._ahead[:_SLICE_CHARS])
        self._ahead = self._ahead[_SLICE_CHARS:]
        self._lay_out_ahead(ahead)
        if not self._ahead:
            shown = deepcopy(self._rewriting)
            shown.end(cut=True)
            held = self._rewriting.held
            self._held = held[: max(0, len(held) - shown.hidden)]

    def _lay_out_ahead(self, ahead: str) -> None:
        self._layout.feed(ahead)
        self._shown_ahead += len(ahead)

    def _lay_out(self, text: str, *, whole: bool = False) -> None:
        """Lay out `text`, as it is rewritten; where it goes on with another text, once that tells
        how: from the end of that, or from above what is rewritten otherwise now."""
        if self._joined:
            self._layout.feed(text)
            return
        self._following += text
        held, behind = self._held, self._following
        if behind.startswith(held):
            behind = behind[len(held) :]
        elif whole or not held.startswith(behind):
            held = ""
        last = self._behind[self._behind.rfind("\n") + 1 :]
        told = behind if whole else enough(behind, last)
        if told is not None:
            self._lay_out_ahead(held)
            self._head = self._layout.go_on(enough(told, last) or told)
            self._joined = True
            self._layout.break_at(self._breaks)
            self._layout.feed(behind)

    def _take_slice(self, text: str) -> None:
        """Lay out what comes next of `text`, and make the messages that are full by then."""
        end = self._seen + _SLICE_CHARS
        taken = text[self._seen : end]
        self._taken.update(taken.encode(errors="surrogatepass"))
        if not self._overflows:
            self._lay_out(self._rewriting.feed(taken))
        self._seen = min(end, len(text))
        self._last = text[max(0, self._seen - _COMPARED) : self._seen]
        self._make_full()

    def _make_full(self) -> None:
        if not self._joined:
            return
        for piece in self._layout.sealed[len(self._full) :]:
            self._full.append(self._made(piece))

    def _made(self, piece: Piece) -> Safe:
        """The message of `piece`, which the full ones stand above."""
        shown = self._most is None or len(self._full) < self._most
        return self._growth.safe(piece.markdown) if shown else Safe()

    @property
    def _overflows(self) -> bool:
        if self._most is None or not self._joined:
            return False
        return len(self._layout.sealed) > self._most + self._counted

    @property
    def messages(self) -> int:
        """How many messages it takes, as it was shown last."""
        tail = self._tail().text
        return len(self._full) + bool(tail.strip()) or 1

    def end_of(self, messages: int) -> int:
        """How many characters of the text the first so many of its messages show."""
        fed = sum(len(piece.text) for piece in self._layout.sealed[:messages])
        fed += self._layout.left_out if fed else 0
        shown = self._shown_ahead + max(0, fed - len(self._head))
        return max(0, self._rewriting.given(shown) - len(self._behind))

    def _continues(self, section: Section) -> bool:
        """Whether `section` is what was shown, or that and more.

        All of it is compared at its end alone: to hold and compare it at each look would make
        the work grow with the square of the text.
        """
        if (section.title, section.breaks) != (self._title, self._breaks):
            return False
        if self._end is not None:
            return (section.text, section.note) == self._end
        if section.done:
            begun = section.text[: self._seen].encode(errors="surrogatepass")
            return blake2b(begun).digest() == self._taken.digest()
        return section.text.startswith(self._last, self._seen - len(self._last))

    def _finish(self, section: Section) -> None:
        self._end = section.text, section.note
        if self._overflows:
            return
        if self._ahead:
            self._ahead, self._joined = "", True
        self._lay_out(self._rewriting.end(cut=section.cut), whole=True)
        if section.cut:
            self._layout.break_off()
        if section.note and not self._overflows:
            self._layout.conclude(section.note)
