"""Whoever has no signature can neither fill the bot's door nor keep it from its work."""

from __future__ import annotations

import asyncio
import gzip
import resource
import time
from contextlib import AsyncExitStack, closing
from pathlib import Path

from tests.fuzz.stage import Target, target
from tests.raw_http import exchange, post

FILES = 256
CONNECTIONS = 400
FORGED = "X-Slack-Signature: v0=" + "0" * 64


async def opened(stack: AsyncExitStack, port: int, sent: bytes) -> None:
    """A connection that sends something and then nothing more."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.enter_context(closing(writer))
    writer.write(sent)


def files(bot: Target) -> int:
    return len(list(Path(f"/proc/{bot.process.pid}/fd").iterdir()))


async def test_slow_connections_take_no_place_from_slack(tmp_path: Path) -> None:
    async with target("http", tmp_path) as bot, AsyncExitStack() as stack:
        resource.prlimit(bot.process.pid, resource.RLIMIT_NOFILE, (FILES, FILES))
        await bot.ask("Before them")
        held, usual = bot.held(), files(bot)
        stamp = f"X-Slack-Request-Timestamp: {int(time.time())}"
        halves = (b"", b"POST /slack", post(b"abc", stamp, FORGED, length=100_000))
        for number in range(CONNECTIONS):
            await opened(stack, bot.port, halves[number % len(halves)])
        await bot.ask("Among them")
        assert files(bot) < FILES
        async with asyncio.timeout(30):
            while files(bot) > usual + 5:
                await asyncio.sleep(0.1)
        bot.check(held)

    assert len(bot.log.read_text(encoding="utf-8").splitlines()) < 50


async def test_a_bomb_is_refused_and_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024), 9)
    async with target("http", tmp_path) as bot:
        await bot.ask("Before it")
        held = bot.held()
        stamp = f"X-Slack-Request-Timestamp: {int(time.time())}"
        packed = post(bomb, stamp, FORGED, "Content-Encoding: gzip")
        replies = await asyncio.gather(*(exchange(bot.port, packed) for _ in range(16)))
        await bot.ask("After it")
        bot.check(held)

    assert {reply.status for reply in replies} == {415}
