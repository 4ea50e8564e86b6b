from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest

from bot import words
from bot.asking import asking
from bot.completion import CompletionRequest
from bot.completion.ask import Said
from bot.doors import buttons as module
from bot.doors import clicks
from bot.grok.client import GrokClient
from bot.jobs.queue import Queue
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import form as form_words
from bot.words import talk
from sandbox.workspace import ANA, BEN, CHLOE, GENERAL, TEAM_ID, View, Workspace
from tests.doors.jobs import an_answer
from tests.doors.panel import JOB, finish_next, finished, on_panel, reason_of, running
from tests.store.proxy import Proxy


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A click waits only a moment for Redis."""
    monkeypatch.setattr(module, "ACT_SECONDS", 0.2)
    monkeypatch.setattr(clicks, "ACT_SECONDS", 0.2)


# --- Stop ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asker", "user", "reason"), [(BEN, BEN, "asker"), (BEN, ANA, "admin"), (ANA, ANA, "asker")]
)
async def test_the_asker_or_an_admin_stops_an_answer(
    workspace: Workspace, queue: Queue, grok_client: GrokClient, asker: str, user: str, reason: str
) -> None:
    await running(queue, user=asker)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("stop", user)

    assert await reason_of(queue) == reason
    assert not workspace.ephemerals()


@pytest.mark.parametrize("name", ["ben", "", "<!channel>"])
async def test_anyone_else_is_told_alone_who_can_stop_it(
    workspace: Workspace, queue: Queue, grok_client: GrokClient, name: str
) -> None:
    await running(queue, user=BEN, name=name)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("stop", CHLOE)

    told = await panel.told(CHLOE)
    assert await reason_of(queue) == ""
    assert "admin" in told
    assert "<!channel>" not in told
    assert ("channel" if "channel" in name else "ben") in told.lower()
    assert len(workspace.ephemerals()) == 1


async def test_in_a_thread_it_is_told_in_the_thread(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    root = await workspace.say(BEN, GENERAL, "Hello")
    await running(queue, user=BEN)
    async with on_panel(workspace, queue, grok_client, thread_ts=root.ts) as panel:
        await panel.click("stop", CHLOE)

    assert (await panel.ephemeral(CHLOE)).thread_ts == root.ts


async def test_a_stop_that_comes_too_late_says_so(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("stop")

    assert await panel.told() == talk.NOTHING_TO_STOP


async def test_a_second_stop_says_nothing(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue, an_answer(stopped=True))
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("stop")

    assert not workspace.ephemerals()


# --- Retry -----------------------------------------------------------------------------------


async def test_a_retry_asks_the_same_in_the_same_place_for_whoever_clicked(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    request = CompletionRequest(model="grok-4.3", prompt="Hi", temperature=0.4, max_tokens=9)
    job = await finished(
        queue,
        request=request,
        system="Be brief",
        reply="thread",
        thread_ts="1700000000.000100",
        question_ts="1700000001.000100",
        conversation=f"{GENERAL}:1700000000.000100",
        context=(Said(author="ben", text="Hello"),),
        reads_thread="1700000000.000100",
        feedback=True,
    )
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("retry", BEN)
        (ask,) = await panel.retries(1)

    of_asker = {"dedupe", "surface", "user", "user_team", "name", "response_url"}
    new = of_asker | {"retry_of", "asked_at", "clicked_at"}
    assert ask.model_dump(exclude=new) == job.ask.model_dump(exclude=new)
    assert (ask.surface, ask.user, ask.retry_of) == ("retry", BEN, JOB)
    assert (ask.name, ask.user_team) == ("ben", TEAM_ID)
    assert ask.response_url == workspace.deliveries[-1].payload["response_url"]
    assert ask.asked_at > job.ask.asked_at
    assert not workspace.ephemerals()


async def test_a_double_click_is_one_retry(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue)
    async with on_panel(workspace, queue, grok_client) as panel:
        await asyncio.gather(*(panel.click("retry") for _ in range(3)))
        await panel.click("retry")

    assert (await queue.load()).depth == 1
    assert not workspace.ephemerals()


@pytest.mark.parametrize("ahead", [0, 3600])
async def test_a_later_click_is_another_retry(
    workspace: Workspace,
    queue: Queue,
    grok_client: GrokClient,
    monkeypatch: pytest.MonkeyPatch,
    ahead: float,
) -> None:
    """Also where this machine's clock is `ahead`."""
    monkeypatch.setattr(asking, "time", SimpleNamespace(time=lambda: time.time() + ahead))
    await finished(queue)
    jobs = []
    async with on_panel(workspace, queue, grok_client) as panel:
        for _ in range(3):
            await panel.click("retry")
            jobs.append(await finish_next(queue))

    assert len({job.id for job in jobs}) == 3
    assert {job.ask.retry_of for job in jobs} == {JOB}


