"""Fixtures shared by all tests: a real Valkey, the strict workspace, the sandbox Grok."""

from __future__ import annotations

import pytest

from bot.settings import Settings

pytest_plugins = [
    "tests.fixtures.store",
    "tests.fixtures.workspace",
    "tests.fixtures.grok",
    "tests.fixtures.browser",
]


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own tokens and keys do not reach a test."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
