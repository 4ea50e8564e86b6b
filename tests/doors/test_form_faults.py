"""What a form says that is not taken: everything at once, in plain words, at the fields."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

import pytest

from bot.completion.ask import Said
from bot.completion.faults import validate
from bot.completion.form import Filled
from bot.doors.form_prompts import with_ways
from bot.doors.form_window import Draft
from bot.errors import RequestRefused
from bot.rules.policy import Fields
from bot.rules.quota import WORKSPACE, Scope, windows_at
from bot.rules.saved_prompts import Offer
from bot.settings import Settings, zone_of
from bot.store.policies import Policies
from bot.words import form as words
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, BEN, CHLOE, GENERAL, View, Workspace
from tests.doors.form_desk import Desk, desk

MARKUP = re.compile(r"[`*•]|<[@#!]|\n")
USER = Scope("user", ANA)


@pytest.fixture
async def stage(workspace: Workspace, grok: GrokServer, valkey: str) -> AsyncIterator[Desk]:
    async with desk(workspace, grok, valkey, grok_admins=BEN) as found:
        yield found


async def set_rules(stage: Desk, scope: Scope, fields: Fields) -> None:
    """What admins have set, before the bot looks at it for the first time."""
    await Policies(stage.store, stage.keys).change(scope, fields, by=BEN)


async def use(stage: Desk, scope: Scope, **amounts: int) -> None:
    """Say that so much was used today."""
    windows = windows_at(time.time(), zone_of(Settings(_env_file=None)))
    for name, amount in amounts.items():
        key = stage.keys.used(str(scope), windows.day)
        await stage.store.redis.hset(key, name, str(amount))


async def form(stage: Desk, user: str = ANA) -> View:
    await stage.workspace.command(user, GENERAL, "/grok")
    return await stage.form(user)


async def test_a_question_beyond_a_quota_is_refused_in_plain_words(stage: Desk) -> None:
    await set_rules(stage, Scope("user", CHLOE), {"limits.tokens-per-day": 7_000})

    result = await stage.submit(await form(stage, CHLOE), prompt="hi")

    (said,) = result.errors.values()
    assert not MARKUP.search(said)
    assert "<" not in said
    assert "Your 7,000 tokens a day" in said
    assert "set “Longest answer” to " in said
    assert "--max-tokens" not in said
    assert "@ben can allow more" in said


async def test_what_is_used_up_is_told_with_every_other_fault(stage: Desk) -> None:
    await set_rules(stage, USER, {"limits.requests-per-day": 2})
    await set_rules(stage, WORKSPACE, {"paused": {"by": BEN, "at": 0}})
    await use(stage, USER, requests=2)
    view = await form(stage)
    await stage.advanced(view)

    result = await stage.submit(view, prompt="hi", logit_bias="x=1", suffix="end")

    assert set(result.errors) == {"logit_bias", "suffix", "prompt"}
    assert "Nothing is left of your 2 questions a day. It resets " in result.errors["prompt"]
    assert "@ben" in result.errors["prompt"]
    assert not any(map(MARKUP.search, result.errors.values()))
    assert await stage.asked() == []


async def test_where_redis_is_silent_the_other_faults_are_told(stage: Desk) -> None:
    view = await form(stage)
    await stage.advanced(view)
    await stage.submit(view, prompt="hi", logit_bias="x=1")

    stage.proxy.latency = 0.5
    result = await stage.submit(view, suffix="end")

    assert set(result.errors) == {"logit_bias", "suffix"}


OFFERS = (Offer(owner="user", name="brief", beginning="Say it"),)
ABOUT = (Said(author="Ben", text="Hm"),)


@pytest.mark.parametrize(
    ("draft", "told"),
    [
        (Draft(user=ANA, filled=Filled()), "write your question here"),
        (
            Draft(user=ANA, filled=Filled(), offers=OFFERS),
            "write your question here, or choose a saved prompt",
        ),
        (
            Draft(user=ANA, filled=Filled(), context=ABOUT, surface="shortcut"),
            "write your question here, or choose what Grok should do",
        ),
        (
            Draft(user=ANA, filled=Filled(), offers=OFFERS, context=ABOUT, surface="shortcut"),
            "write your question here, or choose what Grok should do or a saved prompt",
        ),
    ],
)
@pytest.mark.parametrize("prompt", [{}, {"prompt": " "}])
def test_without_a_question_the_form_names_what_else_it_offers(
    draft: Draft, told: str, prompt: dict[str, str]
) -> None:
    with pytest.raises(RequestRefused) as refused:
        validate({"model": "grok-4.3", "temperature": 9, **prompt})
    faults = {fault.parameter: fault.allowed for fault in with_ways(refused.value.faults, draft)}

    assert faults == {"temperature": "a number from 0 to 2", "prompt": told}


async def test_models_that_are_allowed_where_the_answer_goes_come_first(stage: Desk) -> None:
    await set_rules(stage, Scope("channel", GENERAL), {"models.grok-4.3": False})
    view = await form(stage)

    found = await stage.workspace.suggest(ANA, view.id, "value", "grok-4", block_id="model")

    first, last = found.options["option_groups"]
    assert first["label"]["text"] == words.MODELS_ALLOWED
    assert last["label"]["text"] == words.MODELS_NOT_ALLOWED
    assert [option["value"] for option in last["options"]] == ["grok-4.3"]


async def test_without_redis_models_are_offered_all_the_same(stage: Desk) -> None:
    view = await form(stage)
    await stage.proxy.away()

    found = await stage.workspace.suggest(ANA, view.id, "value", "grok-4.3", block_id="model")

    assert [option["value"] for option in found.options["options"]] == ["grok-4.3"]
