"""What is read in a shared message, and who is said to have written it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.completion.ask import Said
from bot.errors import UserError
from bot.slack.inbound.payloads import SlackMessage
from bot.slack.people.people import People
from bot.slack.reading import message_text
from bot.slack.reading.message_text import name_of, said_in
from bot.slack.web_api import WebApi
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, BEN, CHLOE, Workspace
from tests.fixtures.workspace import people_of
from tests.sandbox.slack_app import client_of

APP = {"bot_id": "B1", "username": "Deploys"}


@pytest.fixture
def people(workspace: Workspace, store: Store, keys: Keys) -> People:
    return people_of(WebApi(client_of(workspace)), store, keys)


def message(**fields: Any) -> SlackMessage:
    return SlackMessage(ts="1.2", **fields)


async def test_people_are_called_by_their_names(people: People) -> None:
    said = await said_in(
        message(user=ANA, text=f"&lt;b&gt; says <@{BEN}>, <#C1|general>"), people, CHLOE
    )

    assert said == Said(author="ana", text="<b> says @ben, #general")


async def test_no_more_is_taken_along_than_slack_keeps_of_a_text(people: People) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "long " * 600}}
    said = await said_in(message(user=ANA, blocks=(section,) * 50), people, CHLOE)
    whole = await said_in(message(user=ANA, text="x" * 40_000), people, CHLOE)

    assert len(said.text) == 40_000
    assert said.text.endswith("…")
    assert whole.text == "x" * 40_000


async def test_what_the_bot_said_is_its_own(people: People) -> None:
    said = await said_in(message(user="U0BOT", text="hi"), people, CHLOE, bot_user="U0BOT")

    assert said == Said(author="Grok", text="hi", own=True)


async def test_who_is_not_known_goes_by_what_slack_says(people: People) -> None:
    nobody = await said_in(message(user="U0NOBODY", text="hi <@U0NOWHO>"), people, CHLOE)
    app = await said_in(message(text="deployed", **APP), people, CHLOE)
    nameless = await said_in(message(text="deployed", bot_id="B1"), people, CHLOE)

    assert nobody == Said(author="U0NOBODY", text="hi @U0NOWHO")
    assert (app.author, nameless.author) == ("Deploys", "an app")


async def test_nobody_is_waited_for_long(
    workspace: Workspace, store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_text, "LOOK_UP_SECONDS", 0.05)
    workspace.fail("users.info", delay=60)
    people = people_of(WebApi(client_of(workspace), deadline=60), store, keys)

    async with asyncio.timeout(10):
        said = await said_in(message(user=ANA, text="hi"), people, CHLOE)

    assert said == Said(author=ANA, text="hi")


async def test_what_is_no_text_is_replaced(people: People) -> None:
    said = await said_in(message(user=ANA, text="half an emoji: \ud83d"), people, CHLOE)

    assert said.text == "half an emoji: \ufffd"


async def test_of_an_app_all_that_says_something_is_read(people: People) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "Disk full on db-1"}}
    alert = {"fallback": "alert", "pretext": "Alert", "title": "db-1", "text": "95% &amp; rising"}

    blocks = await said_in(message(text="Alert", blocks=[section], **APP), people, CHLOE)
    attachments = await said_in(message(attachments=[alert], **APP), people, CHLOE)
    summary = await said_in(
        message(text="All of it is in the text", blocks=[section], **APP), people, CHLOE
    )

    assert blocks.text == "Disk full on db-1"
    assert attachments.text == "Alert\ndb-1\n95% & rising"
    assert summary.text == "All of it is in the text\nDisk full on db-1"


async def test_files_are_named_also_where_nothing_else_is_said(people: People) -> None:
    files = [{"name": "a.txt"}, {"title": "Plan"}, {"id": "F1"}]

    said = await said_in(message(user=ANA, files=files), people, CHLOE)

    assert said.text == "(Attached: a.txt, Plan, a file)"


@pytest.mark.parametrize("blocks", [[], [{"type": "divider"}]])
async def test_nothing_to_read_is_said_so(people: People, blocks: list[Any]) -> None:
    with pytest.raises(UserError):
        await said_in(message(user=ANA, text=" ", blocks=blocks), people, CHLOE)


async def test_a_name_is_found_or_left_out(people: People) -> None:
    assert await name_of(ANA, people) == "ana"
    assert await name_of("U0NOBODY", people) == ""
