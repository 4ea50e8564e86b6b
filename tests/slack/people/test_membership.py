"""Who sees which conversation, asked of Slack as seldom as possible."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.people import membership as module
from bot.slack.people.membership import MOST_LOOKS, Membership
from bot.slack.people.person import Person
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances, Rests
from bot.store.keys import Keys
from bot.store.memory import Memory
from bot.store.redis.connection import Store
from sandbox.workspace import (
    ANA,
    ANA_AND_BEN,
    BEN,
    CHLOE,
    DESIGN,
    ENGINEERING,
    FINANCE,
    GENERAL,
    GROUP_DM,
    GUEST,
    LEADERSHIP,
    PARTNERS,
    STRANGER,
    AppConfig,
    Limits,
    Workspace,
    dm_of,
)
from tests.sandbox.slack_app import client_of
from tests.store.proxy import Proxy

ASKED = ("conversations.info", "conversations.members", "conversations.open")


def member(user: str) -> Person:
    return Person(user, user, known=True)


def guest(user: str) -> Person:
    return Person(user, user, guest=True, known=True)


def stranger(user: str) -> Person:
    return Person(user, user, stranger=True, known=True)


def replica(workspace: Workspace, store: Store, keys: Keys) -> Membership:
    """A process that asks Slack."""
    api = WebApi(client_of(workspace), Rests(store, keys))
    return Membership(api, Memory(store, keys), Allowances(store, keys))


@pytest.fixture
def knows(workspace: Workspace, store: Store, keys: Keys) -> Membership:
    return replica(workspace, store, keys)


def calls(workspace: Workspace) -> int:
    return sum(len(workspace.calls_of(method)) for method in ASKED)


@pytest.mark.parametrize(
    ("person", "channel", "sight"),
    [
        (member(ANA), GENERAL, "yes"),
        (member(CHLOE), PARTNERS, "yes"),  # public, and she is not in it
        (member(ANA), DESIGN, "yes"),  # public, and the bot is not in it
        (member(ANA), LEADERSHIP, "yes"),
        (member(CHLOE), LEADERSHIP, "no"),
        (member(BEN), GROUP_DM, "yes"),
        (member(CHLOE), GROUP_DM, "no"),
        (member(CHLOE), FINANCE, "hidden"),  # she is in it, and the bot is not
        (member(BEN), FINANCE, "hidden"),
        (member(ANA), dm_of(ANA), "yes"),
        (member(BEN), dm_of(ANA), "hidden"),
        (member(ANA), ANA_AND_BEN, "hidden"),
        (guest(GUEST), GENERAL, "yes"),
        (guest(GUEST), ENGINEERING, "no"),
        (stranger(STRANGER), PARTNERS, "yes"),
        (stranger(STRANGER), GENERAL, "no"),
        (Person(BEN, BEN), ENGINEERING, "yes"),  # whom Slack does not describe, but he is in it
        (Person(CHLOE, CHLOE), PARTNERS, "no"),
        (member(ANA), "C0NOSUCH01", "hidden"),
    ],
)
async def test_who_sees_what(knows: Membership, person: Person, channel: str, sight: str) -> None:
    assert await knows.sight(person, channel) == sight


@pytest.mark.parametrize(
    "channel", ["", "general", "C", "C0GENERAL1 ", "C0\n", "U0ANA00001", "c0general1", "C" * 40]
)
async def test_slack_is_not_asked_about_what_is_no_conversation(
    workspace: Workspace, knows: Membership, channel: str
) -> None:
    assert await knows.sight(member(ANA), channel) == "no"
    assert calls(workspace) == 0


async def test_what_one_replica_found_all_know(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    one, other = (replica(workspace, store, keys) for _ in range(2))
    cases = [(member(BEN), LEADERSHIP), (member(CHLOE), LEADERSHIP), (member(ANA), FINANCE)]

    found = [await one.sight(*case) for case in cases]
    asked = calls(workspace)

    assert [await other.sight(*case) for case in cases] == found == ["yes", "no", "hidden"]
    assert calls(workspace) == asked


async def test_a_public_channel_is_asked_about_once_for_everybody(
    workspace: Workspace, knows: Membership
) -> None:
    for user in (ANA, BEN, CHLOE):
        assert await knows.sight(member(user), GENERAL) == "yes"

    assert calls(workspace) == 1


async def test_it_is_remembered_for_a_minute(
    workspace: Workspace, knows: Membership, store: Store, keys: Keys
) -> None:
    await knows.sight(member(BEN), LEADERSHIP)

    kept = [name async for name in store.redis.scan_iter(keys.remembered("*"))]
    assert kept
    assert all([0 < await store.redis.ttl(name) <= 60 for name in kept])

    await store.redis.flushall()
    workspace.leave(BEN, LEADERSHIP)
    assert await knows.sight(member(BEN), LEADERSHIP) == "no"


async def test_a_member_who_becomes_a_guest_is_looked_at_anew(
    workspace: Workspace, knows: Membership
) -> None:
    assert await knows.sight(member(CHLOE), PARTNERS) == "yes"
    assert await knows.sight(guest(CHLOE), PARTNERS) == "no"


async def test_who_is_on_a_later_page_is_found(
    workspace: Workspace, knows: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEMBERS_PAGE", 1)
    channel = workspace.channel(LEADERSHIP)
    last = max(channel.members)

    assert await knows.sight(member(last), LEADERSHIP) == "yes"
    assert len(workspace.calls_of("conversations.members")) == len(channel.members)


async def test_who_is_not_found_in_many_pages_is_not_said_to_be_out(
    workspace: Workspace, knows: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEMBERS_PAGE", 1)
    workspace.channel(LEADERSHIP).members.update(f"U0MANY{number:04}" for number in range(50))

    assert await knows.sight(member("U0ZZZ00001"), LEADERSHIP) == "unknown"
    assert len(workspace.calls_of("conversations.members")) == module.MOST_PAGES


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members"])
async def test_a_method_rests_for_all_replicas(
    workspace: Workspace, store: Store, keys: Keys, method: str
) -> None:
    one, other = (replica(workspace, store, keys) for _ in range(2))
    workspace.fail(method, retry_after=30, times=None)

    assert await one.sight(member(BEN), LEADERSHIP) == "unknown"
    assert await other.sight(member(BEN), LEADERSHIP) == "unknown"
    assert len(workspace.calls_of(method)) == 1


@pytest.mark.parametrize("error", ["internal_error", "fetch_members_failed", "invalid_auth"])
async def test_what_slack_does_not_say_nobody_remembers(
    workspace: Workspace, knows: Membership, error: str
) -> None:
    workspace.fail("conversations.info", error=error)

    assert await knows.sight(member(BEN), LEADERSHIP) == "unknown"
    assert await knows.sight(member(BEN), LEADERSHIP) == "yes"


async def test_without_the_scope_nothing_is_known(store: Store, keys: Keys) -> None:
    app = AppConfig()
    app = dataclasses.replace(app, scopes=app.scopes - {"channels:read", "groups:read"})
    async with Workspace(app=app) as workspace:
        knows = replica(workspace, store, keys)

        assert await knows.sight(member(ANA), GENERAL) == "unknown"
        assert await knows.sight(member(ANA), LEADERSHIP) == "unknown"


async def test_a_slow_slack_is_not_waited_for(
    workspace: Workspace, knows: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.1)
    workspace.fail("conversations.info", delay=5)

    assert await knows.sight(member(BEN), LEADERSHIP) == "unknown"


async def test_nobody_uses_up_what_slack_answers(store: Store, keys: Keys) -> None:
    async with Workspace(limits=Limits(scale=0)) as workspace:
        replicas = [replica(workspace, store, keys) for _ in range(2)]
        channels = [f"C0MADEUP{number:03}" for number in range(3 * MOST_LOOKS)]
        found = [
            await replicas[number % 2].sight(member(BEN), channel)
            for number, channel in enumerate(channels)
        ]

        assert found == ["hidden"] * MOST_LOOKS + ["unknown"] * (2 * MOST_LOOKS)
        assert calls(workspace) == MOST_LOOKS
        assert await replicas[0].sight(member(ANA), LEADERSHIP) == "yes"


@pytest.fixture
async def proxy(valkey: str, store: Store) -> AsyncIterator[Proxy]:
    async with Proxy(valkey) as proxy:
        yield proxy


async def test_without_redis_slack_is_asked_each_time(
    workspace: Workspace, keys: Keys, proxy: Proxy
) -> None:
    async with Store(proxy.url) as behind:
        knows = replica(workspace, behind, keys)
        await proxy.away()
        first = await knows.sight(member(BEN), LEADERSHIP)
        second = await knows.sight(member(CHLOE), LEADERSHIP)

    assert (first, second) == ("yes", "no")


async def test_those_who_ask_at_once_are_told_the_same(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    replicas = [replica(workspace, store, keys) for _ in range(4)]

    found = await asyncio.gather(*(each.sight(member(CHLOE), LEADERSHIP) for each in replicas))

    assert found == ["no"] * 4


@pytest.mark.parametrize("said", [f"U0{ANA}", {ANA: True}, 7, None])
async def test_who_is_named_in_no_list_of_members_is_not_known_to_be_one(
    said: object, store: Store, keys: Keys
) -> None:
    class AnythingApi(WebApi):
        async def call(
            self, method: str, body: Mapping[str, Any], *, read: bool = False
        ) -> Mapping[str, Any]:
            return {"ok": True, "channel": {"is_private": True}, "members": said}

    asking = Membership(AnythingApi(AsyncWebClient()), Memory(store, keys), Allowances(store, keys))

    assert await asking.sight(member(ANA), DESIGN) == "unknown"
