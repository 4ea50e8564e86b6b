"""Letters that look like others."""

from __future__ import annotations

import unicodedata
from typing import Literal

_SLICE_CHARS = 64
_LETTERS = str.maketrans(
    "аеорсухіјѕһԁԛԝмнтвкгӏԍꭵꮐοαενικρτυχɑɡıᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢꜱꜰᴦօոսցᏀøłđ",
    "aeopcyxijshdqwmhtbkrlgigoaevikptuxagiabcdeghijklmnoprtuvwyzsfronuggold",
)
"""Of other scripts, like Latin ones (Unicode, confusables.txt)."""


def normalized(text: str, form: Literal["NFKC", "NFKD"]) -> str:
    """`text` in one of Unicode's normal forms. In slices: the marks of a
    character are put in order, which takes the square of their number."""
    if text.isascii():
        return text
    if len(text) <= _SLICE_CHARS:
        return unicodedata.normalize(form, text)
    slices = (text[at : at + _SLICE_CHARS] for at in range(0, len(text), _SLICE_CHARS))
    return "".join(unicodedata.normalize(form, each) for each in slices)


def latin(text: str) -> str:
    """`text` in lower case, in the Latin letters that it looks like, without their marks."""
    bare = normalized(text, "NFKD").lower()
    return "".join(c for c in bare if not unicodedata.combining(c)).translate(_LETTERS)
