"""What a change says of what holds now: defaults that are refused, and models that are left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest

from bot.grok.client import GrokClient
from bot.rules.quota import Scope
from bot.words import admin as words
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, BEN, RANDOM, Workspace, dm_of
from tests.admin.command_desk import Desk, desk
from tests.fixtures.grok import OpenGrokClient


@pytest.fixture
async def at(workspace: Workspace, grok_client: GrokClient, valkey: str) -> AsyncIterator[Desk]:
    async with desk(workspace, grok_client, valkey) as opened:
        yield opened


@pytest.mark.parametrize("where", ["", " workspace"])
@pytest.mark.parametrize("of_models", ["", " workspace"])
async def test_a_default_that_the_model_asked_now_refuses_is_named_and_how_to_take_it_back(
    at: Desk, where: str, of_models: str
) -> None:
    command = partial(at.command, channel=dm_of(ANA))  # where nobody else is told
    await command(f"models allow grok-4.7{of_models or where}")
    fine = await command(f"defaults set --effort xhigh{where}")
    told = await command(f"models allow all{of_models or where}")

    assert "refused now" not in fine
    assert "`--effort` (grok-4.3 does not take xhigh). `/grok defaults unset effort" in told
    assert f"`/grok defaults unset effort{where}` takes it back." in told
    assert "refused now" in await command("defaults set --temperature 1")
    await command(f"defaults unset effort{where}")
    assert "refused now" not in await command("models forbid grok-4.7")


async def test_a_channel_whose_default_a_change_of_the_workspace_refuses_is_named(at: Desk) -> None:
    await at.command("models allow grok-4.7 workspace")
    await at.command("defaults set --effort xhigh", channel=RANDOM)
    of_ben = Scope("channel", dm_of(BEN))
    await at.policies.change(of_ben, {"defaults.effort": "xhigh"}, by=BEN)
    told = await at.command("models allow all workspace")
    here = await at.command("models allow grok-4.3")

    (line,) = [each for each in told.splitlines() if "refused now" in each]
    assert f"for a default of <#{RANDOM}>: `--effort`" in line
    assert "`/grok defaults unset effort`, typed there, takes it back." in line
    assert "refused now" not in here


@pytest.mark.parametrize(("own", "lines"), [("effort", 5), ("reply", 1)])
async def test_many_channels_with_a_default_that_is_refused_are_not_all_named(
    at: Desk, own: str, lines: int
) -> None:
    """Where it is that of the workspace, it is named once for all of them."""
    await at.command("models allow grok-4.7 workspace")
    if own == "reply":
        await at.command("defaults set --effort xhigh workspace")
    for number in range(7):
        value = {"effort": "xhigh", "reply": "thread"}[own]
        await at.policies.change(
            Scope("channel", f"C0MANY{number}"), {f"defaults.{own}": value}, by=ANA
        )
    told = await at.command("models allow all workspace")

    assert told.count("refused now") == lines
    assert told.endswith(words.TOLD_MORE(2)) == (lines == 5)


async def test_where_a_server_lists_no_models_none_is_said_to_be_left_of_the_list(
    workspace: Workspace, open_grok_client: OpenGrokClient, valkey: str
) -> None:
    async with GrokServer(models=[], dialect="openai") as server:
        grok = await open_grok_client(server, grok_dialect="openai")
        async with desk(workspace, grok, valkey) as at:
            told = await at.command("models allow acme-7b")

    assert words.ALLOWED_ONLY("`acme-7b`") in told
    assert words.NOTHING_LISTED_LEFT not in told
