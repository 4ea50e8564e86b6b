"""Pictures and files in what is asked: what is refused of them, and what they are billed.

Pictures are billed as xAI has described it: a tile for each 448 x 448 pixels, six at most, and one
for the whole, of 256 tokens each. What a file is billed it does not say: here a token for each four
bytes of the text in it.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.grok.fields import ASKED_IN, Dialect, Endpoint
from sandbox.grok.models import Model
from sandbox.grok.strict import refusal

PICTURE_BYTES = 20 * 1024 * 1024
FILE_BYTES = 48 * 1024 * 1024
_TILE_PIXELS, _TILE_TOKENS, _MOST_TILES = 448, 256, 6
_BYTES_PER_TOKEN = 4

_DATA_URL = re.compile(r"data:(?P<type>[\w.+/-]+);base64,(?P<data>[A-Za-z0-9+/]*={0,2})", re.ASCII)
_PNG, _JPEG, _PDF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%PDF-"
_WRITTEN = re.compile(rb"\(((?:[^()\\]|\\.)*)\)\s*Tj")
_PACKED = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """A picture (`name` empty) or a file, and what it is billed in tokens."""

    tokens: int
    name: str = ""
    size: tuple[int, int] = (0, 0)

    @property
    def shown(self) -> str:
        """How an answer speaks of it."""
        return self.name or f"a picture of {self.size[0]} × {self.size[1]} pixels"


def check_parts(
    dialect: Dialect, endpoint: Endpoint, model: Model, body: Mapping[str, Any]
) -> tuple[Part, ...]:
    """What is there besides text. Refuses what is no picture or file, and what this model does not
    look at."""
    found = []
    for part in _parts(endpoint, body):
        try:
            found.append(_read(part))
        except ValueError as error:
            raise refusal(dialect, 400, "invalid-argument", str(error)) from None
        if not model.sees:
            message = f"Image inputs are not supported by this model: {model.id}"
            raise refusal(dialect, 400, "invalid-argument", message)
    return tuple(found)


def _parts(endpoint: Endpoint, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    asked = body.get(ASKED_IN[endpoint])
    for message in asked if isinstance(asked, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            if "text" not in part:
                yield part


def _read(part: Mapping[str, Any]) -> Part:
    match part:
        case {"type": "input_file", "file_data": str(url), "filename": str(name)}:
            return _file(name, url)
        case {"type": "input_file"}:
            raise ValueError("File not found.")
        case {"image_url": {"url": str(url)}} | {"image_url": str(url)}:
            return _picture(url)
    raise ValueError("unknown content part")


def _picture(url: str) -> Part:
    if url.startswith("https://"):
        raise ValueError("Fetching image failed.")
    media_type, data = _unpacked(url)
    size = _size(media_type, data)
    if size is None:
        raise ValueError("Unsupported or invalid image: only jpg/jpeg and png are supported.")
    if len(data) > PICTURE_BYTES:
        raise ValueError("Image is too large: the maximum size is 20MiB.")
    tiles = -(-size[0] // _TILE_PIXELS) * -(-size[1] // _TILE_PIXELS)
    return Part((min(tiles, _MOST_TILES) + 1) * _TILE_TOKENS, size=size)


def _file(name: str, url: str) -> Part:
    media_type, data = _unpacked(url)
    if not data or len(data) > FILE_BYTES:
        raise ValueError("File is empty or larger than 48MB.")
    if media_type != "application/pdf":
        text = data.decode(errors="strict")  # a UnicodeDecodeError is a ValueError
        return Part(-(-len(text.encode()) // _BYTES_PER_TOKEN), name)
    if not data.startswith(_PDF) or b"%%EOF" not in data[-1024:]:
        raise ValueError("File is not a valid PDF.")
    written = sum(len(text) for stream in _streams(data) for text in _WRITTEN.findall(stream))
    return Part(-(-written // _BYTES_PER_TOKEN), name)


def _streams(data: bytes) -> Iterator[bytes]:
    for found in _PACKED.findall(data):
        try:
            yield zlib.decompress(found)
        except zlib.error:
            yield found


def _unpacked(url: str) -> tuple[str, bytes]:
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise ValueError("Expected a data URL in base64.")
    try:
        return found["type"], base64.b64decode(found["data"], validate=True)
    except binascii.Error:
        raise ValueError("Invalid base64.") from None


def _size(media_type: str, data: bytes) -> tuple[int, int] | None:
    if media_type == "image/png" and data.startswith(_PNG) and data.endswith(b"IEND\xaeB`\x82"):
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if media_type == "image/jpeg" and data.startswith(_JPEG) and data.endswith(b"\xff\xd9"):
        found = re.search(rb"\xff[\xc0-\xc2]..\x08(..)(..)", data, re.DOTALL)
        if found:
            return int.from_bytes(found[2]), int.from_bytes(found[1])
    return None
