"""`python -m bot jobs`: seeing, asking again and ending what waits, runs or was given up."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot import words
from bot.completion import CompletionRequest
from bot.jobs.board import Board
from bot.jobs.holder import Held
from bot.jobs.job import MOST_ATTEMPTS
from bot.jobs.queue import Queue
from bot.ops import command_words
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.terminal.parser import EXIT_USAGE
from bot.words import talk
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, GENERAL, TEAM_ID, Workspace
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import bot_process, environment
from tests.e2e.stage import Stage, installed_app, is_complete, markdown
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.steps import take_next
from tests.rules.holds import make_hold

SECRET = "what-was-asked"
ROW = {"id", "team", "state", "attempts", "age_seconds", "channel", "asker", "why"}


def the_queue(store: Store, pause: float = 100) -> Queue:
    return Queue(store, Keys(TEAM_ID), lease_seconds=60, retention_seconds=600, pause_seconds=pause)


def question(**place: Any) -> Any:
    request = CompletionRequest(model="grok-4.3", prompt=SECRET, max_tokens=50)
    return make_ask(team=TEAM_ID, channel=GENERAL, user=ANA, request=request, **place)


async def run(env: dict[str, str], cwd: Path, *arguments: str) -> tuple[int, str, str]:
    async with loaded_bot(env, "jobs", *arguments, cwd=cwd) as process:
        out, err = await process.communicate()
    return process.returncode or 0, out.decode().strip(), err.decode().strip()


async def rows(env: dict[str, str], cwd: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    code, out, err = await run(env, cwd, *arguments, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert all(set(row) == ROW for row in found)
    assert SECRET not in out
    return {row["id"]: row for row in found}


async def given_up(queue: Queue, job_id: str = "failed-1", **place: Any) -> None:
    """A job that was given up, and whose asker was told so."""
    await queue.accept(job_id, question(**place))
    lease, job = await take_next(queue)
    held = Held(queue, lease, job)
    await held.give_up()
    assert not await held.finish()


async def one_of_each(store: Store, root: str = "1.1") -> None:
    """A job in every state; they are read in the order in which they are accepted."""
    queue, dying = the_queue(store), the_queue(store)
    thread = {"conversation": f"{GENERAL}:{root}", "thread_ts": root}
    await given_up(queue)
    await queue.accept("resting-1", question())
    (entry,) = [(await take_next(dying))[0].entry]
    assert await dying.pause(entry) > 0
    await queue.accept("running-1", question(**thread))
    await take_next(queue)
    await queue.accept("delivering-1", question())
    held = Held(queue, *await take_next(queue))
    await held.deliver(make_answer())
    await queue.accept("queued-1", question())
    await queue.accept("in-line-1", question(**thread))


async def test_every_job_is_listed_with_why_it_stands_there_and_without_its_question(
    tmp_path: Path, grok: GrokServer, store: Store, redis_url: str
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url)
        async with bot_process(env, "jobs", cwd=tmp_path) as process:
            none, _ = await process.communicate()
        assert (process.returncode, none.decode().strip()) == (0, command_words.JOBS_NONE)

        await one_of_each(store)
        found = await rows(env, tmp_path)
        assert {job_id: row["state"] for job_id, row in found.items()} == {
            "failed-1": "failed",
            "resting-1": "resting",
            "running-1": "running",
            "delivering-1": "delivering",
            "queued-1": "queued",
            "in-line-1": "in line",
        }
        assert {(row["channel"], row["asker"], row["team"]) for row in found.values()} == {
            (GENERAL, ANA, TEAM_ID)
        }
        assert {row["attempts"] for row in found.values()} == {0, 1, MOST_ATTEMPTS}
        assert "while it was being answered" in found["failed-1"]["why"]
        assert "once" in found["resting-1"]["why"]
        assert found["in-line-1"]["why"] == command_words.JOB_BEHIND
        assert set(await rows(env, tmp_path, "--failed")) == {"failed-1"}

        code, out, _ = await run(env, tmp_path)
        assert code == 0
        assert all(job_id in out for job_id in found)
        assert SECRET not in out


async def test_what_was_given_up_is_asked_again_by_the_rules_that_hold(
    tmp_path: Path, grok: GrokServer, store: Store, redis_url: str
) -> None:
    queue = the_queue(store)
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url)
        await given_up(queue)
        code, out, err = await run(env, tmp_path, "--retry", "failed-1", "--json")
        assert code == 0, err
        new = json.loads(out)["new"]

        again = await queue.look(new)
        assert again is not None
        assert (again.state, again.attempts, again.ask.retry_of) == ("queued", 0, "failed-1")
        assert again.ask.request.prompt == SECRET
        assert again.hold is not None
        assert await rows(env, tmp_path, "--failed") == {}
        assert await run(env, tmp_path, "--retry", "failed-1") == (
            1,
            "",
            command_words.JOB_NOT_FAILED("failed-1"),
        )
        async with loaded_bot(env, cwd=tmp_path):
            await workspace.connected()
            await Stage(workspace, grok).answer()
        assert len(grok.requests) == 1


async def test_a_retry_that_a_quota_refuses_leaves_the_job_where_it_was(
    tmp_path: Path, grok: GrokServer, store: Store, redis_url: str
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(
            workspace, grok, tmp_path / "data", REDIS_URL=redis_url, ASKING_CHANNELS="C0OTHER001"
        )
        await given_up(the_queue(store))
        code, out, err = await run(env, tmp_path, "--retry", "failed-1")
        assert (code, out) == (1, "")
        assert err
        assert "Traceback" not in err
        assert set(await rows(env, tmp_path, "--failed")) == {"failed-1"}


@pytest.mark.parametrize(
    "state", ["queued-1", "in-line-1", "resting-1", "running-1", "delivering-1"]
)
async def test_a_job_is_dropped_wherever_it_stands(
    tmp_path: Path, grok: GrokServer, store: Store, redis_url: str, state: str
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url)
        await one_of_each(store, (await workspace.say(ANA, GENERAL, "Hello")).ts)
        for _ in range(2):
            code, out, err = await run(env, tmp_path, "--drop", state)
            assert (code, out) == (0, command_words.JOB_ENDED(state)), err
        assert (await rows(env, tmp_path))[state]["why"] == command_words.JOB_DROPPED
        async with loaded_bot(env, cwd=tmp_path):
            await workspace.connected()
            board = Board(store, Keys(TEAM_ID))
            while any(row.id == state for row in await board.under_way()):
                await asyncio.sleep(0.1)
        assert state not in await rows(env, tmp_path)
        assert _told(workspace)
        assert await run(env, tmp_path, "--drop", state) == (1, "", command_words.JOB_OVER(state))


def _told(workspace: Workspace) -> bool:
    roots = workspace.messages(GENERAL)
    replies = [each for root in roots for each in workspace.replies(GENERAL, root.ts)]
    sentence = words.FAILED(talk.DROPPED)
    return any(markdown(each) == sentence and is_complete(each) for each in [*roots, *replies])


async def test_dropping_releases_what_was_reserved_and_lets_the_conversation_go_on(
    tmp_path: Path, grok: GrokServer, store: Store, redis_url: str
) -> None:
    queue = the_queue(store)
    place = {"conversation": f"{GENERAL}:1.1", "thread_ts": "1.1"}
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url)
        await queue.accept("job-1", question(**place), make_hold(70))
        await queue.accept("job-2", question(**place))
        await take_next(queue)
        assert (await queue.load()).reserved == 70
        code, _, err = await run(env, tmp_path, "--drop", "job-1")
        assert code == 0, err
        assert (await queue.load()).reserved == 0
        assert (await take_next(queue))[1].id == "job-2"


async def test_what_was_given_up_is_taken_from_the_list(
    tmp_path: Path, grok: GrokServer, store: Store, redis_url: str
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url)
        await given_up(the_queue(store))
        assert await run(env, tmp_path, "--drop", "failed-1") == (
            0,
            command_words.JOB_OFF_THE_LIST("failed-1"),
            "",
        )
        assert await rows(env, tmp_path) == {}


async def test_what_cannot_be_done_is_a_sentence(
    tmp_path: Path, grok: GrokServer, store: Store, redis_url: str
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url)
        await one_of_each(store)
        for option in ("--retry", "--drop"):
            for nobody in ("nobody", "*"):
                outcome = await run(env, tmp_path, option, nobody)
                assert outcome == (1, "", command_words.JOB_UNKNOWN(nobody))
            outcome = await run(env, tmp_path, option, "")
            told = command_words.EMPTY_ARGUMENT(option=option, command="jobs")
            assert outcome == (EXIT_USAGE, "", told)
        outcome = await run(env, tmp_path, "--retry", "running-1")
        assert outcome == (1, "", command_words.JOB_NOT_FAILED("running-1"))

        away = env | {"REDIS_URL": "redis://127.0.0.1:9/0"}
        code, out, err = await run(away, tmp_path)
        assert (code, out) == (1, "")
        assert err.startswith("The store does not answer")
        assert "Traceback" not in err

        nowhere = env | {"REDIS_URL": ""}
        outcome = await run(nowhere, tmp_path)
        assert outcome == (1, "", command_words.JOBS_NO_STORE(str(tmp_path / "data")))
        assert not (tmp_path / "data").exists()

        long = "d" * 300
        outcome = await run(nowhere | {"DATA_DIR": long}, tmp_path)
        assert outcome == (1, "", command_words.JOBS_NO_STORE(long))


async def test_the_bots_own_store_is_read_beside_it_and_without_it(
    tmp_path: Path, grok: GrokServer
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data")
        async with bot_process(env, cwd=tmp_path):
            await workspace.connected()
            stage = Stage(workspace, grok)
            await stage.ask("Hello")
            await stage.answer()
            while await rows(env, tmp_path):
                await asyncio.sleep(0.1)
            grok.script(Script(text="Slowly", stall_after=1))
            await stage.ask("Hello again")
            await grok.arrived()
            assert [row["state"] for row in (await rows(env, tmp_path)).values()] == ["running"]
        (left,) = (await rows(env, tmp_path)).values()
        assert (left["state"], left["attempts"]) == ("running", 1)
        code, _, err = await run(env, tmp_path, "--drop", left["id"])
        assert code == 0, err


async def test_help_says_so(tmp_path: Path, grok: GrokServer) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data")
        async with bot_process(env, "--help", cwd=tmp_path) as process:
            out, _ = await process.communicate()
        assert b"jobs" in out
        async with bot_process(env, "jobs", "--help", cwd=tmp_path) as process:
            helped, _ = await process.communicate()
        assert all(option in helped for option in (b"--failed", b"--retry", b"--drop", b"--json"))
