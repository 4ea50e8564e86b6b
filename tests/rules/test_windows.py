"""Days and months, also where the clock skips or repeats an hour at midnight."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bot.rules.quota import Windows, windows_at

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Kiritimati"]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_day_and_month_of_a_moment() -> None:
    windows = windows_at(at("2026-11-22T10:00:00+00:00"), UTC)

    assert windows == Windows(
        "2026-11-22", "2026-11", at("2026-11-23T00:00:00+00:00"), at("2026-12-01T00:00:00+00:00")
    )


def test_the_zone_says_when_a_day_begins() -> None:
    late = at("2026-12-31T23:30:00+00:00")

    assert windows_at(late, UTC).day == "2026-12-31"
    assert windows_at(late, ZoneInfo("Europe/Berlin")) == Windows(
        "2027-01-01", "2027-01", at("2027-01-02T00:00:00+01:00"), at("2027-02-01T00:00:00+01:00")
    )


def test_a_day_may_begin_at_one_o_clock() -> None:
    """In Beirut the clocks went from 0 to 1 o'clock in the night to 31 March 2024."""
    windows = windows_at(at("2024-03-30T12:00:00+02:00"), ZoneInfo("Asia/Beirut"))

    assert windows.day_ends == at("2024-03-31T01:00:00+03:00")


@pytest.mark.parametrize("name", ZONES)
@given(moment=st.floats(0, 4e9))
def test_every_moment_is_in_its_windows(name: str, moment: float) -> None:
    zone = ZoneInfo(name)
    windows = windows_at(moment, zone)

    assert moment < windows.day_ends <= windows.month_ends
    for ends, label in ((windows.day_ends, windows.day), (windows.month_ends, windows.month)):
        before, after = windows_at(ends - 1, zone), windows_at(ends, zone)
        assert label in (before.day, before.month)
        assert label not in (after.day, after.month)
