from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench._process import Use, use_of
from bench.memory import CHANNELS, Load, Measured
from bench.streaming.grok import PIECES


def measured(*, together: int = 1_000, most: float = 250.0) -> Measured:
    return Measured(
        Load(1_000, 600),
        together,
        idle=Use(resident=50.0, most=60.0, cpu=1.0),
        streaming=Use(resident=200.0, most=200.0, cpu=30.0),
        after=Use(resident=180.0, most=most, cpu=61.0),
        seconds=120.0,
    )


@pytest.mark.skipif(not Path("/proc").exists(), reason="Linux tells")
def test_what_a_process_uses_is_seen() -> None:
    before = use_of(os.getpid())
    held = bytearray(b"x") * (64 * 1024 * 1024)
    after = use_of(os.getpid())

    assert after.resident - before.resident == pytest.approx(len(held) / 1024**2, abs=4)
    assert after.most >= after.resident
    assert after.cpu >= before.cpu > 0


def test_an_answer_costs_what_the_most_is_more_than_nothing_to_do() -> None:
    assert measured().each == 200 * 1024 / 1_000
    assert measured().core == 0.5


def test_the_bar_is_for_answers_that_streamed_at_once() -> None:
    assert measured().meets
    assert not measured(most=301.0).meets
    assert not measured(together=999).meets


def test_all_are_asked_for_before_the_first_has_ended() -> None:
    load = Load(1_000, 600)

    assert len(load.row.questions) == 1_000
    assert load.row.questions[-1].at < load.seconds / 2
    assert load.row.channels == CHANNELS


def test_grok_says_as_many_tokens_as_asked_for() -> None:
    pieces = Load(1, 1_330).script.pieces

    assert pieces is not None
    assert "".join(pieces) == "".join([*PIECES, *PIECES, *PIECES[:130]])
    assert len(pieces) == 333
