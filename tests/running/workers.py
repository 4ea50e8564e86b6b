"""Tests run side by side, by forks of the process that has collected them.

`--workers 4`, or `--workers auto`. To import the tests and to put them together takes seconds: it
is done once, not by each worker as under pytest-xdist, which also took 2 ms for each test to send
what came of it.
"""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import pytest

from tests.running.order import Shares
from tests.running.worker import Ended, Ran, Wants, Worker

OF_A_CORE = 3
END_SECONDS = 20.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--workers", default="0", help="how many tests run at a time; auto, or none")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--numprocesses", None):
        raise pytest.UsageError("say --workers=…: they run side by side in another way here")


def workers_of(config: pytest.Config) -> int:
    """How many it is to have: of `auto`, more than one for each core, since most of the time tests
    wait. Not the quick ones."""
    wanted = str(config.getoption("--workers", "0"))
    if config.option.collectonly or config.option.usepdb:
        return 0
    if wanted == "auto":
        return (os.cpu_count() or 2) * (1 if is_quick(config) else OF_A_CORE)
    return int(wanted)


def is_quick(config: pytest.Config) -> bool:
    return "not integration" in config.option.markexpr


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    workers = min(workers_of(session.config), len(session.items))
    failed = session.testsfailed and not session.config.option.continue_on_collection_errors
    if workers == 0 or failed:
        return None  # pytest's own way of it
    with _crew(session, workers) as crew:
        crew.run_all()
    return True


@dataclass(eq=False, slots=True)
class _Fork:
    """One worker, as its parent sees it."""

    number: int
    process: BaseProcess
    connection: Connection
    given: deque[int] = field(default_factory=deque)
    """What it has been given, and has not told of."""


@contextmanager
def _crew(session: pytest.Session, workers: int) -> Iterator[_Crew]:
    crew = _Crew(session, workers)
    try:
        yield crew
    finally:
        crew.end()


class _Crew:
    """The workers of one run."""

    def __init__(self, session: pytest.Session, workers: int) -> None:
        self._session = session
        self._shares = Shares(session.items, workers)
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        self._forks: dict[Connection, _Fork] = {}
        for number in range(workers):
            self._fork(number)

    def run_all(self) -> None:
        """Run every test, and tell of each. Raises what pytest does where the run breaks off."""
        while self._forks:
            for ready in wait(list(self._forks)):
                assert isinstance(ready, Connection)
                fork = self._forks[ready]
                try:
                    news = fork.connection.recv()
                except (EOFError, ConnectionResetError):
                    self._has_died(fork)
                else:
                    self._hear(fork, news)
            if self._session.shouldfail:
                raise self._session.Failed(self._session.shouldfail)
            if self._session.shouldstop:
                raise self._session.Interrupted(self._session.shouldstop)

    def end(self) -> None:
        """Have all end that still run: with the test that each is at."""
        for fork in self._forks.values():
            fork.given.clear()
        self._shares.clear()
        with suppress(EOFError, ConnectionResetError, BrokenPipeError):
            self._drain()
        for fork in self._forks.values():
            fork.process.kill()
            fork.process.join()

    def _drain(self) -> None:
        while self._forks:
            ready = wait(list(self._forks), timeout=END_SECONDS)
            if not ready:
                return
            for connection in ready:
                assert isinstance(connection, Connection)
                fork = self._forks[connection]
                match connection.recv():
                    case Wants():
                        connection.send(())
                    case Ended():
                        self._bury(fork)

    def _fork(self, number: int) -> None:
        ours, theirs = multiprocessing.Pipe()
        # What is open here belongs to the others: one of them that dies is to be noticed.
        open_here = [*self._forks, ours]

        def work() -> None:
            for each in open_here:
                each.close()
            Worker(self._session, number, theirs).run()

        process = multiprocessing.get_context("fork").Process(target=work, name=f"w{number}")
        process.start()
        theirs.close()
        self._forks[ours] = _Fork(number, process, ours)

    def _hear(self, fork: _Fork, news: object) -> None:
        match news:
            case Wants():
                given = self._shares.take(fork.number)
                fork.given.extend(given)
                with suppress(BrokenPipeError):  # it has died, which is noticed next
                    fork.connection.send(given)
            case Ran():
                fork.given.remove(news.index)
                self._tell(news)
            case Ended(trouble):
                self._bury(fork)
                if trouble:
                    raise RuntimeError(f"w{fork.number} broke off:\n{trouble}")

    def _bury(self, fork: _Fork) -> None:
        del self._forks[fork.connection]
        fork.process.join()
        fork.connection.close()

    def _has_died(self, fork: _Fork) -> None:
        """Say of which test, and have the others done by another."""
        self._bury(fork)
        if not fork.given:
            raise RuntimeError(f"w{fork.number} died of no test: {fork.process.exitcode}")
        item = self._session.items[fork.given.popleft()]
        self._shares.give_back(fork.given)
        said = f"w{fork.number} died here, with exit code {fork.process.exitcode}"
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", said, "call")
        hook = item.config.hook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        self._fork(fork.number)

    def _tell(self, ran: Ran) -> None:
        item = self._session.items[ran.index]
        hook, config = item.config.hook, item.config
        for said, when, nodeid, location in ran.warned:
            message = warnings.WarningMessage(UserWarning(said), UserWarning, item.nodeid, 0)
            hook.pytest_warning_recorded.call_historic(
                kwargs={
                    "warning_message": message,
                    "when": when,
                    "nodeid": nodeid,
                    "location": location,
                }
            )
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        written = (hook.pytest_report_from_serializable(config=config, data=r) for r in ran.reports)
        for report in (*_passed(item, ran), *written):
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _passed(item: pytest.Item, ran: Ran) -> Iterator[pytest.TestReport]:
    keywords = dict.fromkeys(item.keywords, 1)
    for when, duration, start, stop in ran.passed:
        yield pytest.TestReport(
            item.nodeid,
            item.location,
            keywords,  # type: ignore[arg-type]
            "passed",
            None,
            when,  # type: ignore[arg-type]
            duration=duration,
            start=start,
            stop=stop,
        )
