"""Builds the parts and joins them; starts, drains, stops."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog

from bot import tracing
from bot.crash_points import arm_process
from bot.duties import Duty
from bot.errors import StartupError
from bot.ops import command_words
from bot.ops.setting_names import set_names, unknown_settings
from bot.ops.startup import meet_app, meet_slack, settings_faults
from bot.process import Ground, Health, WayIn, open_ground, open_session, open_team, ops_server
from bot.process import way_in as way_in_of
from bot.settings import INSTALL_PATH, Settings, serves_several
from bot.several import install_port as install_port_of
from bot.several import several
from bot.slack.http_mode import HttpMode
from bot.slack.installation import Installation
from bot.teams.tenant import Only, Serving

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot: where it is installed, and the ports it listens on.

    `team`: the workspace, or empty where several may install it. `working` ends only when the
    worker broke down, or when the bot is left; None where there is no worker.
    """

    team: str
    working: asyncio.Task[None] | None
    ops_port: int
    http_port: int | None
    install_port: int | None
    """Where workspaces install the app; None where there is but one."""
    answering: Callable[[], int]
    """How many answers are under way here."""


async def serve(settings: Settings, stop: asyncio.Event, duty: Duty = Duty.BOTH) -> None:
    """Do `duty` until `stop` is set, then drain. Raises `StartupError`."""
    arm_process(os.environ)
    for trouble in unknown_settings(set_names()):
        log.warning("unknown setting", setting=trouble.setting, remedy=trouble.sentence)
    async with open_bot(settings, duty) as bot:
        log.info("ready", team=bot.team, http_port=bot.http_port, ops_port=bot.ops_port)
        if Duty.TAKING in duty:
            said = command_words.serving(
                settings.ops_host, bot.ops_port, bot.http_port, _install_address(settings)
            )
        else:
            said = command_words.working(settings.ops_host, bot.ops_port)
        print(said, flush=True)
        await until(stop, bot, settings.shutdown_grace_seconds)


def _install_address(settings: Settings) -> str | None:
    """Where workspaces get the app, if several may."""
    if not serves_several(settings) or settings.public_url is None:
        return None
    return settings.public_url.rstrip("/") + INSTALL_PATH


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
            print(command_words.finishing(answers, grace), flush=True)


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
        await stack.enter_async_context(tracing.exported(settings))
        tokenless = await stack.enter_async_context(open_session(settings))
        installation = None
        if serves_several(settings):
            await meet_app(settings, tokenless, duty)
        else:
            installation = await meet_slack(settings, tokenless, duty)
        ground = await stack.enter_async_context(open_ground(settings, duty, tokenless))
        yield await stack.enter_async_context(_joined(ground, installation))


@asynccontextmanager
async def _joined(ground: Ground, installation: Installation | None) -> AsyncIterator[Bot]:
    """What serves one workspace, or all that install the app, and the ports of the process."""
    settings, taking = ground.settings, Duty.TAKING in ground.duty
    way_in: WayIn | None = None

    async def connected() -> bool:
        return way_in is not None and await way_in.connected()

    reached = connected if taking else None
    serving: Serving
    if installation is not None:
        serving, pages = Only(open_team(ground, installation, reached)), None
    else:
        serving, pages = several(ground, reached)
    routes = pages.routes if pages is not None and taking else {}
    if taking:
        way_in = way_in_of(ground, serving.answer, routes)
    health = Health(ground.store, serving, way_in)
    async with AsyncExitStack() as stack:
        ops = await stack.enter_async_context(ops_server(settings, health))
        await stack.enter_async_context(serving)
        if way_in is not None:
            await stack.enter_async_context(way_in)
        http_port = way_in.port if isinstance(way_in, HttpMode) else None
        install_port = http_port if routes else None
        if routes and http_port is None:
            port = install_port_of(settings, routes)
            install_port = (await stack.enter_async_context(port)).port
        stack.callback(health.stop)
        yield Bot(
            team=installation.team if installation else "",
            working=serving.working,
            ops_port=ops.port,
            http_port=http_port,
            install_port=install_port,
            answering=lambda: serving.answering,
        )
