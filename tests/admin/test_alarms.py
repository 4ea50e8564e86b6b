"""Admins are told, once, that most of a quota is used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.admin.alarms import Alarms
from bot.asking.admission import Permission
from bot.rules.policy import limit_fields
from bot.rules.quota import WORKSPACE, QuotaName, Scope
from bot.settings import Settings, admins_of
from bot.slack.web_api import WebApi
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.store.side import StoreSide
from sandbox.workspace import ANA, BEN, GENERAL, Workspace, dm_of
from tests.admin.spending import DAY, MONTH, spend
from tests.fixtures.workspace import slack_side
from tests.sandbox.slack_app import client_of
from tests.store.proxy import Proxy

HERE = Scope("channel", GENERAL)
NOW = 1_763_892_000.0
"""23 November 2025, 10:00 UTC."""


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Watch:
    """Alarms of one replica, and what tests look at."""

    def __init__(self, workspace: Workspace, store: Store, keys: Keys, **settings: Any) -> None:
        ours = Settings(_env_file=None, **settings)
        api = WebApi(client_of(workspace))
        self.workspace, self.store, self.keys, self.clock = workspace, store, keys, Clock()
        records = StoreSide.of(store, keys)
        self.policies = records.policies
        self.alarms = Alarms(
            permission=Permission(ours),
            slack=slack_side(api, store, keys, admins_of(ours)),
            store=records,
            settings=ours,
            clock=self.clock,
        )

    async def limit(self, scope: Scope, by: str = ANA, **limits: int) -> None:
        names: dict[str, QuotaName] = {"day": "tokens-per-day", "month": "usd-per-month"}
        fields = limit_fields({names[name]: most for name, most in limits.items()})
        await self.policies.change(scope, fields, by=by)

    async def use(self, tokens: int, scope: Scope = HERE, window: str = DAY) -> None:
        await spend(self.store, self.keys, str(scope), windows=(window,), tokens=tokens)
        await self.alarms.after_use(GENERAL)

    def told(self, user: str = ANA) -> list[str]:
        return [str(message.shown) for message in self.workspace.messages(dm_of(user))]


@pytest.fixture
def watch(workspace: Workspace, store: Store, keys: Keys) -> Watch:
    return Watch(workspace, store, keys)


async def test_whoever_set_a_quota_is_told_when_most_of_it_is_used(watch: Watch) -> None:
    await watch.limit(HERE, day=1_000)

    await watch.use(799)
    assert watch.told() == []
    await watch.use(800)

    (told,) = watch.told()
    assert f"<#{GENERAL}>" in told
    assert "████████░░ 80%" in told
    assert "1,000 tokens a day" in told
    assert "200 left" in told
    assert "<!date^1763942400^" in told
    assert watch.told(BEN) == []


async def test_they_are_told_once_by_all_replicas_together(
    watch: Watch, workspace: Workspace, store: Store, keys: Keys
) -> None:
    await watch.limit(HERE, day=1_000)
    other = Watch(workspace, store, keys)

    await watch.use(800)
    await watch.use(900)
    await other.use(1_200)

    assert len(watch.told()) == 1


async def test_another_day_and_another_limit_are_told_again(watch: Watch) -> None:
    await watch.limit(HERE, day=1_000)
    await watch.use(800)

    await watch.limit(HERE, day=2_000)
    await watch.use(1_000)
    assert len(watch.told()) == 1
    await watch.use(1_600)
    assert len(watch.told()) == 2

    watch.clock.now += 86_400
    await watch.use(0)
    assert len(watch.told()) == 2
    await watch.use(1_700, window="2025-11-24")
    assert len(watch.told()) == 3


async def test_what_was_told_is_known_until_the_window_ends(watch: Watch) -> None:
    await watch.limit(WORKSPACE, month=20_000_000)
    await spend(watch.store, watch.keys, "workspace", windows=(MONTH,), micro_dollars=19_000_000)
    await watch.alarms.after_use(GENERAL)

    (key,) = [key async for key in watch.store.redis.scan_iter("*claimed*")]
    left = await watch.store.redis.ttl(key)
    assert 1_764_547_200 - NOW - 60 < left <= 1_764_547_200 - NOW
    assert "the workspace" in watch.told()[0]
    assert "$1.00 left" in watch.told()[0]


async def test_the_admins_of_the_settings_are_told_too(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    watch = Watch(workspace, store, keys, grok_admins=BEN)
    await watch.limit(HERE, day=1_000)

    await watch.use(1_000)

    assert len(watch.told(ANA)) == len(watch.told(BEN)) == 1


async def test_whoever_is_no_admin_any_more_is_not_told(watch: Watch) -> None:
    await watch.limit(HERE, by=BEN, day=1_000)

    await watch.use(1_000)

    assert watch.told(BEN) == []


async def test_what_is_reserved_is_not_used_yet(watch: Watch) -> None:
    await watch.limit(HERE, day=1_000)

    await spend(watch.store, watch.keys, str(HERE), tokens=100, held_tokens=900)
    await watch.alarms.after_use(GENERAL)

    assert watch.told() == []


async def test_the_quota_of_another_channel_is_left_alone(watch: Watch) -> None:
    await watch.limit(Scope("channel", "C0OTHER001"), day=1_000)

    await watch.use(1_000, Scope("channel", "C0OTHER001"))

    assert watch.told() == []


@asynccontextmanager
async def behind(url: str) -> AsyncIterator[tuple[Proxy, Store]]:
    async with Proxy(url) as proxy, Store(proxy.url) as store:
        yield proxy, store


async def test_nothing_is_raised_when_redis_or_slack_is_away(
    workspace: Workspace, store: Store, keys: Keys, valkey: str
) -> None:
    async with behind(valkey) as (proxy, theirs):
        watch = Watch(workspace, theirs, keys)
        await watch.limit(HERE, day=1_000)
        await spend(store, keys, str(HERE), tokens=900)
        await proxy.away()
        await watch.alarms.after_use(GENERAL)

        proxy.back()
        workspace.fail("conversations.open", status=500, times=None)
        await watch.alarms.after_use(GENERAL)

    assert watch.told() == []
