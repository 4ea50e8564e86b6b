"""Where a text without spaces can be cut."""

from __future__ import annotations

import re
import unicodedata

_BEGUN_ENTITY = re.compile(r"&[#\w]{0,10}\Z")
_JOINS = "\u200d\ufe0e\ufe0f"


def whole_characters(line: str, end: int, least: int) -> int:
    """The nearest place at or before `end` that cuts no entity and no combined character."""
    if entity := _BEGUN_ENTITY.search(line, max(least, end - 11), end):
        return entity.start()
    cut = end
    while cut > least and _joined(line[cut - 1], line[cut]):
        cut -= 1
    return cut if cut > least else end


def _joined(left: str, right: str) -> bool:
    return (
        right in _JOINS
        or left == "\u200d"
        or unicodedata.combining(right) > 0
        or "\U0001f3fb" <= right <= "\U0001f3ff"
    )
