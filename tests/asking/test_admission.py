"""Who may ask, where and how often."""

from __future__ import annotations

from typing import Any

import pytest

from bot.asking.admission import Admission
from bot.settings import Settings
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import admin as words
from sandbox.workspace import ANA, BEN, ENGINEERING, GENERAL, GUEST, STRANGER, Workspace
from sandbox.workspace.state import TEAM_ID
from tests.fixtures.workspace import people_of
from tests.sandbox.slack_app import client_of


class Door:
    """Admissions of several replicas, each question to another one in turn."""

    def __init__(self, workspace: Workspace, store: Store, keys: Keys, **values: Any) -> None:
        settings = Settings(_env_file=None, **values)
        api = WebApi(client_of(workspace), deadline=1)
        self._replicas = [
            Admission(people_of(api, store, keys), Allowances(store, keys), settings)
            for _ in range(2)
        ]
        self._asked = 0

    async def ask(self, user: str, channel: str = GENERAL, question: str = "") -> str:
        self._asked += 1
        admission = self._replicas[self._asked % len(self._replicas)]
        return await admission.refusal(user, channel, question or f"question {self._asked}")


async def test_everybody_may_ask_and_nobody_is_looked_up(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    door = Door(workspace, store, keys)

    assert [await door.ask(user) for user in (ANA, GUEST, STRANGER, "U0NOBODY")] == [""] * 4
    assert workspace.calls == []


async def test_only_members_may_where_that_is_set(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    door = Door(workspace, store, keys, asking_open_to="members")

    assert not await door.ask(BEN)
    assert await door.ask(GUEST) == words.MEMBERS_ONLY
    assert await door.ask(STRANGER) == words.MEMBERS_ONLY
    assert await door.ask("U0NOBODY") == words.WHO_ARE_YOU


@pytest.mark.parametrize(("channel", "refusal"), [(ENGINEERING, ""), (GENERAL, "no")])
async def test_elsewhere_than_where_questions_are_taken_nothing_is_looked_up(
    workspace: Workspace, store: Store, keys: Keys, channel: str, refusal: str
) -> None:
    door = Door(
        workspace, store, keys, asking_open_to="members", asking_channels=f"{ENGINEERING}, C0OTHER"
    )

    found = await door.ask(BEN, channel)
    assert found == (words.NOT_IN_THIS_CHANNEL if refusal else "")
    assert len(workspace.calls) == (0 if refusal else 1)


async def test_a_person_may_ask_so_often_in_a_minute(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    door = Door(workspace, store, keys, questions_per_minute=3)

    refusals = [await door.ask(BEN) for _ in range(5)]
    assert refusals[:3] == [""] * 3
    assert all("You have asked 3 questions" in refusal for refusal in refusals[3:])
    assert not await door.ask(ANA)


async def test_what_slack_delivers_twice_is_one_question(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    door = Door(workspace, store, keys, questions_per_minute=1)

    assert [await door.ask(BEN, question="message:1") for _ in range(4)] == [""] * 4
    assert await door.ask(BEN, question="message:2")


async def test_whoever_asks_too_often_is_not_looked_up(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    door = Door(workspace, store, keys, questions_per_minute=1, asking_open_to="members")
    for _ in range(5):
        await door.ask("U0NOBODY")

    assert len(workspace.calls_of("users.info")) == 1


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"workspaces": ("T0OTHERWS", TEAM_ID)}, ""),
        ({"is_placed": False}, words.MEMBERS_ONLY),
        ({"organisation": "T0ELSE", "is_admin": True, "is_owner": True}, words.MEMBERS_ONLY),
    ],
)
async def test_members_are_those_of_the_workspace(
    workspace: Workspace, store: Store, keys: Keys, said: dict[str, Any], refusal: str
) -> None:
    for name, value in said.items():
        setattr(workspace.state.users[BEN], name, value)
    door = Door(workspace, store, keys, asking_open_to="members")

    assert await door.ask(BEN) == refusal


def test_how_long_to_wait_is_said_in_whole_seconds() -> None:
    assert "ask again in 1 s" in words.asked_too_often(1, 0.01)
    assert "1 question within" in words.asked_too_often(1, 0.01)
    assert "ask again in 20 s" in words.asked_too_often(30, 19.2)
