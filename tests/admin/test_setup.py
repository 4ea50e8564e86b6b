"""The forms of defaults and quotas, in a strict workspace on a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot.acks import Reaction
from bot.admin.changing import Changing
from bot.admin.setup import Changed, Setup
from bot.asking.admission import Permission, Presence
from bot.grok.client import GrokClient
from bot.rules.policy import Rules, default_fields, limit_fields
from bot.rules.quota import EACH_USER, WORKSPACE, Scope
from bot.settings import Settings, admins_of
from bot.slack.inbound.interactions import Suggestion
from bot.slack.web_api import WebApi
from bot.store.keys import Keys
from bot.store.policies import Policies
from bot.store.side import StoreSide
from bot.views.form_view import model_options
from bot.views.setup_view import FORMS, PLACE_FORM
from bot.words import admin as words
from bot.words import form as form_words
from bot.words import setup as setup_words
from sandbox.workspace import (
    ANA,
    BEN,
    ENGINEERING,
    GENERAL,
    GUEST,
    TEAM_ID,
    InteractionResult,
    View,
    Workspace,
    dm_of,
)
from tests.doors.app import listening
from tests.doors.form_desk import fields, held, text_of
from tests.fixtures.workspace import slack_side
from tests.sandbox.slack_app import client_of
from tests.store.proxy import Proxy, always, stores

HERE = Scope("channel", GENERAL)
KEYS = Keys(TEAM_ID)


async def _nobody(user: str) -> None:
    """There is no Home."""


@dataclass(slots=True)
class Desk:
    """Everything a test looks at; `policies` are its own, `theirs` those of the handlers."""

    workspace: Workspace
    proxy: Proxy
    policies: Policies
    theirs: Policies

    async def rules(self, scope: Scope = HERE) -> Rules:
        return (await self.policies.reload()).of(scope)

    async def change(self, scope: Scope, changes: Any) -> None:
        """What another admin does meanwhile, on another replica."""
        await self.policies.change(scope, changes, by=ANA)
        await self.theirs.reload()

    async def opened(self, user: str = ANA) -> View:
        """The first form, or the sentence in its place."""
        before = self.workspace.view(user)
        await self.workspace.shortcut(user, "new_grok")
        return await self.workspace.wait_for(lambda: self._filled(user, before))

    def _filled(self, user: str, before: View | None) -> View | None:
        view = self.workspace.view(user)
        return view if view and view is not before and "…" not in text_of(view) else None

    async def form(self, what: str, whose: str, user: str = ANA, **picked: str) -> View:
        """The second form, filled."""
        view = await self.opened(user)
        result = await self.submit(view, what=what, whose=whose, **picked)
        assert not result.errors, result
        assert view.content["callback_id"] in FORMS.values()
        return view

    async def submit(self, view: View, **typed: Any) -> InteractionResult:
        result = await self.workspace.submit(view.user, view.id, typed)
        assert result.error is None, (result, self.workspace.problems)
        return result


@asynccontextmanager
async def desk(
    workspace: Workspace,
    grok: GrokClient,
    redis_url: str,
    *,
    changed: Changed = _nobody,
    **settings: Any,
) -> AsyncIterator[Desk]:
    """`changed`: shows Home anew."""
    ours = Settings(_env_file=None, **settings)
    async with AsyncExitStack() as stack:
        proxy, behind, store = await stack.enter_async_context(stores(redis_url))
        api = WebApi(client_of(workspace))
        records, slack = StoreSide.of(behind, KEYS), slack_side(api, behind, KEYS, admins_of(ours))
        setup = Setup(
            changing=Changing(records.policies, records.saved, grok, ours),
            permission=Permission(ours),
            presence=Presence(slack.people, slack.membership),
            slack=slack,
            store=records,
            changed=changed,
        )

        async def suggest(suggestion: Suggestion) -> Reaction:
            return Reaction(model_options(grok.catalogue.models, suggestion.value))

        await stack.enter_async_context(
            listening(
                workspace,
                shortcut=setup.on_wanted,
                view_submission=setup.on_submit,
                block_suggestion=suggest,
            )
        )
        yield Desk(workspace, proxy, Policies(store, KEYS), records.policies)
        assert not workspace.problems, workspace.problems


@pytest.fixture
async def at(workspace: Workspace, grok_client: GrokClient, valkey: str) -> AsyncIterator[Desk]:
    async with desk(workspace, grok_client, valkey) as opened:
        yield opened


# The first form


async def test_admins_choose_what_to_set_and_whose(at: Desk) -> None:
    view = await at.opened()

    assert view.content["callback_id"] == PLACE_FORM
    assert fields(view) == {"what", "whose", "channel", "person"}


async def test_members_are_told_who_may(at: Desk) -> None:
    assert text_of(await at.opened(BEN)) == words.only_admins("defaults")


async def test_where_members_may_set_defaults_they_are_offered_those(
    workspace: Workspace, grok_client: GrokClient, valkey: str
) -> None:
    async with desk(workspace, grok_client, valkey, defaults_editable_by="members") as at:
        assert fields(await at.opened(BEN)) == {"what", "whose", "channel"}
        view = await at.form("defaults", "channel", BEN, channel=ENGINEERING)
        await at.submit(view, temperature="0.5")

        assert (await at.rules(Scope("channel", ENGINEERING))).defaults == {"temperature": 0.5}
        assert text_of(await at.opened(GUEST)) == words.NOT_FOR_GUESTS


@pytest.mark.parametrize(
    ("picked", "field", "error"),
    [
        ({"what": "defaults", "whose": "user"}, "whose", setup_words.NO_DEFAULTS_OF_PEOPLE),
        ({"what": "defaults", "whose": "each-user"}, "whose", setup_words.NO_DEFAULTS_OF_PEOPLE),
        ({"what": "limits", "whose": "user"}, "person", setup_words.PICK_PERSON),
        ({"what": "limits", "whose": "channel"}, "channel", setup_words.PICK_CHANNEL),
    ],
)
async def test_what_is_missing_is_marked(
    at: Desk, picked: dict[str, str], field: str, error: str
) -> None:
    view = await at.opened()

    assert (await at.submit(view, **picked)).errors == {field: error}


# Defaults


async def test_defaults_of_a_channel_are_set_and_announced(at: Desk) -> None:
    view = await at.form("defaults", "channel", channel=GENERAL)
    await at.submit(
        view, model="grok-4.7", temperature="0.2", reply="thread", system="Be brief", user="END"
    )

    assert (await at.rules()).defaults == {
        "model": "grok-4.7",
        "temperature": 0.2,
        "reply": "thread",
        "system": "Be brief",
        "user": "END",
    }
    shown = text_of(view)
    assert f"`--temperature`: {words.NOT_SET} → 0.2" in shown
    assert f"<#{GENERAL}>" in shown
    (line,) = await at.workspace.wait_for(lambda: at.workspace.messages(GENERAL))
    assert f"<@{ANA}>" in str(line.shown)
    assert "`--temperature` 0.2" in str(line.shown)


async def test_the_channel_is_told_at_once_however_long_home_takes(
    workspace: Workspace, grok_client: GrokClient, valkey: str
) -> None:
    answered = asyncio.Event()

    async def home(user: str) -> None:
        await answered.wait()

    async with desk(workspace, grok_client, valkey, changed=home) as at:
        view = await at.form("defaults", "channel", channel=GENERAL)
        await at.submit(view, temperature="0.2")
        told = await workspace.wait_for(lambda: workspace.messages(GENERAL))
        assert not answered.is_set()
        answered.set()

    assert "`--temperature` 0.2" in str(told[0].shown)


async def test_the_form_shows_what_is_set_and_takes_away_what_is_emptied(at: Desk) -> None:
    await at.change(
        HERE, default_fields({"temperature": 0.2, "reply": "private", "echo": False, "n": 2})
    )

    view = await at.form("defaults", "channel", channel=GENERAL)
    assert held(view, "temperature") == "0.2"
    assert held(view, "reply") == "private"
    assert held(view, "echo") == "off"
    await at.submit(view, temperature=None, reply="not_set", echo="not_set", n="3")

    assert (await at.rules()).defaults == {"n": 3}


async def test_what_a_field_cannot_show_is_kept(at: Desk) -> None:
    long = "x" * 4_000
    await at.change(WORKSPACE, default_fields({"system": long}))

    view = await at.form("defaults", "workspace")
    assert held(view, "system") == ""
    await at.submit(view, temperature="1")

    assert (await at.rules(WORKSPACE)).defaults == {"system": long, "temperature": 1.0}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"n": "3", "best_of": "2"}, "best_of"),
        ({"logit_bias": "nonsense"}, "logit_bias"),
        ({"echo": "on"}, "echo"),
        ({"stop": "a\nb\nc\nd\ne"}, "stop"),
    ],
)
async def test_what_is_wrong_with_a_default_is_marked(
    at: Desk, typed: dict[str, str], field: str
) -> None:
    view = await at.form("defaults", "channel", channel=GENERAL)

    assert list((await at.submit(view, **typed)).errors or {}) == [field]
    assert await at.rules() == Rules()


async def test_a_form_sent_as_it_was_changes_nothing(at: Desk) -> None:
    await at.change(HERE, default_fields({"temperature": 0.2, "stop": ["a", "\n"]}))
    before = await at.policies.reload()

    view = await at.form("defaults", "channel", channel=GENERAL)
    await at.submit(view)

    assert text_of(view) == words.UNCHANGED
    assert (await at.policies.reload()).version == before.version
    assert at.workspace.messages(GENERAL) == []


# Quotas


async def test_quotas_are_shown_set_and_taken_away(at: Desk) -> None:
    await at.change(HERE, limit_fields({"tokens-per-day": 200_000, "concurrent": 3}))

    view = await at.form("limits", "channel", channel=GENERAL)
    assert held(view, "tokens-per-day") == "200k"
    await at.submit(view, **{"tokens-per-day": None, "usd-per-month": "$20", "max-tokens": "2k"})

    assert (await at.rules()).limits == {
        "concurrent": 3,
        "usd-per-month": 20_000_000,
        "max-tokens": 2_000,
    }
    assert f"200k tokens a day → {words.NO_LIMIT}" in text_of(view)
    assert at.workspace.messages(GENERAL) == []


async def test_people_have_no_caps(at: Desk) -> None:
    view = await at.form("limits", "each-user")

    assert fields(view).isdisjoint({"max-tokens", "answers"})
    await at.submit(view, **{"requests-per-day": "50"})
    assert (await at.rules(EACH_USER)).limits == {"requests-per-day": 50}


async def test_one_person_is_picked(at: Desk) -> None:
    view = await at.form("limits", "user", person=BEN)
    await at.submit(view, **{"requests-per-day": "7"})

    assert (await at.rules(Scope("user", BEN))).limits == {"requests-per-day": 7}
    assert f"<@{BEN}>" in text_of(view)


async def test_every_wrong_amount_is_marked(at: Desk) -> None:
    view = await at.form("limits", "workspace")

    result = await at.submit(
        view, **{"tokens-per-day": "lots", "concurrent": "0", "usd-per-month": "$20"}
    )

    assert set(result.errors or {}) == {"tokens-per-day", "concurrent"}
    assert await at.rules(WORKSPACE) == Rules()


# While it is open


async def test_what_somebody_else_changed_meanwhile_is_not_undone(at: Desk) -> None:
    view = await at.form("defaults", "channel", channel=GENERAL)
    await at.change(HERE, default_fields({"temperature": 0.9}))

    result = await at.submit(view, n="2")

    assert setup_words.CHANGED_MEANWHILE in str(result.errors)
    assert (await at.rules()).defaults == {"temperature": 0.9}


async def test_other_changes_do_not_stand_in_the_way(at: Desk) -> None:
    view = await at.form("defaults", "channel", channel=GENERAL)
    await at.change(HERE, limit_fields({"concurrent": 3}))
    await at.change(WORKSPACE, default_fields({"temperature": 0.9}))

    await at.submit(view, n="2")

    assert (await at.rules()).defaults == {"n": 2}


async def test_without_redis_the_form_stays_and_can_be_sent_again(at: Desk) -> None:
    view = await at.form("limits", "workspace")
    at.proxy.lose = always()
    first = await at.submit(view, concurrent="3")
    at.proxy.lose = lambda _: False
    second = await at.submit(view, concurrent="3")

    assert words.MAYBE_CHANGED in str(first.errors)
    assert not second.errors
    assert (await at.rules(WORKSPACE)).limits == {"concurrent": 3}


async def test_a_shortcut_that_slack_lets_expire_is_answered(at: Desk) -> None:
    at.workspace.fail("views.open", error="expired_trigger_id")

    await at.workspace.shortcut(ANA, "new_grok")

    (told,) = await at.workspace.wait_for(lambda: at.workspace.messages(dm_of(ANA)))
    assert str(told.shown) == form_words.NOT_OPENED


@pytest.mark.parametrize("metadata", ["", "null", "}{", "whole"])
@pytest.mark.parametrize("what", ["defaults", "limits"])
async def test_a_form_without_fields_is_answered_and_changes_nothing(
    at: Desk, what: str, metadata: str
) -> None:
    """Somebody made it up: there is no field to say so at."""
    view = await at.form(what, "workspace")
    await at.change(WORKSPACE, limit_fields({"concurrent": 3}))
    await at.change(WORKSPACE, default_fields({"temperature": 0.5}))
    before = await at.rules(WORKSPACE)
    forged: dict[str, Any] = {"state": {"values": {}}}
    if metadata != "whole":
        forged["private_metadata"] = metadata

    result = await at.workspace.forge.submit(view.user, view.id, forged)

    assert result.error is None
    assert not result.errors
    assert (now := at.workspace.view(view.user)) is not None
    said = setup_words.CHANGED_MEANWHILE if metadata == "whole" else form_words.OPEN_TOO_LONG
    assert said in text_of(now)
    assert await at.rules(WORKSPACE) == before
