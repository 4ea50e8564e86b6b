"""What lies between the processes and everybody else: calls that take their time, and faults.

A call that was sent is carried out, whatever becomes of its sender; the reply reaches whoever is
there to read it.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from bot.store.redis.connection import REPLY_SECONDS
from tests.simulation.loop import PROCESS, Process, SimLoop

Kind = Literal["store", "slack", "grok"]
Land = Callable[["Call"], None]

What = Literal[
    "kill before", "kill sent", "kill landed", "freeze", "slow", "slow reply", "refuse", "lose",
    "limit",
]  # fmt: skip

SPANS: dict[Kind, tuple[float, float]] = {
    "store": (0.0002, 0.004),
    "slack": (0.03, 0.4),
    "grok": (0.05, 0.3),
}
"""Seconds that a call takes on its way, and its reply on the way back."""

LATEST = 29.0
"""Seconds after which Slack has carried out a call at the latest: twice its deadline, and less."""


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong, at the `number`-th call of this kind whose label begins so."""

    what: What
    kind: Kind
    label: str
    number: int
    seconds: float = 0.0
    process: str = ""
    done: bool = False

    def __str__(self) -> str:
        where = f" of {self.process}" if self.process else ""
        took = f", {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.what} at {self.kind} {self.label or 'call'} {self.number}{where}{took}"

    def strikes(self, call: Call) -> bool:
        """Whether this is the call; it counts those that it might have been."""
        if self.done or call.kind != self.kind or not call.label.startswith(self.label):
            return False
        if self.process and call.process.name != self.process:
            return False
        self.number -= 1
        self.done = self.number <= 0
        return self.done


class Call:
    """One call on its way. `give` or `fail` is called once it was carried out."""

    def __init__(self, world: World, process: Process, kind: Kind, label: str) -> None:
        self.kind = kind
        self.label = label
        self.process = process
        self.future: asyncio.Future[Any] = world.loop.create_future()
        self.fault: Fault | None = None
        self.held = False
        """Whether its process stood still before it was sent: it is never sent by one that dies."""
        self._world = world

    @property
    def waits(self) -> bool:
        """Whether there is somebody to read the reply."""
        return not (self.process.dead or self.future.done())

    def give(self, result: Any) -> None:
        self._reply(self._resolve, result)

    def fail(self, error: BaseException) -> None:
        self._reply(self._raise, error)

    def _reply(self, deliver: Callable[[Any], None], what: Any) -> None:
        world, fault = self._world, self.fault
        if fault and fault.what == "kill landed":
            world.kill(self.process)
            return
        if fault and fault.what == "lose":
            deliver, what = self._raise, world.lost(self.kind)
        seconds = world.span(self.kind)
        if fault and fault.what == "slow reply":
            seconds += fault.seconds
        world.later(seconds, deliver, what)

    def _resolve(self, result: Any) -> None:
        if self.waits:
            self.future.set_result(result)

    def _raise(self, error: BaseException) -> None:
        if self.waits:
            self.future.set_exception(error)


class World:
    """The network, the faults and the record of what happened."""

    def __init__(self, loop: SimLoop, random: Random, faults: list[Fault]) -> None:
        self.loop = loop
        self.random = random
        self.faults = faults
        self.lost: Callable[[Kind], BaseException] = lambda kind: OSError(f"{kind}: no reply")
        self.refused: Callable[[Kind, Fault], BaseException | None] = lambda _k, _f: None
        self.record: list[tuple[float, str, str]] = []
        self.alarms: list[tuple[str, str]] = []
        """What processes have logged as an error."""
        self.deaths: list[tuple[float, str]] = []
        """When which process died."""
        self.taken: list[tuple[float, str, str]] = []
        """When which process became the holder of which job."""
        self.edited: list[tuple[float, str, str]] = []
        """When which process sent an edit of which message."""
        self._under_way: Counter[Kind] = Counter()
        self.struck: list[str] = []
        self.killed: Callable[[Process], None] = lambda _: None

    def note(self, who: str, what: str) -> None:
        self.record.append((self.loop.time(), who, what))

    def heard(self, level: str, who: str, event: dict[str, Any]) -> None:
        """What a process logs."""
        what = str(event.pop("event"))
        if level in ("error", "exception"):
            self.alarms.append((who, what))
            if event.pop("exc_info", None):
                event["because"] = traceback.format_exc(limit=-4)
        event = {name: value for name, value in event.items() if name not in ("job_id", "epoch")}
        self.note(who, f"log: {what} {event or ''}".rstrip())

    def under_way(self, kind: Kind) -> int:
        """How many calls were sent and not carried out yet."""
        return self._under_way[kind]

    def span(self, kind: Kind) -> float:
        return self.random.uniform(*SPANS[kind])

    def later(self, seconds: float, do: Callable[..., Any], *args: Any) -> None:
        """Do something that belongs to no process."""
        self.loop.call_later(seconds, _outside, do, args, context=OUTSIDE)

    async def call(self, kind: Kind, label: str, land: Land) -> Any:
        """What comes back from a call that is carried out by `land`."""
        process = PROCESS.get()
        assert process is not None, label
        process.calls += 1
        call = Call(self, process, kind, label)
        fault = next((each for each in self.faults if each.strikes(call)), None)
        delay = self.span(kind)
        if fault and not process.spared:
            self.struck.append(str(fault.what))
            self.note(process.name, f"! {fault.what} at {kind} {label}")
            call.fault = fault
            delay += self._strike(fault, call)
            if fault.what == "kill before":
                return await call.future
        self._under_way[kind] += 1
        self.later(delay, self._land, call, land)
        return await call.future

    def _strike(self, fault: Fault, call: Call) -> float:
        """Seconds by which the call is late."""
        match fault.what:
            case "kill before":
                self.kill(call.process)
            case "kill sent":
                self.kill(call.process)
                return fault.seconds
            case "freeze":
                self.freeze(call.process, fault.seconds)
                late = self.random.choice([0.0, fault.seconds])
                call.held = bool(late)
                return late
            case "slow":
                if call.kind == "store":
                    self.later(REPLY_SECONDS, call._raise, self.lost("store"))
                return fault.seconds
            case _:
                pass
        return 0.0

    def _land(self, call: Call, land: Land) -> None:
        self._under_way[call.kind] -= 1
        if call.held and call.process.dead:
            return
        fault = call.fault
        if fault and fault.what in ("refuse", "limit"):
            error = self.refused(call.kind, fault)
            if error is not None:
                call.fail(error)
                return
        land(call)

    def kill(self, process: Process) -> None:
        """As `kill -9`: nothing of it runs again."""
        if process.dead:
            return
        process.dead = True
        self.note(process.name, "killed")
        self.deaths.append((self.loop.time(), process.name))
        self.killed(process)

    def freeze(self, process: Process, seconds: float) -> None:
        """As `kill -STOP`, and after so many seconds `kill -CONT`."""
        process.frozen = True
        self.note(process.name, f"frozen for {seconds:.1f} s")
        self.later(seconds, self._thaw, process)

    def _thaw(self, process: Process) -> None:
        if not process.dead and process.frozen:
            self.note(process.name, "thawed")
            self.loop.thaw(process)


def _outside(do: Callable[..., Any], args: tuple[Any, ...]) -> None:
    do(*args)


def _no_process() -> Context:
    context = Context()
    context.run(PROCESS.set, None)
    return context


OUTSIDE = _no_process()
