"""What a file is taken for by its name and type, and what it really is by its first bytes; and of a
PNG or JPEG picture, whether it is whole, and how large.

No picture is unpacked here: one that would unpack to gigabytes is known by its head, and to decode
it is left to whoever looks at it.
"""

from __future__ import annotations

import math
import struct
import zlib

from bot.files.file import Kind

_PICTURES = frozenset({"image/png", "image/jpeg", "image/jpg", "image/pjpeg", "image/x-png"})
_WRITTEN = frozenset({"image/svg+xml", "video/mp2t", "video/vnd.dlna.mpeg-tts"})
"""Types of what is text all the same: TypeScript ends in `.ts`, as films do."""
_NOT_WRITTEN = ("image/", "video/", "audio/", "font/", "model/")
_PACKED = {
    "zip": "an archive",
    "gz": "an archive",
    "tgz": "an archive",
    "bz2": "an archive",
    "xz": "an archive",
    "7z": "an archive",
    "rar": "an archive",
    "tar": "an archive",
    "jar": "an archive",
    "doc": "a Word document",
    "docx": "a Word document",
    "odt": "an office document",
    "ods": "an office document",
    "odp": "an office document",
    "pages": "an office document",
    "numbers": "an office document",
    "key": "an office document",
    "xls": "an Excel table",
    "xlsx": "an Excel table",
    "ppt": "a presentation",
    "pptx": "a presentation",
    "exe": "a program",
    "dll": "a program",
    "dmg": "a disk image",
    "iso": "a disk image",
    "parquet": "a table in a form of its own",
    "sqlite": "a database",
}
"""Ends of names that say what is not read, with what it is called."""

_NAMED = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
}

_CALLED = {"video/": "a video", "audio/": "a sound", "font/": "a font", "model/": "a model in 3D"}

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "zip"),
    (b"Rar!\x1a", "zip"),
    (b"7z\xbc\xaf", "zip"),
    (b"\xd0\xcf\x11\xe0", "office"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
)
_NEEDS_BINARY = frozenset({"image/bmp", "image/gif", "program"})
"""Of these the beginning may be that of a text."""

_PDF_WITHIN = 1024
"""Readers find the mark of a PDF anywhere in its first bytes (ISO 32000, annex H of its first
version)."""


def kind_by(name: str, media_type: str) -> tuple[Kind | None, str]:
    """What a file is taken for; when it is nothing that is read, None and what it is called."""
    media_type = media_type.partition(";")[0].strip().lower()
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if media_type in ("", "application/octet-stream", "binary/octet-stream", "text/plain"):
        media_type = _NAMED.get(ending, media_type)
    if media_type in _PICTURES:
        return "image", ""
    if media_type == "application/pdf":
        return "pdf", ""
    if media_type.startswith(_NOT_WRITTEN) and media_type not in _WRITTEN:
        return None, called(media_type)
    if ending in _PACKED and not media_type.startswith("text/"):
        return None, _PACKED[ending]
    return "text", ""


def called(media_type: str) -> str:
    """What is said of a file of this type that is not read."""
    if media_type.startswith("image/"):
        return f"{_article(name := _picture(media_type))} {name} picture"
    return next((word for start, word in _CALLED.items() if media_type.startswith(start)), "")


def type_by_content(data: bytes) -> str:
    """The type that the first bytes tell; empty: none that is known, which may be text."""
    if data[4:8] == b"ftyp" and data[:1] == b"\0":
        brand = data[8:12]
        if brand.startswith((b"hei", b"hev", b"mif", b"msf")):
            return "image/heic"
        return "image/avif" if brand.startswith(b"avi") else "video/mp4"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for beginning, found in _BEGINNINGS:
        if data.startswith(beginning) and not (found in _NEEDS_BINARY and b"\0" not in data[:512]):
            return found
    return "application/pdf" if b"%PDF-" in data[:_PDF_WITHIN] and b"\0" in data[:4096] else ""


def called_by_content(found: str) -> str:
    """What is said of a file whose first bytes tell this type."""
    words = {
        "zip": "an archive or an office document",
        "office": "an old office document",
        "program": "a program",
        "application/pdf": "a PDF",
    }
    return words.get(found) or called(found) or "something else"


def _picture(media_type: str) -> str:
    name = media_type.removeprefix("image/").partition("+")[0]
    known = {"webp": "WebP", "jpeg": "JPEG", "tiff": "TIFF"}
    return known.get(name, name.removeprefix("x-")[:12].upper())


def _article(name: str) -> str:
    return "an" if name[:1] in "AEIO" else "a"


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
