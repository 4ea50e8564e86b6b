"""Settings that are more than a value."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest

from bot.settings import Settings, zone_of


@pytest.mark.parametrize(
    ("name", "zone"),
    [("UTC", UTC), ("utc", UTC), ("", UTC), ("Europe/Berlin", ZoneInfo("Europe/Berlin"))],
)
def test_zone_of_quotas(name: str, zone: tzinfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTA_TIMEZONE", name)

    assert zone_of(Settings(_env_file=None)) == zone


@pytest.mark.parametrize("name", ["Berlin", "Europe", "../UTC", "/etc/passwd", "\x00"])
def test_zone_that_there_is_not(name: str) -> None:
    with pytest.raises(ValueError, match="there is no such time zone"):
        Settings(_env_file=None, quota_timezone=name)
