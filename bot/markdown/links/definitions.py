"""Where a text may define what a label of references leads to: `[label]: address`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MARK_OF_NOTE = r"\^[^\[\]\s]{1,60}\]"
"""What stands behind the bracket that opens the mark of a footnote."""

_MOST = 999
"""Characters of a label (CommonMark, "Link reference definitions"), an escaped one for one."""

_NOTE = re.compile(MARK_OF_NOTE)
_LABELLED = re.compile(r"\[((?:[^\[\]\\]|\\.)*+)(\]:)?", re.DOTALL)
"""All up to the next bracket. One that is escaped opens no label by CommonMark; to some reader it
may."""
_CHARACTER = re.compile(r"\\.|[^\\]", re.DOTALL)


class Definition(NamedTuple):
    """The `label`, and the `end` of its colon in the text."""

    label: str
    end: int


def definitions(leaf: str) -> Iterator[Definition]:
    """Those in `leaf`, none within another: of brackets that may open one label, the first that is
    near enough and opens no mark of a footnote."""
    for found in _LABELLED.finditer(leaf):
        if found[2]:
            begin, end = found.span(1)
            opened = _opened(leaf, begin, end)
            if opened < end:
                yield Definition(leaf[opened:end], found.end())


def _opened(leaf: str, begin: int, end: int) -> int:
    """Where the label begins that ends at `end`, and at `begin` at the earliest; `end`: nowhere."""
    if end - begin <= _MOST and not _NOTE.match(leaf, begin):
        return begin
    characters = [found.span() for found in _CHARACTER.finditer(leaf, begin, end)]
    for at, behind in [(begin, begin), *characters][-_MOST - 1 :]:
        opens = at == behind or leaf.startswith("\\[", at)
        if opens and behind < end and not _NOTE.match(leaf, behind):
            return behind
    return end
