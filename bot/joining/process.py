"""What a process stands on, whatever it serves; how the bot of a workspace is joined there; and
what is done with the workspaces that it serves, with the ports of the process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NoReturn

import aiohttp
import structlog
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.acks import Acks
from bot.app import Bot
from bot.doors import slack_app
from bot.duties import Duty
from bot.errors import StartupError, StoreUnavailable
from bot.grok.client import GrokClient, open_grok
from bot.jobs.load import keep_gauged
from bot.joining.wiring import Wiring
from bot.later import Rest
from bot.net.listening import Handler
from bot.ops import words
from bot.ops.health import OpsServer
from bot.ops.manifest import SCOPES
from bot.ops.startup import Met
from bot.patience import Heartbeat
from bot.settings import Settings
from bot.slack.inbound import bolt
from bot.slack.inbound.http_mode import HttpMode
from bot.slack.inbound.incoming import Answering, BackgroundTasks, JsonObject
from bot.slack.inbound.socket_mode import SocketMode
from bot.slack.installation import Installation, Ticket
from bot.slack.transport import slack_client
from bot.store.redis.connection import Store
from bot.teams.tenant import Tenant

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.response import BoltResponse

    from bot.jobs.dispatcher import Dispatcher
    from bot.jobs.worker import Connected, Worker

    # Of several workspaces alone; bring cryptography.
    from bot.store.grok_keys import GrokKeys
    from bot.teams.tenants import Tenants

log = structlog.get_logger(__name__)

CATALOGUE_SECONDS = 600.0

WayIn = SocketMode | HttpMode


@dataclass(frozen=True, slots=True)
class Ground:
    """What is opened first: the store, Grok, a session to Slack, and who owns what is begun.
    `tokenless` is a client of Slack without a token; `rest` is loaded when all is joined."""

    settings: Settings
    duty: Duty
    session: aiohttp.ClientSession
    tokenless: AsyncWebClient
    store: Store
    grok: GrokClient
    tasks: BackgroundTasks
    acks: Acks
    rest: Rest

    def client(self, token: SecretStr) -> AsyncWebClient:
        """A client of Slack that shows `token`."""
        return slack_client(self.settings, self.session, token)


@asynccontextmanager
async def open_ground(
    settings: Settings, duty: Duty, tokenless: AsyncWebClient, store: Store, rest: Rest
) -> AsyncIterator[Ground]:
    """Everything that one process has once. Raises `StartupError`."""
    if tokenless.session is None:
        raise StartupError([words.NO_SLACK_WAY_IN])
    async with AsyncExitStack() as stack:
        grok = await stack.enter_async_context(open_grok(settings))
        await stack.enter_async_context(keeping("catalogue", _keep_prices(grok, rest)))
        tasks = await stack.enter_async_context(BackgroundTasks())
        yield Ground(
            settings=settings,
            duty=duty,
            session=tokenless.session,
            tokenless=tokenless,
            store=store,
            grok=grok,
            tasks=tasks,
            acks=rest.acks,
            rest=rest,
        )


@dataclass(frozen=True, slots=True)
class Own:
    """What a workspace of several has for itself: `grok` asks with its own key where it has one,
    and `grok_keys` is where its admins keep that. `dispatcher` tells it what there is to do."""

    settings: Settings
    grok: GrokClient
    grok_keys: GrokKeys
    dispatcher: Dispatcher


@asynccontextmanager
async def open_team(
    ground: Ground,
    installation: Installation,
    connected: Connected | None,
    own: Own | None = None,
) -> AsyncIterator[Tenant]:
    """The bot of one workspace, which works as long as it is entered and then drains.

    `connected`: whether Slack reaches this process; None where that is not for it. `own`: what it
    does not share with the others of the process; None: it is the only one.
    """
    warn_of_missing_scopes(installation)
    settings, acks = own.settings if own else ground.settings, ground.acks
    client = ground.client(installation.bot_token)
    grok, grok_keys = (own.grok, own.grok_keys) if own else (ground.grok, None)
    parts = Wiring(settings, installation, client, ground.store, grok, grok_keys=grok_keys)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.aclose)
        if grok is not ground.grok:
            await stack.enter_async_context(keeping("catalogue", _keep_prices(grok, ground.rest)))
        worker: Worker | None = None
        working = None
        if own:
            worker = await stack.enter_async_context(_told(ground, parts, own.dispatcher))
        else:
            await stack.enter_async_context(keeping("policy", parts.store.policies.run()))
            worker = parts.worker(connected, acks) if Duty.WORKING in ground.duty else None
            if worker is None:
                await stack.enter_async_context(keeping("gauges", keep_gauged(parts.queue)))
        if worker is not None:
            grace = settings.shutdown_grace_seconds
            working = await stack.enter_async_context(_working(worker, grace))
        yield Tenant(
            answer=_answering(ground, installation, parts),
            use_token=partial(setattr, client, "token"),
            working=working,
            in_hand=lambda: worker.running if worker else 0,
            answering=lambda: worker.answering if worker else 0,
            trouble=lambda: worker.trouble if worker and not worker.alive else None,
            drain=worker.drain if worker else _nothing,
        )


@asynccontextmanager
async def _told(
    ground: Ground, parts: Wiring, dispatcher: Dispatcher
) -> AsyncIterator[Worker | None]:
    """The worker of one workspace among several, if it is to have one; it is told what to do."""
    from bot.jobs.dispatcher import Member  # noqa: PLC0415 - of several workspaces alone

    worker = dispatcher.worker(parts.queue, parts.run) if Duty.WORKING in ground.duty else None
    with dispatcher.serving(Member(parts.queue.team, parts.store.policies, worker)):
        yield worker


def _answering(ground: Ground, installation: Installation, parts: Wiring) -> Answering:
    if Duty.TAKING not in ground.duty:
        return _nobody_asks

    @cache
    def doors() -> AsyncApp:
        return slack_app.build_slack_app(
            installation, ground.tokenless, parts.listeners(), ground.tasks, ground.acks
        )

    async def answering(body: JsonObject, retry: object) -> BoltResponse:
        return await bolt.answer(doors(), body, retry)

    ground.rest.once_there_to_ack(doors)  # what comes before that has them joined at once
    return answering


async def _nobody_asks(_: JsonObject, __: object) -> BoltResponse:
    """Of a process that takes no questions."""
    return bolt.not_now()


async def _nothing(_: float) -> None:
    """Of a process that does no work: there is nothing to drain."""


def way_in_of(
    ground: Ground,
    answering: Answering,
    pages: Mapping[str, Mapping[str, Handler]],
    ticket: Ticket | None,
) -> WayIn:
    """How Slack reaches `answering`; `pages` are served beside that, in HTTP mode. `ticket`: for
    the first connection in Socket Mode."""
    settings = ground.settings
    if settings.slack_app_token is not None:
        token = settings.slack_app_token
        return SocketMode(answering, token, ground.tokenless, acks=ground.acks, ticket=ticket)
    if settings.slack_signing_secret is None:
        raise StartupError([words.NO_SLACK_WAY_IN])
    return HttpMode(
        answering,
        settings.slack_signing_secret,
        settings.host,
        settings.port,
        acks=ground.acks,
        pages=pages,
    )


class Health:
    """Whether this process can do what it is there for: take a question, answer it, or both."""

    def __init__(self, store: Store, rest: Rest) -> None:
        self._store = store
        self._rest = rest
        self._serving: Tenant | Tenants | None = None
        self._way_in: WayIn | None = None
        self._stopping = False

    def opened(self, serving: Tenant | Tenants, way_in: WayIn | None) -> None:
        """From here on there is something that answers, and perhaps the way to it."""
        self._serving, self._way_in = serving, way_in

    def stop(self) -> None:
        """From here on the process is not ready: it is about to end."""
        self._stopping = True

    async def ready(self) -> Sequence[str]:
        """Asks Redis and Slack's connection, and never Grok."""
        faults = [words.STOPPING] if self._stopping else []
        try:
            await self._store.ping()
        except StoreUnavailable as error:
            faults.append(words.STORE_AWAY(str(error)))
        if self._way_in is not None and not await self._way_in.connected():
            faults.append(words.NOT_CONNECTED(self._way_in.trouble))
        if not self._rest.is_there_to_ack:
            faults.append(words.LOADING)
        trouble = self._serving.trouble() if self._serving else ""
        if trouble is not None:
            faults.append(words.NOT_WORKING(trouble))
        return faults


