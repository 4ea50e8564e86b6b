"""What every benchmark ends with: whether a bar is met, and its figures in a file."""

from __future__ import annotations

import json
from pathlib import Path

_RESULTS = Path(__file__).parent / "out"


def verdict(met: bool) -> str:
    """As it is printed beside a figure."""
    return "met" if met else "MISSED"


def print_heads(*heads: str, width: int) -> None:
    """The first line of a table, of columns so wide."""
    print("".join(f"{head:>{width}}" for head in heads))


def write_down(name: str, figures: object) -> None:
    """Keep `figures`, of which JSON can be made, as the newest of the benchmark `name`."""
    _RESULTS.mkdir(parents=True, exist_ok=True)
    written = json.dumps(figures, indent=2) + "\n"
    (_RESULTS / f"{name}.json").write_text(written, encoding="utf-8")
