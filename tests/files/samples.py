"""Files as people attach them: whole, odd and hostile ones."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


def png(width: int = 8, height: int = 8) -> bytes:
    """A PNG in one colour, whatever size its head says."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x30\x60\xff" * min(width, 64)) * min(height, 64))
    parts = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(*part) for part in parts)


def _part(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def jpeg(width: int = 8, height: int = 8) -> bytes:
    """What a JPEG is made of, as far as its size goes."""
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes(9)
    parts = (b"\xff\xe0", b"JFIF\0" + bytes(9)), (b"\xff\xc0", frame), (b"\xff\xda", bytes(10))
    head = b"".join(mark + struct.pack(">H", len(body) + 2) + body for mark, body in parts)
    return b"\xff\xd8" + head + bytes(range(1, 100)) + b"\xff\xd9"


def pdf(*pages: str, password: str = "") -> bytes:
    """A PDF with a line of text on each page; of a page without, nothing."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    for text in pages:
        page = writer.add_blank_page(595, 842)
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        stream.set_data(f"BT /F1 12 Tf 72 720 Td ({escaped}) Tj ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def in_base64(data: bytes) -> str:
    return b64encode(data).decode()
