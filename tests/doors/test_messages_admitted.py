"""Messages of people who may not ask, or not so often: what they cost, and what is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.doors import messages
from bot.grok.client import GrokClient
from bot.slack.people.people import MOST_ASKED_FOR
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import admin as admin_words
from bot.words import talk
from sandbox.workspace import (
    ANA,
    BEN,
    CHLOE,
    GENERAL,
    GUEST,
    PARTNERS,
    RANDOM,
    STRANGER,
    Workspace,
    dm_of,
)
from tests.doors.conversing import Stage, on_stage


@pytest.fixture
def values() -> dict[str, Any]:
    """The bot's settings."""
    return {"asking_open_to": "members", "questions_per_minute": 4}


@pytest.fixture
async def stage(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient, values: dict[str, Any]
) -> AsyncIterator[Stage]:
    async with on_stage(workspace, store, keys, grok_client, **values) as stage:
        yield stage


def calls(stage: Stage) -> list[str]:
    return sorted(call.method for call in stage.workspace.calls if "connections" not in call.method)


@pytest.mark.parametrize("said", ["hi", "help", "", "forget", "--nonsense", "<@U0NOBODY1>"])
async def test_a_stranger_is_refused_once_a_minute_whatever_they_say(
    stage: Stage, said: str
) -> None:
    for _ in range(3):
        await stage.say(STRANGER, PARTNERS, f"@grok {said}")

    assert stage.told(STRANGER) == [admin_words.MEMBERS_ONLY]
    assert calls(stage) == ["chat.postEphemeral", "users.info"]
    assert await stage.jobs() == []


async def test_a_guest_is_refused_in_a_thread_with_no_look_at_it(stage: Stage) -> None:
    root = await stage.say(BEN, RANDOM, "lunch?")
    stage.workspace.channel(RANDOM).members.add(GUEST)
    before = len(stage.workspace.calls)
    await stage.say(GUEST, RANDOM, "@grok who is right?", root.ts)

    (told,) = stage.workspace.ephemerals(GUEST)
    assert (told.shown, told.thread_ts) == (admin_words.MEMBERS_ONLY, root.ts)
    made = [call.method for call in stage.workspace.calls[before:]]
    assert sorted(made) == ["chat.postEphemeral", "users.info"]


async def test_each_is_refused_for_themselves(stage: Stage) -> None:
    await stage.say(STRANGER, PARTNERS, "@grok hi")
    stage.workspace.state.users[BEN].is_guest = True
    await stage.say(BEN, PARTNERS, "@grok hi")

    assert stage.told(STRANGER) == stage.told(BEN) == [admin_words.MEMBERS_ONLY]


async def test_a_member_who_asks_too_often_is_told_when_to_go_on(stage: Stage) -> None:
    for number in range(8):
        await stage.say(BEN, GENERAL, f"@grok {number} <@U0NOBODY{number}>")
    await stage.say(BEN, dm_of(BEN), "and here?")

    assert len(await stage.jobs()) == 4
    (told,) = stage.told(BEN)
    assert told.startswith(admin_words.asked_too_often(4, 60).partition("again in")[0])
    assert len(stage.workspace.calls_of("users.info")) == 1 + 4


async def test_a_question_that_comes_twice_counts_once(stage: Stage) -> None:
    for number in range(4):
        await stage.say(BEN, GENERAL, f"@grok {number}")
    for delivery in tuple(stage.workspace.deliveries):
        await stage.workspace.redeliver(delivery)
    await stage.quiet()

    assert len(await stage.jobs()) == 4
    assert stage.told(BEN) == []


async def test_of_many_mentions_few_are_looked_up_and_the_others_stay_ids(stage: Stage) -> None:
    crowd = [f"<@U0NOBODY{number}>" for number in range(500)]
    await stage.say(BEN, GENERAL, f"@grok is @ana among {' '.join(crowd)}")

    prompt = str((await stage.asked()).request.prompt)
    assert prompt.startswith("is @ana among @U0NOBODY0 @U0NOBODY1 ")
    # The author, those, and one more when the message came again and Ana was known by then.
    assert len(stage.workspace.calls_of("users.info")) <= 1 + MOST_ASKED_FOR + 1


@pytest.mark.parametrize("values", [{}])
async def test_faults_of_one_person_do_not_fill_what_all_may_be_told(stage: Stage) -> None:
    for number in range(25):
        await stage.say(BEN, GENERAL, f"@grok --nonsense{number} hi")
    await stage.say(CHLOE, GENERAL, "@grok")

    assert 10 <= len(stage.told(BEN)) < 20
    assert stage.told(CHLOE) == [talk.HOW_TO_ASK]


async def test_whom_slack_is_slow_to_describe_is_admitted_once_it_has(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "LOOK_UP_SECONDS", 0.1)
    stage.workspace.fail("users.info", delay=0.3, times=None)
    await stage.say(BEN, GENERAL, "@grok one")
    await stage.say(GUEST, RANDOM, "@grok two")

    assert await stage.prompts() == ["one"]
    assert stage.told(BEN) == []
    assert stage.told(GUEST) == [admin_words.MEMBERS_ONLY]


async def test_whom_slack_does_not_describe_is_told_to_come_back(stage: Stage) -> None:
    stage.workspace.fail("users.info", status=500, times=None)
    for _ in range(3):
        await stage.say(BEN, GENERAL, "@grok one")

    assert await stage.jobs() == []
    assert stage.told(BEN) == [admin_words.WHO_ARE_YOU]


async def test_a_bot_is_no_member(stage: Stage) -> None:
    stage.workspace.state.users[ANA].is_bot = True
    await stage.say(ANA, GENERAL, "@grok hi")

    assert await stage.jobs() == []
