"""What was once possible: each way that somebody took what was not theirs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.words import admin, talk
from sandbox.workspace import ANA, BEN, GUEST, LEADERSHIP, STRANGER, TEAM_ID, User
from tests.e2e.rights.answers import press
from tests.e2e.rights.world import (
    DOLLARS,
    FOREIGN_ADMIN,
    HERE,
    SYSTEM,
    UNPLACED,
    World,
    job_of,
    world,
)
from tests.e2e.stage import is_complete

OUTSIDERS = pytest.mark.parametrize("who", [GUEST, STRANGER, UNPLACED, FOREIGN_ADMIN])
MEMBERS_ONLY: dict[str, Any] = {"asking_open_to": "members"}


@OUTSIDERS
async def test_forget_by_anybody(redis_url: str, who: str) -> None:
    async with world(redis_url, **MEMBERS_ONLY) as at:
        root = await at.answer(BEN, "The codeword is Ucayali.")
        heard = at.listening(who)
        await at.workspace.say(who, HERE, "@grok forget", root.ts)
        said = await at.workspace.wait_for(heard)
        await at.workspace.say(BEN, HERE, "What is the codeword?", root.ts)
        asked = (await at.grok.arrived(2)).body

    assert admin.MEMBERS_ONLY in said
    assert "Ucayali" in json.dumps(asked)


@OUTSIDERS
async def test_a_form_with_the_question_of_others(redis_url: str, who: str) -> None:
    async with world(redis_url, **MEMBERS_ONLY) as at:
        message = await at.answer(BEN, "Who leaves us next month?")
        await press(at, who, "edit", message)
        shown = await at.read(who)

    assert admin.MEMBERS_ONLY in shown
    assert "next month" not in shown


@OUTSIDERS
@pytest.mark.parametrize("settings", [{}, MEMBERS_ONLY])
async def test_guests_read_what_is_set(redis_url: str, who: str, settings: dict[str, Any]) -> None:
    typed = (
        "defaults",
        "defaults show workspace",
        "defaults show channel",
        "quota",
        "quota show workspace",
        "quota show channel",
        "usage",
        "usage workspace",
        "models",
        "audit",
        "help quota",
    )
    async with world(redis_url, **settings) as at:
        await at.answer(BEN)
        said = {each: await at.told(who, each) for each in typed}

    for each, text in said.items():
        assert SYSTEM not in text
        assert DOLLARS not in text
        assert each == "models" or "$0." not in text  # whose prices xAI tells everybody


@pytest.mark.parametrize("action", ["stop", "retry", "edit", "details"])
async def test_a_value_of_another_place(redis_url: str, action: str) -> None:
    async with world(redis_url) as at:
        here = await at.answer(BEN)
        there = await at.answer(ANA, "Who leaves us next month?", LEADERSHIP)
        before = len(at.workspace.messages(LEADERSHIP)), len(at.grok.requests)
        heard = at.listening(BEN)
        await press(at, BEN, action, here, job_of(there))
        if action in ("stop", "retry"):
            said = await at.workspace.wait_for(heard)
        else:
            said = await at.read(BEN)
        after = len(at.workspace.messages(LEADERSHIP)), len(at.grok.requests)

    assert talk.ANSWER_FORGOTTEN in said
    assert "next month" not in said
    assert after == before


async def test_stop_by_a_foreign_admin(redis_url: str) -> None:
    async with world(redis_url) as at:
        growing = await at.growing(BEN)
        heard = at.listening(FOREIGN_ADMIN)
        await press(at, FOREIGN_ADMIN, "stop", growing)
        said = await at.workspace.wait_for(heard)
        goes_on = not is_complete(growing)

    assert "They can stop it" in said
    assert goes_on


@pytest.mark.parametrize(
    "typed",
    [
        "usage export",
        "usage workspace",
        "audit",
        "pause workspace",
        "quota set requests-per-day=1 workspace",
        "models forbid grok-4.3 workspace",
        "defaults set --temperature 1 workspace",
    ],
)
@pytest.mark.parametrize("who", [UNPLACED, FOREIGN_ADMIN])
async def test_an_admin_of_nowhere(redis_url: str, who: str, typed: str) -> None:
    async with world(redis_url) as at:
        version = await at.version()
        said = await at.told(who, typed)
        assert await at.version() == version

    assert any(said.startswith(each) for each in admin.ONLY_ADMINS.values())


async def test_a_colleague_of_the_grid(redis_url: str) -> None:
    async with world(redis_url, **MEMBERS_ONLY) as at:
        colleague, boss = (
            User(f"U0GRID000{number}", "gil", "Gil", "#777777", is_admin=number == 2,
                 workspaces=("T0SISTER01", TEAM_ID))
            for number in (1, 2)
        )  # fmt: skip
        for user in (colleague, boss):
            at.workspace.state.users[user.id] = user
            at.workspace.channel(HERE).members.add(user.id)
        asked = await _asks(at, colleague.id)
        refused = await at.told(colleague.id, "audit")
        shown = await at.told(boss.id, "audit")

    assert asked == "yes"
    assert refused.startswith(admin.ONLY_ADMINS["audit"])
    assert admin.AUDIT in shown


async def _asks(at: World, who: str) -> str:
    return await at.asked(who, lambda prompt: at.workspace.say(who, HERE, f"@grok {prompt}"))
