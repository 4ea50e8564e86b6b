"""Settings that are more than a value."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, tzinfo
from pathlib import Path
from threading import Thread
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


@pytest.mark.parametrize("given", ["file", "empty", "environment", "value"])
def test_a_value_is_before_the_environment_and_that_before_the_file(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("export GROK_MODEL='file'\ngrok_admins=U1\nJOBS_AT_ONCE=\nOTHER=1\n")
    if given != "file":
        monkeypatch.setenv("GROK_MODEL", "" if given == "empty" else "environment")
    values = {"grok_model": "value"} if given == "value" else {}

    settings = Settings(_env_file=file, **values)

    assert settings.grok_model == {"empty": "file"}.get(given, given)
    assert (settings.grok_admins, settings.jobs_at_once) == ("U1", 100)
    assert settings.model_fields_set == {"grok_model", "grok_admins"}


def test_the_file_may_be_a_pipe(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    os.mkfifo(file)
    writing = Thread(target=file.write_text, args=("GROK_MODEL=piped\n",))
    writing.start()

    assert Settings(_env_file=file).grok_model == "piped"
    writing.join()


@pytest.mark.parametrize("make", [lambda file: None, lambda file: file.mkdir()])
def test_without_a_file_the_rest_holds(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / ".env")

    assert Settings(_env_file=tmp_path / ".env").grok_model == "grok-4.3"
