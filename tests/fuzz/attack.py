"""Sends what was spoilt and judges what comes back."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from sandbox.workspace.delivering.socket_mode import Connection
from tests.fuzz.spoil import Sending, sending, spoilt
from tests.fuzz.stage import Broken, Target, target
from tests.raw_http import Reply, exchange

AT_ONCE = 24
ANSWER_SECONDS = 3.0
TRIES = 3
"""A payload that takes long does so each time; a machine that is busy does not."""

LATE = f"no answer within {ANSWER_SECONDS:g} s"
_SHOWN = 3_000

Progress = Callable[[str], None]


def chance_of(seed: int, number: int) -> random.Random:
    """The same for the same attempt, always."""
    return random.Random(f"{seed}/{number}")


async def attack_http(seed: int, numbers: Iterable[int], where: Path, tell: Progress) -> None:
    """Signed and unsigned requests, each once. Raises `Broken`."""
    async with target("http", where) as bot:
        secret = bot.workspace.credentials.signing_secret

        async def attempt(number: int) -> None:
            for _ in range(TRIES):
                sent = sending(chance_of(seed, number), secret, int(time.time()))
                fault = _fault(sent, await _exchanged(bot, sent))
                if fault != LATE:
                    break
            if fault:
                raise Broken(f"attempt {number}: {fault}\n{_shown(b''.join(sent.pieces))}")

        await _siege(bot, numbers, attempt, tell)


async def attack_socket(seed: int, numbers: Iterable[int], where: Path, tell: Progress) -> None:
    """The same payloads in envelopes. Raises `Broken`."""
    async with target("socket", where) as bot:
        connection = bot.workspace._team.sockets.connections[0]

        async def attempt(number: int) -> None:
            for tried in range(TRIES):
                envelope_id = f"{seed}-{number}-{tried}"
                frame = _envelope(envelope_id, chance_of(seed, number))
                if await _acked(connection, envelope_id, frame):
                    return
            raise Broken(f"attempt {number}: not acked\n{frame[:_SHOWN]!r}")

        await _siege(bot, numbers, attempt, tell)
        if bot.workspace._team.sockets.connections != [connection]:
            raise Broken("the connection was lost")


async def _siege(
    bot: Target,
    numbers: Iterable[int],
    attempt: Callable[[int], Awaitable[None]],
    tell: Progress,
) -> None:
    """Make the attempts, some at once; then see how the bot is."""
    await bot.ask("Before the siege")
    before, began, done = bot.held(), time.monotonic(), 0
    left = iter(numbers)

    async def one_after_the_other() -> None:
        nonlocal done
        for number in left:
            await attempt(number)
            done += 1
            if done % 1_000 == 0:
                bot.check(before)
                rate = done / (time.monotonic() - began)
                tell(f"{done:,} done, {rate:,.0f} a second, {bot.held() >> 20} MiB")

    try:
        async with asyncio.TaskGroup() as siege:
            for _ in range(AT_ONCE):
                siege.create_task(one_after_the_other())
    except* Broken as broken:
        raise broken.exceptions[0] from None
    bot.check(before)
    await bot.ask("After the siege")
    bot.check(before)
    grown = (bot.held() - before) >> 20
    tell(f"{done:,} done; {grown:+} MiB, {len(bot.log.read_bytes()):,} bytes of log")


async def _exchanged(bot: Target, sent: Sending) -> Reply | None:
    """What came back, if anything did in time."""
    try:
        return await exchange(
            bot.port, *sent.pieces, half_close=not sent.whole, wait=ANSWER_SECONDS
        )
    except TimeoutError:
        return None


def _fault(sent: Sending, reply: Reply | None) -> str:
    if reply is None:
        return LATE
    status = reply.status
    if status == 0:
        return "closed without an answer" if sent.whole else ""
    if not (200 <= status < 300 or 400 <= status < 500):
        return f"status {status}"
    if not sent.signed and sent.whole and status < 400:
        return f"status {status} without a signature"
    if sent.signed and not sent.odd and status == 401:
        return "401 although it was signed"
    return ""


def _envelope(envelope_id: str, chance: random.Random) -> str:
    kind, payload = spoilt(chance)
    written: object = kind
    if chance.random() < 0.05:
        written = chance.choice((None, 5, [], "other", "disconnected"))
    rest = ""
    if chance.random() < 0.2:
        again: object = chance.choice((1, -1, None, "x", []))
        rest = f', "retry_attempt": {json.dumps(again)}, "accepts_response_payload": 7'
    return (
        f'{{"envelope_id": "{envelope_id}", "type": {json.dumps(written)}, '
        f'"payload": {payload}{rest}}}'
    )


async def _acked(connection: Connection, envelope_id: str, frame: str) -> bool:
    waiter = asyncio.get_running_loop().create_future()
    connection.pending[envelope_id] = waiter
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            # Half a surrogate pair, which no text frame can hold, is replaced.
            await connection.socket.send_str(frame.encode("utf-8", "replace").decode())
            await waiter
    except (TimeoutError, ConnectionError):
        return False
    finally:
        connection.pending.pop(envelope_id, None)
    return True


def _shown(raw: bytes) -> str:
    return repr(raw[:_SHOWN]) + ("…" if len(raw) > _SHOWN else "")
