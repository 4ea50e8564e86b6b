"""Admins say what may be searched: what they are told, what stands in the audit, who may not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.grok.client import GrokClient
from bot.rules.policy import Rules
from bot.rules.quota import Scope
from bot.words import admin as words
from bot.words import search as search_words
from sandbox.workspace import BEN, GENERAL, Workspace
from tests.admin.command_desk import Desk, desk


@pytest.fixture
async def at(workspace: Workspace, grok_client: GrokClient, valkey: str) -> AsyncIterator[Desk]:
    async with desk(workspace, grok_client, valkey) as made:
        yield made


async def rules(at: Desk) -> Rules:
    """What is set in the channel."""
    return (await at.policies.reload()).of(Scope("channel", GENERAL))


async def test_what_is_forbidden_is_taken_back_by_name(at: Desk) -> None:
    forbidden = await at.command("search forbid x x.com @spam")
    set_ = await rules(at)
    allowed = await at.command("search allow x")
    left = await rules(at)

    assert "Of the web all but `x.com`." in forbidden
    assert "X may be searched" not in forbidden
    assert set_ == Rules(search={"x": False, "x.com": False, "@spam": False})
    assert left == Rules(search={"x.com": False, "@spam": False})
    assert "Of X all but `＠spam`." in allowed
    audited = await at.command("audit")
    assert "`x.com`: no rule → may not be searched" in audited


async def test_what_is_allowed_alone_is_all_that_is_read(at: Desk) -> None:
    await at.command("search allow a.co b.co workspace")
    told = await at.command("search")

    assert "Of the web only `a.co` and `b.co`." in told
    assert search_words.HOW_TO_SEARCH in told


async def test_nothing_may_be_searched_until_everything_may(at: Desk) -> None:
    assert search_words.NOTHING_MAY in await at.command("search forbid all")
    await at.command("search allow all")

    assert await rules(at) == Rules()


async def test_more_than_the_api_can_keep_to_is_refused(at: Desk) -> None:
    told = await at.command("search forbid a.co b.co c.co d.co e.co f.co")

    assert "6 are too many; allowed: up to 5" in told
    assert await rules(at) == Rules()


@pytest.mark.parametrize("typed", ["y", "y, z", ".com", "https://evil.example/path"])
async def test_what_is_nothing_that_can_be_searched_is_said(at: Desk, typed: str) -> None:
    told = await at.command(f"search forbid {typed}")

    for word in typed.split(", "):
        assert f"{word}: is neither web, x, a domain such as example.com nor a handle" in told
    assert await rules(at) == Rules()


async def test_a_member_may_not(at: Desk) -> None:
    assert await at.command("search forbid x", user=BEN) == words.only_admins("search")
