"""PNG and JPEG pictures, as far as their own heads tell: whether they are whole, and how large.

Nothing is unpacked here: a picture that would unpack to gigabytes is known by its head, and to
decode it is left to whoever looks at it.
"""

from __future__ import annotations

import math
import struct
import zlib

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_PARTS = 20_000
"""Parts of one picture: a PNG of 20 MB in the usual pieces of 8 KiB has 2,500."""

_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers of a JPEG that have no length."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Those that tell its size."""
_SCAN, _END = 0xDA, b"\xff\xd9"


def size_of_png(data: bytes) -> tuple[int, int] | None:
    """Width and height; None when it is not whole."""
    head = data[8:33]
    if not data.startswith(_PNG) or len(head) < 25 or head[:8] != b"\0\0\0\rIHDR":
        return None
    if zlib.crc32(head[4:21]) != int.from_bytes(head[21:25]):
        return None
    width, height = struct.unpack(">II", head[8:16])
    return (width, height) if width and height and _ends(data) else None


def _ends(data: bytes) -> bool:
    """Whether a PNG has a picture in it, and an end."""
    at, drawn = 8, False
    for _ in range(_MOST_PARTS):
        if at + 12 > len(data):
            return False
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        at += 12 + length
        if kind == b"IEND":
            return drawn and at <= len(data)
        drawn = drawn or kind == b"IDAT"
    return False


def size_of_jpeg(data: bytes) -> tuple[int, int] | None:
    """Width and height, the largest where it names several, as no camera does: which of them counts
    is up to whoever unpacks it. None when it is not whole."""
    at, sizes = 2, list[tuple[int, int]]()
    for _ in range(_MOST_PARTS):
        if at + 4 > len(data) or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9].ljust(4, b"\0"))
            sizes.append((width, height))
        if marker == _SCAN:
            whole = all(map(math.prod, sizes)) and data.rfind(_END) > at
            return max(sizes, key=math.prod) if sizes and whole else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
