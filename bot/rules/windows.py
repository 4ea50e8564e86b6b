"""The days and months that quotas are counted in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from bot.rules.quota import QUOTAS, QuotaName


@dataclass(frozen=True, slots=True)
class Windows:
    """A day (`2026-11-22`) and the month that it is in (`2026-11`), with the Unix times in seconds
    at which they end."""

    day: str
    month: str
    day_ends: int
    month_ends: int

    def ends(self, name: QuotaName) -> int | None:
        """When what counts against a quota begins anew, Unix time in seconds; None: it is no
        matter of time."""
        match QUOTAS[name].window:
            case "day":
                return self.day_ends
            case "month":
                return self.month_ends
            case None:
                return None


def windows_at(at: float, zone: tzinfo) -> Windows:
    """The day and the month in `zone` that the Unix time `at` is in."""
    today = datetime.fromtimestamp(at, zone).date()
    next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Windows(
        day=f"{today:%Y-%m-%d}",
        month=f"{today:%Y-%m}",
        day_ends=_begin(today + timedelta(days=1), zone),
        month_ends=_begin(next_month, zone),
    )


def _begin(day: date, zone: tzinfo) -> int:
    """When a day begins, in seconds of Unix time."""
    return int(datetime.combine(day, time(), zone).timestamp())
