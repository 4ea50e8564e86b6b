"""A Valkey of one run: to be killed, frozen, started again, and made to forget its last second."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.store.keys import Keys
from bot.store.redis.embedded import _server_binary
from tests.chaos.plan import Fault

START_SECONDS = 20.0
LOOK_SECONDS = 0.05
LONGEST_MEMORY = 5.0


class StoreServer:
    """One server with its data on disk, as `appendfsync everysec` keeps it."""

    def __init__(self, where: Path) -> None:
        self._where = where
        self._socket = where / "s"
        self._process: asyncio.subprocess.Process | None = None
        self._sizes: deque[tuple[float, dict[Path, int]]] = deque()
        self.redis = Redis.from_url(
            self.url, protocol=2, decode_responses=True, socket_timeout=5, socket_connect_timeout=2
        )

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    async def start(self) -> None:
        """Returns when it answers."""
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "dir": str(self._where),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            "auto-aof-rewrite-percentage": "0",
            "save": "",
            "loglevel": "warning",
            "logfile": str(self._where / "valkey.log"),
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = await asyncio.create_subprocess_exec(_server_binary(), *words)
        async with asyncio.timeout(START_SECONDS):
            while not await self._answers():
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    async def ended(self) -> None:
        if self._process is not None:
            await self._process.wait()

    async def restart(self, *, younger: float = 0.0) -> float:
        """Start it again after it was killed, `younger` by so many seconds at most; how many
        seconds it has forgotten."""
        await self.ended()
        forgotten = self._forget(younger) if younger else 0.0
        await self.start()
        return forgotten

    async def watch(self) -> None:
        """Remember how long its files were, until cancelled."""
        while True:
            now = time.time()
            files = (self._where / "appendonlydir").glob("*.aof")
            self._sizes.append((now, {each: each.stat().st_size for each in files}))
            while self._sizes and self._sizes[0][0] < now - LONGEST_MEMORY:
                self._sizes.popleft()
            await asyncio.sleep(LOOK_SECONDS)

    async def configure(self, **values: str | int) -> None:
        for name, value in values.items():
            await self.redis.config_set(name.replace("_", "-"), value)

    def serving(self, keys: Keys) -> Redis:
        """A way to the server that has those."""
        return self.redis

    async def disturb(self, fault: Fault, keys: Keys) -> tuple[float, float] | None:
        """Let it go wrong for as long as `fault` lasts; from when until when what was stored is
        forgotten, Unix time."""
        seconds = fault.seconds
        match fault.kind:
            case "store kill":
                self.kill()
                await asyncio.sleep(seconds)
                await self.restart()
            case "store younger":
                self.kill()
                at = time.time()
                forgotten = await self.restart(younger=min(1.2, seconds))
                return at - forgotten - 0.5, at + 0.5
            case "store freeze":
                self.freeze()
                await asyncio.sleep(seconds)
                self.thaw()
            case "store flush scripts":
                await self.redis.script_flush()
            case "store full":
                await self.configure(maxmemory=1)
                await asyncio.sleep(seconds)
                await self.back_to_normal()
            case "store read-only":
                await self.configure(min_replicas_to_write=1)
                await asyncio.sleep(seconds)
                await self.back_to_normal()
            case _:
                await self.redis.replicaof("127.0.0.1", "1")
                await asyncio.sleep(seconds)
                await self.back_to_normal()
        return None

    async def back_to_normal(self) -> None:
        """Take back everything that was configured."""
        await self.configure(maxmemory=0, min_replicas_to_write=0)
        await self.redis.replicaof("NO", "ONE")

    async def aclose(self) -> None:
        await self.redis.aclose()
        self.thaw()
        self.kill()
        await self.ended()

    def _forget(self, seconds: float) -> float:
        """Cut its files to what they were so long ago. Each of its writes is whole."""
        now = time.time()
        then, sizes = next((each for each in self._sizes if each[0] >= now - seconds), (now, {}))
        for file, size in sizes.items():
            with contextlib.suppress(FileNotFoundError), file.open("r+b") as opened:
                opened.truncate(size)
        return now - then

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def _answers(self) -> bool:
        try:
            return bool(await self.redis.ping())
        except (RedisError, OSError):
            return False


@asynccontextmanager
async def store_server(where: Path) -> AsyncIterator[StoreServer]:
    """A server of its own while entered."""
    where.mkdir(mode=0o700)
    server = StoreServer(where)
    await server.start()
    watching = asyncio.create_task(server.watch())
    try:
        yield server
    finally:
        watching.cancel()
        await asyncio.wait([watching])
        await server.aclose()
