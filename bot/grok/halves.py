"""Characters that came in halves: JSON may escape each half of an emoji on its own."""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")
_FIRST_HALF = ("\ud800", "\udbff")


def as_text(text: str) -> str:
    """`text` with its halves joined; a half alone becomes U+FFFD, for it can be sent nowhere."""
    if text.isascii() or _HALF.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Halves:
    """One text that comes in pieces, with the halves joined that two of them hold."""

    def __init__(self) -> None:
        self._held = ""

    def follow(self, piece: str) -> str:
        """What is sure, now that `piece` came."""
        text, self._held = self._held + piece, ""
        if text and _FIRST_HALF[0] <= text[-1] <= _FIRST_HALF[1]:
            text, self._held = text[:-1], text[-1]
        return as_text(text)

    def rest(self) -> str:
        """A first half to which no second came."""
        held, self._held = self._held, ""
        return as_text(held)
