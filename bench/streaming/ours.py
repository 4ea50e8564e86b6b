"""The bot's own parts, joined as `bot.app` joins them, in as many replicas as a row wants."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import httpx
from slack_sdk.web.async_client import AsyncWebClient

from bench.streaming.grok import MODEL, OnTime, Times, prompt_of
from bench.streaming.rows import EDITS_PER_MINUTE, TOKENS, Question, Row
from bench.streaming.stage import Answers, channel_id
from bot.asking.admission import Acceptor
from bot.completion.ask import Ask
from bot.completion.request import CompletionRequest
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.recall import Recall
from bot.jobs.run import Runner
from bot.jobs.worker import Worker
from bot.settings import Settings, Streaming
from bot.slack.pacing import EditBudget
from bot.slack.people.people import People
from bot.slack.people.person import KeptPeople, Organisation
from bot.slack.reading.thread import ThreadReader
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.store.redis.embedded import EmbeddedServer
from sandbox.workspace import ANA, BOT_USER, TEAM_ID, Workspace

LOOK_SECONDS = 0.1


async def ours(
    row: Row,
    workspace: Workspace,
    times: Times,
    answers: Answers,
    *,
    failing: float = 0.0,
    threads: bool = False,
    streaming: Streaming = "edit",
) -> None:
    """Answer the questions of `row`; returns when no job is left. That share of Slack's calls is
    `failing`; with `threads` each is asked below a message of its own, where Slack can stream."""
    settings = Settings(
        _env_file=None, slack_edits_per_minute=EDITS_PER_MINUTE, slack_streaming=streaming
    )
    async with AsyncExitStack() as stack:
        data_dir = stack.enter_context(tempfile.TemporaryDirectory())
        server = await stack.enter_async_context(EmbeddedServer(data_dir))
        queues = [
            await stack.enter_async_context(_replica(settings, server.url, workspace, times))
            for _ in range(row.replicas)
        ]
        roots = await _roots(row, workspace) if threads else {}
        if failing:
            workspace.fail_some(failing, seed=row.at_once)
        await _ask(row, [Acceptor(queue) for queue in queues], answers, roots)
        await empty(queues[0])


async def _roots(row: Row, workspace: Workspace) -> Mapping[int, str]:
    """A message for each question to be asked below; its ts, by the number of the question."""
    return {
        number: (await workspace.say(ANA, channel_id(question.channel), f"Thread {number}")).ts
        for number, question in enumerate(row.questions)
    }


async def empty(queue: Queue) -> None:
    """Returns when every job has left `queue`."""
    while True:
        if not (await queue.load()).depth:
            return
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def _replica(
    settings: Settings, url: str, workspace: Workspace, times: Times
) -> AsyncIterator[Queue]:
    """One replica at work; its queue, to ask in."""
    async with (
        Store(url) as store,
        httpx.AsyncClient() as http,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session,
    ):
        client = AsyncWebClient(
            token=workspace.credentials.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        keys = Keys(TEAM_ID)
        queue = Queue(
            store,
            keys,
            lease_seconds=settings.job_lease_seconds,
            retention_seconds=settings.job_retention_seconds,
        )
        worker = Worker(
            queue,
            runner_of(settings, store, keys, WebApi(client), OnTime(settings, http, times)),
            Places(settings.jobs_at_once),
        )
        working = asyncio.create_task(worker.run())
        try:
            yield queue
        finally:
            await worker.drain(0)
            await working


def runner_of(settings: Settings, store: Store, keys: Keys, api: WebApi, grok: OnTime) -> Runner:
    """What answers questions, joined as the bot joins it."""
    allowances, kept = Allowances(store, keys), KeptPeople(store, keys)
    people = People(api, Organisation(keys.team), kept, allowances)
    return Runner(
        grok,
        Slack(api),
        EditBudget(store, keys, settings.slack_edits_per_minute),
        Recall(
            Conversations(store, keys),
            ThreadReader(api, people, allowances, BOT_USER),
            tokens=settings.thread_tokens,
        ),
        tell_after=settings.tell_after_seconds,
        streaming=settings.slack_streaming,
    )


async def _ask(
    row: Row, acceptors: list[Acceptor], answers: Answers, roots: Mapping[int, str]
) -> None:
    clock = asyncio.get_running_loop().time
    started = clock()
    for number, question in enumerate(row.questions):
        await asyncio.sleep(started + question.at - clock())
        ask = ask_of(number, question, roots.get(number))
        accepted = await acceptors[number % len(acceptors)].accept(ask)
        answers.began(accepted.job_id, number)


def ask_of(number: int, question: Question, root: str | None = None) -> Ask:
    """Question `number` of a row as it is asked now; `root`: the message that it is asked below."""
    return Ask(
        dedupe=f"command:{number}",
        surface="command",
        team=TEAM_ID,
        channel=channel_id(question.channel),
        user=ANA,
        request=CompletionRequest(model=MODEL, prompt=prompt_of(number), max_tokens=TOKENS + 1),
        asked_at=time.time(),
        thread_ts=root,
        question_ts=root,
    )
