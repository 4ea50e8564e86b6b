from __future__ import annotations

from types import SimpleNamespace

import pytest

from bench.streaming.others import Pending, buffer_256, clock, every_20_chunks


def test_each_baseline_edits_when_its_rule_says() -> None:
    pending = Pending()
    for _ in range(19):
        pending.add("tokens")
    assert not every_20_chunks(pending)

    pending.add("tokens")
    assert every_20_chunks(pending)
    assert not buffer_256(pending)

    pending.add("x" * 136)
    assert buffer_256(pending)

    pending.clear()
    assert not every_20_chunks(pending)
    assert not buffer_256(pending)


def test_the_clock_ticks_from_the_last_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("bench.streaming.others.time", SimpleNamespace(monotonic=lambda: now[0]))
    pending = Pending()

    now[0] += 0.9
    assert not clock(pending)

    now[0] += 0.1
    assert clock(pending)
