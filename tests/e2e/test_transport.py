"""Connections that come and go, and many questions at once."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from sandbox.grok import GrokServer
from sandbox.workspace import ENGINEERING, GENERAL, RANDOM, Workspace
from tests.e2e.process import bot_process, environment
from tests.e2e.stage import installed_app, on_stage

CHANNELS = (GENERAL, ENGINEERING, RANDOM)


async def test_a_socket_that_slack_renews_or_cuts_is_opened_again(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        before = opened(stage.workspace)
        await stage.workspace.refresh_sockets()
        await reconnected(stage.workspace, before)
        await stage.ask("Hello")
        await stage.answer()

        before = opened(stage.workspace)
        stage.workspace.cut_sockets()
        await reconnected(stage.workspace, before)
        await stage.ask("Hello again")
        await stage.answer(1)


def opened(workspace: Workspace) -> int:
    """How many connections the bot has asked for."""
    return len(workspace.calls_of("apps.connections.open"))


async def reconnected(workspace: Workspace, before: int) -> None:
    """Wait until the bot has a connection that it asked for after the first `before`."""
    await workspace.wait_for(lambda: opened(workspace) > before and workspace.sockets > 0, 30)


async def test_a_dozen_questions_at_once_are_a_dozen_answers_and_no_429(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        asked = [stage.ask(f"Question {n}", channel=CHANNELS[n % 3]) for n in range(12)]
        await asyncio.gather(*asked)
        for channel in CHANNELS:
            for number in range(4):
                await stage.answer(number, channel=channel)

    assert [len(stage.workspace.messages(channel)) for channel in CHANNELS] == [4, 4, 4]
    assert not [call for call in stage.workspace.calls if call.status == 429]
    assert not stage.workspace.problems


async def test_an_oauth_client_in_the_environment_changes_nothing(
    tmp_path: Path, grok: GrokServer
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(
            workspace,
            grok,
            tmp_path / "data",
            SLACK_CLIENT_ID="111.222",
            SLACK_CLIENT_SECRET="not-used",
        )
        async with bot_process(env, cwd=tmp_path) as bot:
            await workspace.connected()
            result = await workspace.command("U0ANA00001", GENERAL, "/grok Hello")
            await workspace.wait_for(lambda: workspace.messages(GENERAL))
            bot.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(bot.wait(), 20) == 0

    assert result.error is None


async def test_slack_can_verify_the_address_in_http_mode(redis_url: str) -> None:
    async with on_stage(redis_url, mode="http") as stage:
        assert await stage.workspace.verify_url()
        assert await stage.workspace.ssl_check() == 200
