"""The shared budget: never more than Slack allows, and something left for what must not wait."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import StoreUnavailable
from bot.reply.blocks import BARE, further_message
from bot.reply.pacing import POSTS, EditBudget
from bot.reply.slack import Slack
from bot.reply.web_api import WebApi
from bot.store.connection import Store
from bot.store.keys import Keys
from sandbox.workspace import GENERAL, RANDOM, Limits, Workspace

WINDOW = 61_000
NEVER = 10**9
MINUTE_SCALE = 0.05
"""A minute of Slack's in the tests of its limits: 3 s."""


class Script:
    """The script itself, on one method."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._script = store.script("edit_slot")
        self._keys = [keys.budget("m"), keys.rest("m"), keys.active("m")]
        self._calls = 0

    async def __call__(
        self, most: int = 50, answer: str = "", since: int = 0, call: str = ""
    ) -> int:
        self._calls += 1
        args: list[str | int | float] = [call or self._calls, most, WINDOW, answer, since]
        return int(await self._script(self._keys, args))


@pytest.fixture
def script(store: Store, keys: Keys) -> Script:
    return Script(store, keys)


async def test_a_window_holds_so_many_calls_and_no_more(script: Script) -> None:
    assert [await script(most=5) for _ in range(5)] == [0] * 5
    assert WINDOW - 5_000 < await script(most=5) <= WINDOW


async def test_a_call_asked_for_twice_is_taken_once(
    script: Script, store: Store, keys: Keys
) -> None:
    assert [await script(most=1, call="the same") for _ in range(3)] == [0, 0, 0]
    assert await store.redis.zcard(keys.budget("m")) == 1


async def test_interim_edits_leave_some_for_finals(script: Script) -> None:
    taken = 0
    while not await script(most=40, answer="a", since=NEVER):
        taken += 1
    finals = [await script(most=50) for _ in range(11)]

    assert taken == 40
    assert finals[:10] == [0] * 10
    assert finals[10] > 0


async def test_the_first_edit_of_an_answer_comes_at_once(script: Script) -> None:
    for number in range(20):
        assert await script(most=40, answer=f"a{number}", since=NEVER) == 0


async def test_an_answer_alone_is_fluent_at_first_and_slower_later(script: Script) -> None:
    early = await script(most=40, answer="a")
    for _ in range(39):
        await script(most=40)
    late = await script(most=40, answer="a")

    assert 0 < early < 500
    assert late > 5 * early


async def test_the_pace_of_one_answer_alone_never_runs_dry() -> None:
    """With n edits in the window, the next waits for its distance, not for the window."""
    most, window, now = 40, 61.0, 0.0
    edits: list[float] = []
    for _ in range(400):
        edits = [at for at in edits if at > now - window]
        assert len(edits) < most
        edits.append(now)
        now += window / most * (0.2 + 1.6 * len(edits) / most)


async def test_several_answers_share_the_pace(script: Script) -> None:
    alone = await script(most=40, answer="a")
    for number in range(9):
        await script(most=40, answer=f"b{number}")
    shared = await script(most=40, answer="a")

    assert shared > 8 * alone


async def test_a_rest_holds_for_every_process(store: Store, keys: Keys) -> None:
    one, other = (EditBudget(store, keys, per_minute=50) for _ in range(2))

    await one.rest_edits(30)
    await one.rest_edits(1)

    assert 29_000 < await store.redis.pttl(keys.rest("chat.update")) <= 30_000
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(other.final(), 0.05)


async def test_a_rest_of_one_channel_is_not_that_of_another(store: Store, keys: Keys) -> None:
    budget = EditBudget(store, keys, per_minute=50)

    await budget.rest_posts(GENERAL, 30)

    assert await budget.post(RANDOM)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(budget.post(GENERAL), 0.05)


async def test_waiting_ends_when_there_is_nothing_left_to_wait_for(
    store: Store, keys: Keys
) -> None:
    budget = EditBudget(store, keys, per_minute=50)
    await budget.rest_edits(30)
    stop = asyncio.Event()

    waiting = asyncio.create_task(budget.interim("a", 1e6, stop))
    await asyncio.sleep(0)
    stop.set()

    assert await waiting is False
    assert await budget.interim("a", 1e6, stop) is False


async def test_redis_away_is_said(keys: Keys) -> None:
    async with Store("redis://127.0.0.1:1") as away:
        budget = EditBudget(away, keys, per_minute=50)
        with pytest.raises(StoreUnavailable):
            await budget.final()


async def test_a_channel_takes_a_small_burst_of_posts(store: Store, keys: Keys) -> None:
    budget = EditBudget(store, keys, per_minute=50)

    for _ in range(POSTS):
        assert await budget.post(GENERAL)
    assert await budget.post(RANDOM)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(budget.post(GENERAL), 0.05)


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
                await budgets[number % 2].final()
                await slack.update(GENERAL, ts, further_message(1, f"{number} {step}", BARE))

        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(one_answer(number))

        assert len(workspace.calls_of("chat.update")) == 96
        assert all(call.ok for call in workspace.calls)
