"""What a process does with the workspaces it serves: the parts, joined, and the ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.app import Bot
from bot.duties import Duty
from bot.ops.startup import Met
from bot.process import Ground, Health, WayIn, open_team, ops_server
from bot.process import way_in as way_in_of
from bot.slack.inbound.http_mode import HttpMode
from bot.store.redis.connection import Store
from bot.teams.tenant import Only, Serving
from bot.unbuilt import build_models


@asynccontextmanager
async def joined(ground: Ground, met: Met) -> AsyncIterator[Bot]:
    """What serves one workspace, or all that install the app, and the ports of the process."""
    settings, taking = ground.settings, Duty.TAKING in ground.duty
    installation = met.installation
    way_in: WayIn | None = None
    opened = asyncio.Event()

    async def connected() -> bool:
        await opened.wait()  # so that jobs are taken at once, and not when it is asked again
        return way_in is not None and await way_in.connected()

    reached = connected if taking else None
    serving: Serving
    if installation is not None:
        serving, pages = Only(open_team(ground, installation, reached)), None
    else:
        from bot.several import several  # noqa: PLC0415 - with it comes how tokens are encrypted

        serving, pages = several(ground, reached)
    routes = pages.routes if pages is not None and taking else {}
    if taking:
        way_in = way_in_of(ground, serving.answer, routes, met.ticket)
    health = Health(ground.store, serving, way_in)
    async with AsyncExitStack() as stack:
        ops = await stack.enter_async_context(ops_server(settings, health))
        await stack.enter_async_context(serving)
        stack.callback(opened.set)  # nobody waits for a way in that could not be opened
        async with _prepared(ground.store):  # while Slack opens a connection
            if way_in is not None:
                await stack.enter_async_context(way_in)
            opened.set()
        http_port = way_in.port if isinstance(way_in, HttpMode) else None
        if routes and http_port is None:
            from bot.several import install_port  # noqa: PLC0415

            await stack.enter_async_context(install_port(settings, routes))
        stack.callback(health.stop)
        yield Bot(
            team=installation.team if installation else "",
            working=serving.working,
            ops_port=ops.port,
            http_port=http_port,
            answering=lambda: serving.answering,
        )


@asynccontextmanager
async def _prepared(store: Store) -> AsyncIterator[None]:
    """At the end everything is there that a first question would have to wait for; it is made
    beside what is done while this is entered."""
    preparing = asyncio.gather(build_models(), store.load_scripts())
    try:
        yield
        await preparing
    finally:
        preparing.cancel()
        await asyncio.wait([preparing])
