"""A sentence for one person alone, over every way there is."""

from __future__ import annotations

import pytest

from bot.slack.ephemeral import TOLD_PER_MINUTE, Ephemeral
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from bot.slack_limits import SECTION_TEXT_CHARS
from bot.store.allowances import Allowances
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, BEN, FINANCE, GENERAL, Message, Workspace, dm_of
from tests.sandbox.slack_app import client_of

SENTENCE = "That took too long: type `/grok` again."


@pytest.fixture
def aside(workspace: Workspace, store: Store, keys: Keys) -> Ephemeral:
    return Ephemeral(Slack(WebApi(client_of(workspace))), Allowances(store, keys))


def text_of(message: Message) -> str:
    text: str = (message.blocks or [])[0]["text"]["text"]
    return text


async def response_url(workspace: Workspace) -> str:
    """That of a command which nobody acks."""
    await workspace.command(ANA, GENERAL, "/grok")
    url: str = workspace.deliveries[-1].payload["response_url"]
    return url


async def test_the_address_of_the_command_is_taken_first(
    workspace: Workspace, aside: Ephemeral
) -> None:
    url = await response_url(workspace)

    await aside.tell(SENTENCE, user=ANA, channel=GENERAL, response_url=url)

    (told,) = workspace.ephemerals(ANA)
    assert text_of(told) == SENTENCE
    assert len(workspace.responses) == 1
    assert workspace.calls_of("chat.postEphemeral") == []


async def test_an_address_that_is_used_up_is_no_dead_end(
    workspace: Workspace, aside: Ephemeral
) -> None:
    await aside.tell(
        SENTENCE, user=ANA, channel=GENERAL, response_url=f"{workspace.url}/response/none"
    )

    (told,) = workspace.ephemerals(ANA)
    assert (told.channel, text_of(told)) == (GENERAL, SENTENCE)


async def test_only_the_person_sees_it_in_the_thread(
    workspace: Workspace, aside: Ephemeral
) -> None:
    root = await workspace.say(ANA, GENERAL, "hello")
    await workspace.say(BEN, GENERAL, "hello yourself", root.ts)

    await aside.tell(SENTENCE, user=BEN, channel=GENERAL, thread_ts=root.ts)

    (told,) = workspace.ephemerals()
    assert (told.ephemeral_to, told.thread_ts, told.shown) == (BEN, root.ts, SENTENCE)


async def test_beside_a_message_that_nobody_replied_to_it_is_seen_too(
    workspace: Workspace, aside: Ephemeral
) -> None:
    root = await workspace.say(ANA, GENERAL, "hello")

    await aside.tell(SENTENCE, user=BEN, channel=GENERAL, thread_ts=root.ts)

    (told,) = workspace.ephemerals()
    assert (told.ephemeral_to, told.thread_ts) == (BEN, None)
    assert not workspace.problems


async def test_where_the_bot_is_no_member_it_comes_as_a_direct_message(
    workspace: Workspace, aside: Ephemeral
) -> None:
    await aside.tell(SENTENCE, user=ANA, channel=FINANCE)

    (told,) = workspace.messages(dm_of(ANA))
    assert text_of(told) == SENTENCE
    assert workspace.ephemerals() == []


async def test_without_any_place_it_comes_as_a_direct_message(
    workspace: Workspace, aside: Ephemeral
) -> None:
    await aside.tell(SENTENCE, user=ANA)

    assert [text_of(told) for told in workspace.messages(dm_of(ANA))] == [SENTENCE]


async def test_nothing_is_raised_when_slack_takes_nothing(
    workspace: Workspace, aside: Ephemeral
) -> None:
    workspace.fail("*", status=500, times=None)

    await aside.tell(SENTENCE, user=ANA, channel=GENERAL)

    assert workspace.ephemerals() == []
    assert {"chat.postEphemeral", "conversations.open"} <= {c.method for c in workspace.calls}


async def test_a_long_text_is_cut_to_what_slack_takes(
    workspace: Workspace, aside: Ephemeral
) -> None:
    await aside.tell("x" * (SECTION_TEXT_CHARS + 1), user=ANA, channel=GENERAL)

    (told,) = workspace.ephemerals(ANA)
    assert len(text_of(told)) == SECTION_TEXT_CHARS
    assert text_of(told).endswith("…")


async def test_where_somebody_replied_slack_is_not_asked_for_it(
    workspace: Workspace, aside: Ephemeral
) -> None:
    root = await workspace.say(ANA, GENERAL, "hello")
    await workspace.say(BEN, GENERAL, "hello yourself", root.ts)

    await aside.tell(SENTENCE, user=BEN, channel=GENERAL, thread_ts=root.ts, replied=True)

    (told,) = workspace.ephemerals()
    assert told.thread_ts == root.ts
    assert [call.method for call in workspace.calls] == ["chat.postEphemeral"]


async def test_nobody_is_told_more_in_a_minute_than_they_read(
    workspace: Workspace, aside: Ephemeral
) -> None:
    for number in range(TOLD_PER_MINUTE + 10):
        await aside.tell(str(number), user=ANA, channel=GENERAL)
    await aside.tell(SENTENCE, user=BEN, channel=GENERAL)

    assert len(workspace.ephemerals(ANA)) == TOLD_PER_MINUTE
    assert [message.shown for message in workspace.ephemerals(BEN)] == [SENTENCE]
    await aside.tell(SENTENCE, user=ANA, response_url=await response_url(workspace))
    assert workspace.ephemerals(ANA)[-1].shown == SENTENCE
