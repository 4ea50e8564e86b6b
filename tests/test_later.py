from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import later
from bot.duties import Duty
from bot.later import LATER, JoinedLater, Rest
from bot.slack.inbound.incoming import Acks

UNLOADED = """
import json, sys
from bot.later import LATER, _Unloaded, load_later
def loaded():
    return [name for name in LATER if type(sys.modules.get(name, _Unloaded(""))) is not _Unloaded]
load_later()
import bot.joining.process
bolt = [name for name in sys.modules if name.startswith("slack_bolt")]
before = loaded()
from bot.joining import accepting
from bot.doors import slack_app
from bot.jobs import worker
accepting.listeners, slack_app.build_slack_app, worker.Worker
print(json.dumps([bolt, before, loaded()]))
"""

LOOKED_AT = """
import json, sys
from types import ModuleType
from bot.later import load_later
load_later()
from bot.markdown import safety
before = "bot.markdown.leaves" in sys.modules
text = safety.make_safe("@here")
missing = hasattr(safety, "no_such_thing") or hasattr(safety, "__wrapped__")
from bot.markdown.safety import make_safe
print(json.dumps([before, text != "@here", missing, type(safety) is ModuleType,
                  make_safe is safety.make_safe, safety.__spec__.loader is safety.__loader__]))
"""

BROKEN = """
import json, sys
from bot import later
later.load_later()
sys.modules["bot.markdown.leaves"] = None
from bot.markdown import safety
told = []
for _ in range(2):
    try:
        safety.make_safe
    except ImportError as error:
        told.append(error.name)
del sys.modules["bot.markdown.leaves"]
print(json.dumps([*told, callable(safety.make_safe)]))
"""

THREADS = """
import json, sys, threading
from bot.later import load_later
load_later()
from bot.markdown import safety
seen, start = [], threading.Barrier(8)
def look():
    start.wait()
    seen.append(safety.make_safe)
threads = [threading.Thread(target=look) for _ in range(8)]
sys.setswitchinterval(1e-6)
for each in threads: each.start()
for each in threads: each.join()
print(json.dumps([len(seen), len(set(seen))]))
"""


def run(script: str) -> Any:
    """What `script` says, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.integration
def test_nothing_looks_into_what_comes_later_while_the_bot_is_loaded() -> None:
    bolt, before, joined = run(UNLOADED)

    assert not bolt
    assert not before
    assert set(joined) == {
        *("bot.joining.accepting", "bot.doors.slack_app", "bot.jobs.worker"),
        *("bot.slack.inbound.bolt", "bot.asking.admission", "bot.asking.asking"),
        *("bot.doors.home", "bot.slack.side"),
    }


@pytest.mark.integration
def test_a_module_is_loaded_by_the_first_look_and_is_then_as_any_other() -> None:
    before, works, missing, plain, same, named = run(LOOKED_AT)

    assert not before
    assert works
    assert not missing
    assert plain
    assert same
    assert named


@pytest.mark.integration
def test_what_cannot_be_loaded_is_said_at_each_look_until_it_can() -> None:
    assert run(BROKEN) == ["bot.markdown.leaves", "bot.markdown.leaves", True]


@pytest.mark.integration
def test_threads_that_look_together_see_one_module() -> None:
    assert run(THREADS) == [8, 1]


def test_no_duty_is_left_out() -> None:
    assert all(whose & Duty.BOTH for whose in LATER.values())


async def test_what_acks_is_joined_when_it_is_loaded_and_from_then_on_at_once() -> None:
    rest, joined = Rest(Duty.BOTH, Acks()), list[str]()
    rest.once_there_to_ack(lambda: joined.append("first"))
    rest.once_there_to_ack(lambda: rest.once_there_to_ack(lambda: joined.append("by another")))
    assert not joined

    await rest.load()
    assert joined == ["first", "by another"]

    rest.once_there_to_ack(lambda: joined.append("later"))
    assert joined[2:] == ["later"]


async def test_what_acks_is_there_first_and_nothing_else_is_loaded_while_an_ack_is_due() -> None:
    acks, joined = Acks(), list[str]()
    rest = Rest(Duty.BOTH, acks)
    rest.once_there_to_ack(lambda: joined.append("doors"))
    rest.once_there(lambda: joined.append("all"))
    assert not rest.is_there_to_ack
    with acks.due():
        loading = asyncio.create_task(rest.load())
        await rest.there_to_ack()
        assert rest.is_there_to_ack
        assert joined == ["doors"]
        for _ in range(len(LATER) * 2):
            await asyncio.sleep(0)
        assert not loading.done()
    await loading
    assert joined == ["doors", "all"]

    rest.once_there(lambda: joined.append("later"))
    assert joined[2:] == ["later"]


async def test_what_is_joined_later_is_joined_once_by_the_first_call_or_before_it() -> None:
    joins = list[str]()

    def join() -> Callable[[str, int], Awaitable[str]]:
        joins.append("joined")
        return said

    async def said(word: str, times: int) -> str:
        return word * times

    called, told = JoinedLater(join), JoinedLater(join)
    assert await called("a", 2) == "aa"
    told.join()
    assert joins == ["joined"] * 2

    assert [await each("b", 1) for each in (called, told)] == ["b", "b"]
    assert joins == ["joined"] * 2


async def test_an_ack_that_nobody_waits_for_any_more_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(later, "ACK_SECONDS", 0.01)
    acks = Acks()
    with acks.due():
        await Rest(Duty.BOTH, acks).load()


async def test_what_is_loaded_is_not_loaded_again() -> None:
    rest = Rest(Duty.BOTH, Acks())
    with capture_logs() as logged:
        await rest.load()
        await rest.load()

    assert [each["event"] for each in logged] == ["all is loaded"]


async def test_what_cannot_be_joined_ends_the_loading() -> None:
    rest = Rest(Duty.BOTH, Acks())
    rest.once_there_to_ack(_broken)
    with pytest.raises(LookupError):
        await rest.load()


def _broken() -> None:
    raise LookupError
