"""What did not run, and why: one line for all the tests that one thing stopped."""

from __future__ import annotations

from collections import Counter

import pytest

_SKIPPED = "Skipped: "


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last lines but one."""
    reasons = Counter(
        report.longrepr[2].removeprefix(_SKIPPED)
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    for reason, tests in reasons.items():
        terminalreporter.write_line(f"Did not run, {tests} of the tests: {reason}", yellow=True)
