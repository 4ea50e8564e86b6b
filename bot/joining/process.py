"""What a process does with the one workspace, or all those, that it serves: the way in from Slack,
the ports, and whether it is ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from bot.duties import Duty
from bot.errors import StartupError, StoreUnavailable
from bot.joining.bot import Bot
from bot.joining.workspace import Ground, keeping, open_team
from bot.later import Rest
from bot.net.listening import Handler
from bot.ops import words
from bot.ops.health import OpsServer
from bot.ops.startup import Met
from bot.patience import Heartbeat
from bot.settings import Settings
from bot.slack.inbound.http_mode import HttpMode
from bot.slack.inbound.incoming import Answering, Reached
from bot.slack.inbound.socket_mode import SocketMode
from bot.slack.installation import Ticket
from bot.store.redis.connection import Store
from bot.teams.tenant import Tenant

if TYPE_CHECKING:
    from bot.teams.tenants import Tenants  # of several workspaces alone; brings cryptography

WayIn = SocketMode | HttpMode


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
async def joined(ground: Ground, met: Met) -> AsyncIterator[Bot]:
    """What serves one workspace, or all that install the app, and the ports of the process."""
    settings, taking = ground.settings, Duty.TAKING in ground.duty
    installation = met.installation
    way_in: WayIn | None = None
    reached = Reached()
    opening: AbstractAsyncContextManager[Tenant | Tenants]
    if installation is not None:
        opening, pages = open_team(ground, installation, reached if taking else None), None
    else:
        from bot.joining.several import several  # noqa: PLC0415 - with it comes how tokens are encrypted

        opening, pages = several(ground, reached if taking else None)
    routes = pages.routes if pages is not None and taking else {}
    health = Health(ground.store, ground.rest)
    async with AsyncExitStack() as stack:
        ops = await stack.enter_async_context(ops_server(settings, health))
        serving: Tenant | Tenants = await stack.enter_async_context(opening)
        if taking:
            way_in = way_in_of(ground, serving.answer, routes, met.ticket)
        health.opened(serving, way_in)
        stack.callback(reached.closed)  # nobody waits for a way in that could not be opened
        async with _scripts_known(ground.store):  # while Slack opens a connection
            if way_in is not None:
                await stack.enter_async_context(way_in)
                # So that jobs are taken at once, and not when it is asked again.
                ground.rest.once_there(partial(reached.opened, way_in))
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
