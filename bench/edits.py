"""Edits: what each costs in round trips and layouts, and the lag beside the bound, without a clock.

The loads of `bench.streaming` under virtual time: every run gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.streaming.rows import ROWS
from bench.streaming.table import Cell, cell_of
from bench.streaming.virtual import Costs, measure

NAMES = tuple(each.name for each in ROWS)

HEAD = (
    *("load", "mean lag", "bound", "lag / bound", "first text, p95", "final text, p95"),
    *("429s", "edits that changed nothing", "posts + edits"),
    *("slots asked for", "other round trips", "layouts"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """A row, measured: what was seen, and what its edits cost."""

    cell: Cell
    costs: Costs

    @property
    def line(self) -> str:
        """It as a line of the table; what edits cost is for each edit."""
        cell, costs = self.cell, self.costs
        each = [f"{what / costs.edits:.2f}" for what in (costs.slots, costs.trips, costs.layouts)]
        values = (
            cell.row,
            f"{cell.lag:.3f} s",
            f"{cell.bound.least:.3f} s",
            f"{cell.ratio:.3f}",
            f"{cell.first:.2f} s",
            f"{cell.final:.2f} s",
            f"{cell.refused:.0f}",
            f"{cell.unchanged:.0f}",
            f"{cell.posts:.0f} + {cell.edits:.0f}",
            *each,
        )
        return f"| {' | '.join(values)} |"


def result_of(name: str, *, threads: bool = False) -> Result:
    """The row of this name, measured; in `threads` by `auto`."""
    (row,) = (each for each in ROWS if each.name == name)
    measured, costs = measure(row, threads=threads, streaming="auto" if threads else "edit")
    return Result(cell_of(row, [measured]), costs)


def main(names: Sequence[str] = NAMES) -> None:
    """Measure every row by edits, then in threads as `auto` streams there, and print the tables."""
    for threads in (False, True):
        print(f"| {' | '.join(HEAD)} |\n| {' | '.join(['---'] * len(HEAD))} |")
        for name in names:
            print(result_of(name, threads=threads).line, flush=True)
