"""A question that kills or blocks its worker: three times, and nobody else ends with it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot import words
from bot.completion import CompletionRequest
from bot.jobs.job import MOST_ATTEMPTS
from bot.jobs.queue import Queue
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, ENGINEERING, GENERAL, TEAM_ID, Message, Workspace
from tests.e2e.deadly import DEADLY, STRUCK
from tests.e2e.kept_running import Kept, kept_running
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import environment
from tests.e2e.stage import buttons, installed_app, is_complete, markdown
from tests.jobs.asks import make_ask

WORDS = [f"word{number} " for number in range(30)]
WHOLE = "".join(WORDS).strip()
PROGRAM = "tests.e2e.deadly:main"
SECONDS = 120.0
LEASE = {"JOB_LEASE_SECONDS": "3"}
"""Nobody is to count as gone on a busy machine, who only comes late."""
SORRY = words.FAILED(words.GIVEN_UP)

pytestmark = [pytest.mark.timeout(400)]


def the_queue(store: Store) -> Queue:
    return Queue(store, Keys(TEAM_ID), lease_seconds=15, retention_seconds=600)


async def ask(store: Store, job_id: str, prompt: str, channel: str, **place: Any) -> None:
    """A question that a bot took which is gone: asking needs no bot that is alive."""
    request = CompletionRequest(model="grok-4.3", prompt=prompt, max_tokens=200)
    question = make_ask(team=TEAM_ID, channel=channel, user=ANA, request=request, **place)
    await the_queue(store).accept(job_id, question)


def ended(workspace: Workspace, channel: str, text: str, count: int = 1) -> list[Message]:
    """The answers in `channel`, once so many are complete and say `text`."""
    shown = [message for message in workspace.messages(channel) if not message.deleted]
    return shown if [says(each) for each in shown] == [text] * count else []


def says(message: Message) -> str:
    return markdown(message).strip() if is_complete(message) else ""


async def no_more_jobs(store: Store) -> None:
    while (await the_queue(store).load()).depth:
        await asyncio.sleep(0.05)


async def failed(env: dict[str, str], cwd: Path) -> list[dict[str, Any]]:
    async with loaded_bot(env, "jobs", "--failed", "--json", cwd=cwd) as process:
        out, _ = await process.communicate()
    found: list[dict[str, Any]] = json.loads(out)
    return found


@pytest.mark.parametrize("state", ["running", "streaming", "delivering"])
async def test_two_replicas_die_of_it_three_times_and_answer_all_the_others(
    tmp_path: Path, store: Store, redis_url: str, state: str
) -> None:
    """Those that run beside it, those that come while it rests, and the next of its thread."""
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(Workspace(app=installed_app()))
        grok = await stack.enter_async_context(GrokServer(speed=None, first_delay=0))
        grok.script(Script(pieces=WORDS, speed=15, times=None))
        root = (await workspace.say(ANA, GENERAL, "Hello")).ts
        place = {"conversation": f"{GENERAL}:{root}", "thread_ts": root, "question_ts": root}
        await ask(store, "deadly", f"A {DEADLY} question", GENERAL, **place)
        await ask(store, "next", "The next one", GENERAL, **place | {"question_ts": None})
        for number in range(3):
            await ask(store, f"beside-{number}", "Beside it", ENGINEERING)
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url, **LEASE)
        replicas = [
            await stack.enter_async_context(
                kept_running(env, state, "kill", program=PROGRAM, cwd=tmp_path)
            )
            for _ in range(2)
        ]
        await workspace.wait_for(lambda: deaths(replicas), SECONDS)
        await ask(store, "meanwhile", "Meanwhile", ENGINEERING)
        await workspace.wait_for(lambda: ended(workspace, ENGINEERING, WHOLE, 4), SECONDS)

        def told() -> bool:
            shown = [each for each in workspace.replies(GENERAL, root) if not each.deleted]
            answers = [each for each in shown if markdown(each)]  # the others say "it is ready"
            return [says(each) for each in answers] == [SORRY, WHOLE]

        await workspace.wait_for(told, SECONDS)
        await no_more_jobs(store)
        await workspace.connected(2, SECONDS)
        (given_up,) = await failed(env, tmp_path)

    assert 0 < struck(tmp_path) <= MOST_ATTEMPTS
    assert given_up["id"] == "deadly"
    assert given_up["why"].startswith(f"its worker died {MOST_ATTEMPTS} times")


def struck(directory: Path) -> int:
    """How often the fault struck."""
    return len((directory / STRUCK).read_text().splitlines())


def deaths(replicas: list[Kept]) -> int:
    return sum(kept.deaths for kept in replicas)


@pytest.mark.parametrize("state", ["running", "delivering"])
async def test_one_process_behind_a_probe_that_it_blocks_starts_again_and_connects(
    tmp_path: Path, store: Store, redis_url: str, state: str
) -> None:
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(Workspace(app=installed_app()))
        grok = await stack.enter_async_context(GrokServer(speed=None, first_delay=0))
        grok.script(Script(pieces=WORDS, times=None))
        await ask(store, "deadly", f"A {DEADLY} question", GENERAL)
        await ask(store, "beside", "Beside it", ENGINEERING)
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url, **LEASE)
        kept = await stack.enter_async_context(
            kept_running(env, state, "block", program=PROGRAM, cwd=tmp_path)
        )
        (answer,) = await workspace.wait_for(lambda: ended(workspace, GENERAL, SORRY), SECONDS)
        await workspace.wait_for(lambda: ended(workspace, ENGINEERING, WHOLE), SECONDS)
        await no_more_jobs(store)
        await workspace.connected(1, SECONDS)
        died = struck(tmp_path), kept.deaths
        result = await workspace.command(ANA, ENGINEERING, "/grok Are you there?")
        await workspace.wait_for(lambda: ended(workspace, ENGINEERING, WHOLE, 2), SECONDS)

    assert result.error is None
    assert 0 < struck(tmp_path) <= MOST_ATTEMPTS
    assert (struck(tmp_path), kept.deaths) == died
    assert DEADLY not in str(answer.revisions[-1].blocks)
    assert buttons(answer) == ["retry", "edit"]
