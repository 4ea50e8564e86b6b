"""Which tests are more than a function and its result: `make quick` leaves them out.

A test is an integration test when it takes one of the fixtures that start something, lies in a
room where all do, or says so (`@pytest.mark.integration`). Held to it: any other test fails as
soon as it opens a connection, listens or starts a process.
"""

from __future__ import annotations

import sys
from collections.abc import Generator

import pytest

FIXTURES = frozenset(
    {"valkey", "cluster", "any_redis", "workspace", "ws", "grok", "openai_grok", "fake_slack"}
    | {"open_grok_client", "browser_address"}
)
"""What starts a server or a browser; whatever builds on one of them has it in its closure."""
ROOMS = ("tests/e2e/", "tests/sandbox/")

_REACHES_OUT = frozenset({"socket.bind", "socket.connect", "subprocess.Popen", "os.posix_spawn"})


class _Watch:
    """Notes what a test does that only integration tests may do."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, event: str, _: tuple[object, ...]) -> None:
        if event in _REACHES_OUT:
            self.seen.add(event)


_watch = _Watch()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "integration: needs a server, a browser or a process")
    sys.addaudithook(_watch)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark them before `-m` chooses."""
    for item in items:
        place = item.path.relative_to(config.rootpath).as_posix()
        fixtures = FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if fixtures or place.startswith(ROOMS):
            item.add_marker("integration")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    _watch.seen.clear()
    yield
    if _watch.seen and item.get_closest_marker("integration") is None:
        did = ", ".join(sorted(_watch.seen))
        pytest.fail(f"{did}: say that this is one with @pytest.mark.integration", pytrace=False)