@asynccontextmanager
async def ops_server(settings: Settings, health: Health) -> AsyncIterator[OpsServer]:
    """The port of operators."""
    async with (
        Heartbeat() as heartbeat,
        OpsServer(
            settings.ops_host, settings.ops_port, live=heartbeat.faults, ready=health.ready
        ) as server,
    ):
        yield server


@asynccontextmanager
async def keeping(
    name: str, work: Coroutine[Any, Any, NoReturn]
) -> AsyncIterator[asyncio.Task[NoReturn]]:
    """Work that never ends, beside everything else."""
    task = asyncio.create_task(work, name=name)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


def warn_of_missing_scopes(installation: Installation) -> None:
    """An upgrade that needs one more scope must not be an outage."""
    missing = SCOPES.keys() - (installation.scopes or SCOPES.keys())
    if missing:
        log.warning("scopes missing", scopes=sorted(missing), remedy=words.REMEDY_SCOPES)


@asynccontextmanager
async def _working(worker: Worker, grace: float) -> AsyncIterator[asyncio.Task[None]]:
    """The worker at work; on the way out it drains, and hands back what is not done in time."""
    task = asyncio.create_task(worker.run(), name="worker")
    try:
        yield task
    finally:
        await worker.drain(grace)
        await task


async def _keep_prices(grok: GrokClient, rest: Rest) -> NoReturn:
    """Models and prices are fetched as soon as questions can be taken, which wait for them, and
    again every ten minutes."""
    with grok.catalogue.expected():
        await rest.there_to_ack()
        await grok.catalogue.refresh()
    while True:
        await asyncio.sleep(CATALOGUE_SECONDS * random.uniform(0.9, 1.1))  # noqa: S311
        await grok.catalogue.refresh()


