"""A thousand workspaces of one process, and what becomes of those of a process that is killed."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.duties import Duty
from bot.store.installations import Installations
from bot.store.keys import Shard
from bot.store.redis.connection import Store
from bot.store.seal import Seal
from bot.teams import tenants
from bot.teams.register import Record, Register
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BOT_ID, BOT_USER, GENERAL, Limits, Workspace, Workspaces
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import environment
from tests.e2e.several import KEY, Several, several
from tests.e2e.stage import is_complete

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

MANY = 1_000
STRUCK = 50
BURST, PLACES = 500, 3
FEW_CONNECTIONS = 64
AT_REST_SECONDS = 3.0
TIMES = 20
"""A thousand that are open cost not so many times as much as one."""
START_SECONDS = 60.0


async def install(redis_url: str, slack: Workspaces) -> None:
    """Every workspace has the app, as if by its pages."""
    async with Store(redis_url) as store:
        register = Register(Installations(store), Seal([KEY]))
        for workspace in slack.workspaces:
            team, token = workspace.state.team_id, slack.install(workspace)
            record = Record(place=team, bot_token=token, bot_user=BOT_USER, bot_id=BOT_ID)
            await register.save(record)


async def connections(redis_url: str) -> int:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        return len(await redis.client_list()) - 1


async def cpu_at_rest() -> float:
    before = time.process_time()
    await asyncio.sleep(AT_REST_SECONDS)
    return time.process_time() - before


async def use(workspaces: Sequence[Workspace]) -> None:
    """Somebody reads the help in each, a few at a time: Slack waits three seconds for each."""
    room = asyncio.Semaphore(4)

    async def one(workspace: Workspace) -> None:
        async with room:
            for _ in range(5):
                said = await workspace.command(ANA, GENERAL, "/grok help")
                if said.ack_body:
                    return
        raise AssertionError(said)

    await asyncio.gather(*map(one, workspaces))


async def answers(all_: Several, numbers: Sequence[int]) -> None:
    """Ask in each of these, and wait for every answer."""
    for number in numbers:
        await all_.stages[number].ask("Hello")
    for number in numbers:
        await all_.stages[number].answer()


async def test_a_thousand_that_are_open_cost_little_and_answer_at_once(redis_url: str) -> None:
    limits = {"count": MANY, "install": False, "jobs_at_once": 20}
    async with several(redis_url, **limits) as all_:  # type: ignore[arg-type]
        await install(redis_url, all_.slack)
        await use(all_.slack.workspaces[:1])
        await cpu_at_rest()  # each installation is looked at once
        one = await cpu_at_rest()
        await use(all_.slack.workspaces[1:])
        await cpu_at_rest()
        many = await cpu_at_rest()
        found = await connections(redis_url)
        await answers(all_, range(0, MANY, MANY // 20))

    assert found < FEW_CONNECTIONS
    assert many < TIMES * one


def is_open(team: str) -> bool:
    return any(task.get_name() == f"team {team}" for task in asyncio.all_tasks())


@pytest.mark.parametrize("duties", [(Duty.BOTH,), (Duty.TAKING, Duty.WORKING)])
async def test_who_was_let_go_wakes_up_again(
    redis_url: str, duties: tuple[Duty, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenants, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(tenants, "LOOK_SECONDS", 0.1)
    async with several(redis_url, duties=duties) as all_:
        acme = all_.stages[0]
        for number in range(3):
            await acme.ask("Hello")
            await acme.answer(number)
            async with asyncio.timeout(20):
                while is_open("T0SEVERAL1"):
                    await asyncio.sleep(0.02)

    assert len(acme.workspace.messages(GENERAL)) == 3


@asynccontextmanager
async def workspaces(count: int, grok: GrokServer) -> AsyncIterator[Workspaces]:
    async with Workspaces(count, limits=Limits(scale=0)) as slack, grok:
        yield slack


def several_in(slack: Workspaces, grok: GrokServer, where: Path, url: str) -> dict[str, str]:
    """The environment of a bot that serves all of them."""
    return environment(
        slack.workspaces[0],
        grok,
        where,
        SLACK_BOT_TOKEN="",
        SLACK_API_URL=slack.api_url,
        SLACK_APP_TOKEN=slack.app_token,
        SLACK_CLIENT_ID=slack.client_id,
        SLACK_CLIENT_SECRET=slack.client_secret,
        INSTALLATION_KEYS=KEY,
        PUBLIC_URL="http://127.0.0.1:1",
        HOST="127.0.0.1",
        PORT="0",
        REDIS_URL=url,
        SHUTDOWN_GRACE_SECONDS="0",
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
async def test_who_is_left_takes_the_jobs_of_fifty_workspaces(
    redis_url: str, tmp_path: Path, how: signal.Signals
) -> None:
    """Each of them has one answer, whole; none is lost, none comes twice, also where the process
    that began it wakes up again. One that is told to stop hands them back, before a lease ends."""
    grok = GrokServer(speed=None, first_delay=0)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(workspaces(STRUCK, grok))
        for _ in range(STRUCK):
            grok.script(Script(pieces=["All ", "is ", "well."], first_delay=600))
        await install(redis_url, slack)
        lease = 600 if how == signal.SIGTERM else 2
        env = several_in(slack, grok, tmp_path, redis_url) | {"JOB_LEASE_SECONDS": str(lease)}
        struck = await stack.enter_async_context(loaded_bot(env, cwd=tmp_path))
        await slack.workspaces[0].connected(1, START_SECONDS)
        for each in slack.workspaces:
            await each.command(ANA, GENERAL, "/grok Is all well?")
        async with asyncio.timeout(60):
            while len(grok.requests) < STRUCK:
                await asyncio.sleep(0.05)
        struck.send_signal(how)
        await stack.enter_async_context(loaded_bot(env, cwd=tmp_path))
        for each in slack.workspaces:
            await each.wait_for(partial(_is_answered, each), 120)
        if how == signal.SIGSTOP:
            struck.send_signal(signal.SIGCONT)
            await asyncio.sleep(2 * lease)  # it shows what it would do
        await _at_rest(redis_url)

    for each in slack.workspaces:
        assert len(each.messages(GENERAL)) == 1


def _is_answered(workspace: Workspace) -> bool:
    found = workspace.messages(GENERAL)
    return bool(found) and all(map(is_complete, found))


async def _at_rest(redis_url: str) -> None:
    """Wait until no workspace has anything to do."""
    async with Redis.from_url(redis_url) as redis, asyncio.timeout(60):
        while [key async for key in redis.scan_iter(Shard(0).busy.replace("00", "*"))]:
            await asyncio.sleep(0.1)


async def test_the_burst_of_one_workspace_holds_nobody_up_elsewhere(redis_url: str) -> None:
    """Of two that share three places, one asks five hundred questions. The other's one question is
    a few of those behind, as they come to Grok, and not all of them."""
    grok = GrokServer(speed=None, first_delay=0.5)
    values = {"jobs_at_once": PLACES, "questions_per_minute": 10_000, "shutdown_grace_seconds": 0}
    async with several(redis_url, grok=grok, **values) as all_:  # type: ignore[arg-type]
        acme, birch = (each.workspace for each in all_.stages)
        room = asyncio.Semaphore(8)

        async def ask(number: int) -> None:
            async with room:
                await acme.command(ANA, GENERAL, f"/grok Name number {number}")

        await asyncio.gather(*map(ask, range(BURST)))
        before = len(grok.requests)
        await birch.command(ANA, GENERAL, "/grok Name a sea")
        async with asyncio.timeout(60):
            while not (
                at := [n for n, each in enumerate(grok.requests) if "sea" in str(each.body)]
            ):
                await asyncio.sleep(0.02)

    assert before < BURST / 2  # they are not answered before it was asked
    assert at[0] - before < BURST / 10
