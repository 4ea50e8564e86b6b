"""The journey on stores that are more than one server, and what becomes of it when they change."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import words
from bot.duties import Duty
from bot.errors import Trouble
from bot.jobs.queue import Queue
from bot.ops.store_probe import ServerInfo, store_info
from bot.settings import Settings
from bot.store.installations import PREFIX
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, GENERAL, TEAM_ID, Message
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import environment
from tests.e2e.several import Several, several
from tests.e2e.stage import Stage, markdown, on_stage
from tests.e2e.test_admin import told
from tests.e2e.test_crashes import WHOLE, WORDS, empty_stage, slow, streaming
from tests.e2e.test_grok_key import OWN, ready, with_key
from tests.jobs.work import IDLE
from tests.store.several import Cluster, cluster_of_three, guarded_server

pytestmark = pytest.mark.timeout(120)

OURS = Keys(TEAM_ID).queue


async def asked_and_answered(stage: Stage, text: str, *, user: str = ANA) -> list[Message]:
    number = len(stage.workspace.messages(GENERAL))
    await stage.ask(text, user=user)
    return await stage.answer(number)


async def a_journey(stage: Stage) -> None:
    """A question, a reply in its thread, a limit that holds, and what was used of it."""
    stage.grok.script(Script(text="The Ucayali.", times=3))
    (root,) = await asked_and_answered(stage, "Name a river in Peru")
    await stage.workspace.say(ANA, GENERAL, "How long is it?", root.ts)
    await stage.reply(0, root.ts)
    assert "assistant: The Ucayali." in [
        f"{each['role']}: {each['content']}" for each in stage.messages()
    ]
    await told(stage, "quota set requests-per-day=3 channel")
    await asked_and_answered(stage, "Name a lake", user=BEN)
    denied = await told(stage, "Name a hill", user=BEN)
    assert "3" in denied
    assert "Name a hill" not in str([each.body for each in stage.grok.requests])
    await told(stage, "quota unset requests-per-day channel")


async def nothing_is_left_to_do(url: str) -> None:
    async with Store(url) as store:
        queue = Queue(store, Keys(TEAM_ID), lease_seconds=60, retention_seconds=600)
        async with asyncio.timeout(20):
            while await queue.load() != IDLE:
                await asyncio.sleep(0.05)


async def survives(stage: Stage, change: Callable[[], Awaitable[None]]) -> None:
    """An answer that runs while the store changes is whole, and there is one."""
    before = len(stage.workspace.messages(GENERAL))
    stage.grok.script(Script(pieces=WORDS, speed=40, times=1))
    await stage.ask("Count")
    await stage.workspace.wait_for(
        lambda: "word5" in "".join(map(markdown, stage.workspace.messages(GENERAL)[before:])), 20
    )
    await change()
    (answer,) = await stage.answer(before)
    assert markdown(answer).strip() == WHOLE
    assert len(stage.workspace.messages(GENERAL)) == before + 1


async def test_a_cluster_of_three_that_loses_others_and_moves_what_is_ours(tmp_path: Path) -> None:
    with cluster_of_three(tmp_path / "cluster") as cluster:
        ours = cluster.of(OURS)
        other, elsewhere = [each for each in cluster.primaries if each is not ours]
        async with on_stage(cluster.url, job_lease_seconds=1.0) as stage:
            await a_journey(stage)
            await survives(stage, partial(asyncio.to_thread, cluster.move, OURS, elsewhere))
            other.kill()
            await asked_and_answered(stage, "Name a sea")
            await stage.quiet()
        await nothing_is_left_to_do(cluster.url)


async def test_a_cluster_without_what_is_ours_declines_and_loses_nothing(tmp_path: Path) -> None:
    with cluster_of_three(tmp_path / "cluster") as cluster:
        ours = cluster.of(OURS)
        async with on_stage(cluster.url, job_lease_seconds=1.0) as stage:

            async def away() -> None:
                ours.kill()
                declined = await stage.ask("Hello?", user=BEN)
                assert declined.ack_body["text"] in (words.NOT_TAKEN, words.MAYBE_NOT_TAKEN)
                await asyncio.to_thread(ours.start)

            await survives(stage, away)
            assert len(stage.grok.requests) == 1
            await asked_and_answered(stage, "Name a sea")
            await stage.quiet()
        await nothing_is_left_to_do(cluster.url)


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
async def test_a_failover_in_mid_answer_is_survived_as_a_restart_is(
    tmp_path: Path, kind: str
) -> None:
    with ExitStack() as stack:
        if kind == "sentinel":
            guarded = stack.enter_context(guarded_server(tmp_path / "guarded"))
            url, fail_over = guarded.url, guarded.fail_over
        else:
            cluster = stack.enter_context(cluster_of_three(tmp_path / "cluster", replicas=True))
            url, fail_over = cluster.url, partial(cluster.fail_over, OURS)
        async with on_stage(url, job_lease_seconds=1.0) as stage:
            await a_journey(stage)
            await survives(stage, partial(asyncio.to_thread, fail_over))
            assert "4 questions" in await told(stage, "usage workspace")
            await asked_and_answered(stage, "Name a sea")
            await stage.quiet()
        await nothing_is_left_to_do(url)


async def test_killed_on_a_cluster_the_answer_goes_on_elsewhere(tmp_path: Path) -> None:
    with cluster_of_three(tmp_path / "cluster") as cluster:
        async with empty_stage() as stage:
            env = environment(stage.workspace, stage.grok, tmp_path / "data", REDIS_URL=cluster.url)
            stage.grok.script(slow(times=2))
            async with loaded_bot(env, cwd=tmp_path) as first, loaded_bot(env, cwd=tmp_path):
                await stage.workspace.connected(2)
                await stage.ask("Count")
                message = await streaming(stage)
                first.send_signal(signal.SIGKILL)
                (answer,) = await stage.answer()
        assert answer.ts == message.ts
        assert markdown(answer).strip() == WHOLE


async def test_a_sentinel_that_names_a_dead_server_is_said_to_the_operator_and_the_asker(
    tmp_path: Path,
) -> None:
    with guarded_server(tmp_path / "guarded", down_after_ms=60_000) as guarded:
        settings = Settings(_env_file=None, redis_url=SecretStr(guarded.url))
        assert isinstance(await store_info(settings, TEAM_ID), ServerInfo)
        async with on_stage(guarded.url) as stage:
            await asked_and_answered(stage, "Hello")
            guarded.primary.kill()
            declined = await stage.ask("Hello again")
            assert declined.ack_body["text"] == words.NOT_TAKEN
            trouble = await store_info(settings, TEAM_ID)
            assert isinstance(trouble, Trouble)
            assert str(guarded.primary.port) in trouble.text
            await asyncio.to_thread(guarded.primary.start)
            await asked_and_answered(stage, "Hello again")
        guarded.sentinel.kill()
        trouble = await store_info(settings, TEAM_ID)
        assert isinstance(trouble, Trouble)
        assert "No master found for 'grok'" in trouble.text


async def test_several_workspaces_on_a_cluster_leave_nothing_there(tmp_path: Path) -> None:
    """Each lies on one of its nodes: asking, a Grok key of one's own, and leaving."""
    with cluster_of_three(tmp_path / "cluster") as cluster:
        async with several(cluster.url) as all_:
            acme, birch = all_.stages
            await ready(all_, acme)
            for stage in (acme, birch):
                await asked_and_answered(stage, "Name a sea")
            assert len(with_key(all_.grok.requests, OWN)) == 1
            await all_.slack.uninstall(acme.workspace)
            async with asyncio.timeout(20):
                while await asyncio.to_thread(kept_of, cluster, "T0SEVERAL1"):
                    await asyncio.sleep(0.05)
            assert await asyncio.to_thread(kept_of, cluster, "T0SEVERAL2")
            await asked_and_answered(birch, "Name a lake")


