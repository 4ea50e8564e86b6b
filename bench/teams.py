"""How one deployment serves many workspaces: their rate, their fairness, and what silence costs.

The rate is that of whole bots, each a process, with Slack, Grok and the store around them; what the
store alone carries is `bench stores`. Of it the CPU of an answer is to be trusted on a machine that
does other work, and more so than answers in a second, which the sandbox bounds.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median

from pydantic import SecretStr

from bench._lean_grok import SHORT, lean_grok
from bench._process import running_bot, use_of
from bench._report import print_heads
from bench.stores import stores
from bench.streaming.stage import channel_id
from bot.app import open_bot
from bot.ops.logs import configure
from bot.settings import Settings
from bot.store.installations import Installations
from bot.store.redis.connection import Store
from bot.store.redis.embedded import EmbeddedServer
from bot.store.seal import Seal
from bot.teams.register import Record, Register
from sandbox.workspace import (
    ANA,
    BOT_ID,
    BOT_USER,
    AppConfig,
    Channel,
    Limits,
    Workspace,
    Workspaces,
)

QUESTIONS = 240
TEAMS = (1, 10, 1_000)
REPLICAS = (1, 4)
BURST = 500
CHANNELS = 120
OPEN = 1_000
SILENT = 1_000
SILENT_SECONDS = 20.0

_KEY = "k" * 32
_PATIENCE = 120.0
_TRIES = 10
_AT_ONCE = 16
_OPENED_AT_ONCE = 4
"""Workspaces that nobody has asked in yet: a bot is opened for each."""


def main() -> None:
    """Measure and print; each figure beside that of one workspace alone."""
    configure(Settings(_env_file=None, log_level="ERROR"))
    _rates()
    quiet, behind = asyncio.run(_waits())
    print(
        f"a question is answered in {quiet * 1e3:.0f} ms; while another workspace asks {BURST} at "
        f"once, in {behind * 1e3:.0f} ms"
    )
    one, several = asyncio.run(_open(1)), asyncio.run(_open(OPEN))
    print(
        f"CPU of a bot that has workspaces open: {one * 1e3:.1f} ms a second with 1, "
        f"{several * 1e3:.1f} with {OPEN}"
    )
    none, many = asyncio.run(_silence(1)), asyncio.run(_silence(SILENT))
    print(
        f"CPU of a bot nobody asks: {none * 1e3:.1f} ms a second with 1 workspace, "
        f"{many * 1e3:.1f} with {SILENT:,}"
    )


def _rates() -> None:
    """Print the rate and the CPU for workspaces, replicas and stores."""
    print_heads("workspaces", "replicas", "store", "answers/s", "CPU ms each", width=18)
    with tempfile.TemporaryDirectory() as directory, stores(Path(directory)) as urls:
        for name, url in urls.items():
            for teams in TEAMS:
                for replicas in REPLICAS:
                    rate, cpu = asyncio.run(_rate(teams, replicas, url))
                    found = f"{teams:>18,}{replicas:>18}{name:>18}{rate:>18.0f}{cpu * 1e3:>18.0f}"
                    print(found, flush=True)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")


async def _rate(teams: int, replicas: int, url: str) -> tuple[float, float]:
    """Answers in a second, and seconds of the bots' CPU for each; every workspace is open."""
    async with _slack(teams) as (slack, grok), AsyncExitStack() as stack:
        workspaces, questions = slack.workspaces, max(QUESTIONS, teams)
        async with Store(url) as store:
            await store.redis.flushall()  # also of a Cluster
            await _install(store, slack)
        bots = [_process(slack, grok, url) for _ in range(replicas)]
        running = [await stack.enter_async_context(bot) for bot in bots]
        await workspaces[0].connected(replicas, seconds=_PATIENCE)
        await _ask(workspaces, len(workspaces), at_once=_OPENED_AT_ONCE)
        began, before = time.perf_counter(), _cpu(running)
        await _ask(workspaces, questions)
        seconds = time.perf_counter() - began
        return questions / seconds, (_cpu(running) - before) / questions


def _cpu(processes: Sequence[asyncio.subprocess.Process]) -> float:
    return sum(use_of(each.pid).cpu for each in processes)


