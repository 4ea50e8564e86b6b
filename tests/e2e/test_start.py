"""What a bot does until it is ready, and what is left for the first question."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot import app
from bot.app import open_bot
from bot.errors import StartupError
from bot.jobs import worker
from bot.later import Rest
from bot.ops.heap import load
from bot.ops.words import LOADING
from bot.settings import Settings
from bot.store.redis.connection import Store
from bot.store.redis.embedded import EmbeddedServer
from bot.words.terminal import startup as words
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, BEN, GENERAL, Workspace
from tests.e2e.process import ROOT, bot_process, environment
from tests.e2e.stage import Stage, installed_app, probe, settings_for

LONGEST_SECONDS = 30.0

ANSWERING = frozenset(
    (
        *("bot.jobs.run", "bot.jobs.recall", "bot.reply.reply", "bot.reply.flow"),
        *("bot.grok.endpoints", "bot.grok.http.receiving", "bot.markdown.leaves"),
        *("httpx", "httpx_sse", "httpx_aiohttp"),
    )
)
"""What only an answer needs: it is loaded once a bot is ready, and in a process that works before
that."""

OF_BOTH = frozenset(("bot.slack.people.people", "bot.slack.files", "bot.slack.inbound.payloads"))
"""What takes and answers a question: loaded once Slack is connected as well."""

OF_WORKERS = frozenset(("bot.jobs.run", "bot.jobs.holder", "bot.reply.reply"))
OF_DOORS = frozenset(
    (
        *("bot.doors.command", "bot.doors.clicks", "bot.doors.forms", "bot.admin.setup"),
        *("bot.asking.denied", "slack_bolt"),
    )
)
"""What takes a question: loaded once Slack is connected, or by what comes before that is done."""

NEEDLESS = frozenset(
    (
        *("bot.admin.commands", "bot.admin.votes", "bot.rules.shares"),
        *("bot.jobs.dispatcher", "bot.joining.several", "bot.teams.tenants", "bot.store.seal"),
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
            if name == "bot.joining.process":
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
    assert loaded == ["bot.store.redis.connection", "bot.joining.process"]


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


@dataclass(slots=True)
class Imported:
    """The modules that a bot has imported by now, and those it had when it said that it was ready.
    `whole`: all is loaded that it loads by itself."""

    now: list[str] = field(default_factory=list)
    when_ready: frozenset[str] = frozenset()
    whole: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, stderr: asyncio.StreamReader) -> None:
        """Read what it says of its imports, until it ends."""
        while line := await stderr.readline():
            if line.startswith(b"import time:"):
                self.now.append(line.decode().rpartition("|")[2].strip())
            elif b'"ready"' in line:
                self.when_ready = frozenset(self.now)
            elif b'"all is loaded"' in line:
                self.whole.set()


@asynccontextmanager
async def ready(
    workspace: Workspace, grok: GrokServer, folder: Path, *command: str, **values: str
) -> AsyncIterator[Imported]:
    """A bot that says that it serves, and what it has imported, until it has ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-m", "bot", *(command or ("serve",))),
        env=environment(workspace, grok, folder / "data", **values),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    imported = Imported()
    reading = asyncio.create_task(imported.read(process.stderr))
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            assert await process.stdout.readline()
            await imported.whole.wait()
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
        whole = frozenset(imported.now)
        await Stage(workspace, grok).ask("usage")

    assert {"bot.slack.inbound.socket_mode", "bot.jobs.worker"} <= imported.when_ready
    assert imported.when_ready.isdisjoint(ANSWERING | OF_DOORS | OF_BOTH)
    assert whole >= ANSWERING | OF_DOORS | OF_BOTH
    assert whole.isdisjoint(NEEDLESS)
    assert "bot.admin.commands" in imported.now


async def test_who_only_takes_questions_loads_nothing_of_a_worker(
    tmp_path: Path, grok: GrokServer, redis_url: str
) -> None:
    async with (
        Workspace(app=installed_app()) as workspace,
        ready(workspace, grok, tmp_path, "serve", "--no-worker", REDIS_URL=redis_url) as imported,
    ):
        await Stage(workspace, grok).ask("Hello")

    assert OF_WORKERS.isdisjoint(imported.now)
    assert imported.when_ready.isdisjoint(OF_DOORS)
    assert frozenset(imported.now) >= OF_DOORS


