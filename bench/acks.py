"""How soon commands are acked while answers stream, beside a Bolt listener that only acks."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bench._lean_grok import SHORT, lean_grok
from bench._process import ROOT, running_bot, use_of, waited_of
from bench._report import print_heads, verdict, write_down
from bench.streaming.rows import Bars, Question, Row
from bench.streaming.stage import channel_id, open_workspace
from bot import words
from bot.store.redis.embedded import EmbeddedServer
from sandbox.workspace import ANA, CommandResult, Workspace

WARM = 20
"""Commands before those that are counted: a program's first ones find nothing loaded."""
COMMANDS = 2_000
A_SECOND = 200.0
STREAMS = 100
KINDS: Mapping[str, Sequence[Sequence[str]]] = {
    "one process": [["serve"]],
    "serve and work": [["serve", "--no-worker"], ["work"]],
}
"""Ways to run the bot, each as the commands of its processes; the first one takes questions."""

BAR_SECONDS = 0.1
BAR_RATIO = 5.0

_CHANNELS = 40
_TOKENS = 100_000
"""Of an answer that streams: it lasts longer than anything that is measured."""
_START_SECONDS = 60.0
_REST_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Load:
    """So many `commands`, so many `a_second`, while so many answers stream."""

    commands: int = COMMANDS
    a_second: float = A_SECOND
    streams: int = STREAMS


@dataclass(frozen=True, slots=True)
class Acks:
    """What came of the commands: `late` had no ack within Slack's 3 s, `refused` were told that
    too many wait. Seconds of all that were acked, and of the CPU that the process took."""

    name: str
    acked: int
    refused: int
    late: int
    p50: float
    p99: float
    longest: float
    cpu: float
    waited: float
    """For how long it waited for a core that others had."""


_USUAL = Load()


def main(load: Load = _USUAL) -> None:
    """Measure the bare listener, then the bot in one process, then in two."""
    print(
        f"{load.commands:,} commands, {load.a_second:g} a second, while {load.streams:,} answers "
        "stream; "
        "milliseconds to the ack"
    )
    counted = ("acked", "refused", "not acked")
    times = ("p50", "p99", "longest", "CPU s", "no core s", "p99 ratio")
    print(f"{'':>18}", end="")
    print_heads(*counted, *times, width=11)
    found = asyncio.run(_measure(load))
    bare = found[0]
    for each in found:
        ratio = each.p99 / bare.p99
        met = not each.late and each.p99 <= BAR_SECONDS and ratio <= BAR_RATIO
        said = "" if each is bare else verdict(met)
        print(
            f"{each.name:>18}{each.acked:>11,}{each.refused:>11,}{each.late:>11,}"
            f"{each.p50 * 1e3:>11.0f}{each.p99 * 1e3:>11.0f}{each.longest * 1e3:>11.0f}"
            f"{each.cpu:>11.2f}{each.waited:>11.2f}{ratio:>11.1f} {said}"
        )
    write_down("acks", [asdict(each) for each in found])


async def _measure(load: Load) -> list[Acks]:
    found = []
    async with _workspace() as workspace, _bare(workspace) as listener:
        await workspace.connected(seconds=_START_SECONDS)
        found.append(await _acked("bare listener", workspace, listener, load))
    for name, commands in KINDS.items():
        async with AsyncExitStack() as stack:
            workspace = await stack.enter_async_context(_workspace())
            grok = await stack.enter_async_context(lean_grok(_TOKENS))
            home = stack.enter_context(tempfile.TemporaryDirectory())
            store = await stack.enter_async_context(EmbeddedServer(home))
            settings = {
                "QUESTIONS_PER_MINUTE": str(load.commands * 60),
                "QUESTIONS_AT_ONCE": str(load.commands + 2 * load.streams),
                "REDIS_URL": store.url,
            }
            bots = [
                await stack.enter_async_context(
                    running_bot(
                        workspace,
                        grok,
                        answers=2 * load.streams,
                        tokens=_TOKENS,
                        endpoint="chat",
                        command=command,
                        settings=settings,
                    )
                )
                for command in commands
            ]
            await workspace.connected(seconds=_START_SECONDS)
            await _stream(workspace, load.streams)
            found.append(await _acked(name, workspace, bots[0], load))
    return found


def _workspace() -> Workspace:
    channels = tuple(Question(0, number) for number in range(_CHANNELS))
    return open_workspace(Row("acks", "acks", channels, Bars(final=0)))


async def _stream(workspace: Workspace, streams: int) -> None:
    """Have so many answers stream."""
    for number in range(streams):
        channel = channel_id(number % _CHANNELS)
        await workspace.command(ANA, channel, f"/grok Explain slow start to reader {number}")
        await asyncio.sleep(0.02)
    await asyncio.sleep(_REST_SECONDS)


async def _acked(name: str, workspace: Workspace, process: Process, load: Load) -> Acks:
    for number in range(WARM):
        await workspace.command(ANA, channel_id(number), "/grok help")
    before, waited_before = use_of(process.pid).cpu, waited_of(process.pid)
    async with asyncio.TaskGroup() as group:
        started = time.monotonic()
        asked = []
        for number in range(load.commands):
            await asyncio.sleep(started + number / load.a_second - time.monotonic())
            channel = channel_id(number % _CHANNELS)
            text = f"/grok Is {number} even? Say it {SHORT}"
            asked.append(group.create_task(workspace.command(ANA, channel, text)))
    cpu = use_of(process.pid).cpu - before
    waited = waited_of(process.pid) - waited_before
    return _acks(name, [task.result() for task in asked], cpu, waited)


def _acks(name: str, results: Sequence[CommandResult], cpu: float, waited: float) -> Acks:
    acked = [result for result in results if result.error is None]
    delays = sorted(result.delay for result in acked) or [float("inf")]
    refused = sum(words.CROWDED in str(result.ack_body) for result in acked)
    return Acks(
        name,
        acked=len(acked),
        refused=refused,
        late=len(results) - len(acked),
        p50=delays[len(delays) // 2],
        p99=delays[len(delays) * 99 // 100],
        longest=delays[-1],
        cpu=cpu,
        waited=waited,
    )


@asynccontextmanager
async def _bare(workspace: Workspace) -> AsyncIterator[Process]:
    """Bolt's own Socket Mode with a listener that acks and does nothing else, as a process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.acks", "--bare", workspace.api_url),
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": workspace.credentials.bot_token,
            "SLACK_APP_TOKEN": workspace.credentials.app_token,
        },
        stdout=DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def _listen(api_url: str) -> None:
    app = AsyncApp(client=AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=api_url))

    @app.command("/grok")
    async def _on_command(ack: AsyncAck) -> None:
        await ack()

    handler = AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"])
    await handler.start_async()  # type: ignore[no-untyped-call]


def _options(arguments: Iterable[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.acks", description=__doc__)
    parser.add_argument("--commands", type=int, default=COMMANDS)
    parser.add_argument("--a-second", type=float, default=A_SECOND)
    parser.add_argument("--streams", type=int, default=STREAMS, help="answers meanwhile")
    parser.add_argument("--bare", metavar="URL", help="listen to this Slack and only ack")
    return parser.parse_args(None if arguments is None else list(arguments))


if __name__ == "__main__":
    options = _options()
    if options.bare:
        asyncio.run(_listen(options.bare))
    else:
        main(Load(options.commands, options.a_second, options.streams))
