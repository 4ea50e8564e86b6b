"""Text files, in whichever encoding they came."""

from __future__ import annotations

import codecs
import re
from typing import Literal

from bot.markdown.characters import boundary

Encoding = Literal["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp1252", "latin-1"]

_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""How a text says in which encoding it is; the longer ones first that begin like others."""

_WIDEST = 4
"""Bytes of one character in any of the encodings."""

_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""Control characters that no text holds; ESC apart, which colours logs."""
_FEW = 0.01
"""So many of its characters may be such all the same."""
_LOOKED_AT = 8_192


def text_in(data: bytes, most: int) -> tuple[str, bool] | None:
    """The text in a file, `most` bytes of it at most (UTF-8), and whether it was cut there; None
    when it is no text."""
    named = next((pair for pair in _MARKS if data.startswith(pair[0])), None)
    mark = named[0] if named else b""
    head = data[len(mark) : len(mark) + _WIDEST * (most + 1)]
    whole = len(mark) + len(head) == len(data)
    for encoding in (named[1],) if named else _likely(head):
        text = _decoded(head, encoding, whole=whole)
        if text is not None and _is_text(text):
            return _cut(text, most, whole=whole)
    return None


def _likely(head: bytes) -> tuple[Encoding, ...]:
    """The encodings of a text that does not say: where every other byte is zero, it is one that
    has two for each character."""
    seen = head[:_LOOKED_AT]
    even, odd = seen[::2].count(0), seen[1::2].count(0)
    if len(seen) % 2 == 0 and max(even, odd) > len(seen) // 5:
        return ("utf-16-le",) if odd > even else ("utf-16-be",)
    return "utf-8", "cp1252", "latin-1"


def _decoded(head: bytes, encoding: Encoding, *, whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(head, final=whole)
    except UnicodeDecodeError:
        return None


def _is_text(text: str) -> bool:
    seen = text[:_LOOKED_AT]
    return len(_NO_TEXT.findall(seen)) <= _FEW * len(seen)


def _cut(text: str, most: int, *, whole: bool) -> tuple[str, bool]:
    encoded = text.encode(errors="replace")
    if len(encoded) <= most:
        return text, not whole
    kept = encoded[:most].decode(errors="ignore")
    return kept[: boundary(text, len(kept))], True
