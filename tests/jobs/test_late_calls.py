"""What Slack carries out after its caller has let the job go: it is written over, or swept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.completion.ask import Ask
from bot.completion.request import CompletionRequest
from bot.errors import LeaseLost
from bot.grok.client import GrokClient
from bot.jobs import holder
from bot.jobs import queue as queue_module
from bot.jobs.holder import Held
from bot.jobs.job import Lease
from bot.jobs.queue import Queue
from bot.jobs.recall import Recall
from bot.jobs.run import Runner
from bot.slack.pacing import EditBudget
from bot.slack.reading.thread import ThreadReader
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BOT_USER, GENERAL, Limits, Message, Workspace
from sandbox.workspace.faults import Fault
from tests.fixtures.store import TEAM
from tests.fixtures.workspace import people_of
from tests.jobs.conftest import MakeQueue
from tests.jobs.work import until, working

BEGUN, WHOLE = "The answer", "The answer is forty-two."
DEADLINE = 4.0
LATE_SECONDS = 3.5
"""Less than the deadline, and so long that the next worker has shown the answer before."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "BLOCK_SECONDS", 0.1)
    monkeypatch.setattr(holder, "LOST_SECONDS", 0.02)


class Desk:
    """Questions to a Grok that answers all but the first time at once, and the Slack that takes
    its time over one call."""

    def __init__(self, workspace: Workspace, grok: GrokServer, runner: Runner) -> None:
        self.workspace = workspace
        self.grok = grok
        self.runner = runner
        self._go = asyncio.Event()
        grok.script(Script(text=WHOLE, stall_after=3, release=self._go))
        grok.script(Script(text=WHOLE, times=None))

    async def ask(self, queue: Queue, question: str, **place: Any) -> None:
        request = CompletionRequest(model="grok-4.3", prompt=question, max_tokens=200)
        usual = Ask(
            dedupe=question,
            surface="command",
            team=TEAM,
            channel=GENERAL,
            user=ANA,
            request=request,
            asked_at=time.time(),
        )
        await queue.accept(question, usual.model_copy(update=place))

    def delay(self, method: str) -> Fault:
        return self.workspace.fail(method, delay=LATE_SECONDS)

    def standing(self) -> list[Message]:
        return [m for m in self.workspace.messages(GENERAL) if not m.deleted and m.user == BOT_USER]

    async def whole(self) -> None:
        self._go.set()
        await self.workspace.wait_for(self.is_whole, 20)

    def is_whole(self) -> bool:
        shown = [message.shown for message in self.standing()]
        return len(shown) == 1 and WHOLE in shown[0]

    async def spoiled(self) -> None:
        """Returns once what Slack took its time over is carried out."""
        await self.workspace.wait_for(lambda: not self.is_whole(), 20)


@pytest.fixture
async def desk(
    grok: GrokServer, grok_client: GrokClient, store: Store, keys: Keys
) -> AsyncIterator[Desk]:
    async with Workspace(limits=Limits(scale=0)) as workspace, aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=workspace.credentials.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        api = WebApi(client, deadline=DEADLINE)
        threads = ThreadReader(api, people_of(api, store, keys), Allowances(store, keys), BOT_USER)
        runner = Runner(
            grok_client,
            Slack(api),
            EditBudget(store, keys, 100_000),
            Recall(Conversations(store, keys), threads, tokens=1000),
            tell_after=60,
            backoff=0.01,
        )
        yield Desk(workspace, grok, runner)


async def in_the_middle_of(desk: Desk, method: str) -> None:
    """Returns once the worker waits for Slack to answer a call of `method`."""
    fault = desk.delay(method)
    await until(lambda: fault.times == 0)


METHODS = pytest.mark.parametrize("method", ["chat.update", "chat.postMessage"])


