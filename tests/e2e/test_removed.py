"""A workspace that has removed the app: by whom, when, and whether anybody was told."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.ops.check import check
from bot.store.installations import DOUBT_SECONDS, PREFIX, Installations
from bot.store.redis.connection import Store
from bot.teams import departure
from bot.terminal.jobs import Wanted, operate
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BEN, GENERAL
from tests.e2e.several import keys_of, several
from tests.e2e.test_several import SLOW

ACME = "T0SEVERAL1"
LOOKING = f"{PREFIX}claimed:looking:{ACME}"
DOUBT = f"{PREFIX}doubt:{ACME}"


async def test_who_removed_it_while_no_bot_was_told_is_found_out(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Slack told of it while no bot ran: what is left there is found by asking, a day apart."""
    monkeypatch.setattr(departure, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(departure, "ROUND_SECONDS", 0.1)
    monkeypatch.setattr(departure, "PACE_SECONDS", 0.0)
    async with several(redis_url, replicas=2) as all_, Redis.from_url(redis_url) as redis:
        acme, birch = all_.stages
        for stage in all_.stages:
            await stage.ask("Hello")
            await stage.answer()
        team = all_.slack._teams[ACME]
        team.revoked |= dict.fromkeys(team.bot_tokens, "account_inactive")
        await redis.delete(LOOKING)  # it is time
        async with asyncio.timeout(10):
            while not await redis.exists(DOUBT):
                await asyncio.sleep(0.02)
        await check(all_.settings)
        assert f"Slack says that {ACME} removed the app" in capsys.readouterr().out
        assert await redis.hexists(PREFIX + "records", ACME)

        await redis.pexpire(DOUBT, 1000 * (DOUBT_SECONDS - departure.APART_SECONDS))  # a day later
        await redis.delete(LOOKING)
        async with asyncio.timeout(10):
            while await redis.hexists(PREFIX + "records", ACME):
                await asyncio.sleep(0.02)
            while [key for key in await keys_of(redis_url, ACME) if key != LOOKING]:
                await asyncio.sleep(0.05)
        before = len(birch.workspace.messages(GENERAL))
        await birch.ask("Still there?", user=BEN)
        assert await birch.answer(before)
        await check(all_.settings)
        said = capsys.readouterr().out

    assert "installed in 1 workspace" in said
    assert "removed the app" not in said
    assert "forgotten by the store" not in said
    assert acme.workspace.messages(GENERAL)


async def test_what_another_replica_holds_of_a_removed_workspace_is_not_queued_anew(
    redis_url: str,
) -> None:
    """The one that is told deletes all; the other finds its jobs gone, and they are to be."""
    grok = GrokServer(speed=20, first_delay=0)
    with capture_logs() as logs:
        async with several(redis_url, replicas=2, grok=grok, jobs_at_once=3) as all_:
            acme, _ = all_.stages
            all_.grok.script(Script(pieces=SLOW, times=None))
            for user in (ANA, BEN) * 3:
                await acme.ask("A long one", user=user)
            for number in range(6):
                await all_.grok.arrived(number + 1)
            team = all_.slack._teams[ACME]
            team.revoked |= dict.fromkeys(team.bot_tokens, "account_inactive")
            await acme.workspace.emit("app_uninstalled", {"type": "app_uninstalled"})  # to one
            async with asyncio.timeout(20):
                for each in list(all_.grok.requests):
                    await each.closed.wait()
                while await keys_of(redis_url, ACME):
                    await asyncio.sleep(0.05)

    assert "job forgotten by the store, queued anew" not in {each["event"] for each in logs}


async def test_an_operator_sees_which_questions_are_of_a_workspace_that_seems_removed(
    redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        several(redis_url, shutdown_grace_seconds=0) as all_,
        Store(redis_url, several=True) as store,
    ):
        all_.grok.script(Script(pieces=["Wait"], first_delay=600, times=None))
        for stage in all_.stages:
            await stage.ask("Hello")
        await Installations(store).doubt(ACME, "of its token")
        await operate(all_.settings, Wanted())
        printed = capsys.readouterr().out

    rows = {line.split()[1]: line for line in printed.splitlines() if "T0SEVERAL" in line}
    assert "its workspace has removed the app" in rows[ACME]
    assert "its workspace has removed the app" not in rows["T0SEVERAL2"]
