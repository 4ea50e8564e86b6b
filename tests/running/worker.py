"""What one worker does: it runs tests that were collected before it was forked.

It is told which by a connection, some at a time, and tells what came of each.
"""

from __future__ import annotations

import atexit
import gc
import traceback
import warnings
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import pytest
from _pytest.unraisableexception import collect_unraisable

NAME = pytest.StashKey[str]()

_SILENT = ("terminalreporter", "lfplugin", "nfplugin", "stepwiseplugin", "junitxml")
"""Plugins that tell or keep what came of the tests: one process does."""


@dataclass(frozen=True, slots=True)
class Wants:
    """More tests, which it is sent: none when there are none."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One test, from its start to its end, with the arguments of each hook that tells of it."""

    index: int
    passed: tuple[tuple[str, float, float, float], ...]
    """Reports that say no more than `when` it passed, and its `duration`, `start` and `stop`."""
    reports: tuple[dict[str, Any], ...]
    """All of them as pytest writes them down, where one says more."""
    warned: tuple[tuple[str, Any, str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """It has run all it was sent, and ends; `trouble` is what went wrong outside of a test."""

    trouble: str = ""


@dataclass(eq=False, slots=True)
class Worker:
    """Number `number` of the forks of a session."""

    session: pytest.Session
    number: int
    connection: Connection
    _reports: list[pytest.TestReport] = field(default_factory=list)
    _warned: list[tuple[str, Any, str, Any]] = field(default_factory=list)

    def run(self) -> None:
        """Everything, to the end of the process."""
        try:
            self._settle_in()
            self._run_all()
            trouble = self._left_behind()
        except BaseException:  # noqa: BLE001 - it is told, and the process ends
            trouble = traceback.format_exc()
            with suppress(Exception):
                self.session._setupstate.teardown_exact(None)  # what lasts as long as the session
        with suppress(BrokenPipeError):  # nobody waits for it any more
            self.connection.send(Ended(trouble))
        atexit._run_exitfuncs()

    def _settle_in(self) -> None:
        """Let nothing be shared with the other forks that is written to."""
        config = self.session.config
        config.stash[NAME] = f"w{self.number}"
        for name in _SILENT:
            if (plugin := config.pluginmanager.get_plugin(name)) is not None:
                config.pluginmanager.unregister(plugin)
        config.pluginmanager.register(self, "worker")
        capturing: Any = config.pluginmanager.get_plugin("capturemanager")
        capturing.stop_global_capturing()
        capturing.start_global_capturing()
        capturing.suspend_global_capture()
        factory: Any = config._tmp_path_factory  # type: ignore[attr-defined]
        factory._given_basetemp = factory.getbasetemp() / f"worker-{self.number}"
        factory._basetemp = None

    def _run_all(self) -> None:
        items, hook = self.session.items, self.session.config.hook
        waiting, more = deque[int](), True
        while True:
            if more and len(waiting) < 2:  # how much is torn down depends on which is next
                self.connection.send(Wants())
                given: Sequence[int] = self.connection.recv()
                waiting.extend(given)
                more = bool(given)
                continue
            if not waiting:
                return
            index = waiting.popleft()
            following = items[waiting[0]] if waiting else None
            hook.pytest_runtest_protocol(item=items[index], nextitem=following)
            self._tell(index)

    def _left_behind(self) -> str:
        """What pytest would find when it is done: exceptions where nobody could see them."""
        gc.collect()
        try:
            collect_unraisable(self.session.config)
        except Exception:  # noqa: BLE001 - it is told
            return traceback.format_exc()
        return ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: Any
    ) -> None:
        said = f"{warning_message.category.__name__}: {warning_message.message}"
        self._warned.append((said, when, nodeid, location))

    def _tell(self, index: int) -> None:
        hook, config = self.session.config.hook, self.session.config
        if all(map(_says_no_more, self._reports)):
            passed = tuple((str(r.when), r.duration, r.start, r.stop) for r in self._reports)
            told = Ran(index, passed, (), tuple(self._warned))
        else:
            written = (
                hook.pytest_report_to_serializable(config=config, report=report)
                for report in self._reports
            )
            told = Ran(index, (), tuple(written), tuple(self._warned))
        self.connection.send(told)
        self._reports.clear()
        self._warned.clear()


def _says_no_more(report: pytest.TestReport) -> bool:
    return report.passed and not (
        report.longrepr or report.sections or report.user_properties or hasattr(report, "wasxfail")
    )


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """`w0`, `w1`, …; `master` where nothing runs in parallel."""
    return request.config.stash.get(NAME, "master")