@METHODS
async def test_what_was_handed_back_in_the_middle_of_a_call(
    desk: Desk, queue: Queue, other: Queue, method: str
) -> None:
    await desk.ask(queue, "job-1")
    async with working(queue, desk.runner):
        await in_the_middle_of(desk, method)
    async with working(other, desk.runner):
        await desk.whole()
        await desk.spoiled()
        await desk.whole()
        await until_idle(other)
    assert desk.is_whole()


@METHODS
async def test_what_was_taken_over_in_the_middle_of_a_call(
    desk: Desk,
    store: Store,
    make_queue: MakeQueue,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    """From a worker that stood still for longer than its lease, and goes on."""
    queue, other = make_queue(store, 0.3), make_queue(store, 0.3)

    async def still(leases: Sequence[Lease]) -> Sequence[bool]:
        (lease,) = leases
        try:
            await queue.write(lease, 0, [])
        except LeaseLost:
            return [False]
        return [True]

    monkeypatch.setattr(queue, "renew", still)
    await desk.ask(queue, "job-1")
    async with working(queue, desk.runner):
        await in_the_middle_of(desk, method)
        async with working(other, desk.runner):
            await desk.whole()
            await desk.spoiled()
            await desk.whole()
            await until_idle(other)
    assert desk.is_whole()


async def test_looking_again_outlives_whoever_does(
    desk: Desk, queue: Queue, make_queue: MakeQueue, store: Store
) -> None:
    await desk.ask(queue, "job-1")
    async with working(queue, desk.runner):
        await in_the_middle_of(desk, "chat.update")
    async with working(make_queue(store, 60), desk.runner):
        await desk.whole()
        await until_shown(queue, "job-1")
    async with working(make_queue(store, 60), desk.runner):
        await desk.spoiled()
        await desk.whole()
        await until_idle(queue)
    assert desk.is_whole()
    assert len(desk.grok.requests) == 2


async def test_drained_worker_leaves_looking_again_to_others(
    desk: Desk, queue: Queue, other: Queue
) -> None:
    await desk.ask(queue, "job-1")
    async with working(queue, desk.runner):
        await in_the_middle_of(desk, "chat.update")
    async with working(other, desk.runner) as worker:
        await desk.whole()
        await until_shown(queue, "job-1")
        await worker.drain(600)
    job = await queue.look("job-1")
    assert job is not None
    assert job.state == "delivering"


async def test_nobody_waits_for_what_may_come_late(
    desk: Desk, queue: Queue, other: Queue, keys: Keys, store: Store
) -> None:
    """The next question of the conversation is answered meanwhile."""
    root = (await desk.workspace.say(ANA, GENERAL, "question")).ts
    place = {"conversation": f"{GENERAL}:{root}", "thread_ts": root}
    await desk.ask(queue, "job-1", **place)
    await desk.ask(queue, "job-2", **place)
    async with working(queue, desk.runner):
        await in_the_middle_of(desk, "chat.update")
    async with working(other, desk.runner):
        await until_done(other, "job-2")
        await until_shown(other, "job-1")
        await until_idle(other)


async def test_where_every_call_was_answered_nobody_looks_again(
    desk: Desk, queue: Queue, other: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    async def note(held: Held) -> None:
        shown.append(held.job.id)

    monkeypatch.setattr(Held, "shown", note)
    await desk.ask(queue, "job-1")
    async with working(queue, desk.runner):
        await desk.workspace.wait_for(lambda: any(BEGUN in m.shown for m in desk.standing()))
    async with working(other, desk.runner):
        await until_idle(other)
    assert desk.is_whole()
    assert not shown


async def until_idle(queue: Queue) -> None:
    while (await queue.load()).depth:
        await asyncio.sleep(0.02)


async def until_shown(queue: Queue, job_id: str) -> None:
    """Returns once the answer was shown; it is still to be looked at again."""
    while not ((job := await queue.look(job_id)) and job.shown):
        await asyncio.sleep(0.02)
    assert job.state == "delivering"


async def until_done(queue: Queue, job_id: str) -> None:
    while not ((job := await queue.look(job_id)) and job.state == "done"):
        await asyncio.sleep(0.02)
