"""Nothing is taken before Slack is connected: a job that blocks must not keep a bot from it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.completion import CompletionRequest
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, GENERAL, TEAM_ID, Workspace
from sandbox.workspace.delivering import socket_mode as sockets
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import environment
from tests.e2e.stage import Stage, installed_app
from tests.jobs.asks import make_ask

JOB = "job-1"


def the_queue(store: Store) -> Queue:
    return Queue(store, Keys(TEAM_ID), lease_seconds=15, retention_seconds=600)


async def leave_a_job(store: Store) -> None:
    """A question that a bot took which is gone."""
    request = CompletionRequest(model="grok-4.3", prompt="Still there?", max_tokens=50)
    ask = make_ask(team=TEAM_ID, channel=GENERAL, user=ANA, request=request)
    await the_queue(store).accept(JOB, ask)


async def the_job(store: Store) -> Job:
    job = await the_queue(store).look(JOB)
    assert job is not None
    return job


class AfterTheFirst:
    """Whether a call is not the first: that one is the check at start."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, _: Mapping[str, Any]) -> bool:
        self.calls += 1
        return self.calls > 1


async def test_in_socket_mode_nothing_is_taken_while_slack_opens_no_connection(
    tmp_path: Path,
    grok: GrokServer,
    store: Store,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = sockets.TICKET_SECONDS
    async with Workspace(app=installed_app()) as workspace:
        await leave_a_job(store)
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url)
        monkeypatch.setattr(sockets, "TICKET_SECONDS", -1.0)  # the one of the check opens nothing
        fault = workspace.fail(
            "apps.connections.open", error="internal_error", times=None, where=AfterTheFirst()
        )
        async with loaded_bot(env, cwd=tmp_path):
            await workspace.wait_for(
                lambda: len(workspace.calls_of("apps.connections.open")) > 2, 20
            )
            waiting = await the_job(store)
            asked, posts = grok.requests.copy(), workspace.messages(GENERAL)
            monkeypatch.setattr(sockets, "TICKET_SECONDS", good)
            fault.lift()
            await workspace.connected()
            await Stage(workspace, grok).answer()

    assert (waiting.state, waiting.attempts) == ("queued", 0)
    assert not asked
    assert not posts
    assert len(grok.requests) == 1


async def test_a_bot_that_has_lost_its_socket_takes_nothing_until_it_has_one_again(
    tmp_path: Path, grok: GrokServer, store: Store, redis_url: str
) -> None:
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data", REDIS_URL=redis_url)
        async with loaded_bot(env, cwd=tmp_path):
            await workspace.connected()
            fault = workspace.fail("apps.connections.open", error="internal_error", times=None)
            before = len(workspace.calls_of("apps.connections.open"))
            workspace.cut_sockets()
            await workspace.wait_for(
                lambda: len(workspace.calls_of("apps.connections.open")) > before, 30
            )
            await leave_a_job(store)
            again = len(workspace.calls_of("apps.connections.open"))
            await workspace.wait_for(
                lambda: len(workspace.calls_of("apps.connections.open")) > again, 30
            )
            waiting = await the_job(store)
            fault.lift()
            await workspace.connected(seconds=30)
            await Stage(workspace, grok).answer()

    assert (waiting.state, waiting.attempts) == ("queued", 0)


async def test_in_http_mode_nothing_is_taken_before_the_port_is_open(
    tmp_path: Path, grok: GrokServer, store: Store, redis_url: str
) -> None:
    async with Workspace(mode="http", app=installed_app()) as workspace:
        await leave_a_job(store)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            env = environment(
                workspace,
                grok,
                tmp_path / "data",
                REDIS_URL=redis_url,
                SLACK_APP_TOKEN="",
                SLACK_SIGNING_SECRET=workspace.credentials.signing_secret,
                HOST="127.0.0.1",
                PORT=str(taken.getsockname()[1]),
            )
            async with loaded_bot(env, cwd=tmp_path) as bot:
                assert await bot.wait() == 1
            waiting = await the_job(store)
        async with loaded_bot(env, cwd=tmp_path):
            await Stage(workspace, grok).answer()

    assert (waiting.state, waiting.attempts, waiting.epoch) == ("queued", 0, 0)
    assert len(grok.requests) == 1
