from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from math import inf

import pytest

from bench.streaming.bound import Bound
from bench.streaming.cell import OURS, Measured, Seen
from bench.streaming.plot import draw
from bench.streaming.rows import ROWS, Row
from bench.streaming.table import Cell, cell_of, lines, misses

GOOD = Cell(
    row="20",
    system=OURS,
    runs=3,
    refused=0,
    lag=3.0,
    bound=Bound(1.8, 1.8),
    ratio=1.3,
    first=0.2,
    final=1.0,
    unchanged=0,
    whole=1.0,
    doubled=0,
    posts=20,
    edits=40,
    late=0.004,
)


def measured(row: str, *finals: float | None, lags: float = 0.5) -> Measured:
    return Measured(
        row=row,
        system=OURS,
        refused=0,
        seconds=20.0,
        late=0.001,
        cpu=1.0,
        answers=[
            Seen(
                number=number,
                arrival=0.5 + number,
                lag=lags,
                first=0.1,
                final=final,
                posts=1,
                edits=3,
                unchanged=0,
            )
            for number, final in enumerate(finals)
        ],
    )


def row(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


def test_what_meets_every_bar_misses_none() -> None:
    assert misses(GOOD) == []


@pytest.mark.parametrize(
    ("worse", "missed"),
    [
        ({"refused": 1}, "429s"),
        ({"ratio": 2.01}, "lag"),
        ({"first": 5.01}, "first text"),
        ({"final": 2.1}, "final text"),
        ({"final": inf}, "final text"),
        ({"unchanged": 1}, "no change"),
        ({"whole": 0.95}, "whole"),
    ],
)
def test_each_bar_can_be_missed(worse: dict[str, float], missed: str) -> None:
    assert misses(replace(GOOD, **worse)) == [missed]  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_cell_has_the_medians_of_its_runs() -> None:
    runs = [
        measured("1", 0.1, lags=0.3),
        measured("1", 0.4, lags=0.9),
        measured("1", 0.2, lags=0.4),
    ]

    cell = cell_of(row("1"), runs)

    assert (cell.lag, cell.final, cell.whole) == (0.4, 0.2, 1.0)
    assert cell.ratio == pytest.approx(0.4 / cell.bound.least)


def test_an_answer_that_was_never_whole_is_not_hidden() -> None:
    cell = cell_of(row("5"), [measured("5", 0.1, 0.2, 0.1, 0.1, None)])

    assert cell.final == inf
    assert cell.whole == 0.8
    assert "never" in lines([cell])[-1]
    assert cell.as_json()["final"] is None


@pytest.mark.slow
def test_the_row_after_a_burst_judges_its_last_answer_alone() -> None:
    cell = cell_of(row("after"), [measured("after", *[9.0] * 20, 0.2)])

    assert cell.final == 0.2
    assert cell.bound.least < 0.2
    assert cell.edits == 63


def test_the_plot_is_an_image_with_every_system() -> None:
    cells = [
        replace(GOOD, row=name, system=system)
        for name in ("1", "20")
        for system in (OURS, "1 s clock", "20 chunks", "256 chars")
    ]
    cells[-1] = replace(cells[-1], final=inf)

    image = ET.fromstring(draw(cells))

    texts = {element.text for element in image.iter("{http://www.w3.org/2000/svg}text")}
    assert {OURS, "1 s clock", "20 chunks", "256 chars", "bound"} <= texts
    titles = [element.text for element in image.iter("{http://www.w3.org/2000/svg}title")]
    assert "256 chars: never" in titles