async def test_who_only_works_loads_no_doors_and_is_ready_when_all_is_loaded(
    tmp_path: Path, grok: GrokServer, redis_url: str
) -> None:
    async with (
        Workspace(app=installed_app()) as workspace,
        ready(workspace, grok, tmp_path, "work", REDIS_URL=redis_url) as imported,
    ):
        pass

    assert OF_DOORS.isdisjoint(imported.now)
    assert imported.when_ready >= ANSWERING | OF_WORKERS


async def test_a_question_before_all_is_loaded_is_taken_and_then_answered(
    redis_url: str, grok: GrokServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, load_all = asyncio.Event(), Rest.load

    async def load_when_asked(rest: Rest) -> None:
        await asked.wait()
        await load_all(rest)

    monkeypatch.setattr(Rest, "load", load_when_asked)
    async with (
        Workspace(app=installed_app()) as workspace,
        open_bot(settings_for(workspace, grok, redis_url)),
    ):
        stage = Stage(workspace, grok)
        await stage.ask("Hello")
        await workspace.settled()
        assert not grok.requests
        asked.set()
        await stage.answer()

    assert len(grok.requests) == 1
    assert not workspace.problems


async def test_a_probe_hears_that_a_bot_is_ready_when_what_acks_is_there_and_not_before(
    redis_url: str, grok: GrokServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_load, load_all = asyncio.Event(), Rest.load

    async def load_when_told(rest: Rest) -> None:
        await may_load.wait()
        await load_all(rest)

    monkeypatch.setattr(Rest, "load", load_when_told)
    async with (
        Workspace(app=installed_app()) as workspace,
        open_bot(settings_for(workspace, grok, redis_url)) as bot,
    ):
        assert await probe(bot) == (503, [LOADING])
        may_load.set()
        async with asyncio.timeout(LONGEST_SECONDS):
            while (answer := await probe(bot)) == (503, [LOADING]):
                await asyncio.sleep(0.01)

    assert answer == (200, [])


async def test_every_door_is_open_as_soon_as_the_bot_says_so(
    tmp_path: Path, grok: GrokServer
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        stage = Stage(workspace, grok)
        env = environment(workspace, grok, tmp_path / "data", LOG_LEVEL="ERROR")
        async with bot_process(env, cwd=tmp_path) as process, asyncio.timeout(LONGEST_SECONDS):
            assert process.stdout is not None
            assert await process.stdout.readline()
            (_, asked, *_) = await asyncio.gather(
                stage.ask("Hello"),
                workspace.say(ANA, GENERAL, "@grok hello"),
                stage.ask("quota show"),
                stage.ask("usage"),
                stage.ask(""),
                workspace.open_home(BEN),
            )
            await stage.form()
            await stage.reply(0, asked.ts)
            await workspace.wait_for(lambda: workspace.home(BEN))
            await workspace.wait_for(lambda: len(grok.requests) == 2)
            await stage.quiet()

        assert not workspace.problems


async def test_what_cannot_be_loaded_ends_the_bot_with_a_sentence(
    tmp_path: Path, grok: GrokServer
) -> None:
    (tmp_path / "httpx_sse.py").write_text("raise ImportError('it is gone')")
    paths = os.pathsep.join((str(tmp_path), str(ROOT)))
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data", PYTHONPATH=paths)
        async with bot_process(env, cwd=tmp_path) as process, asyncio.timeout(LONGEST_SECONDS):
            assert process.stdout is not None
            assert process.stderr is not None
            assert await process.stdout.readline()
            told = (await process.stderr.read()).decode()
            await process.wait()

    assert process.returncode == 1
    assert told.splitlines()[-1] == words.NOT_LOADED(module="bot.grok.http.api", why="it is gone")
    assert "Traceback" not in told


@pytest.mark.parametrize("way", ["command", "mention"])
async def test_the_first_question_imports_nothing(
    way: str, tmp_path: Path, grok: GrokServer
) -> None:
    async with (
        Workspace(app=installed_app()) as workspace,
        ready(workspace, grok, tmp_path) as imported,
    ):
        await workspace.wait_for(lambda: grok.lookups)  # models are asked for by nobody
        stage, before = Stage(workspace, grok), len(imported.now)
        if way == "command":
            await stage.ask("Hello")
            await stage.answer()
        else:
            asked = await workspace.say(ANA, GENERAL, "@grok hello")
            await stage.reply(0, asked.ts)

    # Codecs are looked for when they are first used, and take a fifth of a millisecond.
    assert [name for name in imported.now[before:] if not name.startswith("encodings.")] == []


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