def kept_of(cluster: Cluster, team: str) -> list[str]:
    """Every key of the Cluster that names `team`."""
    found: list[str] = []
    for server in cluster.primaries:
        with server.client() as redis:
            found += [str(key) for key in redis.scan_iter(f"*{team}*", count=1_000)]
    return found


async def answered_in(all_: Several, teams: Iterable[str]) -> None:
    """A question in each of these workspaces is answered."""
    some = [each for each in all_.stages if each.workspace.state.team_id in set(teams)]
    await asyncio.gather(*(asked_and_answered(each, "Name a sea") for each in some))


@pytest.mark.parametrize("duties", [(Duty.BOTH,), (Duty.TAKING, Duty.WORKING)])
async def test_workspaces_on_a_cluster_are_on_all_masters_and_lose_one_with_its_own(
    tmp_path: Path, duties: tuple[Duty, ...]
) -> None:
    """Those of a master that is away wait for it; the others are answered meanwhile, and what was
    being answered there comes once, when it is back."""
    with cluster_of_three(tmp_path / "cluster") as cluster:
        async with several(cluster.url, count=9, duties=duties, job_lease_seconds=1.0) as all_:
            on: dict[int, list[str]] = {}
            for team in (each.workspace.state.team_id for each in all_.stages):
                server = cluster.of(Keys.among_several(team).queue)
                on.setdefault(cluster.primaries.index(server), []).append(team)
            assert sorted(on) == [0, 1, 2]
            await answered_in(all_, [team for each in on.values() for team in each])
            register = cluster.primaries.index(cluster.of(f"{PREFIX}records"))
            struck = next(each for each in on if each != register)
            acme = next(each for each in all_.stages if each.workspace.state.team_id in on[struck])

            async def away() -> None:
                cluster.primaries[struck].kill()
                left = [team for each, teams in on.items() if each != struck for team in teams]
                await answered_in(all_, left)
                await asyncio.to_thread(cluster.primaries[struck].start)

            await survives(acme, away)
            await answered_in(all_, on[struck])
