from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.streaming.__main__ import plan
from bench.streaming.cell import COMPARED, OURS, measure, whole_from
from bench.streaming.measuring import _Room
from bench.streaming.rows import ROWS, TOKENS, Bars, Question, Row
from bench.streaming.stage import Sight

SHORT = Row("1", "two answers", (Question(0, 0), Question(0.1, 1)), Bars(final=1.0), longest=1.5)


def test_everything_is_measured_unless_options_say_less() -> None:
    assert plan([]).rows == tuple(row.name for row in ROWS)
    assert plan([]).systems == tuple(COMPARED)


def test_the_quick_way_measures_ours_once() -> None:
    quick = plan(["--quick", "--rows", "5,steady"])

    assert (quick.rows, quick.systems, quick.runs) == (("5",), (OURS,), 1)


def test_options_choose_rows_systems_and_places() -> None:
    chosen = plan(["--rows", "1,20", "--systems", "20 chunks", "--runs", "5", "--plot", "p.svg"])

    assert (chosen.rows, chosen.systems) == (("1", "20"), ("20 chunks",))
    assert (chosen.runs, chosen.plot) == (5, Path("p.svg"))


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        plan(["--rows", "7"])

    assert "7" in capsys.readouterr().err


async def test_a_large_cell_waits_until_it_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.streaming.measuring.START_SECONDS", 0.0)
    room, small_done, order = _Room(100), asyncio.Event(), []

    async def small() -> None:
        async with room.hold(5):
            order.append("small")
            await small_done.wait()

    async def large() -> None:
        async with room.hold(1_000):
            order.append("large")

    tasks = [asyncio.create_task(small()), asyncio.create_task(large())]
    while "small" not in order:
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    assert order == ["small"]

    small_done.set()
    await asyncio.gather(*tasks)
    assert order == ["small", "large"]


@pytest.mark.integration
@pytest.mark.parametrize("system", [OURS, "20 chunks"])
async def test_a_cell_measures_real_answers_even_when_it_is_cut_short(system: str) -> None:
    measured = await measure(SHORT, system)

    assert [seen.number for seen in measured.answers] == [0, 1]
    for seen in measured.answers:
        assert seen.posts == 1
        assert seen.final is None
        assert seen.lag > 0
    assert measured.refused == 0


def test_the_whole_text_counts_from_when_it_stands_for_good() -> None:
    part, whole = TOKENS - 1, TOKENS

    assert whole_from([Sight(1.0, part)]) is None
    assert whole_from([Sight(1.0, part), Sight(2.0, whole), Sight(3.0, whole)]) == 2.0
    assert whole_from([Sight(1.0, whole), Sight(2.0, part), Sight(3.0, whole)]) == 3.0
