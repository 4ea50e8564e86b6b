"""Builds the parts and joins them; starts, drains, stops."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import aiohttp
import structlog
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.acks import Acks
from bot.crash_points import arm_process
from bot.doors.slack_app import build_slack_app
from bot.duties import Duty
from bot.errors import StartupError, StoreUnavailable
from bot.grok.client import GrokClient, open_grok
from bot.jobs.gauging import keep_gauged
from bot.jobs.worker import Worker
from bot.ops import words
from bot.ops.health import Heartbeat, OpsServer, Report
from bot.ops.scopes import SCOPES
from bot.ops.setting_names import set_names, unknown_settings
from bot.ops.startup import meet_slack, settings_faults
from bot.settings import Settings
from bot.slack.http_mode import HttpMode
from bot.slack.installation import Installation
from bot.slack.reaction import BackgroundTasks
from bot.slack.session import slack_session
from bot.slack.socket_mode import SocketMode
from bot.store.connection import Store, open_store
from bot.wiring import Wiring

log = structlog.get_logger(__name__)

CATALOGUE_SECONDS = 600.0
CONNECTIONS_TO_SLACK = 100

WayIn = SocketMode | HttpMode


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot: where it is installed, and the ports it listens on.

    `working` ends only when the worker broke down, or when the bot is left; None where there is
    no worker.
    """

    installation: Installation
    working: asyncio.Task[None] | None
    ops_port: int
    http_port: int | None
    answering: Callable[[], int]
    """How many answers are under way here."""


async def serve(settings: Settings, stop: asyncio.Event, duty: Duty = Duty.BOTH) -> None:
    """Do `duty` until `stop` is set, then drain. Raises `StartupError`."""
    arm_process(os.environ)
    for trouble in unknown_settings(set_names()):
        log.warning("unknown setting", setting=trouble.setting, remedy=trouble.sentence)
    async with open_bot(settings, duty) as bot:
        log.info(
            "ready",
            team=bot.installation.team,
            http_port=bot.http_port,
            ops_port=bot.ops_port,
        )
        if Duty.TAKING in duty:
            said = words.serving(settings.ops_host, bot.ops_port, bot.http_port)
        else:
            said = words.working(settings.ops_host, bot.ops_port)
        print(said, flush=True)
        await until(stop, bot, settings.shutdown_grace_seconds)


async def until(stop: asyncio.Event, bot: Bot, grace: float) -> None:
    """Wait until told to stop, or until there is nothing left that works; then say what is
    finished first, for `grace` seconds at most."""
    stopping: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    ends = {stopping} if bot.working is None else {stopping, bot.working}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await asyncio.wait({stopping})
    answers = bot.answering()
    log.info("stopping", answering=answers)
    if answers and stop.is_set():
        with suppress(BrokenPipeError):
            print(words.finishing(answers, grace), flush=True)


@asynccontextmanager
async def open_bot(settings: Settings, duty: Duty = Duty.BOTH) -> AsyncIterator[Bot]:
    """A bot that does its `duty` while entered, and drains on the way out.

    What it stands on is opened first and closed last: Slack's way in opens when all the rest
    is there, and closes before the running answers are given their time to finish.
    Raises `StartupError` with every fault, before anything is taken.
    """
    if faults := settings_faults(settings, duty):
        raise StartupError(faults)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(slack_session(connections=CONNECTIONS_TO_SLACK))
        tokenless = _slack_client(settings, session, None)
        installation = await meet_slack(settings, tokenless, duty)
        client = _slack_client(settings, session, installation.bot_token)
        _warn_of_missing_scopes(installation)
        store = await stack.enter_async_context(open_store(settings))
        grok = await stack.enter_async_context(open_grok(settings))
        tasks = await stack.enter_async_context(BackgroundTasks())
        parts = Wiring(settings, installation, client, store, grok)
        acks = Acks()
        way_in: WayIn | None = None
        if Duty.TAKING in duty:
            app = build_slack_app(installation, tokenless, parts.listeners(), tasks, acks)
            way_in = _way_in(settings, app, client, acks)
        worker = None
        if Duty.WORKING in duty:
            worker = parts.worker(way_in.connected if way_in is not None else None, acks)
        health = _Health(store, worker, way_in)
        ops = await stack.enter_async_context(_ops_server(settings, health))
        await stack.enter_async_context(_keeping("catalogue", _keep_prices(grok)))
        await stack.enter_async_context(_keeping("policy", parts.policies.run()))
        working = None
        if worker is None:
            await stack.enter_async_context(_keeping("gauges", keep_gauged(parts.queue)))
        else:
            grace = settings.shutdown_grace_seconds
            working = await stack.enter_async_context(_working(worker, grace))
        if way_in is not None:
            await stack.enter_async_context(way_in)
        stack.callback(health.stop)
        http_port = way_in.port if isinstance(way_in, HttpMode) else None
        yield Bot(
            installation, working, ops.port, http_port, lambda: worker.answering if worker else 0
        )


class _Health:
    """Whether this process can do what it is there for: take a question, answer it, or both."""

    def __init__(self, store: Store, worker: Worker | None, way_in: WayIn | None) -> None:
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
        if self._way_in is not None and not await self._way_in.connected():
            faults.append(words.not_connected(self._way_in.trouble))
        if self._worker is not None and not self._worker.alive:
            faults.append(words.not_working(self._worker.trouble))
        return Report(tuple(faults))


def _warn_of_missing_scopes(installation: Installation) -> None:
    """An upgrade that needs one more scope must not be an outage."""
    missing = SCOPES.keys() - (installation.scopes or SCOPES.keys())
    if missing:
        log.warning("scopes missing", scopes=sorted(missing), remedy=words.REMEDY_SCOPES)


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


def _way_in(settings: Settings, app: AsyncApp, client: AsyncWebClient, acks: Acks) -> WayIn:
    if settings.slack_app_token is not None:
        return SocketMode(app, settings.slack_app_token, client, acks=acks)
    if settings.slack_signing_secret is None:
        raise StartupError([words.NO_SLACK_WAY_IN])
    secret = settings.slack_signing_secret
    return HttpMode(app, secret, settings.host, settings.port, acks=acks)


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


async def _keep_prices(grok: GrokClient) -> NoReturn:
    """Models and prices are fetched again every ten minutes."""
    while True:
        await grok.catalogue.refresh()
        await asyncio.sleep(CATALOGUE_SECONDS * random.uniform(0.9, 1.1))  # noqa: S311


@asynccontextmanager
async def _keeping(name: str, work: Coroutine[Any, Any, NoReturn]) -> AsyncIterator[None]:
    """Work that never ends, beside everything else."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
