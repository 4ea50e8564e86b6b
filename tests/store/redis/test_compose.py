"""The store of compose.yaml, started as its command says."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as NotReadyError

from bot.store.redis.embedded import _server_binary
from tests.house import ROOT

pytestmark = pytest.mark.integration

VALKEY = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["valkey"]
PASSWORD = "0123456789abcdef" * 4


@contextmanager
def started(path: Path, password: str) -> Iterator[subprocess.Popen[str]]:
    """The command of the service, listening on a socket in `path` in place of its port."""
    *shell, script = [word.replace("$$", "$") for word in VALKEY["command"]]
    (path / "bin").mkdir()
    (path / "bin/valkey-server").symlink_to(_server_binary())
    here = f"valkey-server - --port 0 --unixsocket {path}/s --maxclients 10"
    process = subprocess.Popen(
        [*shell, script.replace("valkey-server -", here, 1)],
        cwd=path,
        env={"PATH": f"{path / 'bin'}:{os.environ['PATH']}", "REDIS_PASSWORD": password},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_the_store_asks_for_its_password_and_shows_it_nobody(tmp_path: Path) -> None:
    with started(tmp_path, PASSWORD) as process:
        anybody, bot = (
            Redis(unix_socket_path=f"{tmp_path}/s", password=password, decode_responses=True)
            for password in (None, PASSWORD)
        )
        until_ready(bot, process)
        with pytest.raises(AuthenticationError):
            anybody.ping()
        settings = bot.config_get("*")
        shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()

    assert b"valkey-server" in shown  # in place of the shell: it gets the signals itself
    assert PASSWORD.encode() not in shown
    assert (settings["appendonly"], settings["save"]) == ("yes", "")
    assert settings["maxmemory-policy"] == "noeviction"
    assert process.returncode == 0


@pytest.mark.parametrize("password", ["", "with space", 'a"b', "line\nfeed", "a#b", "$(id)"])
def test_a_password_that_would_be_read_as_something_else_is_refused(
    password: str, tmp_path: Path
) -> None:
    with started(tmp_path, password) as process:
        _, said = process.communicate(timeout=20)

    assert process.returncode == 1
    assert said == "REDIS_PASSWORD may hold letters and digits only.\n"


def until_ready(redis: Redis, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if redis.ping():
                return
        except NotReadyError:
            time.sleep(0.01)
    raise AssertionError(f"the store did not start: {process.poll()}")
