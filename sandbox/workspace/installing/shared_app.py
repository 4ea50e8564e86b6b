"""What several workspaces share that have the same app: its way in, and one address."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from sandbox.workspace.config import Limits
from sandbox.workspace.delivering.http_delivery import HttpDelivery
from sandbox.workspace.delivering.socket_mode import SocketMode
from sandbox.workspace.feed import Feed
from sandbox.workspace.model import Json

NAMES = ("Acme", "Birch", "Cedar", "Dune", "Elm", "Fjord", "Grove", "Heath")


class Feeds(Feed):
    """Tells all of `feeds` what concerns every workspace."""

    def __init__(self) -> None:
        super().__init__()
        self._feeds: list[Feed] = []

    def append(self, feed: Feed) -> None:
        """Tell it too."""
        self._feeds.append(feed)

    def touch(self) -> None:
        super().touch()
        for feed in self._feeds:
            feed.touch()

    def publish(self, frame: Json, only: str | None = None) -> None:
        super().publish(frame, only)
        for feed in self._feeds:
            feed.publish(frame, only)


class SharedApp:
    """`origin` is the address of Slack to the app, known once that is served."""

    def __init__(self, limits: Limits, secret: str, *, sockets: bool) -> None:
        self.feeds = Feeds()
        self.problems: list[str] = []
        self.sockets = SocketMode(limits, self.feeds, self.problems, enabled=sockets)
        self.http = HttpDelivery(limits, secret, None)
        self.origin = ""
        self._names = _names()

    def next_name(self) -> tuple[str, str, str]:
        """The id, name and domain of one more workspace."""
        return next(self._names)


def _names() -> Iterator[tuple[str, str, str]]:
    for number in itertools.count(1):
        name = NAMES[number - 1] if number <= len(NAMES) else f"Team {number}"
        yield f"T0SEVERAL{number}", name, name.lower().replace(" ", "-")
