"""A bot in a process of its own, to be attacked and then asked how it is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.grok import GrokServer
from sandbox.workspace import ANA, GENERAL, Limits, Message, Workspace
from tests.e2e.process import ROOT, environment
from tests.e2e.stage import installed_app, is_complete
from tests.fuzz.payloads import CANARY
from tests.ports import free_port

MOST_GROWTH = 200 * 1024 * 1024
"""Bytes that the process may hold more, once attacked, than before."""

HONEST_SECONDS = 90.0
_TRACEBACKS = ("Traceback", '"exception"')


class Broken(Exception):
    """The bot did what it must not do."""


@dataclass(frozen=True, slots=True)
class Target:
    """The bot under attack, and the Slack that it belongs to."""

    workspace: Workspace
    process: asyncio.subprocess.Process
    port: int
    log: Path

    def held(self) -> int:
        """Bytes of memory that the process holds."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * 4096

    def check(self, before: int) -> None:
        """What must hold at any time. Raises `Broken`."""
        if self.process.returncode is not None:
            raise Broken(f"the process ended with {self.process.returncode}")
        if (grown := self.held() - before) > MOST_GROWTH:
            raise Broken(f"the process holds {grown >> 20} MiB more than before")
        log = self.log.read_text(encoding="utf-8", errors="replace")
        for line in log.splitlines():
            if any(sign in line for sign in _TRACEBACKS):
                raise Broken(f"a traceback in the log: {line[:6000]}")
            if CANARY in line:
                raise Broken(f"words of a person in the log: {line[:600]}")

    async def ask(self, question: str) -> None:
        """An honest question, answered. Raises `Broken`."""
        result = await self.workspace.command(ANA, GENERAL, f"/grok {question}")
        if result.error is not None or result.ack_body:
            raise Broken(f"an honest question: {result}")
        try:
            await self.workspace.wait_for(lambda: self._answered(question), HONEST_SECONDS)
        except TimeoutError:
            raise Broken("an honest question was not answered") from None

    def _answered(self, question: str) -> Message | None:
        for message in self.workspace.messages(GENERAL):
            if question in str(message.revisions[0].blocks) and is_complete(message):
                return message
        return None


@asynccontextmanager
async def target(mode: Literal["http", "socket"], directory: Path) -> AsyncIterator[Target]:
    """A bot that takes questions in one channel alone, so that few of those made up are asked."""
    port, log = free_port(), directory / "log"
    async with (
        Workspace(mode=mode, app=installed_app(), limits=Limits(scale=0)) as workspace,
        GrokServer(speed=None, first_delay=0) as grok,
    ):
        env = environment(workspace, grok, directory / "data", ASKING_CHANNELS=GENERAL)
        if mode == "http":
            del env["SLACK_APP_TOKEN"]
            env |= {"HOST": "127.0.0.1", "PORT": str(port)}
            env["SLACK_SIGNING_SECRET"] = workspace.credentials.signing_secret
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "serve"),
                env=env | {"PYTHONPATH": str(ROOT)},
                cwd=directory,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=written,
            )
        try:
            if mode == "http":
                await _listens(port)
                workspace.request_url = f"http://127.0.0.1:{port}/slack/events"
            else:
                await workspace.connected(seconds=30)
            yield Target(workspace, process, port, log)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _listens(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
