"""Builds the parts and joins them; starts, drains, stops."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import structlog
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import StartupError, StoreUnavailable
from bot.grok.client import GrokClient, open_grok
from bot.jobs.accept import Acceptor
from bot.jobs.queue import Queue
from bot.jobs.recall import Recall
from bot.jobs.run import Runner
from bot.jobs.worker import Worker
from bot.listeners.aside import Aside
from bot.listeners.asking import Asking
from bot.listeners.buttons import Buttons
from bot.listeners.command import GrokCommand
from bot.listeners.forms import Forms
from bot.listeners.home import Home
from bot.listeners.http_mode import HttpMode
from bot.listeners.installation import Installation
from bot.listeners.messages import Conversing
from bot.listeners.reaction import Errands
from bot.listeners.slack_app import Listeners, build_slack_app
from bot.listeners.socket_mode import SocketMode
from bot.listeners.views import Views
from bot.ops import words
from bot.ops.health import Heartbeat, OpsServer, Report
from bot.ops.scopes import SCOPES
from bot.ops.startup import meet_slack, settings_faults
from bot.reply.pacing import EditBudget
from bot.reply.people import People
from bot.reply.slack import Slack
from bot.reply.thread import ThreadReader
from bot.reply.web_api import WebApi
from bot.settings import Settings, admins_of
from bot.store.connection import Store, open_store
from bot.store.conversations import Conversations
from bot.store.drafts import Drafts
from bot.store.keys import Keys
from bot.store.once import Once
from bot.store.recent import Recents

log = structlog.get_logger(__name__)

CATALOGUE_SECONDS = 600.0
CONNECTIONS_TO_SLACK = 100
LOOK_UP_SECONDS = 1.0
"""How long looking a person up may take, of the 3 s that an ack may take."""


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot: where it is installed, and the ports it listens on.

    `working` ends only when the worker broke down, or when the bot is left.
    """

    installation: Installation
    working: asyncio.Task[None]
    ops_port: int
    http_port: int | None


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set, then drain it. Raises `StartupError`."""
    async with open_bot(settings) as bot:
        log.info(
            "ready",
            team=bot.installation.team,
            http_port=bot.http_port,
            ops_port=bot.ops_port,
        )
        print(words.serving(settings.ops_host, bot.ops_port, bot.http_port), flush=True)
        await until(stop, bot.working)
        log.info("stopping")


async def until(stop: asyncio.Event, working: asyncio.Task[None]) -> None:
    """Wait until told to stop, or until there is nothing left that works."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await asyncio.wait({stopping})


@asynccontextmanager
async def open_bot(settings: Settings) -> AsyncIterator[Bot]:
    """A bot that takes questions while entered, and drains on the way out.

    What it stands on is opened first and closed last: Slack's way in opens when all the rest
    is there, and closes before the running answers are given their time to finish.
    Raises `StartupError` with every fault, before anything is taken.
    """
    if faults := settings_faults(settings):
        raise StartupError(faults)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(_slack_session())
        tokenless = _slack_client(settings, session, None)
        installation = await meet_slack(settings, tokenless)
        client = _slack_client(settings, session, installation.bot_token)
        _warn_of_missing_scopes(installation)
        store = await stack.enter_async_context(open_store(settings))
        grok = await stack.enter_async_context(open_grok(settings))
        errands = await stack.enter_async_context(Errands())
        parts = _Parts(settings, installation, client, store, grok)
        worker = parts.worker()
        app = build_slack_app(installation, tokenless, parts.listeners(), errands)
        way_in = _way_in(settings, app, client)
        health = _Health(store, worker, way_in)
        ops = await stack.enter_async_context(_ops_server(settings, health))
        await stack.enter_async_context(_keeping_prices(grok))
        working = await stack.enter_async_context(_working(worker, settings.shutdown_grace_seconds))
        await stack.enter_async_context(way_in)
        stack.callback(health.stop)
        http_port = way_in.port if isinstance(way_in, HttpMode) else None
        yield Bot(installation, working, ops.port, http_port)


