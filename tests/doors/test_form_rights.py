"""Where a form may ask, and for whom: what it claims is held against what is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.doors import forms
from bot.slack.plain_blocks import plain_words
from bot.words import admin
from bot.words import form as words
from sandbox.grok import GrokServer
from sandbox.workspace import (
    ANA,
    BEN,
    CHLOE,
    FINANCE,
    GENERAL,
    LEADERSHIP,
    PARTNERS,
    View,
    Workspace,
    dm_of,
)
from tests.doors.form_desk import Desk, desk, fields, text_of
from tests.doors.jobs import a_job, an_ask
from tests.sandbox.test_workspace_views import plain

LOOKS = ("conversations.info", "conversations.members", "conversations.open")


@pytest.fixture
async def stage(workspace: Workspace, grok: GrokServer, valkey: str) -> AsyncIterator[Desk]:
    async with desk(workspace, grok, valkey) as found:
        yield found


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every form has been open for longer than what Slack says is remembered."""
    monkeypatch.setattr(forms, "REMEMBERED_SECONDS", 0)


def looks(stage: Desk) -> int:
    return sum(len(stage.workspace.calls_of(method)) for method in LOOKS)


async def form_in(stage: Desk, user: str, channel: str) -> View:
    await stage.workspace.command(user, channel, "/grok")
    return await stage.form(user)


async def form_of_shortcut(stage: Desk, user: str) -> View:
    await stage.workspace.shortcut(user, "new_grok")
    return await stage.form(user)


def chosen(channel: str) -> dict[str, Any]:
    """A channel that the select need not offer."""
    return {"value": {"type": "conversations_select", "selected_conversation": channel}}


async def test_nobody_asks_slack_who_is_where_they_were_just_now(stage: Desk) -> None:
    await stage.submit(await form_in(stage, BEN, LEADERSHIP), prompt="hi")

    assert len(await stage.asked()) == 1
    assert looks(stage) == 0


@pytest.mark.usefixtures("old")
async def test_whoever_left_meanwhile_asks_nothing_there(stage: Desk) -> None:
    view = await form_in(stage, BEN, LEADERSHIP)
    stage.workspace.leave(BEN, LEADERSHIP)

    result = await stage.submit(view, prompt="hi")

    assert result.errors == {"prompt": plain_words(admin.NOT_SEEN_THERE)}
    assert not view.closed
    assert not await stage.asked()


@pytest.mark.usefixtures("old")
async def test_who_is_still_there_asks(stage: Desk) -> None:
    await stage.submit(await form_in(stage, BEN, LEADERSHIP), prompt="hi")

    (ask,) = await stage.asked()
    assert (ask.channel, ask.user) == (LEADERSHIP, BEN)
    assert looks(stage) > 0


@pytest.mark.usefixtures("old")
async def test_while_slack_does_not_say_the_form_stays_and_is_sent_again(stage: Desk) -> None:
    view = await form_in(stage, BEN, LEADERSHIP)
    stage.workspace.fail("conversations.info", error="internal_error")

    silent = await stage.submit(view, prompt="hi")
    assert silent.errors == {"prompt": admin.SLACK_SILENT}
    assert not await stage.asked()

    assert not (await stage.submit(view, prompt="hi")).errors
    assert len(await stage.asked()) == 1


@pytest.mark.usefixtures("old")
async def test_where_the_bot_is_not_a_slow_typist_still_asks(stage: Desk) -> None:
    await stage.submit(await form_in(stage, CHLOE, FINANCE), prompt="hi")

    (ask,) = await stage.asked()
    assert (ask.channel, ask.user) == (FINANCE, CHLOE)


async def test_where_the_bot_is_not_nobody_asks_by_choosing(stage: Desk) -> None:
    view = await form_of_shortcut(stage, CHLOE)

    result = await stage.submit(view, prompt="hi", channel=chosen(FINANCE))

    assert result.errors == {"channel": plain_words(admin.NOT_SEEN_THERE)}
    assert not await stage.asked()


async def test_whom_slack_does_not_describe_is_asked_to_try_again(stage: Desk) -> None:
    stage.workspace.fail("users.info", error="internal_error", times=None)
    view = await form_of_shortcut(stage, CHLOE)

    result = await stage.submit(view, prompt="hi", channel=chosen(PARTNERS))

    assert result.errors == {"channel": admin.SLACK_SILENT}
    assert not await stage.asked()


@pytest.mark.parametrize("channel", [LEADERSHIP, dm_of(ANA), "C0NOSUCH01", "U0ANA00001", "X0"])
async def test_a_channel_made_up_is_refused(stage: Desk, channel: str) -> None:
    view = await form_of_shortcut(stage, CHLOE)

    result = await stage.submit(view, prompt="hi", channel=chosen(channel))

    assert result.errors == {"channel": plain_words(admin.NOT_SEEN_THERE)}
    assert not await stage.asked()


async def test_the_form_of_somebody_else_shows_nothing(stage: Desk) -> None:
    secret = await form_in(stage, BEN, LEADERSHIP)
    view = await form_of_shortcut(stage, CHLOE)
    forged = {"private_metadata": secret.content["private_metadata"]}
    before = view.hash

    await stage.workspace.forge.click_view(CHLOE, view.id, "advanced", "on", forged)

    def said() -> str:
        shown = stage.workspace.view(CHLOE)
        return text_of(shown) if shown and not fields(shown) else ""

    assert words.OPEN_TOO_LONG in await stage.workspace.wait_for(said)
    assert view.hash == before


async def test_the_form_of_somebody_else_asks_nothing(stage: Desk) -> None:
    secret = await form_in(stage, BEN, LEADERSHIP)
    view = await form_of_shortcut(stage, CHLOE)
    await stage.workspace.fill(CHLOE, view.id, {"prompt": "hi", "channel": GENERAL})

    result = await stage.workspace.forge.submit(
        CHLOE, view.id, {"private_metadata": secret.content["private_metadata"]}
    )

    assert result.errors == {"prompt": words.OPEN_TOO_LONG}
    assert not await stage.asked()


@pytest.mark.parametrize(("user", "may"), [(BEN, True), (CHLOE, False)])
async def test_an_edit_from_another_place_asks_where_it_was_asked_of_those_who_are_there(
    stage: Desk, user: str, may: bool
) -> None:
    async def find() -> Any:
        return a_job(an_ask(channel=LEADERSHIP, user=user), None)

    stage.find = find
    button = {"type": "button", "action_id": "edit", "text": plain("Edit"), "value": "job1"}
    posted = await stage.client.chat_postMessage(
        channel=dm_of(user), text="answer", blocks=[{"type": "actions", "elements": [button]}]
    )
    await stage.workspace.click(user, dm_of(user), posted["ts"], "edit")

    result = await stage.submit(await stage.form(user), prompt="again")

    assert (not result.errors) == may
    assert [ask.channel for ask in await stage.asked()] == [LEADERSHIP] * may
