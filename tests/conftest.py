"""Fixtures shared by all tests: a real Valkey, the strict workspace, the sandbox Grok."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot.settings import Settings

pytest_plugins = [
    "pytester",
    "tests.running.alone",
    "tests.running.collecting",
    "tests.running.deadline",
    "tests.running.integration",
    "tests.running.missing",
    "tests.running.order",
    "tests.fixtures.store",
    "tests.fixtures.workspace",
    "tests.fixtures.grok",
    "tests.fixtures.browser",
]


# A slow machine is not a fault of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


SETTINGS = frozenset(map(str.upper, Settings.model_fields))


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own tokens and keys do not reach a test."""
    for name in SETTINGS.intersection(os.environ):
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    """What one test logs to, and how, is no matter of the next one."""
    handlers, level = logging.root.handlers, logging.root.level
    yield
    if structlog.is_configured():
        logging.root.handlers = handlers
        logging.root.setLevel(level)
        logging.getLogger("bot").setLevel(logging.NOTSET)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
