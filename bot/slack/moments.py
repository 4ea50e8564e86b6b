"""Moments, as each reader sees them in their own time."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at: float, tz_offset: int = 0) -> str:
    """A Unix time in Slack's mrkdwn: “today at 10:12”, in the reader's own way.

    Where that cannot be shown, it is the time `tz_offset` seconds east of UTC.
    """
    there = datetime.fromtimestamp(at + tz_offset, UTC)
    plain = f"{there:%b} {there.day}, {there:%H:%M}"
    return f"<!date^{int(at)}^{{date_short_pretty}} at {{time}}|{plain}>"
