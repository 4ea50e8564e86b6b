"""The bot's own parts, joined as `bot.joining` joins them, in as many replicas as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.asking.admission import Acceptor
from bot.completion.ask import Ask
from bot.errors import NotTaken
from bot.grok.client import GrokClient, open_grok
from bot.jobs.holder import Held
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.recall import Recall
from bot.jobs.run import Runner
from bot.jobs.worker import Worker
from bot.settings import Settings, Streaming
from bot.slack.pacing import EditBudget
from bot.slack.reading.thread import ThreadReader
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.grok import GrokServer
from sandbox.workspace import BOT_USER, TEAM_ID, Workspace
from tests.fixtures.grok import grok_settings
from tests.fixtures.workspace import people_of

EDITS_PER_MINUTE = 50
BACKOFF = 0.02
WAIT_SECONDS = 40.0


class Replicas:
    """Workers that answer what is asked here, until every job has ended."""

    def __init__(self) -> None:
        self.acceptors: list[Acceptor] = []
        self._ended: set[str] = set()
        self._news = asyncio.Event()

    async def answer(self, asks: Iterable[Ask]) -> list[str]:
        """Ask everything, of each replica in turn; the job ids, once all are done. However long all
        of them take, one ends in `WAIT_SECONDS` or they stand still."""
        jobs = [await self._accept(number, ask) for number, ask in enumerate(asks)]
        try:
            while not self._ended.issuperset(jobs):
                self._news.clear()
                await asyncio.wait_for(self._news.wait(), WAIT_SECONDS)
        except TimeoutError:
            left = [job for job in jobs if job not in self._ended]
            raise AssertionError(f"none ended within {WAIT_SECONDS} s: {left}") from None
        return jobs

    async def _accept(self, number: int, ask: Ask) -> str:
        """A busy machine may not manage it in the time that Slack gives: the same ask is then
        made again, and taken once."""
        while True:
            try:
                return (await self.acceptors[number % len(self.acceptors)].accept(ask)).job_id
            except NotTaken:
                continue

    def ended(self, job_id: str) -> None:
        """A job was done to its end."""
        self._ended.add(job_id)
        self._news.set()


@asynccontextmanager
async def replicas(
    count: int,
    redis_url: str,
    workspace: Workspace,
    grok: GrokServer,
    *,
    scale: float,
    deadline: float,
    team: str = TEAM_ID,
    streaming: Streaming = "edit",
) -> AsyncIterator[Replicas]:
    """`count` replicas at work. `scale` shrinks the windows of the budgets, `deadline` is how
    long a call to Slack may take, in seconds. Jobs of different teams have nothing in common."""
    settings = grok_settings(grok, slack_edits_per_minute=EDITS_PER_MINUTE)
    together = Replicas()
    async with AsyncExitStack() as stack:
        for _ in range(count):
            store = await stack.enter_async_context(Store(redis_url))
            client = await stack.enter_async_context(open_grok(settings))
            api = await stack.enter_async_context(_web_api(workspace, deadline))
            queue = _queue(settings, store, Keys(team))
            runner = _runner(settings, store, Keys(team), api, client, scale, streaming)
            await stack.enter_async_context(_at_work(queue, runner, together))
            together.acceptors.append(Acceptor(queue))
        yield together


@asynccontextmanager
async def _web_api(workspace: Workspace, deadline: float) -> AsyncIterator[WebApi]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=workspace.credentials.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        yield WebApi(client, deadline=deadline)


def _queue(settings: Settings, store: Store, keys: Keys) -> Queue:
    return Queue(
        store,
        keys,
        lease_seconds=settings.job_lease_seconds,
        retention_seconds=settings.job_retention_seconds,
    )


def _runner(
    settings: Settings,
    store: Store,
    keys: Keys,
    api: WebApi,
    grok: GrokClient,
    scale: float,
    streaming: Streaming,
) -> Runner:
    return Runner(
        grok,
        Slack(api),
        EditBudget(store, keys, EDITS_PER_MINUTE, scale=scale),
        Recall(
            Conversations(store, keys),
            ThreadReader(api, people_of(api, store, keys), Allowances(store, keys), BOT_USER),
            tokens=settings.thread_tokens,
        ),
        tell_after=settings.tell_after_seconds,
        streaming=streaming,
        backoff=BACKOFF,
    )


@asynccontextmanager
async def _at_work(queue: Queue, runner: Runner, together: Replicas) -> AsyncIterator[None]:
    async def run(held: Held) -> None:
        await runner(held)
        together.ended(held.job.id)

    worker = Worker(queue, run, Places(100))
    working = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.drain(0)
        await working
