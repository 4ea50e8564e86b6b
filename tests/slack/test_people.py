"""Who people are, asked of Slack as seldom as possible."""

from __future__ import annotations

import asyncio

import pytest

from bot.slack import people
from bot.slack.people import People
from bot.slack.person import Person
from bot.slack.web_api import WebApi
from sandbox.workspace import ANA, BEN, BOT_USER, CHLOE, GUEST, Workspace
from tests.fixtures.workspace import SANDBOX
from tests.sandbox.slack_app import client_of


@pytest.fixture
def known(workspace: Workspace) -> People:
    return People(WebApi(client_of(workspace), deadline=0.4), SANDBOX, frozenset({BEN}))


def calls(workspace: Workspace) -> int:
    return len(workspace.calls_of("users.info"))


async def test_who_people_are(known: People) -> None:
    ana, ben, guest, bot = [await known.find(user) for user in (ANA, BEN, GUEST, BOT_USER)]

    assert (ana.name, ana.admin, ana.guest, ana.bot, ana.known) == ("ana", True, False, False, True)
    assert ana.tz_offset == 3600
    assert (ben.name, ben.admin) == ("ben", True)
    assert (guest.guest, guest.admin) == (True, False)
    assert bot.bot


async def test_slack_is_asked_once(known: People, workspace: Workspace) -> None:
    first = await known.find(ANA)

    assert await known.find(ANA) == first
    assert calls(workspace) == 1


async def test_who_ask_at_the_same_time_share_one_call(known: People, workspace: Workspace) -> None:
    found = await asyncio.gather(*(known.find(ANA) for _ in range(5)))

    assert len(set(found)) == 1
    assert calls(workspace) == 1


async def test_after_a_while_slack_is_asked_again(
    known: People, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "FRESH_SECONDS", -1.0)
    assert not (await known.find(CHLOE)).admin
    workspace.state.users[CHLOE].is_admin = True

    assert (await known.find(CHLOE)).admin
    assert calls(workspace) == 2


async def test_nobody_unknown_is_an_admin(known: People, workspace: Workspace) -> None:
    workspace.fail("users.info", error="missing_scope", times=None)

    assert await known.find(ANA) == Person(ANA, ANA)
    assert await known.find(BEN) == Person(BEN, BEN, admin=True)


async def test_whom_slack_refuses_to_tell_is_not_asked_for_each_time(
    known: People, workspace: Workspace
) -> None:
    workspace.fail("users.info", error="user_not_found", times=None)
    await known.find(ANA)
    await known.find(ANA)

    assert calls(workspace) == 1


@pytest.mark.parametrize("error", ["ratelimited", "internal_error"])
async def test_what_passes_is_tried_again(known: People, workspace: Workspace, error: str) -> None:
    workspace.fail("users.info", error=error)

    assert not (await known.find(ANA)).known
    assert (await known.find(ANA)).known


async def test_old_knowledge_is_better_than_none(
    known: People, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "FRESH_SECONDS", -1.0)
    before = await known.find(ANA)
    workspace.fail("users.info", status=500)

    assert await known.find(ANA) == before


async def test_several_are_looked_up_together(known: People, workspace: Workspace) -> None:
    found = await known.find_all([ANA, BEN, ANA])

    assert {user: person.name for user, person in found.items()} == {ANA: "ana", BEN: "ben"}
    assert calls(workspace) == 2
    assert await known.find_all([]) == {}


async def test_those_who_are_not_found_in_time_are_left_out(
    known: People, workspace: Workspace
) -> None:
    await known.find(ANA)
    workspace.fail("users.info", delay=5, where=lambda args: args["user"] == BEN)
    workspace.fail("users.info", error="user_not_found", where=lambda args: args["user"] == CHLOE)

    assert list(await known.find_all([ANA, BEN, CHLOE], within=0.1)) == [ANA]
    assert list(await known.find_all([ANA], within=0)) == [ANA]


async def test_no_more_are_remembered_than_fit(
    known: People, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_KNOWN", 1)
    for user in (ANA, BEN, ANA):
        await known.find(user)

    assert calls(workspace) == 3