@asynccontextmanager
async def joined(ground: Ground, met: Met) -> AsyncIterator[Bot]:
    """What serves one workspace, or all that install the app, and the ports of the process."""
    settings, taking = ground.settings, Duty.TAKING in ground.duty
    installation = met.installation
    way_in: WayIn | None = None
    opened = asyncio.Event()

    async def connected() -> bool:
        # So that jobs are taken at once, and not when it is asked again.
        await opened.wait()
        await ground.rest.there()
        return way_in is not None and await way_in.connected()

    reached = connected if taking else None
    opening: AbstractAsyncContextManager[Tenant | Tenants]
    if installation is not None:
        opening, pages = open_team(ground, installation, reached), None
    else:
        from bot.joining.several import several  # noqa: PLC0415 - with it comes how tokens are encrypted

        opening, pages = several(ground, reached)
    routes = pages.routes if pages is not None and taking else {}
    health = Health(ground.store, ground.rest)
    async with AsyncExitStack() as stack:
        ops = await stack.enter_async_context(ops_server(settings, health))
        serving: Tenant | Tenants = await stack.enter_async_context(opening)
        if taking:
            way_in = way_in_of(ground, serving.answer, routes, met.ticket)
        health.opened(serving, way_in)
        stack.callback(opened.set)  # nobody waits for a way in that could not be opened
        async with _scripts_known(ground.store):  # while Slack opens a connection
            if way_in is not None:
                await stack.enter_async_context(way_in)
            opened.set()
        http_port = way_in.port if isinstance(way_in, HttpMode) else None
        if routes and http_port is None:
            from bot.joining.several import install_port  # noqa: PLC0415

            await stack.enter_async_context(install_port(settings, routes))
        stack.callback(health.stop)
        loading = await stack.enter_async_context(keeping("loading", ground.rest.keep()))
        yield Bot(
            team=installation.team if installation else "",
            working=serving.working,
            loading=loading,
            ops_port=ops.port,
            http_port=http_port,
            answering=serving.answering,
        )


@asynccontextmanager
async def _scripts_known(store: Store) -> AsyncIterator[None]:
    """At the end the store knows all scripts; it is told beside what is done while this is
    entered."""
    telling = asyncio.create_task(store.load_scripts(), name="loading scripts")
    try:
        yield
        await telling
    finally:
        telling.cancel()
        await asyncio.wait([telling])
