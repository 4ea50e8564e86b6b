"""The bot's own Valkey: never two on one directory, never one without its bot."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import StartupError, StoreUnavailable
from bot.settings import Settings
from bot.store.redis import embedded, keeper
from bot.store.redis.connection import Store
from bot.store.redis.embedded import EmbeddedServer
from bot.words.terminal import startup as startup_words

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def server_pid(store: Store) -> int:
    server = await store.redis.info("server")
    return int(server["process_id"])


async def ended(pid: int) -> None:
    """Returns when the process has ended, even if nobody has asked how it ended."""
    while is_running(pid):
        await asyncio.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state, _ = state_and_parent(pid)
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def state_and_parent(pid: int) -> tuple[str, int]:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return fields[0], int(fields[1])


def keeper_of(server: int) -> int:
    return state_and_parent(server)[1]


@asynccontextmanager
async def user(
    data_dir: Path, **environment: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A process that uses the server in `data_dir`, and what it said at start."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.embedded_user", data_dir),
        env=os.environ | environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def test_data_survive_a_clean_stop_that_leaves_nothing_else(tmp_path: Path) -> None:
    data_dir = tmp_path / "a" / "data"
    async with EmbeddedServer(data_dir) as server, Store(server.url) as store:
        await store.redis.set("kept", "yes")
        pid = await server_pid(store)
        assert mode(data_dir) == 0o700
        assert mode(data_dir / "valkey.sock") == 0o700
        config = await store.redis.config_get("*")
        assert (config["port"], config["save"]) == ("0", "")
        assert (config["appendonly"], config["appendfsync"]) == ("yes", "everysec")
    await ended(pid)
    left = {path.name for path in data_dir.iterdir()}
    assert left == {"appendonlydir", "bot.lock", "server.lock", "valkey.log"}
    assert mode(data_dir / "appendonlydir") == 0o700

    async with EmbeddedServer(data_dir) as server, Store(server.url) as store:
        assert await store.redis.get("kept") == "yes"


async def test_no_secret_is_in_what_a_server_and_its_keeper_can_be_asked(tmp_path: Path) -> None:
    secrets = {
        name.upper(): f"hush-of-{name}"
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    secrets["SOME_OTHER_TOKEN"] = "hush-of-somebody-else"
    async with user(tmp_path, **secrets) as (process, said):
        server = int(said)
        keeping = keeper_of(server)
        of_the_bot = Path(f"/proc/{process.pid}/environ").read_bytes()
        told = {
            (pid, name): Path(f"/proc/{pid}/{name}").read_bytes()
            for pid in (server, keeping)
            for name in ("environ", "cmdline", "comm")
        }
    assert b"hush-of-slack_bot_token" in of_the_bot
    assert told[server, "environ"]
    for known in told.values():
        assert b"hush-of" not in known
    for pid in (server, keeping):
        names = {line.partition(b"=")[0].decode() for line in told[pid, "environ"].split(b"\0")}
        assert names <= {"", "LC_CTYPE", *embedded.ENVIRONMENT}


async def test_existing_directory_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with EmbeddedServer(tmp_path):
        assert mode(tmp_path) == 0o700


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory whose path leaves room for the name of a socket, as `tmp_path` may not."""
    with tempfile.TemporaryDirectory(prefix="t") as made:
        yield Path(made)


