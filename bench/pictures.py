"""The pictures in docs, drawn again from the figures beside them, without measuring."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import _streams_plot
from bench._process import ROOT
from bench.streaming import plot
from bench.streaming.table import Cell, lines
from bot.eval import outcome
from bot.eval.grid import Setting
from bot.rules.shares import Proportion

DOCS = ROOT / "docs"
TABLE = ROOT / "bench/streaming/README.md"
"""Holds the table of what the picture `streaming` shows, between these lines."""
_BEGINS, _ENDS = "<!-- docs/streaming.json, as a table -->\n\n", "\n<!-- end of the table -->"


def main(folder: Path = DOCS) -> None:
    """Draw all of them, and write the table again that shows what one of them does."""
    for name in PICTURES:
        figures = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        keep(folder / f"{name}.svg", name, figures)
    if folder == DOCS:
        TABLE.write_text(with_table(TABLE.read_text(encoding="utf-8")), encoding="utf-8")


def keep(picture: Path, name: str, figures: object) -> None:
    """Draw `picture`, which is the one called `name`, from `figures`, of which JSON can be made
    and which are put beside it: whoever draws it again draws the same."""
    written = json.dumps(figures, indent=1) + "\n"
    picture.with_suffix(".json").write_text(written, encoding="utf-8")
    picture.write_text(PICTURES[name](json.loads(written)), encoding="utf-8")
    print(f"picture: {picture}, and its figures beside it")


def with_table(page: str) -> str:
    """`page` with the figures of the picture `streaming` as they are now."""
    figures = json.loads((DOCS / "streaming.json").read_text(encoding="utf-8"))
    table = "\n".join(lines([Cell.from_json(each) for each in figures]))
    before, rest = page.split(_BEGINS)
    _, after = rest.split(_ENDS)
    return f"{before}{_BEGINS}{table}\n{_ENDS}{after}"


def _streams(figures: list[dict[str, Any]]) -> str:
    """As `bench streams` measured them."""
    return _streams_plot.draw([(each["streams"], each["core"], each["memory"]) for each in figures])


def _streaming(figures: list[dict[str, Any]]) -> str:
    """As `bench streaming` measured them."""
    return plot.draw([Cell.from_json(each) for each in figures])


def _evaluation(figures: list[dict[str, Any]]) -> str:
    """As `python -m bot eval` printed them."""
    rows = [
        outcome.SettingRow(
            Setting(each["setting"]),
            Proportion(each["good"], each["answers"]),
            each["micro_dollars"],
            each["first_seconds"],
            each["seconds"],
        )
        for each in figures
    ]
    return outcome.plot(rows)


PICTURES: Mapping[str, Callable[[list[dict[str, Any]]], str]] = {
    "evaluation": _evaluation,
    "streaming": _streaming,
    "streams": _streams,
}
"""By the name of their files: how each is drawn from its figures."""


if __name__ == "__main__":
    main()
