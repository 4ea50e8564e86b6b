"""A server at `REDIS_URL` that answers, and that no bot can use: told at once, or outlived."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from bot.app import open_bot
from bot.duties import Duty
from bot.errors import StartupError
from bot.ops import words
from sandbox.grok import GrokServer
from sandbox.workspace import Workspace
from tests.e2e.process import bot_process, environment
from tests.e2e.stage import installed_app, settings_for
from tests.ports import free_port
from tests.store.cluster import valkey_server
from tests.store.stranger import stranger

DUTIES = (Duty.BOTH, Duty.TAKING, Duty.WORKING)


async def refused(grok: GrokServer, url: str, duty: Duty) -> str:
    """What a bot says that refuses to start."""
    async with Workspace(app=installed_app()) as workspace:
        settings = settings_for(workspace, grok, url)
        with pytest.raises(StartupError) as told:
            async with open_bot(settings, duty):
                pass
        assert not workspace.sockets
    (fault,) = told.value.faults
    return fault


@pytest.mark.parametrize("duty", DUTIES)
@pytest.mark.parametrize("reply", [b"+OK\r\n", b"$-1\r\n", b"SSH-2.0-OpenSSH_9.6\r\n"])
async def test_what_is_no_redis_is_told_at_once(grok: GrokServer, duty: Duty, reply: bytes) -> None:
    async with stranger(reply) as url:
        fault = await refused(grok, url, duty)

    assert words.REMEDY_STORE_STRANGE in fault
    assert "\n" not in fault


@pytest.mark.parametrize("duty", DUTIES)
async def test_a_server_that_does_not_let_the_bot_in_is_told_at_once(
    grok: GrokServer, duty: Duty, tmp_path: Path
) -> None:
    with valkey_server(tmp_path, requirepass="right") as port:
        faults = [
            await refused(grok, f"redis://{who}127.0.0.1:{port}", duty)
            for who in (":wrong-secret@", "", "nobody:right@")
        ]
        missing = await refused(grok, f"redis://:right@127.0.0.1:{port}/999", duty)

    assert all(words.REMEDY_STORE_DENIES in fault for fault in faults)
    assert "wrong-secret" not in faults[0]
    assert "DB index" in missing


async def test_a_password_where_none_is_set_is_told_at_once(
    grok: GrokServer, tmp_path: Path
) -> None:
    with valkey_server(tmp_path) as port:
        fault = await refused(grok, f"redis://:any@127.0.0.1:{port}", Duty.WORKING)

    assert words.REMEDY_STORE_DENIES in fault


@pytest.mark.parametrize("duty", DUTIES)
async def test_a_server_that_is_away_is_waited_for(grok: GrokServer, duty: Duty) -> None:
    async with Workspace(app=installed_app()) as workspace:
        settings = settings_for(workspace, grok, f"redis://127.0.0.1:{free_port()}")
        async with open_bot(settings, duty) as bot:
            assert bot.working is None or not bot.working.done()


@pytest.mark.parametrize("reply", [b"+OK\r\n", b"$-1\r\n", b":7\r\n", b"*1\r\n+OK\r\n"])
async def test_a_store_that_answers_nonsense_later_is_one_that_is_away(
    grok: GrokServer, reply: bytes
) -> None:
    def errors() -> float:
        return REGISTRY.get_sample_value("grokbot_redis_errors_total") or 0.0

    async with (
        stranger(reply, pongs=True) as url,
        Workspace(app=installed_app()) as workspace,
        open_bot(settings_for(workspace, grok, url)) as bot,
        asyncio.timeout(30),
    ):
        before = errors()
        while errors() < before + 10:
            await asyncio.sleep(0.05)
        assert bot.working is not None
        assert not bot.working.done()


@pytest.mark.parametrize("command", ["serve", "work"])
async def test_the_process_ends_with_the_sentence_alone(
    grok: GrokServer, command: str, tmp_path: Path
) -> None:
    async with Workspace(app=installed_app()) as workspace, stranger(b"+OK\r\n") as url:
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=url)
        async with bot_process(env, command, cwd=tmp_path) as process, asyncio.timeout(30):
            _, told = await process.communicate()

    assert process.returncode == 1
    assert words.REMEDY_STORE_STRANGE in told.decode().splitlines()[-1]
    assert "Traceback" not in told.decode()
