"""A bot that is started again whenever it ends, and killed when its probe gets no answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.e2e.loaded import Loaded, loaded_bot
from tests.ports import free_port

EVERY_SECONDS = 0.5
PROBE_SECONDS = 2.0
START_SECONDS = 10.0
MOST_FAILURES = 3
"""The liveness probe of Kubernetes as it is usually set, in less time."""


@dataclass
class Kept:
    """How often it has died, of itself or by its probe."""

    deaths: int = 0


@asynccontextmanager
async def kept_running(
    env: Mapping[str, str], *arguments: str, program: str, cwd: Path
) -> AsyncIterator[Kept]:
    """A `program`, as `loaded_bot` takes one, kept running while entered."""
    kept, port = Kept(), free_port()

    def start() -> AbstractAsyncContextManager[Loaded]:
        probed = dict(env) | {"OPS_PORT": str(port)}
        return loaded_bot(probed, *arguments, cwd=cwd, program=program)

    keeping = asyncio.create_task(_keep(kept, start, port))
    try:
        yield kept
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


async def _keep(
    kept: Kept, start: Callable[[], AbstractAsyncContextManager[Loaded]], port: int
) -> None:
    while True:
        async with start() as process:
            probing = asyncio.create_task(_probe(process, port))
            try:
                await process.wait()
                kept.deaths += 1
            finally:
                probing.cancel()


async def _probe(process: Loaded, port: int) -> None:
    """Kill it once it has answered, or had the time to, and then does not for a while."""
    failures, answered, clock = 0, False, asyncio.get_running_loop().time
    started = clock() + START_SECONDS
    timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while failures < MOST_FAILURES:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                async with session.get(f"http://127.0.0.1:{port}/livez") as reply:
                    failures, answered = (0 if reply.status == 200 else failures + 1), True
            except (aiohttp.ClientError, TimeoutError):
                failures += answered or clock() > started
    process.kill()
