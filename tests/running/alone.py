"""Tests beside which nothing else may run, although others run in parallel.

`@pytest.mark.alone("why")` is for what measures the machine itself: how long a thing takes, how
much memory it holds. Every test holds one lock that all workers share, such a test holds it for
itself. A second lock is the door to the first, so that who wants to be alone is not overtaken
for ever.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

WORKERS_OF_A_CORE = 3

_SHARED = pytest.StashKey[Path]()
_WHERE = "directory_of_locks"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone(why): nothing else may run meanwhile")
    given = getattr(config, "workerinput", None)
    if given is not None:
        config.stash[_SHARED] = Path(given[_WHERE])
    elif config.getoption("numprocesses"):
        made = tempfile.TemporaryDirectory(prefix="grokbot-tests-")
        config.add_cleanup(made.cleanup)
        config.stash[_SHARED] = Path(made.name)
        # Workers must collect the same tests in the same order, and some are made from sets.
        os.environ.setdefault("PYTHONHASHSEED", str(secrets.randbelow(2**32)))


def pytest_report_header(config: pytest.Config) -> str:
    """What to set to have the same order of sets again."""
    return f"PYTHONHASHSEED={os.environ.get('PYTHONHASHSEED', 'random')}"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """More than one for each core: most of the time, tests wait. Not the quick ones."""
    cores = os.cpu_count() or 2
    return cores * (1 if "not integration" in config.option.markexpr else WORKERS_OF_A_CORE)


def pytest_configure_node(node: WorkerController) -> None:
    """Called where the workers are started: tells them where the locks are."""
    node.workerinput[_WHERE] = str(node.config.stash[_SHARED])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Outermost, so that the time a test waits here is not taken from its own."""
    shared = item.config.stash.get(_SHARED, None)
    if shared is None:
        return (yield)
    with held(shared, alone=item.get_closest_marker("alone") is not None):
        return (yield)


@contextmanager
def held(shared: Path, *, alone: bool) -> Iterator[None]:
    with (shared / "running").open("ab") as running:
        with (shared / "door").open("ab") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            fcntl.flock(running, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