class _Parts:
    """The parts of a bot, joined."""

    def __init__(
        self,
        settings: Settings,
        installation: Installation,
        client: AsyncWebClient,
        store: Store,
        grok: GrokClient,
    ) -> None:
        self._settings = settings
        self._installation = installation
        self._store = store
        self._grok = grok
        self._keys = Keys(installation.team)
        self._slack = Slack(WebApi(client))
        self._hurried = WebApi(client, deadline=LOOK_UP_SECONDS)
        self._api = WebApi(client)
        self._people = People(self._hurried, admins_of(settings))
        self._conversations = Conversations(store, self._keys)
        self._queue = Queue(
            store,
            self._keys,
            lease_seconds=settings.job_lease_seconds,
            retention_seconds=settings.job_retention_seconds,
            thread_tokens=settings.thread_tokens,
            thread_retention_seconds=settings.thread_retention_seconds,
        )

    def worker(self) -> Worker:
        """Whoever answers the questions in the queue."""
        settings = self._settings
        threads = ThreadReader(self._api, self._people, self._installation.bot_user)
        runner = Runner(
            self._grok,
            self._slack,
            EditBudget(self._store, self._keys, settings.slack_edits_per_minute),
            Recall(self._conversations, threads, tokens=settings.thread_tokens),
            tell_after=settings.tell_after_seconds,
        )
        return Worker(self._queue, runner, at_once=settings.jobs_at_once)

    def listeners(self) -> Listeners:
        """Whoever takes questions in."""
        settings, installation, team = self._settings, self._installation, self._installation.team
        asking, acceptor = Asking(settings, self._grok), Acceptor(self._queue)
        views, aside = Views(self._api), Aside(self._slack)
        forms = Forms(
            asking,
            acceptor,
            self._grok,
            views,
            Drafts(self._store, self._keys),
            aside,
            self._people,
            settings,
            team,
        )
        return Listeners(
            command=GrokCommand(asking, acceptor, forms, team),
            forms=forms,
            conversing=Conversing(
                asking,
                acceptor,
                self._queue,
                self._conversations,
                self._people,
                aside,
                installation,
                Once(self._store, self._keys),
            ),
            buttons=Buttons(self._queue, acceptor, self._people, forms, views, aside, team, asking),
            home=Home(
                Recents(self._store, self._keys),
                self._people,
                self._grok,
                views,
                settings,
                installation,
            ),
        )


class _Health:
    """Whether this process can take a question and answer it."""

    def __init__(self, store: Store, worker: Worker, way_in: SocketMode | HttpMode) -> None:
        self._store = store
        self._worker = worker
        self._way_in = way_in
        self._stopping = False

    def stop(self) -> None:
        """From here on the process is not ready: it is about to end."""
        self._stopping = True

    async def ready(self) -> Report:
        """Asks Redis and Slack's connection, and never Grok."""
        faults = [words.STOPPING] if self._stopping else []
        try:
            await self._store.ping()
        except StoreUnavailable as error:
            faults.append(words.store_away(str(error)))
        if not await self._way_in.connected():
            faults.append(words.NOT_CONNECTED)
        if not self._worker.alive:
            faults.append(words.NOT_WORKING)
        return Report(tuple(faults))


def _warn_of_missing_scopes(installation: Installation) -> None:
    """An upgrade that needs one more scope must not be an outage."""
    missing = SCOPES.keys() - (installation.scopes or SCOPES.keys())
    if missing:
        log.warning("scopes missing", scopes=sorted(missing), remedy=words.REMEDY_SCOPES)


def _slack_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_TO_SLACK))


def _slack_client(
    settings: Settings, session: aiohttp.ClientSession, token: SecretStr | None
) -> AsyncWebClient:
    """No retry handlers: a post that is sent again after a lost reply would show twice."""
    return AsyncWebClient(
        token=token.get_secret_value() if token else None,
        base_url=settings.slack_api_url,
        session=session,
        retry_handlers=[],
    )


def _way_in(settings: Settings, app: AsyncApp, client: AsyncWebClient) -> SocketMode | HttpMode:
    if settings.slack_app_token is not None:
        return SocketMode(app, settings.slack_app_token, client)
    if settings.slack_signing_secret is None:
        raise StartupError([words.NO_SLACK_WAY_IN])
    return HttpMode(app, settings.slack_signing_secret, settings.host, settings.port)


@asynccontextmanager
async def _ops_server(settings: Settings, health: _Health) -> AsyncIterator[OpsServer]:
    async with (
        Heartbeat() as heartbeat,
        OpsServer(
            settings.ops_host, settings.ops_port, live=heartbeat.report, ready=health.ready
        ) as server,
    ):
        yield server


@asynccontextmanager
async def _working(worker: Worker, grace: float) -> AsyncIterator[asyncio.Task[None]]:
    """The worker at work; on the way out it drains, and hands back what is not done in time."""
    task = asyncio.create_task(worker.run(), name="worker")
    try:
        yield task
    finally:
        await worker.drain(grace)
        await task


@asynccontextmanager
async def _keeping_prices(grok: GrokClient) -> AsyncIterator[None]:
    """Models and prices are fetched again every ten minutes, beside everything else."""

    async def keep() -> None:
        while True:
            await grok.catalogue.refresh()
            await asyncio.sleep(CATALOGUE_SECONDS * random.uniform(0.9, 1.1))  # noqa: S311

    task = asyncio.create_task(keep(), name="catalogue")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
