from __future__ import annotations

import pytest
import structlog

from bot.net.seldom import Seldom


def test_each_event_is_said_at_once_and_then_seldom(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    seldom = Seldom(structlog.get_logger(), every=60, clock=lambda: now)

    for _ in range(1_000):
        seldom.warning("refused", why="a")
    seldom.warning("other")
    now = 161.0
    seldom.warning("refused", why="b")

    lines = capsys.readouterr().out.splitlines()
    assert [("refused" in line, "other" in line) for line in lines] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    assert "more_since_last_line=999" in lines[2]