def _process(
    slack: Workspaces, grok: str, url: str
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    several = {
        "SLACK_BOT_TOKEN": "",
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "SLACK_CLIENT_ID": slack.client_id,
        "SLACK_CLIENT_SECRET": slack.client_secret,
        "INSTALLATION_KEYS": _KEY,
        "PUBLIC_URL": "http://127.0.0.1:1",
        "HOST": "127.0.0.1",
        "PORT": "0",
        "REDIS_URL": url,
        "QUESTIONS_PER_MINUTE": "100000",
        "SLACK_EDITS_PER_MINUTE": "100000",
    }
    return running_bot(slack.workspaces[0], grok, answers=100, tokens=100, settings=several)


async def _waits() -> tuple[float, float]:
    """Seconds to an answer, without and behind the burst of another; medians of five."""
    async with _stage(2) as slack:
        busy, other = slack.workspaces
        await _ask([busy, other], 2)
        quiet = [await _seconds(other) for _ in range(5)]
        burst = asyncio.create_task(_ask([busy], BURST))
        await asyncio.sleep(0.2)
        behind = [await _seconds(other) for _ in range(5)]
        still = not burst.done()
        await burst
    if not still:
        print("(the burst was over too soon: what follows is too low)")
    return median(quiet), median(behind)


async def _silence(installed: int) -> float:
    """Seconds of CPU in a second, while the app is `installed` in so many that say nothing."""
    async with _stage(1, installed):
        return await _at_rest()


async def _open(teams: int) -> float:
    """The same while so many were asked a moment ago."""
    async with _stage(teams) as slack:
        await _ask(slack.workspaces, teams, at_once=_OPENED_AT_ONCE)
        return await _at_rest()


async def _at_rest() -> float:
    await asyncio.sleep(3)
    began = time.process_time()
    await asyncio.sleep(SILENT_SECONDS)
    return (time.process_time() - began) / SILENT_SECONDS


async def _seconds(workspace: Workspace) -> float:
    began = time.perf_counter()
    await _ask([workspace], 1)
    return time.perf_counter() - began


async def _ask(workspaces: Sequence[Workspace], questions: int, *, at_once: int = _AT_ONCE) -> None:
    """Ask so many, each workspace in its turn and each time in another channel, since Slack takes
    but one message a second in one; wait for every answer. More `at_once` would wait so long for
    their acks that they are refused; who is refused on a busy machine asks again."""
    due = [_messages(each) + questions // len(workspaces) for each in workspaces]
    for number in range(questions % len(workspaces)):
        due[number] += 1
    room = asyncio.Semaphore(at_once)

    async def ask(number: int) -> None:
        turn, workspace = divmod(number, len(workspaces))
        channel = channel_id(turn % CHANNELS)
        for _ in range(_TRIES):
            async with room:
                asked = await workspaces[workspace].command(ANA, channel, f"/grok {SHORT}")
            if not (asked.error or asked.ack_body):
                return
        raise RuntimeError(f"not taken: {asked}")

    await asyncio.gather(*map(ask, range(questions)))
    for workspace, answers in zip(workspaces, due, strict=True):
        await workspace.wait_for(partial(_answered, workspace, answers), _PATIENCE)


def _messages(workspace: Workspace) -> int:
    return sum(len(workspace.messages(channel_id(number))) for number in range(CHANNELS))


def _answered(workspace: Workspace, number: int) -> bool:
    found = [
        message for each in range(CHANNELS) for message in workspace.messages(channel_id(each))
    ]
    return len(found) >= number and all("tokens" in message.shown for message in found)


def _add_channels(workspace: Workspace) -> None:
    for number in range(CHANNELS):
        name = channel_id(number)
        workspace.state.channels[name] = Channel(name, name.lower(), "channel", {ANA, BOT_USER})
        workspace.state.timelines[name] = {}


@asynccontextmanager
async def _slack(teams: int) -> AsyncIterator[tuple[Workspaces, str]]:
    """So many workspaces without the app, and the address of a Grok."""
    app = AppConfig(events=frozenset())
    limits = Limits(scale=0, ack=_PATIENCE)
    async with Workspaces(teams, app=app, limits=limits) as slack, lean_grok(0) as address:
        for workspace in slack.workspaces:
            _add_channels(workspace)
        yield slack, address


async def _install(store: Store, slack: Workspaces) -> Register:
    register = Register(Installations(store), Seal([_KEY]))
    for workspace in slack.workspaces:
        token = slack.install(workspace)
        await register.save(_record(workspace.state.team_id, token))
    return register


@asynccontextmanager
async def _stage(teams: int, installed: int = 0) -> AsyncIterator[Workspaces]:
    """So many workspaces that have the app of one bot in this process; it is `installed` in so
    many that say nothing, besides."""
    async with AsyncExitStack() as stack:
        slack, address = await stack.enter_async_context(_slack(teams))
        home = stack.enter_context(tempfile.TemporaryDirectory())
        server = await stack.enter_async_context(EmbeddedServer(home))
        async with Store(server.url) as store:
            register = await _install(store, slack)
            for number in range(installed):
                await register.save(_record(f"T0SILENT{number}", "xoxb-nobody"))
        await stack.enter_async_context(open_bot(_settings(slack, address, server.url)))
        await slack.workspaces[0].connected(seconds=_PATIENCE)
        yield slack


def _record(team: str, token: str) -> Record:
    return Record(place=team, bot_token=token, bot_user=BOT_USER, bot_id=BOT_ID)


def _settings(slack: Workspaces, grok: str, redis_url: str) -> Settings:
    return Settings(
        _env_file=None,
        slack_app_token=SecretStr(slack.app_token),
        slack_api_url=slack.api_url,
        slack_client_id=slack.client_id,
        slack_client_secret=SecretStr(slack.client_secret),
        installation_keys=SecretStr(_KEY),
        public_url="http://127.0.0.1:1",
        host="127.0.0.1",
        port=0,
        ops_port=0,
        xai_api_key=SecretStr("any"),
        xai_base_url=grok,
        grok_dialect="xai",
        redis_url=SecretStr(redis_url),
        questions_per_minute=100_000,
        slack_edits_per_minute=100_000,
        log_level="ERROR",
    )