async def test_deep_directory_has_its_socket_elsewhere(
    tmp_path: Path, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = short_path
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setattr(embedded, "SOCKET_PATH_BYTES", len(str(temporary)) + 50)
    data_dir = tmp_path / ("deep" * 25)
    async with EmbeddedServer(data_dir) as server, Store(server.url) as store:
        await store.ping()
        (socket_dir,) = temporary.iterdir()
        assert mode(socket_dir) == 0o700
        assert server.url == f"unix://{socket_dir}/valkey.sock"
        assert not (data_dir / "valkey.sock").exists()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("kind", ["open to others", "a link"])
async def test_socket_directory_of_somebody_else_is_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket_dir = tmp_path / "t"
    if kind == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        socket_dir.symlink_to(tmp_path / "elsewhere")
    else:
        socket_dir.mkdir()
        socket_dir.chmod(0o755)
    monkeypatch.setattr(embedded, "_socket_path", lambda _: socket_dir / "valkey.sock")
    with pytest.raises(StartupError) as refused:
        async with EmbeddedServer(tmp_path / "data"):
            pass
    assert refused.value.faults == (startup_words.SOCKET_DIR_UNSAFE(str(socket_dir)),)


async def test_killed_bot_leaves_no_server_and_the_next_start_waits_for_it(tmp_path: Path) -> None:
    async with user(tmp_path) as (process, said):
        server = int(said)
        keeping = keeper_of(server)
        async with Store(f"unix://{tmp_path}/valkey.sock") as store:
            await store.redis.set("kept", "yes")
        process.kill()
        await process.wait()
        async with EmbeddedServer(tmp_path) as again, Store(again.url) as store:
            assert await server_pid(store) != server
            assert await store.redis.get("kept") == "yes"
    await ended(server)
    await ended(keeping)


async def test_server_ends_with_its_keeper_and_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "RESTART_SECONDS", (0.01, 0.01))
    async with EmbeddedServer(tmp_path) as server, Store(server.url) as store:
        await store.redis.set("kept", "yes")
        first = await server_pid(store)
        os.kill(keeper_of(first), signal.SIGKILL)
        await ended(first)
        second = await pid_after_restart(store)
        os.kill(second, signal.SIGKILL)
        await ended(second)
        third = await pid_after_restart(store)
        assert len({first, second, third}) == 3
        assert await store.redis.get("kept") == "yes"
    await ended(third)


async def pid_after_restart(store: Store) -> int:
    while True:
        try:
            await store.ping()
        except StoreUnavailable:
            await asyncio.sleep(0.01)
        else:
            return await server_pid(store)


async def test_second_bot_on_one_directory_is_refused_at_once(tmp_path: Path) -> None:
    sentence = startup_words.DATA_DIR_IN_USE(str(tmp_path))
    async with EmbeddedServer(tmp_path) as server, Store(server.url) as store:
        await store.redis.set("mine", "yes")
        async with user(tmp_path) as (_, said):
            assert said == sentence
        with pytest.raises(StartupError) as refused:
            await EmbeddedServer(tmp_path).__aenter__()
        assert refused.value.faults == (sentence,)
        assert await store.redis.get("mine") == "yes"


async def test_tool_joins_the_server_of_a_running_bot(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server, Store(server.url) as store:
        await store.redis.set("mine", "yes")
        async with EmbeddedServer(tmp_path, join=True) as joined, Store(joined.url) as other:
            assert await other.redis.get("mine") == "yes"
        await store.ping()
    async with EmbeddedServer(tmp_path, join=True) as alone, Store(alone.url) as other:
        assert await other.redis.get("mine") == "yes"


async def test_server_that_does_not_let_go_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "WAIT_SECONDS", 0.05)
    with (tmp_path / keeper.LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StartupError) as refused:
            await EmbeddedServer(tmp_path).__aenter__()
    assert refused.value.faults == (startup_words.DATA_DIR_BUSY(str(tmp_path)),)
    async with EmbeddedServer(tmp_path):
        pass


async def test_unreadable_data_are_reported_with_the_log(tmp_path: Path) -> None:
    data = tmp_path / "appendonlydir"
    data.mkdir()
    (data / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(StartupError) as refused:
        await EmbeddedServer(tmp_path).__aenter__()
    assert refused.value.faults == (startup_words.EMBEDDED_FAILED(str(tmp_path / "valkey.log")),)
    assert "manifest" in (tmp_path / "valkey.log").read_text()


async def test_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="DATA_DIR"):
        await EmbeddedServer(tmp_path / "file").__aenter__()
