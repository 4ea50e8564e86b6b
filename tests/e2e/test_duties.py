"""Those who take questions and those who work on them, as processes of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.app import open_bot
from bot.duties import Duty
from bot.joining.bot import Bot
from bot.words import files as words
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, GENERAL, NewFile, Workspace
from tests.e2e.process import bot_process, environment
from tests.e2e.stage import Stage, installed_app, is_complete, markdown, probe, settings_for
from tests.files.samples import pdf, png

SLOW = tuple(f"word{number} " for number in range(400))


@asynccontextmanager
async def apart(redis_url: str) -> AsyncIterator[tuple[Stage, Bot]]:
    """A stage with a bot that only takes questions, and that bot."""
    async with (
        Workspace(app=installed_app()) as workspace,
        GrokServer(speed=None, first_delay=0) as grok,
        open_bot(settings_for(workspace, grok, redis_url), Duty.TAKING) as taking,
    ):
        await workspace.connected()
        yield Stage(workspace, grok), taking


@asynccontextmanager
async def worker(stage: Stage, redis_url: str) -> AsyncIterator[Bot]:
    """A bot that only works, and can be reached by nobody."""
    settings = settings_for(stage.workspace, stage.grok, redis_url).model_copy(
        update={"slack_app_token": None}
    )
    async with open_bot(settings, Duty.WORKING) as working:
        yield working


async def test_one_takes_and_the_other_answers(redis_url: str) -> None:
    async with apart(redis_url) as (stage, taking):
        await stage.ask("Hello")
        assert await probe(taking) == (200, [])
        assert not stage.grok.requests
        async with worker(stage, redis_url) as working:
            await stage.answer()
            assert await probe(working) == (200, [])
        sockets = stage.workspace.sockets

    assert len(stage.grok.requests) == 1
    assert sockets == 1
    assert not stage.workspace.problems


async def test_files_of_a_question_that_one_took_are_read_by_the_other(redis_url: str) -> None:
    """All that they have in common is the store, where only the ids of files stand."""
    files = [
        NewFile("error.log", b"E42: out of memory"),
        NewFile("shot.png", png()),
        NewFile("plan.pdf", pdf("Ship it")),
        NewFile("film.mp4", b"0"),
        NewFile("gone.txt", b"x"),
    ]
    async with apart(redis_url) as (stage, _):
        asked = await stage.workspace.say(ANA, GENERAL, "@grok why?", files=files)
        await stage.workspace.settled()
        await stage.workspace.delete_file(ANA, asked.files[-1].id)
        async with worker(stage, redis_url):
            answer = await stage.reply(0, asked.ts)
        await stage.workspace.click(ANA, GENERAL, answer.ts, "details")
        details = await stage.workspace.wait_for(
            lambda: (view := stage.workspace.view(ANA)) and "error.log" in str(view.content)
        )

    question, *sent = stage.messages()[-1]["content"]
    assert [part["type"] for part in sent] == ["input_image", "input_file"]
    assert "E42: out of memory" in question["text"]
    assert "film.mp4` (it is a video" in markdown(answer)
    assert f"`a file` ({words.DELETED})" in markdown(answer)
    assert details
    assert not stage.workspace.problems


async def test_a_click_that_one_heard_stops_what_the_other_does(redis_url: str) -> None:
    async with apart(redis_url) as (stage, _), worker(stage, redis_url):
        stage.grok.script(Script(pieces=SLOW, speed=20))
        await stage.ask("Count")
        message = await stage.workspace.wait_for(
            lambda: next(
                (m for m in stage.workspace.messages(GENERAL) if "word3" in markdown(m)), None
            )
        )
        await stage.workspace.click(ANA, GENERAL, message.ts, "stop")
        await stage.workspace.wait_for(lambda: is_complete(message))

    assert "word399" not in markdown(message)


@pytest.mark.parametrize("command", [("work",), ("serve", "--no-worker")])
async def test_neither_has_a_store_of_its_own(
    command: tuple[str, ...], grok: GrokServer, tmp_path: Path
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data")
        async with bot_process(env, *command, cwd=tmp_path) as bot:
            out, err = await bot.communicate()

    assert (bot.returncode, out) == (1, b"")
    (said,) = err.decode().splitlines()
    assert said.startswith("REDIS_URL is missing")
    assert "python -m bot serve" in said
