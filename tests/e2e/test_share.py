"""A private answer can be stopped while it is waited for, and shared once it is there."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot import words
from bot.words import talk
from sandbox.grok import Script
from sandbox.workspace import ANA, GENERAL, Message, dm_of
from tests.e2e.stage import Stage, buttons, markdown, on_stage


@pytest.fixture
async def stage(redis_url: str) -> AsyncIterator[Stage]:
    async with on_stage(redis_url) as stage:
        yield stage


async def note(stage: Stage, holding: str) -> Message:
    """What Ana alone was shown with this in it."""
    return await stage.workspace.wait_for(
        lambda: next((m for m in stage.workspace.ephemerals(ANA) if holding in m.shown), None)
    )


def shareable(stage: Stage) -> Message | None:
    """What Ana can share of what was too long to be shown beside a channel."""
    direct = stage.workspace.messages(dm_of(ANA))
    threads = [stage.workspace.replies(dm_of(ANA), each.ts) for each in direct]
    every = (message for messages in (direct, *threads) for message in messages)
    return next((each for each in every if "share" in buttons(each)), None)


async def test_its_asker_shares_a_private_answer_once(stage: Stage) -> None:
    stage.grok.script(Script(text="between **us**"))
    await stage.ask("--private Tell me a secret")
    answer = await note(stage, "between")
    assert buttons(answer) == ["retry", "edit", "details", "share"]
    assert stage.workspace.messages(GENERAL) == []

    await stage.workspace.click(ANA, answer.channel, answer.ts, "share")
    await note(stage, talk.SHARED)
    await stage.workspace.click(ANA, answer.channel, answer.ts, "share")
    await note(stage, talk.SHARED_ALREADY)

    (shared,) = stage.workspace.messages(GENERAL)
    assert "asked Grok" in shared.shown
    assert "Tell me a secret" in shared.shown
    assert markdown(shared) == "between **us**"
    assert buttons(shared) == []
    assert not stage.workspace.problems


async def test_an_answer_that_could_not_be_shared_is_not_said_to_be(stage: Stage) -> None:
    stage.grok.script(Script(text="between us"))
    await stage.ask("--private Tell me a secret")
    answer = await note(stage, "between")
    stage.workspace.fail("chat.postMessage", error="internal_error")

    await stage.workspace.click(ANA, answer.channel, answer.ts, "share")
    await note(stage, talk.NOT_SHARED)
    await stage.workspace.click(ANA, answer.channel, answer.ts, "share")
    await note(stage, talk.SHARING)

    assert stage.workspace.messages(GENERAL) == []


@pytest.mark.parametrize("thread", [False, True])
@pytest.mark.parametrize("passing", [0, 1])
async def test_what_is_shared_again_after_a_lost_reply_is_there_once(
    stage: Stage, redis_url: str, passing: int, thread: bool
) -> None:
    """As where the process dies: something is there, and nobody knows of it."""
    root = (await stage.workspace.say(ANA, GENERAL, "hm")).ts if thread else None
    stage.grok.script(Script(text="\n\n".join(f"{name} " * 1_000 for name in ("first", "second"))))
    if root:
        await stage.workspace.say(ANA, GENERAL, "@grok --private why?", root)
    else:
        await stage.ask("--private Tell me a secret")
    answer = await stage.workspace.wait_for(lambda: shareable(stage))
    posts = itertools.count()
    stage.workspace.fail(
        "chat.postMessage", drop_after=True, where=lambda _: next(posts) == passing
    )
    await stage.workspace.click(ANA, answer.channel, answer.ts, "share")
    await note(stage, talk.NOT_SHARED)

    async with Redis.from_url(redis_url) as redis:  # a minute later
        await redis.delete(*[key async for key in redis.scan_iter("*allowance:shared:*")])
    await stage.workspace.click(ANA, answer.channel, answer.ts, "share")
    await note(stage, talk.SHARED)

    shown = stage.workspace.messages(GENERAL)
    shown = [*shown, *(each for first in shown for each in stage.replies(first.ts))]
    texts = " ".join(map(markdown, shown))
    assert texts.count("first") == texts.count("second") == 1_000


async def test_a_share_is_acked_once_it_is_done(stage: Stage) -> None:
    stage.grok.script(Script(text="between us"))
    await stage.ask("--private Tell me a secret")
    answer = await note(stage, "between")
    stage.workspace.fail("chat.postMessage", delay=1.0)

    await stage.workspace.click(ANA, answer.channel, answer.ts, "share")
    assert len(stage.workspace.messages(GENERAL)) == 1


async def test_a_private_answer_in_a_thread_is_shared_there(stage: Stage) -> None:
    root = (await stage.workspace.say(ANA, GENERAL, "hm")).ts
    stage.grok.script(Script(text="between us"))
    await stage.workspace.say(ANA, GENERAL, "@grok --private why?", root)
    answer = await note(stage, "between")
    await stage.workspace.click(ANA, answer.channel, answer.ts, "share")
    await stage.workspace.wait_for(lambda: stage.replies(root))

    (shared,) = stage.replies(root)
    assert "between us" in shared.shown


async def test_who_waits_for_a_private_answer_can_stop_it(stage: Stage) -> None:
    stage.grok.script(Script(text="never", first_delay=60))
    await stage.ask("--private Tell me a secret")
    waiting = await note(stage, words.TOLD_WHEN_DONE)
    assert buttons(waiting) == ["stop"]

    await stage.workspace.click(ANA, waiting.channel, waiting.ts, "stop")
    assert (await note(stage, talk.STOPPED_ALONE)).ts == waiting.ts  # in place of the promise
    assert buttons(waiting) == []
    await stage.quiet()
    assert not any("never" in each.shown for each in stage.workspace.ephemerals(ANA))


async def test_what_cannot_take_the_place_of_the_promise_is_told_beside_it(stage: Stage) -> None:
    stage.grok.script(Script(text="never", first_delay=60))
    await stage.ask("--private Tell me a secret")
    waiting = await note(stage, words.TOLD_WHEN_DONE)
    stage.workspace.fail("response_url", status=404, error="expired_url")

    await stage.workspace.click(ANA, waiting.channel, waiting.ts, "stop")
    assert (await note(stage, talk.STOPPED_ALONE)).ts != waiting.ts
