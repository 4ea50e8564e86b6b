"""The defaults and quotas that concern whoever looks at their Home tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.asking.admission import Permission
from bot.doors.home import MOST_CHANNELS, HomeRules
from bot.grok.client import GrokClient
from bot.rules.policy import Paused, default_fields, limit_fields
from bot.rules.quota import EACH_USER, WORKSPACE, Scope
from bot.settings import Settings
from bot.slack.people.person import Person
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.store.side import StoreSide
from bot.views.home_view import HomePart, home_view
from bot.words import home as words
from bot.words import usage as usage_words
from sandbox.workspace import ANA, BEN, ENGINEERING, GENERAL
from sandbox.workspace.blocks.validate import check_view
from tests.admin.spending import spend

NOW = 1_763_892_000.0
BOSS = Person(ANA, "ana", admin=True, known=True)
MEMBER = Person(BEN, "ben", known=True, tz_offset=3600)
HERE = Scope("channel", GENERAL)


class Tab:
    """What Home shows of it, and a way to change what is set."""

    def __init__(self, store: Store, keys: Keys, grok: GrokClient, **settings: Any) -> None:
        ours = Settings(_env_file=None, **settings)
        self.store, self.keys = store, keys
        records = StoreSide.of(store, keys)
        self.policies = records.policies
        self._home_rules = HomeRules(
            permission=Permission(ours),
            grok=grok,
            store=records,
            settings=ours,
            clock=lambda: NOW,
        )

    async def change(self, scope: Scope, fields: Any) -> None:
        await self.policies.change(scope, fields, by=ANA)

    async def shown(self, person: Person = MEMBER, channels: Sequence[str] = ()) -> str:
        parts = (await self._home_rules.of(person, channels)).parts
        check_view(home_view(parts), kind="home")
        return text_of(parts)


def text_of(parts: Sequence[HomePart]) -> str:
    return "\n".join(str(block) for part in parts for block in part)


@pytest.fixture
def tab(store: Store, keys: Keys, grok_client: GrokClient) -> Tab:
    return Tab(store, keys, grok_client)


async def test_without_anything_set_it_is_that_of_the_settings(tab: Tab) -> None:
    shown = await tab.shown()

    assert "`grok-4.3`" in shown
    assert usage_words.NO_QUOTAS in shown


async def test_the_defaults_are_those_of_the_workspace_and_of_ones_channels(tab: Tab) -> None:
    await tab.change(WORKSPACE, default_fields({"model": "grok-4.7", "temperature": 0.4}))
    await tab.change(HERE, default_fields({"reply": "thread", "temperature": 0.1}))

    shown = await tab.shown(channels=(ENGINEERING, GENERAL))

    assert words.DEFAULT_MODEL("grok-4.7") in shown
    assert words.DEFAULT(label="Temperature", value="0.4") in shown
    line = "*Temperature* 0.1 and *Where the answer goes* `thread`"
    assert words.IN_CHANNEL(channel=f"<#{GENERAL}>", defaults=line) in shown
    assert "How often to search" not in shown
    assert "--max-turns" not in shown
    assert ENGINEERING not in shown
    assert GENERAL not in await tab.shown()


async def test_how_often_is_searched_is_said_where_anything_is(tab: Tab) -> None:
    await tab.change(WORKSPACE, default_fields({"search": "web"}))
    assert "How often to search:* 3" in await tab.shown()


async def test_quotas_have_bars(tab: Tab) -> None:
    await tab.change(EACH_USER, limit_fields({"requests-per-day": 50}))
    await tab.change(WORKSPACE, limit_fields({"usd-per-month": 10_000_000, "max-tokens": 2_000}))
    await tab.change(HERE, limit_fields({"tokens-per-day": 1_000}))
    await spend(tab.store, tab.keys, f"user:{BEN}", requests=25)
    await spend(tab.store, tab.keys, str(HERE), tokens=100)

    shown = await tab.shown(channels=(GENERAL,))

    assert "█████░░░░░ 50%  25 of 50 questions a day" in shown
    assert "█░░░░░░░░░ 10%  100 of 1,000 tokens a day" in shown
    assert usage_words.heading("channel", f"<#{GENERAL}>") in shown
    assert usage_words.caps(["up to 2,000 tokens an answer"]) in shown
    assert "|Nov 24, 01:00 UTC+1>" in shown


async def test_only_so_many_channels_are_shown(tab: Tab) -> None:
    channels = [f"C0NUMBER{number:02}" for number in range(MOST_CHANNELS + 3)]
    for channel in channels:
        await tab.change(Scope("channel", channel), limit_fields({"tokens-per-day": 1_000}))

    shown = await tab.shown(channels=channels)

    assert shown.count("1,000 tokens a day") == MOST_CHANNELS


async def test_a_pause_is_told_once(tab: Tab) -> None:
    await tab.change(WORKSPACE, {"paused": Paused(by=ANA, at=NOW).model_dump()})

    assert (await tab.shown(channels=(GENERAL, ENGINEERING))).count("⏸️") == 1


async def test_the_forms_are_for_whoever_may_use_them(
    tab: Tab, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    assert words.SET_UP in await tab.shown(BOSS)
    assert words.SET_UP not in await tab.shown(MEMBER)
    open_to_all = Tab(store, keys, grok_client, defaults_editable_by="members")
    assert words.SET_UP in await open_to_all.shown(MEMBER)


async def test_a_default_that_is_no_number_any_more_hides_nothing(tab: Tab) -> None:
    await tab.change(WORKSPACE, default_fields({"max_tokens": "many"}))

    assert words.default_max_tokens(4096) in await tab.shown()
