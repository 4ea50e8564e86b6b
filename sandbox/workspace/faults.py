"""Faults on demand: what Slack and the network do on a bad day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.workspace.model import Json


@dataclass(slots=True)
class Fault:
    """One arranged fault. `times` counts down; None means until it is lifted."""

    method: str
    error: str | None = None
    status: int | None = None
    retry_after: int | None = None
    drop_before: bool = False
    drop_after: bool = False
    delay: float = 0.0
    times: int | None = 1
    where: Callable[[Json], bool] | None = None

    def matches(self, method: str, args: Json) -> bool:
        if self.times == 0 or self.method not in (method, "*"):
            return False
        return self.where is None or self.where(args)

    def lift(self) -> None:
        """No longer disturb any call."""
        self.times = 0


class Faults:
    """The faults arranged for, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def take(self, method: str, args: Json) -> Fault | None:
        """The fault this call runs into, if any; it counts as used."""
        for fault in self._faults:
            if fault.matches(method, args):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
