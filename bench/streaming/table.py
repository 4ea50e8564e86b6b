"""What the runs of a cell come to, beside the bound and the bars."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import chain, repeat
from math import ceil, inf
from typing import Any

from bench.streaming.bound import Bound, least_lag
from bench.streaming.cell import OURS, Measured, Seen
from bench.streaming.rows import (
    EDITS_PER_MINUTE,
    LATENCY,
    ROWS,
    TOKENS,
    TOKENS_PER_SECOND,
    Row,
)

COLUMNS = (
    "load",
    "system",
    "runs",
    "429s",
    "mean lag",
    "bound",
    "lag / bound",
    "first text, p95",
    "final text, p95",
    "edits that changed nothing",
    "whole",
    "posts + edits",
    "misses",
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table: medians over `runs`, in seconds. `lag` and the rest are of the
    answers that the row judges; `whole` is the least share of them in any run."""

    row: str
    system: str
    runs: int
    refused: float
    lag: float
    bound: Bound
    ratio: float
    first: float
    final: float
    unchanged: float
    whole: float
    doubled: int
    posts: float
    edits: float
    late: float

    def as_json(self) -> dict[str, Any]:
        """The cell as JSON can hold it: what never came is null."""
        fields = asdict(self)
        return {name: None if value == inf else value for name, value in fields.items()}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Cell:
        """The cell of which `as_json` made that."""
        known: dict[str, Any] = {
            name: inf if value is None else value for name, value in fields.items()
        }
        return cls(**known | {"bound": Bound(**fields["bound"])})


def cell_of(row: Row, runs: Sequence[Measured]) -> Cell:
    """The cell that `runs` of one row under one system come to."""
    bounds = [bound_of(row, run) for run in runs]
    lags = [statistics.fmean(seen.lag for seen in _judged(row, run)) for run in runs]

    def median(value: Callable[[Measured], float]) -> float:
        return statistics.median(map(value, runs))

    return Cell(
        row=row.name,
        system=runs[0].system,
        runs=len(runs),
        refused=max(run.refused for run in runs),
        lag=statistics.median(lags),
        bound=Bound(
            statistics.median(bound.least for bound in bounds),
            statistics.median(bound.reached for bound in bounds),
        ),
        ratio=statistics.median(lag / bound.least for lag, bound in zip(lags, bounds, strict=True)),
        first=median(lambda run: _p95([seen.first for seen in _judged(row, run)])),
        final=median(lambda run: _p95([seen.final for seen in _judged(row, run)])),
        unchanged=max(sum(seen.unchanged for seen in run.answers) for run in runs),
        whole=min(_whole(_judged(row, run)) for run in runs),
        doubled=max(run.doubled for run in runs),
        posts=median(lambda run: sum(seen.posts for seen in run.answers)),
        edits=median(lambda run: sum(seen.edits for seen in run.answers)),
        late=max(run.late for run in runs),
    )


def bound_of(row: Row, run: Measured) -> Bound:
    """The bound for the arrivals of the judged answers, as they were in `run`."""
    return _bound(tuple(round(seen.arrival, 2) for seen in _judged(row, run)))


@cache
def _bound(arrivals: tuple[float, ...]) -> Bound:
    sent = [[at + number / TOKENS_PER_SECOND for number in range(TOKENS)] for at in arrivals]
    return least_lag(sent, edits=EDITS_PER_MINUTE, window=60.0, trip=LATENCY / 2)


def _judged(row: Row, run: Measured) -> list[Seen]:
    return run.answers[-(row.judged or 0) :]


def _p95(values: Sequence[float | None]) -> float:
    """The smallest value that 95 % do not exceed; infinite when it never came."""
    known = sorted(inf if value is None else value for value in values)
    return known[ceil(len(known) * 0.95) - 1]


def _whole(answers: Sequence[Seen]) -> float:
    return sum(seen.final is not None for seen in answers) / len(answers)


def misses(cell: Cell) -> list[str]:
    """Which bars of its row the cell misses."""
    bars = next(row.bars for row in ROWS if row.name == cell.row)
    checks = {
        "429s": cell.refused > 0,
        "lag": (bars.lag is not None and cell.lag > bars.lag)
        or (bars.ratio is not None and cell.ratio > bars.ratio),
        "first text": bars.first is not None and cell.first > bars.first,
        "final text": cell.final > bars.final,
        "no change": cell.unchanged > 0,
        "whole": cell.whole < 1,
        "once": cell.doubled > 0,
    }
    return [name for name, missed in checks.items() if missed]


def lines(cells: Sequence[Cell]) -> list[str]:
    """The table in Markdown, rows of the same load together."""
    head = [f"| {' | '.join(COLUMNS)} |", f"| {' | '.join(['---'] * len(COLUMNS))} |"]
    for row in ROWS:
        titles = chain([row.title], repeat(""))
        head += [_line(next(titles), cell) for cell in cells if cell.row == row.name]
    return head


def _line(title: str, cell: Cell) -> str:
    missed = (", ".join(misses(cell)) or "none") if cell.system.startswith(OURS) else ""
    values = (
        title,
        f"**{cell.system}**" if cell.system == OURS else cell.system,
        f"{cell.runs}",
        f"{cell.refused:.0f}",
        f"{'' if cell.whole == 1 else '≥ '}{cell.lag:.2f} s",
        f"{cell.bound.least:.2f} s",
        f"{cell.ratio:.2f}",
        _seconds(cell.first),
        _seconds(cell.final),
        f"{cell.unchanged:.0f}",
        f"{cell.whole:.0%}",
        f"{cell.posts:.0f} + {cell.edits:.0f}",
        missed,
    )
    return f"| {' | '.join(values)} |"


def _seconds(value: float) -> str:
    return "never" if value == inf else f"{value:.2f} s"


def print_table(cells: Sequence[Cell]) -> None:
    """Print the table, and the bars of its rows."""
    print("\n".join(lines(cells)))
    late = max((cell.late for cell in cells), default=0.0)
    print(f"\nThe measuring processes were woken {late * 1000:.0f} ms late at most (p99).")
