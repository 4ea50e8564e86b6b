"""Tests beside which nothing else may run, although others run in parallel.

`@pytest.mark.alone("why")` is for what measures the machine itself: how long a thing takes, how
much memory it holds. Every test holds one lock that all workers share, such a test holds it for
itself. A second lock is the door to the first, so that who wants to be alone is not overtaken
for ever.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running.workers import workers_of

_SHARED = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone(why): nothing else may run meanwhile")
    if workers_of(config) > 1:
        config.stash[_SHARED] = made = Path(tempfile.mkdtemp(prefix="grokbot-tests-"))
        config.add_cleanup(lambda: shutil.rmtree(made))


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
