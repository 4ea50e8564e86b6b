from __future__ import annotations

import pytest

from bench.edits import result_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("row", ["1", "5"])
def test_an_edit_takes_one_layout_and_one_round_trip_besides_its_slot(row: str) -> None:
    result = result_of(row)
    costs = result.costs

    assert costs.edits > 30
    assert costs.trips <= costs.edits
    assert costs.layouts <= 1.2 * costs.edits
    assert (result.cell.refused, result.cell.unchanged, result.cell.whole) == (0, 0, 1)


@pytest.mark.parametrize(("row", "most"), [("1", 1.25), ("5", 1.35), ("20", 1.45)])
def test_the_lag_is_near_the_bound(row: str, most: float) -> None:
    assert result_of(row).cell.ratio <= most


@pytest.mark.parametrize(("row", "most"), [("5", 0.8), ("20", 1.35)])
def test_in_threads_streams_come_nearer_than_any_edits(row: str, most: float) -> None:
    cell = result_of(row, threads=True).cell

    assert cell.ratio <= most
    assert cell.final <= 0.25
    assert (cell.refused, cell.unchanged, cell.whole) == (0, 0, 1)


def test_something_is_kept_for_who_comes_after_many() -> None:
    cell = result_of("after").cell
    assert cell.lag <= 1.0
    assert cell.first <= 0.25


def test_under_a_clock_of_its_own_a_load_comes_out_the_same() -> None:
    assert result_of("1") == result_of("1")
