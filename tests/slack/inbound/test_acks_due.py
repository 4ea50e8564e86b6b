"""What is due to Slack comes first, but not for ever."""

from __future__ import annotations

import asyncio

import pytest

from bot.slack.inbound import incoming as module
from bot.slack.inbound.incoming import Acks

ANY_NUMBER = 10


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(module, "LATE_SECONDS", 0)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause is over when nothing is late, and not before."""
    monkeypatch.setattr(module, "PAUSE_SECONDS", 1e-6)
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 3600.0)


async def test_nothing_is_waited_for_where_nothing_is_due() -> None:
    acks = Acks()
    assert not acks.expected
    with pytest.raises(StopIteration):
        acks.go_first().send(None)


@pytest.mark.usefixtures("patient")
async def test_work_waits_while_an_ack_is_late() -> None:
    acks = Acks()
    with acks.due():
        work = asyncio.create_task(acks.go_first())
        for _ in range(ANY_NUMBER):
            await asyncio.sleep(0)
        assert not work.done()
    await work


async def test_work_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 0.003)
    acks = Acks()
    with acks.due():
        await acks.go_first()


async def test_many_beginnings_in_a_second_are_set_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CROWD", 3)
    acks = Acks()
    for _ in range(2):
        with pytest.raises(StopIteration):
            acks.go_first().send(None)
    third = acks.go_first()
    third.send(None)  # it waits
    third.close()


async def test_after_one_ack_more_are_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    acks = Acks()
    with acks.due():
        assert acks.expected
    assert acks.expected
    monkeypatch.setattr(module, "REST_SECONDS", -1.0)
    assert not acks.expected


async def test_it_is_the_oldest_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    acks = Acks()
    monkeypatch.setattr(module, "MOST_OVERDUE", 2)
    with acks.due():
        assert not acks.overdue  # one alone may be late for another reason
        with acks.due():
            assert not acks.overdue
            monkeypatch.setattr(module, "OVERDUE_SECONDS", -1.0)
            assert acks.overdue
        assert not acks.overdue


async def test_what_failed_is_due_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REST_SECONDS", -1.0)
    acks = Acks()
    with pytest.raises(ValueError, match="no"), acks.due():
        raise ValueError("no")
    assert not acks.expected
