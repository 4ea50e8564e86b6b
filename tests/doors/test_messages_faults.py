"""Messages while Redis is slow or away: no question is lost, and none is asked twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import words
from bot.asking import admission
from bot.asking.asking import Asking, Refused, Taken
from bot.completion.ask import Place
from bot.completion.flags import Flags
from bot.doors import messages
from bot.doors.hearing import dedupe_of
from bot.grok.client import GrokClient
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import talk
from sandbox.workspace import ANA, BEN, BOT_USER, GENERAL, Limits, Workspace, dm_of
from tests.doors.conversing import Stage, on_stage
from tests.store.proxy import Proxy, always


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    """One that soon delivers again what was not acked."""
    async with Workspace(limits=Limits(ack=0.5, event_retries=(0.0,))) as ws:
        yield ws


@pytest.fixture
async def proxy(valkey: str, store: Store) -> AsyncIterator[Proxy]:
    async with Proxy(valkey) as proxy:
        yield proxy


@pytest.fixture
async def stage(
    workspace: Workspace,
    store: Store,
    proxy: Proxy,
    keys: Keys,
    grok_client: GrokClient,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Stage]:
    """A bot that is in a hurry, behind the proxy."""
    monkeypatch.setattr(admission, "ACCEPT_SECONDS", 0.1)
    monkeypatch.setattr(messages, "LOOK_UP_SECONDS", 0.2)
    async with (
        Store(proxy.url) as through,
        on_stage(workspace, store, keys, grok_client, through=through) as stage,
    ):
        yield stage


async def test_a_reply_that_is_perhaps_for_the_bot_is_delivered_again(
    stage: Stage, proxy: Proxy
) -> None:
    root = await stage.say(ANA, GENERAL, "@grok one")
    await proxy.away()
    reply = await stage.workspace.say(BEN, GENERAL, "two", root.ts)
    await stage.workspace.wait_for(lambda: reply.ts in stage.refused)
    proxy.back()
    await stage.workspace.wait_for(lambda: stage.workspace.deliveries[-1].retry)
    await stage.quiet()

    assert stage.refused == [reply.ts]
    assert await stage.prompts() == ["one", "two"]
    assert stage.told(BEN) == [talk.IN_LINE(1)]


async def test_what_cannot_be_stored_is_delivered_again_and_told_of(
    stage: Stage, proxy: Proxy
) -> None:
    own = await stage.post(GENERAL, "an answer")
    await proxy.away()
    said = [
        await stage.say(ANA, GENERAL, "@grok one"),
        await stage.say(BEN, GENERAL, "two", own),
        await stage.say(BEN, dm_of(BEN), "three"),
    ]

    assert set(stage.refused) == {message.ts for message in said}
    assert stage.told(ANA) == [talk.TAKEN_LATER]
    assert stage.told(BEN) == [talk.TAKEN_LATER] * 2


async def test_what_is_delivered_again_is_taken_once(
    stage: Stage, proxy: Proxy, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await proxy.away()
    asked = await workspace.say(ANA, GENERAL, "@grok one")
    await workspace.wait_for(lambda: stage.refused.count(asked.ts) >= 2)
    monkeypatch.setattr(admission, "ACCEPT_SECONDS", 2.0)
    proxy.back()
    await stage.quiet()
    for delivery in workspace.deliveries[:2]:
        await workspace.redeliver(delivery)
    await stage.quiet()

    assert await stage.prompts() == ["one"]
    assert stage.told(ANA) == [talk.TAKEN_LATER]


@pytest.mark.parametrize("denied", [0, 1])
async def test_of_the_two_events_of_a_mention_one_thing_comes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, denied: int
) -> None:
    """Also when there is room for the question at the one time, and not at the other."""
    ask, outcomes = Asking.ask, iter((0, 1))

    async def now_and_then(asking: Asking, flags: Flags, place: Place) -> Taken | Refused:
        if next(outcomes, None) == denied:
            return Refused(place.surface, "denied", "no room")
        return await ask(asking, flags, place)

    monkeypatch.setattr(admission, "ACCEPT_SECONDS", 2.0)
    monkeypatch.setattr(Asking, "ask", now_and_then)
    await stage.say(ANA, GENERAL, "@grok one")

    assert len(stage.workspace.deliveries) == 2
    assert len(await stage.jobs()) == denied
    assert stage.told(ANA) == ([] if denied else ["no room"])


async def test_what_was_refused_before_anybody_could_tell_is_told_of(stage: Stage) -> None:
    """Who refused it died right after."""
    await stage.queue.refuse(dedupe_of(GENERAL, "1700000000.000100"))
    mention = {"type": "app_mention", "channel": GENERAL, "user": ANA, "text": f"<@{BOT_USER}> hi"}
    for _ in range(2):
        assert await stage.react({**mention, "ts": "1700000000.000100"})

    assert await stage.jobs() == []
    assert stage.told(ANA) == [words.NOT_TAKEN]


async def test_a_thread_of_which_nothing_can_be_known_is_read(
    stage: Stage, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = await stage.say(ANA, GENERAL, "one")
    monkeypatch.setattr(admission, "ACCEPT_SECONDS", 2.0)
    monkeypatch.setattr(messages, "LOOK_UP_SECONDS", 0.05)
    proxy.latency = 0.1
    await stage.say(ANA, GENERAL, "@grok two", root.ts)

    assert (await stage.asked()).reads_thread


async def test_forgetting_that_fails_is_told_of(stage: Stage, proxy: Proxy) -> None:
    proxy.lose = always()
    await stage.say(ANA, dm_of(ANA), "forget")

    assert stage.told(ANA) == [talk.NOT_FORGOTTEN]


async def test_a_deletion_while_redis_is_away_is_left_alone(stage: Stage, proxy: Proxy) -> None:
    asked = await stage.say(ANA, GENERAL, "@grok one")
    await proxy.away()
    await stage.workspace.delete(ANA, GENERAL, asked.ts)
    await stage.quiet()

    (job,) = await stage.jobs()
    assert job.stop == ""
