"""What a process stands on, whatever it serves; and the bot of one workspace, joined there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import aiohttp
import structlog
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.doors import slack_app
from bot.duties import Duty
from bot.errors import StartupError
from bot.grok.client import GrokClient, open_grok
from bot.jobs.load import keep_gauged
from bot.joining import accepting, answering
from bot.joining.wiring import Wiring
from bot.later import JoinedLater, Rest
from bot.ops import words
from bot.ops.manifest import SCOPES
from bot.settings import Settings
from bot.slack.inbound import bolt
from bot.slack.inbound.incoming import Acks, Answering, BackgroundTasks, JsonObject
from bot.slack.installation import Installation
from bot.slack.web_api import slack_client
from bot.store.redis.connection import Store
from bot.teams.tenant import Tenant

if TYPE_CHECKING:
    from slack_bolt.response import BoltResponse

    from bot.jobs.dispatcher import Dispatcher
    from bot.jobs.holder import Held
    from bot.jobs.worker import Connected, Worker
    from bot.store.grok_keys import GrokKeys  # of several workspaces alone; brings cryptography

log = structlog.get_logger(__name__)

CATALOGUE_SECONDS = 600.0


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
            if Duty.WORKING in ground.duty:
                run_job = runner(parts)
                ground.rest.once_there(run_job.join)
                worker = parts.worker(run_job, connected, acks)
            else:
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

    worker = dispatcher.worker(parts.queue, runner(parts)) if Duty.WORKING in ground.duty else None
    with dispatcher.serving(Member(parts.queue.team, parts.store.policies, worker)):
        yield worker


def runner(parts: Wiring) -> JoinedLater[[Held], None]:
    """What answers one question."""
    return JoinedLater(lambda: answering.runner(parts))


def _answering(ground: Ground, installation: Installation, parts: Wiring) -> Answering:
    if Duty.TAKING not in ground.duty:
        return _nobody_asks

    def doors() -> Answering:
        app = slack_app.build_slack_app(
            installation, ground.tokenless, accepting.listeners(parts), ground.tasks, ground.acks
        )
        return partial(slack_app.answer, app)

    joined = JoinedLater(doors)
    ground.rest.once_there_to_ack(joined.join)  # what comes before that has them joined at once
    return joined


async def _nobody_asks(_: JsonObject, __: object) -> BoltResponse:
    """Of a process that takes no questions."""
    return bolt.not_now()


async def _nothing(_: float) -> None:
    """Of a process that does no work: there is nothing to drain."""


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
