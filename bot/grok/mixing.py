"""Several answers in one stream: told apart, or found to be mixed up."""

from __future__ import annotations

from collections.abc import Iterator

from bot.completion.result import Chunk
from bot.grok.call import Call


class Held:
    """The pieces of several answers, held back until it shows that each says whose it is.

    Some servers stream several answers at once and give all of them the same index: nobody can
    tell them apart then, so they are to be asked for in one body.
    """

    def __init__(self, call: Call, *, apart: bool) -> None:
        self.apart = False
        """Whether a piece was said to belong to another answer than the first."""
        self._holds = call.stream and call.request.choices > 1 and not apart
        self._chunks: list[Chunk] = []

    def follow(self, chunk: Chunk) -> Iterator[Chunk]:
        """What can be shown, now that `chunk` came."""
        if self._holds:
            self._chunks.append(chunk)
            if not chunk.choice:
                return
            self.apart = True
            yield from self.rest()
        else:
            yield chunk

    @property
    def mixed(self) -> bool:
        """Whether all that came may be of several answers."""
        return self._holds

    def rest(self) -> Iterator[Chunk]:
        """What was held back."""
        chunks, self._chunks, self._holds = self._chunks, [], False
        yield from chunks
