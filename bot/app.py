"""Starts a bot, drains it, stops it.

What Slack and the store are asked for takes longer than loading the parts, which are therefore
imported meanwhile (`process`), and not with this module.

Where to look from here: `joining/workspace.py` opens what a process stands on, `joining/wiring.py`
builds the parts of one bot, and from there

- what comes from Slack goes through `doors/slack_app.py`; what is wrong with a flag is found by
  `completion/flags.py`, in the words of `words/request.py`
- what becomes of a job is decided in `jobs/holder.py`, also when Redis goes away; what is there by
  then is kept by `until_stored` (`patience.py`)
- what may be used is counted by the quotas and the windows of `rules/quota.py`
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot import tracing
from bot.crash_points import arm_process
from bot.duties import Duty
from bot.errors import StartupError
from bot.joining.bot import Bot
from bot.net.web_address import INSTALL_PATH
from bot.ops import command_words
from bot.ops.heap import load
from bot.ops.setting_faults import set_names, unknown_settings
from bot.ops.startup import Met, meet_app, meet_slack, settings_faults
from bot.settings import Settings, serves_several
from bot.slack.web_api import slack_client, slack_session

if TYPE_CHECKING:
    from bot.store.redis.connection import Store

log = structlog.get_logger(__name__)

CONNECTIONS_TO_SLACK = 100


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
            said = command_words.WORKING(host=settings.ops_host, ops_port=bot.ops_port)
        with suppress(OSError):  # it serves also where nobody can read that
            print(said, flush=True)
        await until(stop, bot, settings.shutdown_grace_seconds)


def _install_address(settings: Settings) -> str | None:
    """Where workspaces get the app, if several may."""
    if not serves_several(settings) or settings.public_url is None:
        return None
    return settings.public_url.rstrip("/") + INSTALL_PATH


async def until(stop: asyncio.Event, bot: Bot, grace: float) -> None:
    """Wait until told to stop, or until there is nothing left that works; then say what is
    finished first, for `grace` seconds at most. Raises `StartupError` when what is loaded last
    cannot be."""
    stopping: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    ends: set[asyncio.Task[Any]] = {stopping, bot.loading}
    if bot.working is not None:
        ends.add(bot.working)
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await asyncio.wait({stopping})
    answers = bot.answering()
    log.info("stopping", answering=answers)
    if bot.loading.done():
        bot.loading.result()
    if answers and stop.is_set():
        with suppress(OSError):
            print(command_words.FINISHING(answers=answers, seconds=grace), flush=True)


@asynccontextmanager
async def open_bot(settings: Settings, duty: Duty = Duty.BOTH) -> AsyncIterator[Bot]:
    """A bot that does its `duty` while entered, and drains on the way out.

    Slack is asked, and the store opened, while what comes after them is still being loaded.

    What it stands on is opened first and closed last: Slack's way in opens when all the rest
    is there, and closes before the running answers are given their time to finish.
    Raises `StartupError` with every fault, before anything is taken.
    """
    if faults := settings_faults(settings, duty):
        raise StartupError(faults)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(tracing.exported(settings))
        session = await stack.enter_async_context(slack_session(connections=CONNECTIONS_TO_SLACK))
        tokenless = slack_client(settings, session)
        meeting = asyncio.create_task(_met(settings, tokenless, duty), name="meeting Slack")
        begun: list[asyncio.Task[Any]] = [meeting]
        try:
            # While Slack answers and the store starts, what comes after is loaded.
            await load("bot.store.redis.connection")
            if settings.redis_url is not None:
                await load("bot.ops.store_probe")
            opening = asyncio.create_task(_store(settings, stack), name="opening the store")
            begun.append(opening)
            await load("bot.joining.process")
            from bot.joining.process import joined  # noqa: PLC0415
            from bot.joining.workspace import open_ground  # noqa: PLC0415
            from bot.later import Rest  # noqa: PLC0415
            from bot.slack.inbound.incoming import Acks  # noqa: PLC0415

            met, store = await meeting, await opening
        finally:
            await _ended(begun)
        rest = Rest(duty, Acks())
        if Duty.TAKING not in duty:
            await rest.load()  # a process that only works is ready once it can
        ground = await stack.enter_async_context(
            open_ground(settings, duty, tokenless, store, rest)
        )
        yield await stack.enter_async_context(joined(ground, met))


async def _store(settings: Settings, stack: AsyncExitStack) -> Store:
    """The store, closed with `stack`. Raises `StartupError`, also where it is no use to wait."""
    from bot.store.redis.connection import open_store  # noqa: PLC0415

    store = await stack.enter_async_context(open_store(settings))
    if settings.redis_url is not None:
        from bot.ops.store_probe import refuse_to_start  # noqa: PLC0415

        await refuse_to_start(store)
    return store


async def _met(settings: Settings, client: AsyncWebClient, duty: Duty) -> Met:
    """What Slack says of the app. Raises `StartupError`."""
    meet = meet_app if serves_several(settings) else meet_slack
    return await meet(settings, client, duty)


async def _ended(begun: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel what is not done of what was begun, and leave nothing of it behind."""
    for task in begun:
        task.cancel()
    await asyncio.gather(*begun, return_exceptions=True)
