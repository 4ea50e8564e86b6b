"""The shared budget: never more than Slack allows, and something left for what must not wait."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import StoreUnavailable
from bot.slack.blocks import BARE, further_message
from bot.slack.pacing import EditBudget, wait_out
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from bot.slack_limits import POST_BURST
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import GENERAL, RANDOM, Limits, Workspace

MINUTE_SCALE = 0.05
"""A minute of Slack's in the tests of its limits: 3 s."""


async def test_a_rest_holds_for_every_process(store: Store, keys: Keys) -> None:
    one, other = (EditBudget(store, keys, per_minute=50) for _ in range(2))

    await one.rest("chat.update", 30)
    await one.rest("chat.update", 1)

    assert 29_000 < await store.redis.pttl(keys.rest("chat.update")) <= 30_000
    assert 29 < (await other.ask("final", "a")).wait <= 30


async def test_posts_rest_in_every_channel(store: Store, keys: Keys) -> None:
    budget = EditBudget(store, keys, per_minute=50)

    await budget.rest("chat.postMessage", 30)

    for channel in (GENERAL, RANDOM):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(budget.post(channel), 0.05)


async def test_waiting_ends_when_there_is_nothing_left_to_wait_for() -> None:
    stop = asyncio.Event()

    waiting = asyncio.create_task(wait_out(30.0, stop))
    await asyncio.sleep(0)
    stop.set()

    await asyncio.wait_for(waiting, 1)


async def test_who_edits_is_told_when_the_next_edit_may_be_made(store: Store, keys: Keys) -> None:
    budget = EditBudget(store, keys, per_minute=50, scale=0.01)
    following = (await budget.ask("edit", "a", age=0.0)).following

    assert following > 0
    told = (await budget.ask("when", "a", age=0.0, since=0.0)).wait
    assert told == pytest.approx(following, rel=0.1)
    assert (await budget.ask("when", "a", age=0.0, since=1.1 * following)).wait == 0
    assert (await budget.ask("edit", "a", age=0.0, since=0.0)).wait
    assert not (await budget.ask("edit", "a", age=0.0, since=1.1 * following)).wait


async def test_other_methods_have_budgets_of_their_own(store: Store, keys: Keys) -> None:
    budget = EditBudget(store, keys, per_minute=50)
    method = "chat.startStream"

    assert [await budget.try_take(method, 2) for _ in range(2)] == [0, 0]
    assert 55 < await budget.try_take(method, 2) <= 61
    assert await budget.try_take("chat.stopStream", 2) == 0
    await budget.rest("chat.stopStream", 90)
    assert 85 < await budget.try_take("chat.stopStream", 2) <= 90


@pytest.mark.integration
async def test_redis_away_is_said(keys: Keys) -> None:
    async with Store("redis://127.0.0.1:1") as away:
        budget = EditBudget(away, keys, per_minute=50)
        with pytest.raises(StoreUnavailable):
            await budget.ask("final", "a")


async def test_a_channel_takes_a_small_burst_of_posts(store: Store, keys: Keys) -> None:
    budget = EditBudget(store, keys, per_minute=50)

    for _ in range(POST_BURST):
        assert not await budget.try_post(GENERAL)
    assert not await budget.try_post(RANDOM)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(budget.post(GENERAL), 0.05)


@pytest.mark.alone("a call that is late by a seventh of the small minute looks like a fault")
async def test_slack_never_has_to_refuse(store: Store, keys: Keys) -> None:
    """Two replicas, 8 answers and 96 edits, and no 429."""
    async with (
        Workspace(limits=Limits(scale=MINUTE_SCALE)) as workspace,
        aiohttp.ClientSession() as session,
    ):
        client = AsyncWebClient(
            token=workspace.credentials.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        slack = Slack(WebApi(client))
        budgets = [EditBudget(store, keys, 50, scale=MINUTE_SCALE * 1.15) for _ in range(2)]
        message = further_message(1, "text", BARE)
        ts = await slack.post(GENERAL, message, job_id="j", part="0")

        async def one_answer(number: int) -> None:
            for step in range(12):
                while (slot := await budgets[number % 2].ask("final", f"a{number}")).wait:
                    await wait_out(slot.wait)
                await slack.update(GENERAL, ts, further_message(1, f"{number} {step}", BARE))

        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(one_answer(number))

        assert len(workspace.calls_of("chat.update")) == 96
        assert all(call.ok for call in workspace.calls)
