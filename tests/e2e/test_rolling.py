"""Processes that are told to stop while they answer: beside another, and one after the other."""

from __future__ import annotations

import asyncio
import io
import signal
import subprocess
import tarfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BEN, CHLOE, GENERAL, Limits, Message, Workspace
from tests.e2e.loaded import Loaded, loaded_bot
from tests.e2e.process import ROOT, bot_process, environment
from tests.e2e.stage import Stage, installed_app, is_complete, markdown
from tests.e2e.test_crashes import WHOLE, WORDS, empty_stage, slow, streaming

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

QUESTIONS = 30
REPLICAS = 3
START_SECONDS = 40.0
COMMITS_AGO = 40


async def stop(process: asyncio.subprocess.Process | Loaded) -> int:
    """Send SIGTERM; the exit code."""
    process.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(process.wait(), 40)


@pytest.mark.parametrize("grace", ["0", "20"])
async def test_told_to_stop_beside_another_its_answer_goes_on(
    tmp_path: Path, redis_url: str, grace: str
) -> None:
    """With time for it, where it began; without, at once with the other one. The lease is so long
    that nobody waits for that."""
    async with empty_stage() as stage:
        env = environment(
            stage.workspace,
            stage.grok,
            tmp_path / "data",
            REDIS_URL=redis_url,
            SHUTDOWN_GRACE_SECONDS=grace,
            JOB_LEASE_SECONDS="600",
        )
        stage.grok.script(Script(pieces=WORDS, speed=10))  # longer than another takes to start
        stage.grok.script(slow())
        async with loaded_bot(env, cwd=tmp_path) as first:
            await stage.workspace.connected(1, START_SECONDS)
            await stage.ask("Count")
            message = await streaming(stage)
            async with loaded_bot(env, cwd=tmp_path) as other:
                await stage.workspace.connected(2, START_SECONDS)
                assert await stop(first) == 0
                (answer,) = await stage.answer()
                assert await stop(other) == 0

    assert answer.ts == message.ts
    assert markdown(answer).strip() == WHOLE
    assert len(stage.workspace.messages(GENERAL)) == 1
    assert len(stage.grok.requests) == (2 if grace == "0" else 1)


def earlier_code(directory: Path) -> Path:
    """Where the bot is as it was: at the newest release, or, where there is none, some commits
    ago. Where there is no history it is as it is."""

    def git(*words: str) -> bytes:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, capture_output=True, check=False).stdout

    release = git("describe", "--tags", "--abbrev=0", "HEAD^")
    earlier = release or git("rev-list", "--first-parent", f"--skip={COMMITS_AGO}", "-n1", "HEAD")
    archive = git("archive", earlier.decode().strip(), "bot") if earlier else b""
    if not archive:
        return ROOT
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(directory, filter="data")
    return directory


@pytest.mark.slow
async def test_replaced_one_after_another_every_question_is_answered_once(
    tmp_path: Path, redis_url: str
) -> None:
    """An earlier version by this one: both take what the other has accepted."""
    before = earlier_code(tmp_path / "earlier")
    async with AsyncExitStack() as stack:
        workspace = Workspace(app=installed_app(), limits=Limits(scale=0))
        await stack.enter_async_context(workspace)
        grok = await stack.enter_async_context(GrokServer(speed=None, first_delay=0))
        stage = Stage(workspace, grok)
        env = environment(
            stage.workspace,
            stage.grok,
            tmp_path / "data",
            REDIS_URL=redis_url,
            SHUTDOWN_GRACE_SECONDS="1",
            JOB_LEASE_SECONDS="10",
            SLACK_EDITS_PER_MINUTE="10000",
        )
        stage.grok.script(slow(times=None))

        async def start(code: Path) -> asyncio.subprocess.Process:
            chosen = {**env, "PYTHONPATH": str(code)}
            return await stack.enter_async_context(bot_process(chosen, cwd=tmp_path))

        running = [await start(before) for _ in range(REPLICAS)]
        await stage.workspace.connected(REPLICAS, START_SECONDS)
        asking = asyncio.create_task(_ask_all(stage))
        for old in tuple(running):
            running.append(await start(ROOT))
            await stage.workspace.connected(REPLICAS + 1, START_SECONDS)
            assert await stop(old) == 0
        await asking
        await stage.workspace.wait_for(lambda: len(_whole(stage)) == QUESTIONS, 90)
        for process in running[REPLICAS:]:
            assert await stop(process) == 0

    asked = sorted(message.shown.split("question ")[1].split()[0] for message in _whole(stage))
    assert asked == sorted(f"{number:02}" for number in range(QUESTIONS))
    assert len(_standing(stage)) == QUESTIONS


async def _ask_all(stage: Stage) -> None:
    """Thirty questions of three people, as long as the replicas are replaced. What Slack could not
    deliver, as a person reads at once, is asked again."""
    for number in range(QUESTIONS):
        user = (ANA, BEN, CHLOE)[number % 3]
        while True:
            text = f"/grok question {number:02} please"
            if (await stage.workspace.command(user, GENERAL, text)).error is None:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)


def _standing(stage: Stage) -> list[Message]:
    return [message for message in stage.workspace.messages(GENERAL) if not message.deleted]


def _whole(stage: Stage) -> list[Message]:
    """The answers that are there to the end."""
    return [
        message
        for message in _standing(stage)
        if is_complete(message) and markdown(message).strip().endswith(WHOLE)
    ]
