"""What the sandbox's Grok says to a sum: the right number, but where a temperature is given more
often a wrong one the higher it is. It is there to be compared: which temperature serves best has an
answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

BEST = 0.2
"""The temperature at which no sum is wrong. What is asked without one is answered at it, lest
whoever tries the demo with a sum reads a wrong one."""

_SUM = re.compile(r"\s*what is (\d{1,6}) ?([+*-]) ?(\d{1,6})\s*\??\s*", re.IGNORECASE)
_ASKED = re.compile(
    rf"^=====.* question =====\n{_SUM.pattern}\n=====", re.IGNORECASE | re.MULTILINE
)
_ANSWERS = re.compile(
    r"^===== \S+ ((?:first |second )?answer) =====\n(.*?)\n=====", re.DOTALL | re.MULTILINE
)


def reply(prompt: str, body: Mapping[str, Any]) -> str:
    """The answer to a sum; empty where the prompt is none."""
    asked = _SUM.fullmatch(prompt)
    if asked is None:
        return ""
    temperature = body.get("temperature")
    off = 0.0 if temperature is None else abs(float(temperature) - BEST)
    right = _right(asked)
    wrong = _chance(prompt, temperature) < min(0.9, off * 0.8)
    return f"{asked[1]} {asked[2]} {asked[3]} = {right + 1 if wrong else right}"


def _right(asked: re.Match[str]) -> int:
    one, other = int(asked[1]), int(asked[3])
    return {"+": one + other, "-": one - other, "*": one * other}[asked[2]]


def _chance(*parts: object) -> float:
    """A number from 0 to 1, the same for the same parts."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4]) / 2**32


def judged(prompt: str) -> str:
    """What it says of answers to a sum, one or two of them, that stand between marks: JSON, as a
    judge is asked to reply. Empty where there are none."""
    asked = _ASKED.search(prompt)
    if asked is None:
        return ""
    right = _right(asked)
    found = {kind: f"= {right}" in text for kind, text in _ANSWERS.findall(prompt)}
    if found.keys() == {"answer"}:
        return json.dumps({"good": found["answer"]})
    if found.keys() != {"first answer", "second answer"}:
        return ""
    first, second = found["first answer"], found["second answer"]
    better = "same" if first == second else "first" if first else "second"
    return json.dumps({"better": better})
