"""What the sandbox's Grok says to a sum: the right number at a low temperature, and more often a
wrong one the higher it is. It is there to be compared: which temperature serves best has an answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

BEST = 0.2
"""The temperature at which no sum is wrong."""

_USUAL = 1.0
"""What a request without a temperature is answered at."""

_SUM = re.compile(r"\s*what is (\d{1,6}) ?([+*-]) ?(\d{1,6})\s*\??\s*", re.IGNORECASE)


def reply(prompt: str, body: Mapping[str, Any]) -> str:
    """The answer to a sum; empty where the prompt is none."""
    asked = _SUM.fullmatch(prompt)
    if asked is None:
        return ""
    temperature = body.get("temperature")
    off = abs((_USUAL if temperature is None else float(temperature)) - BEST)
    one, sign, other = int(asked[1]), asked[2], int(asked[3])
    right = {"+": one + other, "-": one - other, "*": one * other}[sign]
    wrong = _chance(prompt, temperature) < min(0.9, off * 0.8)
    return f"{one} {sign} {other} = {right + 1 if wrong else right}"


def _chance(*parts: object) -> float:
    """A number from 0 to 1, the same for the same parts."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4]) / 2**32