async def test_a_click_that_slack_delivers_again_is_no_other_retry(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("retry")
        await finish_next(queue)
        await workspace.redeliver(workspace.deliveries[-1])

    assert (await queue.load()).depth == 0


async def test_each_person_has_retries_of_their_own(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("retry", ANA)
        await panel.click("retry", BEN)
        asks = await panel.retries(2)

    assert {ask.user for ask in asks} == {ANA, BEN}


async def test_retries_come_to_an_end(
    workspace: Workspace, queue: Queue, grok_client: GrokClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_RETRIES", 2)
    await finished(queue)
    async with on_panel(workspace, queue, grok_client) as panel:
        for _ in range(2):
            await panel.click("retry")
            await finish_next(queue)
        await panel.click("retry")

    assert await panel.told() == talk.RETRIED_OFTEN
    assert (await queue.load()).depth == 0


async def test_what_can_no_longer_be_asked_is_told_and_costs_nothing(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    request = CompletionRequest(model="grok-4.3", prompt="Hi", echo=True, max_tokens=9)
    await finished(queue, request=request)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("retry")

    assert "echo" in await panel.told()
    assert (await queue.load()).depth == 0


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"reply": "private"}, words.TOLD_WHEN_DONE),
        (
            {"request": CompletionRequest(model="grok-4.3", prompt="Hi", stream=False)},
            words.POSTED_WHEN_DONE,
        ),
    ],
)
async def test_who_cannot_watch_it_grow_is_told_that_it_was_taken(
    workspace: Workspace,
    queue: Queue,
    grok_client: GrokClient,
    fields: dict[str, Any],
    told: str,
) -> None:
    await finished(queue, **fields)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("retry")
        assert await panel.told() == told
        await panel.click("retry")

    assert len(workspace.ephemerals()) == 1


# --- Edit ------------------------------------------------------------------------------------


async def test_edit_hands_the_form_a_way_to_find_the_job(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    job = await finished(queue)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("edit", BEN)
    ((click, find),) = panel.forms.opened

    found = await find()

    assert (click.user, bool(click.trigger_id)) == (BEN, True)
    assert found is not None
    assert found.ask == job.ask


async def test_a_job_that_cannot_be_read_counts_as_forgotten(
    workspace: Workspace, queue: Queue, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    await finished(queue)
    await store.redis.hset(keys.job(JOB), "ask", '{"of": "another version"}')
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("edit")
    ((_, find),) = panel.forms.opened

    assert await find() is None


# --- Details ---------------------------------------------------------------------------------


async def test_details_show_what_stands_behind_an_answer(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue, an_answer(reasoning="The Nile is in Africa."))
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("details", BEN)

    view = shown(workspace, BEN)
    assert "The Nile is in Africa." in str(view.content)
    assert "Name a river" in str(view.content)
    assert not workspace.view(ANA)
    assert not workspace.problems


def shown(workspace: Workspace, user: str = ANA) -> View:
    view = workspace.view(user)
    assert view is not None
    return view


async def test_details_open_before_redis_is_asked(
    workspace: Workspace, valkey: str, keys: Keys, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue, an_answer(reasoning="The Nile is in Africa."))
    async with Proxy(valkey) as proxy, Store(proxy.url) as far:
        slow = Queue(far, keys, lease_seconds=60, retention_seconds=3600)
        async with on_panel(workspace, slow, grok_client) as panel:
            proxy.latency = 0.3
            await panel.click("details")
            view = await workspace.wait_for(lambda: workspace.view(ANA))
            assert form_words.LOADING in str(view.content)
            await workspace.wait_for(lambda: "Africa" in str(shown(workspace).content))


async def test_a_trigger_that_ran_out_is_told(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue)
    workspace.fail("views.open", error="expired_trigger_id")
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("details")

    assert await panel.told() == talk.DETAILS_LATE


@pytest.mark.parametrize(("error", "told"), [("not_found", 0), ("internal_error", 1)])
async def test_a_view_that_was_closed_meanwhile_is_no_error(
    workspace: Workspace, queue: Queue, grok_client: GrokClient, error: str, told: int
) -> None:
    await finished(queue)
    workspace.fail("views.update", error=error)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("details")

    assert len(workspace.ephemerals()) == told


# --- what is forgotten, and Redis away -------------------------------------------------------


@pytest.mark.parametrize("action", ["stop", "retry"])
async def test_a_forgotten_answer_is_told(
    workspace: Workspace, queue: Queue, grok_client: GrokClient, action: str
) -> None:
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click(action)

    assert await panel.told() == talk.ANSWER_FORGOTTEN


async def test_the_details_of_a_forgotten_answer_say_so(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("details")

    assert talk.ANSWER_FORGOTTEN in str(shown(workspace).content)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("hangs", [False, True])
async def test_without_redis_a_click_is_told_to_come_to_nothing(
    workspace: Workspace, valkey: str, keys: Keys, grok_client: GrokClient, hangs: bool
) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as far:
        queue = Queue(far, keys, lease_seconds=60, retention_seconds=3600)
        if hangs:
            proxy.latency = 60
        else:
            await proxy.away()
        async with on_panel(workspace, queue, grok_client) as panel:
            for action in ("stop", "retry", "details"):
                await panel.click(action)

    told = [message.blocks[0]["text"]["text"] for message in workspace.ephemerals(ANA)]
    assert told == [talk.BUTTON_FAILED] * 2
    assert talk.BUTTON_FAILED in str(shown(workspace).content)
