"""Faults on demand: what Slack and the network do on a bad day."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sandbox.workspace.model import Json

ANSWERING = (
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "conversations.history",
    "conversations.replies",
)
"""The methods that show an answer, and find it again."""


@dataclass(slots=True)
class Fault:
    """One arranged fault. `times` counts down; None means until it is lifted.

    With `applied` the call is carried out although `error` or `status` says otherwise.
    """

    method: str
    error: str | None = None
    status: int | None = None
    retry_after: int | None = None
    drop_before: bool = False
    drop_after: bool = False
    applied: bool = False
    delay: float = 0.0
    times: int | None = 1
    where: Callable[[Json], bool] | None = None

    def matches(self, method: str, args: Json) -> bool:
        if self.times == 0 or self.method not in (method, "*"):
            return False
        return self.where is None or self.where(args)

    def take(self, method: str, args: Json) -> Fault | None:
        """Itself, when this call runs into it; it counts as used."""
        if not self.matches(method, args):
            return None
        if self.times is not None:
            self.times -= 1
        return self

    def lift(self) -> None:
        """No longer disturb any call."""
        self.times = 0


_ANYWHERE = (
    Fault("*", retry_after=1),
    Fault("*", status=500),
    Fault("*", status=503),
    Fault("*", error="internal_error"),
    Fault("*", error="fatal_error"),
    Fault("*", error="fatal_error", applied=True),
    Fault("*", drop_before=True),
    Fault("*", drop_after=True),
)
_TOO_LONG = (Fault("*", error="msg_too_long"), Fault("*", error="msg_blocks_too_long"))
_BY_METHOD = {
    "chat.postMessage": _TOO_LONG,
    "chat.update": (
        *_TOO_LONG,
        Fault("*", error="cant_update_message"),
        Fault("*", error="edit_window_closed"),
    ),
    "chat.delete": (Fault("*", error="cant_delete_message"),),
}


class Storm:
    """A share of all calls of some methods fails, in every way that Slack documents for them.

    None of it says anything true about the call: the same one may be accepted the next time.
    Which fail, and how, is drawn at random; with the same `seed` and order of calls, the same.
    """

    def __init__(
        self, share: float, seed: int, methods: Sequence[str], delays: Sequence[float]
    ) -> None:
        """`share`: from 0 to 1; `delays`: seconds that slow calls take, each as likely as any
        other fault."""
        self._share = share
        self._random = random.Random(seed)
        slow = [Fault("*", delay=delay) for delay in delays]
        self._ways = {method: _ways_of(method, slow) for method in methods}

    def take(self, method: str, args: Json) -> Fault | None:  # noqa: ARG002
        """What this call runs into, if anything."""
        ways = self._ways.get(method)
        if not ways or self._random.random() >= self._share:
            return None
        return self._random.choice(ways)

    def lift(self) -> None:
        """No longer disturb any call."""
        self._ways.clear()


def _ways_of(method: str, slow: Sequence[Fault]) -> list[Fault]:
    ways = (*_ANYWHERE, *_BY_METHOD.get(method, ()), *slow)
    return [replace(fault, method=method) for fault in ways]


class Faults:
    """The faults arranged for, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault | Storm] = []

    def add(self, fault: Fault | Storm) -> None:
        self._faults.append(fault)

    def take(self, method: str, args: Json) -> Fault | None:
        """The fault this call runs into, if any."""
        found = (fault.take(method, args) for fault in self._faults)
        return next(filter(None, found), None)
