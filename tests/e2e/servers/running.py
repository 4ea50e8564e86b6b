"""Servers with this API that others wrote, each as a process of its own."""

from __future__ import annotations

import io
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.completion.flags import parse_words
from bot.settings import Settings
from bot.terminal.ask import ask_in_terminal
from tests.e2e.process import ROOT, bot_process

HERE = Path(__file__).parent
KEY = "sesame"
START_SECONDS = 150.0
"""A busy machine takes long to import LiteLLM for the first time."""

SLOW = pytest.mark.timeout(200)
"""For what may start a server."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens; `model` is one that it has."""

    base_url: str
    model: str

    def settings(self, **values: Any) -> Settings:
        """Of a bot in the terminal that asks it."""
        return Settings(_env_file=None, **(self.values() | values))

    def values(self) -> dict[str, Any]:
        """The settings by which it is found."""
        return {
            "xai_base_url": self.base_url,
            "xai_api_key": SecretStr(KEY),
            "grok_model": self.model,
            "grok_dialect": "auto",
        }

    def environment(self) -> dict[str, str]:
        """The same as variables."""
        return {
            "XAI_BASE_URL": self.base_url,
            "XAI_API_KEY": KEY,
            "GROK_MODEL": self.model,
            "GROK_DIALECT": "auto",
        }


async def ask(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    """`python -m bot ask arguments`: its exit code, and what it wrote to either side."""
    out, err = io.StringIO(), io.StringIO()
    code = await ask_in_terminal(settings, parse_words(arguments), out, err)
    return code, out.getvalue(), err.getvalue().strip()


async def check(env: Mapping[str, str], directory: Path) -> tuple[int | None, str, str]:
    """`python -m bot check --ask`: its exit code, and what it wrote to either side."""
    async with bot_process(env, "check", "--ask", cwd=directory) as process:
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def python_of(name: str, called: str) -> Path:
    """The Python of the environment that has the server; skips where that is not installed."""
    environment = ROOT / ".servers" / name
    if not (environment / f"installed-{name}.lock").exists():
        pytest.skip(f"{called} is not installed, and they ask it: `make servers` installs it.")
    return environment / "bin/python"


@contextmanager
def process(
    command: Sequence[str], log: Path, probe: str, env: Mapping[str, str]
) -> Iterator[None]:
    """Run a server until it answers at `probe`, and to the end of the block."""
    with log.open("wb") as written:
        running = subprocess.Popen(command, cwd=log.parent, env=env, stdout=written, stderr=written)
        try:
            _wait(running, probe, log)
            yield
        finally:
            running.kill()
            running.wait()


def _wait(running: subprocess.Popen[bytes], probe: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and running.poll() is None:
        try:
            with urllib.request.urlopen(probe, timeout=5):
                return
        except OSError as error:
            if getattr(error, "code", 0) in {400, 401, 403}:
                error.close()  # type: ignore[attr-defined]
                return
            time.sleep(0.1)
    raise AssertionError(f"it did not start:\n{log.read_text(errors='replace')[-4000:]}")
