"""Killed, frozen, told to stop: every accepted question still ends in exactly one answer."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.ops.manifest import manifest
from sandbox.grok import GrokServer, Script
from sandbox.workspace import BEN, GENERAL, AppConfig, Message, Workspace
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import environment
from tests.e2e.stage import Stage, installed_app, markdown
from tests.jobs.work import until

WORDS = [f"word{number} " for number in range(120)]
WHOLE = "".join(WORDS).strip()


@asynccontextmanager
async def empty_stage(app: AppConfig | None = None) -> AsyncIterator[Stage]:
    """A Slack and a Grok, and no bot yet."""
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(Workspace(app=app or installed_app()))
        grok = await stack.enter_async_context(GrokServer(speed=None, first_delay=0))
        yield Stage(workspace, grok)


async def streaming(stage: Stage) -> Message:
    """The answer, once some of it shows and more is to come."""
    await stage.workspace.wait_for(
        lambda: (
            stage.workspace.messages(GENERAL)
            and "word5" in markdown(stage.workspace.messages(GENERAL)[0])
        ),
        20,
    )
    (message,) = stage.workspace.messages(GENERAL)
    assert markdown(message).strip() != WHOLE
    return message


def slow(**values: object) -> Script:
    return Script(pieces=WORDS, speed=40, **values)  # type: ignore[arg-type]


async def test_killed_in_mid_stream_and_started_again_it_ends_in_the_same_message(
    tmp_path: Path,
) -> None:
    async with empty_stage() as stage:
        env = environment(stage.workspace, stage.grok, tmp_path / "data")
        stage.grok.script(slow(times=2))
        async with loaded_bot(env, cwd=tmp_path) as first:
            await stage.workspace.connected()
            await stage.ask("Count")
            message = await streaming(stage)
            first.send_signal(signal.SIGKILL)
            await first.wait()
        async with loaded_bot(env, cwd=tmp_path):
            (answer,) = await stage.answer()

    assert answer.ts == message.ts
    assert markdown(answer).strip() == WHOLE
    assert len(stage.workspace.messages(GENERAL)) == 1


async def test_told_to_stop_it_finishes_what_runs_and_leaves(tmp_path: Path) -> None:
    async with empty_stage() as stage:
        env = environment(stage.workspace, stage.grok, tmp_path / "data")
        stage.grok.script(slow())
        async with loaded_bot(env, cwd=tmp_path) as bot:
            await stage.workspace.connected()
            await stage.ask("Count")
            await streaming(stage)
            bot.send_signal(signal.SIGTERM)
            (answer,) = await stage.answer()
            assert await asyncio.wait_for(bot.wait(), 20) == 0

    assert markdown(answer).strip() == WHOLE
    assert len(stage.grok.requests) == 1


async def test_what_the_grace_period_does_not_finish_is_handed_back_at_once(
    tmp_path: Path,
) -> None:
    async with empty_stage() as stage:
        env = environment(
            stage.workspace,
            stage.grok,
            tmp_path / "data",
            SHUTDOWN_GRACE_SECONDS="0",
            JOB_LEASE_SECONDS="600",
        )
        stage.grok.script(slow(times=2))
        async with loaded_bot(env, cwd=tmp_path) as first:
            await stage.workspace.connected()
            await stage.ask("Count")
            message = await streaming(stage)
            first.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(first.wait(), 20) == 0
        async with loaded_bot(env, cwd=tmp_path):
            (answer,) = await stage.answer()

    assert answer.ts == message.ts
    assert markdown(answer).strip() == WHOLE


async def test_a_frozen_bot_that_wakes_leaves_the_other_ones_answer(
    tmp_path: Path, redis_url: str
) -> None:
    async with empty_stage() as stage:
        env = environment(stage.workspace, stage.grok, tmp_path / "data", REDIS_URL=redis_url)
        stage.grok.script(slow(times=None))
        async with loaded_bot(env, cwd=tmp_path) as frozen:
            await stage.workspace.connected()
            await stage.ask("Count")
            message = await streaming(stage)
            frozen.send_signal(signal.SIGSTOP)
            async with loaded_bot(env, cwd=tmp_path) as other:
                (answer,) = await stage.answer()
                frozen.send_signal(signal.SIGCONT)
                frozen.send_signal(signal.SIGTERM)
                await asyncio.wait_for(frozen.wait(), 30)
                other.send_signal(signal.SIGTERM)
                await asyncio.wait_for(other.wait(), 30)

    assert answer.ts == message.ts
    assert markdown(answer).strip() == WHOLE
    assert len(stage.workspace.messages(GENERAL)) == 1


@pytest.mark.parametrize("moment", ["chat.postMessage", "chat.update"])
async def test_killed_while_a_write_is_on_its_way_there_is_one_answer(
    tmp_path: Path, moment: str
) -> None:
    async with empty_stage() as stage:
        env = environment(stage.workspace, stage.grok, tmp_path / "data")
        stage.grok.script(slow(times=None))
        async with loaded_bot(env, cwd=tmp_path) as first:
            await stage.workspace.connected()
            fault = stage.workspace.fail(moment, delay=0.5)
            await stage.ask("Count")
            await stage.workspace.wait_for(lambda: stage.workspace.messages(GENERAL), 20)
            if moment == "chat.update":
                await until(lambda: fault.times == 0)
            first.send_signal(signal.SIGKILL)
            await first.wait()
        async with loaded_bot(env, cwd=tmp_path):
            (answer,) = await stage.workspace.wait_for(lambda: _whole(_left(stage)), 20)

    assert not answer.deleted
    assert len(stage.workspace.calls_of("chat.postMessage")) == 1


def _whole(messages: list[Message]) -> list[Message]:
    """The one message that is left, once it shows the whole answer."""
    return messages if [markdown(message).strip() for message in messages] == [WHOLE] else []


def _left(stage: Stage) -> list[Message]:
    return [message for message in stage.workspace.messages(GENERAL) if not message.deleted]


async def test_killed_in_a_stream_of_an_agent_it_leaves_no_thread_working(tmp_path: Path) -> None:
    """What began by the stream alone, since Slack let nothing be said of it."""
    agent = AppConfig.from_manifest(manifest(agent=True))
    async with empty_stage(agent) as stage:
        workspace = stage.workspace
        env = environment(workspace, stage.grok, tmp_path / "data", SLACK_STREAMING="native")
        stage.grok.script(slow(times=2))
        workspace.fail("agents.sessions.setStatus", retry_after=1)
        async with loaded_bot(env, cwd=tmp_path) as first:
            await workspace.connected()
            root = await workspace.say(BEN, GENERAL, "@grok Count")
            await workspace.wait_for(
                lambda: any("word5" in markdown(each) for each in stage.replies(root.ts)), 20
            )
            first.send_signal(signal.SIGKILL)
            await first.wait()
        session = workspace.session(GENERAL, root.ts)
        assert session is not None
        killed = session.history.copy()
        async with loaded_bot(env, cwd=tmp_path):
            await workspace.wait_for(
                lambda: any(WHOLE in markdown(each) for each in stage.replies(root.ts)), 30
            )
            await workspace.wait_for(lambda: session.status == "active", 20)

    assert killed == ["processing"]
    assert len(stage.replies(root.ts)) == 1
