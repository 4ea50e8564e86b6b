"""Guards of the bot, to be broken one at a time: the simulation has to notice each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from bot.jobs import holder as holder_module
from bot.jobs.lease import JobLedger
from bot.jobs.queue import SCAN_START, Queue
from bot.jobs.worker import Worker
from bot.reply.messages import Messages
from bot.slack.pacing import LateCalls
from bot.store.redis import connection
from tests.simulation import store


@dataclass(frozen=True, slots=True)
class Lua:
    """In the script of this name, `now` stands in the place of `was`, and nothing in that of
    `gone`."""

    script: str
    was: str
    now: str
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """This method does something else."""

    owner: Any
    name: str
    instead: Callable[..., Any]


async def _nothing(*_: Any, **__: Any) -> None:
    """Does nothing."""


async def _all_held(_: Queue, leases: Sequence[Any]) -> Sequence[bool]:
    return [True] * len(leases)


async def _none_abandoned(*_: Any) -> tuple[str, list[Any]]:
    return SCAN_START, []


async def _asleep(*_: Any) -> float:
    return 60.0


async def _unheeded(*_: Any) -> int:
    return 0


async def _located(self: Messages, part: str) -> str | None:
    post = self._ledger.posts.get(part)
    return post.ts if post else None


async def _once(act: Callable[[], Any]) -> Any:
    return await act()


MUTANTS: dict[str, Lua | Method | tuple[Lua, ...]] = {
    "fence": (
        Lua("write", "if redis.call('HGET', job, 'lease') ~= lease then", "if false then"),
        Lua("edit_slot", "if job and redis.call('HGET', job, 'lease') ~= lease", "if false"),
    ),
    "dedupe": Lua("accept", "local holder = redis.call('GET', seen)", "local holder = false"),
    "settle once": Lua(
        "deliver",
        "if state == 'running' then\n  redis.call(",
        "if state ~= 'done' then\n  redis.call(",
        gone="    redis.call('HDEL', job, 'hold', 'asked', 'asked_time', 'used')\n",
    ),
    "settle": Lua("deliver", "    release(hold, counters, redis.call('HGET', job, 'id'))\n", ""),
    "charge of the lost": Lua("begin", "  charge(hold, counters, books, again)\n", ""),
    "quota": Lua("accept", "if #short > 0 then", "if false then"),
    "order of a thread": Lua(
        "accept", "if redis.call('EXISTS', active) == 1 then", "if false then"
    ),
    "next of a thread": Lua("finish", "enqueue(queue, 'job', first)", ""),
    "late-call record": (
        Lua("write", "expect_late(job, lease, late)", ""),
        Lua("edit_slot", "expect_late(job, lease, late)", ""),
    ),
    "late calls of others": Method(LateCalls, "expect_earlier", lambda *_: None),
    "intent of a post": Method(JobLedger, "intend", _nothing),
    "look-up": Method(Messages, "_locate", _located),
    "sweep": Method(Messages, "remove_strays", _nothing),
    "disown": Lua("disown", "return 0", "return 1"),
    "reclaim": Method(Queue, "claim", _none_abandoned),
    "renewal": Method(Queue, "renew", _all_held),
    "wake": Method(Queue, "wake", _unheeded),
    "stops": Method(Worker, "_hear", _asleep),
    "insisting": Method(holder_module, "until_stored", _once),
}


NOTICED_AT = {
    "fence": 36,
    "dedupe": 1,
    "settle once": 171,
    "settle": 0,
    "charge of the lost": 0,
    "quota": 2,
    "order of a thread": 0,
    "next of a thread": 0,
    "late-call record": 24,
    "late calls of others": 24,
    "intent of a post": 1,
    "look-up": 20,
    "sweep": 165,
    "reclaim": 0,
    "renewal": 1,
    "wake": 0,
    "stops": 65,
}
"""A seed that has noticed it: where to look first. Others are tried when the bot has changed."""


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """While entered, the guard of this name is broken; None: every one holds."""
    if name is None:
        yield
        return
    mutant = MUTANTS[name]
    with ExitStack() as stack:
        if isinstance(mutant, Method):
            stack.enter_context(mock.patch.object(mutant.owner, mutant.name, mutant.instead))
        else:
            for each in mutant if isinstance(mutant, tuple) else (mutant,):
                stack.enter_context(_other_script(each))
        yield


@contextmanager
def _other_script(mutant: Lua) -> Iterator[None]:
    source = connection.script_source

    def spoilt(name: str) -> str:
        text = source(name)
        if name != mutant.script:
            return text
        for said in (mutant.was, mutant.gone):
            if said not in text:
                raise ValueError(f"{mutant.script}.lua does not say {said!r}")
        text = text.replace(mutant.was, mutant.now)
        return text.replace(mutant.gone, "") if mutant.gone else text

    with mock.patch.object(connection, "script_source", spoilt):
        store.forget_sources()
        try:
            yield
        finally:
            store.forget_sources()
