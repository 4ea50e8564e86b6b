"""A question from its turn to its answer, through a real Slack and a real Grok."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.completion.ask import Ask
from bot.completion.request import CompletionRequest
from bot.grok.client import GrokClient
from bot.grok.http import sips as sips_module
from bot.jobs import queue as queue_module
from bot.jobs import worker as worker_module
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
from bot.words import talk
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BOT_USER, GENERAL, Limits, Workspace
from tests.fixtures.store import TEAM
from tests.fixtures.workspace import people_of
from tests.jobs.work import until, working

WORDS = ("Forty", "-", "two", ".")
ANSWER = "".join(WORDS)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that look round without rest, and are drained without delay."""
    monkeypatch.setattr(queue_module, "BLOCK_SECONDS", 0.1)
    monkeypatch.setattr(worker_module, "UNREAD_SECONDS", 0.02)
    monkeypatch.setattr(worker_module, "LOOK_EVERY_SECONDS", 0.01)


class Gate(asyncio.Event):
    """A stall that tells when it is reached."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.reached.set()
        return await super().wait()


class Desk:
    """Takes questions, each a word of its own, to a Grok that answers once `go` is set: until
    then with `pieces` of the answer."""

    def __init__(
        self, workspace: Workspace, grok: GrokServer, queue: Queue, runner: Runner, pieces: int
    ) -> None:
        self.workspace = workspace
        self.grok = grok
        self.queue = queue
        self.runner = runner
        self.go = Gate()
        grok.script(Script(pieces=WORDS, stall_after=pieces, release=self.go, times=None))

    async def ask(self, *questions: str, **place: Any) -> None:
        for question in questions:
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
            await self.queue.accept(question, usual.model_copy(update=place))

    async def shows(self, question: str, text: str) -> None:
        """Returns once the one message of a question has `text`."""
        await self.workspace.wait_for(lambda: text in self.shown(question))

    def shown(self, question: str) -> str:
        found = [m.shown for m in self.workspace.messages(GENERAL) if question in m.shown]
        assert len(found) <= 1
        return "".join(found)

    @property
    def asked(self) -> list[str]:
        """What Grok was asked, in that order."""
        return [str(request.messages[-1]["content"]) for request in self.grok.requests]


@pytest.fixture
def pieces() -> int:
    return 0


@pytest.fixture
async def desk(
    grok: GrokServer, grok_client: GrokClient, store: Store, keys: Keys, queue: Queue, pieces: int
) -> AsyncIterator[Desk]:
    async with Workspace(limits=Limits(scale=0)) as workspace, aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=workspace.credentials.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        api = WebApi(client)
        threads = ThreadReader(api, people_of(api, store, keys), Allowances(store, keys), BOT_USER)
        runner = Runner(
            grok_client,
            Slack(api),
            EditBudget(store, keys, 100_000),
            Recall(Conversations(store, keys), threads, tokens=1000),
            tell_after=60,
        )
        yield Desk(workspace, grok, queue, runner, pieces)


async def test_askers_are_told_how_many_come_before_them(desk: Desk) -> None:
    await desk.ask("alpha", "bravo", "charlie")
    async with working(desk.queue, desk.runner, at_once=1, waiting=5):
        await desk.shows("bravo", talk.QUEUED_BEHIND(0).strip("_"))
        await desk.shows("charlie", talk.QUEUED_BEHIND(1).strip("_"))
        await desk.grok.arrived()
        assert desk.asked == ["alpha"]
        desk.go.set()
        for question in ("alpha", "bravo", "charlie"):
            await desk.shows(question, ANSWER)
    assert desk.asked == ["alpha", "bravo", "charlie"]


async def test_stop_while_it_waits_asks_grok_nothing(desk: Desk) -> None:
    await desk.ask("alpha", "bravo")
    async with working(desk.queue, desk.runner, at_once=1, waiting=5):
        await desk.shows("bravo", talk.QUEUED_BEHIND(0).strip("_"))
        await desk.queue.stop("bravo", "because")
        await desk.shows("bravo", talk.STOPPED_UNWRITTEN.strip("_"))
        await desk.grok.arrived()
        assert desk.asked == ["alpha"]


@pytest.mark.parametrize("pieces", [len(WORDS) - 1])
async def test_what_waits_unread_is_kept_by_who_stops(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sips_module, "LOOK_SECONDS", 60.0)  # nobody looks whether more comes
    await desk.ask("alpha", reply="private")
    async with working(desk.queue, desk.runner):
        await desk.go.reached.wait()
        await desk.queue.stop("alpha", "because")
        await desk.workspace.wait_for(lambda: len(desk.workspace.ephemerals(ANA)) == 1)

    (answer,) = desk.workspace.ephemerals(ANA)
    assert "".join(WORDS[:-1]) in answer.shown


async def test_private_question_shows_nothing_while_it_waits(desk: Desk) -> None:
    await desk.ask("alpha")
    await desk.ask("bravo", reply="private")
    async with working(desk.queue, desk.runner, at_once=1, waiting=5) as worker:
        await until(lambda: worker.running == 2)
        await desk.ask("charlie")
        await desk.shows("charlie", talk.QUEUED_BEHIND(1).strip("_"))
        assert desk.workspace.ephemerals() == []
        desk.go.set()
        await desk.workspace.wait_for(lambda: len(desk.workspace.ephemerals(ANA)) == 1)


async def test_question_that_waits_goes_to_a_worker_with_room_and_keeps_its_message(
    desk: Desk, other: Queue
) -> None:
    await desk.ask("alpha", "bravo")
    async with working(desk.queue, desk.runner, at_once=1, waiting=5):
        await desk.shows("bravo", talk.QUEUED_BEHIND(0).strip("_"))
        async with working(other, desk.runner, at_once=1, waiting=5):
            await desk.grok.arrived(2)
            assert desk.asked == ["alpha", "bravo"]
            desk.go.set()
            await desk.shows("bravo", ANSWER)
    assert len(desk.workspace.messages(GENERAL)) == 2


@pytest.mark.parametrize("pieces", [1])
async def test_answer_is_stored_while_slack_takes_its_time(desk: Desk) -> None:
    slow = desk.workspace.fail("chat.update", delay=2.0)
    await desk.ask("alpha")
    async with working(desk.queue, desk.runner):
        await until(lambda: slow.times == 0)
        desk.go.set()
        while (job := await desk.queue.look("alpha")) is None or job.answer is None:
            await asyncio.sleep(0.01)
        assert "Forty" not in desk.shown("alpha")
        await desk.shows("alpha", ANSWER)
