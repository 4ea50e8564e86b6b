"""What a bot does until it is ready, and what is left for the first question."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot import app
from bot.app import open_bot
from bot.errors import StartupError
from bot.jobs import worker
from bot.ops.heap import load
from bot.settings import Settings
from bot.store.redis.connection import Store
from bot.store.redis.embedded import EmbeddedServer
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, GENERAL, Workspace
from tests.e2e.process import environment
from tests.e2e.stage import Stage, installed_app, settings_for

LONGEST_SECONDS = 30.0

NEEDLESS = frozenset(
    (
        *("bot.admin.commands", "bot.admin.votes", "bot.admin.votes_view", "bot.rules.shares"),
        *("bot.jobs.dispatcher", "bot.several", "bot.teams.tenants", "bot.store.seal"),
        *("bot.files.pdf_text", "bot.slack.charts.drawing", "bot.eval.run", "bot.demo"),
        *("PIL", "cryptography.fernet", "dotenv", "jsonschema", "pypdf", "regex", "statistics"),
    )
)
"""What is loaded by the first command, file or text that needs it, or by another kind of bot."""


def settings_at(workspace: Workspace, grok: GrokServer, data: Path, **values: Any) -> Settings:
    """Settings of a bot with a store of its own in `data`."""
    own = {"redis_url": None, "data_dir": str(data)}
    return settings_for(workspace, grok, "").model_copy(update=own | values)


async def test_slack_is_asked_and_the_store_opened_while_the_parts_are_loaded(
    tmp_path: Path, grok: GrokServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        settings = settings_at(workspace, grok, tmp_path)
        loaded = []

        async def slowly(name: str) -> None:
            if name == "bot.process":
                asked = ("auth.test", "apps.connections.open")
                await workspace.wait_for(lambda: all(map(workspace.calls_of, asked)))
                while not (tmp_path / "appendonlydir").exists():
                    await asyncio.sleep(0.01)
            await load(name)
            loaded.append(name)

        monkeypatch.setattr(app, "load", slowly)
        async with open_bot(settings):
            await workspace.connected()

        assert len(workspace.calls_of("apps.connections.open")) == 1
    assert loaded == ["bot.store.redis.connection", "bot.process"]


async def test_a_bot_that_slack_does_not_know_leaves_no_store_behind(
    tmp_path: Path, grok: GrokServer
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        settings = settings_at(workspace, grok, tmp_path, slack_bot_token=SecretStr("xoxb-wrong"))
        with pytest.raises(StartupError) as told:
            async with open_bot(settings):
                pass

    assert "SLACK_BOT_TOKEN" in told.value.faults[0]
    async with EmbeddedServer(tmp_path):
        assert (tmp_path / "appendonlydir").exists()


async def test_what_is_wrong_with_the_store_is_told_as_well(
    tmp_path: Path, grok: GrokServer
) -> None:
    async with Workspace(app=installed_app()) as workspace, EmbeddedServer(tmp_path):
        settings = settings_at(workspace, grok, tmp_path)
        with pytest.raises(StartupError) as told:
            async with open_bot(settings):
                pass

    assert str(tmp_path) in told.value.faults[0]


@asynccontextmanager
async def ready(workspace: Workspace, grok: GrokServer, folder: Path) -> AsyncIterator[list[str]]:
    """A bot that says that it serves, and the modules it has imported, until it has ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-m", "bot", "serve"),
        env=environment(workspace, grok, folder / "data"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    imported: list[str] = []
    reading = asyncio.create_task(_read(process, imported))
    try:
        await workspace.connected(seconds=LONGEST_SECONDS)
        assert process.stdout is not None
        await process.stdout.readline()
        yield imported
    finally:
        process.terminate()
        await process.wait()
        await reading


async def test_a_bot_is_ready_without_what_a_question_does_not_need(
    tmp_path: Path, grok: GrokServer
) -> None:
    async with (
        Workspace(app=installed_app()) as workspace,
        ready(workspace, grok, tmp_path) as imported,
    ):
        before = set(imported)
        await Stage(workspace, grok).ask("usage")

    assert {"bot.doors.slack_app", "bot.jobs.worker", "bot.markdown.markdown"} <= before
    assert before.isdisjoint(NEEDLESS)
    assert "bot.admin.commands" in imported


@pytest.mark.parametrize("way", ["command", "mention"])
async def test_the_first_question_imports_nothing(
    way: str, tmp_path: Path, grok: GrokServer
) -> None:
    async with (
        Workspace(app=installed_app()) as workspace,
        ready(workspace, grok, tmp_path) as imported,
    ):
        stage, before = Stage(workspace, grok), len(imported)
        if way == "command":
            await stage.ask("Hello")
            await stage.answer()
        else:
            asked = await workspace.say(ANA, GENERAL, "@grok hello")
            await stage.reply(0, asked.ts)

    # Codecs are looked for when they are first used, and take a fifth of a millisecond.
    assert [name for name in imported[before:] if not name.startswith("encodings.")] == []


async def _read(process: asyncio.subprocess.Process, imported: list[str]) -> None:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        if line.startswith(b"import time:"):
            imported.append(line.decode().rpartition("|")[2].strip())


async def test_the_first_question_does_not_wait_for_the_worker_to_look_again(
    redis_url: str, grok: GrokServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CONNECTED_EVERY_SECONDS", 2 * LONGEST_SECONDS)
    async with (
        Workspace(app=installed_app()) as workspace,
        open_bot(settings_for(workspace, grok, redis_url)),
    ):
        stage = Stage(workspace, grok)
        await stage.ask("Hello")
        await stage.answer()


async def test_the_first_question_sends_no_script(
    redis_url: str, store: Store, grok: GrokServer
) -> None:
    async with (
        Workspace(app=installed_app()) as workspace,
        open_bot(settings_for(workspace, grok, redis_url)),
    ):
        await workspace.connected()
        sent = await _scripts_sent(store)
        stage = Stage(workspace, grok)
        await stage.ask("Hello")
        await stage.answer()
        await workspace.settled()
        assert await _scripts_sent(store) == sent


async def _scripts_sent(store: Store) -> int:
    stats = await store.redis.info("commandstats")
    return int(stats.get("cmdstat_script|load", {}).get("calls", 0))


async def test_a_port_that_is_taken_ends_the_worker_too(redis_url: str, grok: GrokServer) -> None:
    async with Workspace(app=installed_app(), mode="http") as workspace:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            settings = settings_for(workspace, grok, redis_url, port=taken.getsockname()[1])
            async with asyncio.timeout(LONGEST_SECONDS):
                with pytest.raises(StartupError):
                    async with open_bot(settings):
                        pass
