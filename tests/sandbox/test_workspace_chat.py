"""chat.postMessage, chat.update, chat.delete, chat.postEphemeral."""

from __future__ import annotations

import dataclasses

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import (
    ANA,
    ANA_AND_BEN,
    BEN,
    BOT_USER,
    CHLOE,
    DESIGN,
    FINANCE,
    GENERAL,
    LEADERSHIP,
    AppConfig,
    Limits,
    Workspace,
    dm_of,
)
from tests.sandbox.slack_app import client_of, error_of, refusal

SECTION = [{"type": "section", "text": {"type": "mrkdwn", "text": "plain"}}]


def markdown(text: str) -> list[dict[str, str]]:
    return [{"type": "markdown", "text": text}]


async def test_a_post_is_kept_with_all_its_revisions(ws: Workspace, slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=GENERAL, text="one", blocks=markdown("**1**")))["ts"]
    await slack.chat_update(channel=GENERAL, ts=ts, text="two", blocks=markdown("**2**"))

    message = ws.message(GENERAL, ts)
    assert [revision.shown for revision in message.revisions] == ["**1**", "**2**"]
    assert [revision.text for revision in message.revisions] == ["one", "two"]
    assert message.user == message.revisions[-1].by == BOT_USER
    assert message.revisions[0].at <= message.revisions[1].at


async def test_time_stamps_are_unique_and_grow(slack: AsyncWebClient) -> None:
    stamps = [(await slack.chat_postMessage(channel=GENERAL, text="x"))["ts"] for _ in range(20)]

    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE", "channel_not_found"),
        (DESIGN, "not_in_channel"),
        (FINANCE, "channel_not_found"),
        (ANA_AND_BEN, "channel_not_found"),
    ],
)
async def test_the_bot_writes_only_where_it_may(
    slack: AsyncWebClient, channel: str, error: str
) -> None:
    assert await error_of(slack.chat_postMessage(channel=channel, text="hi")) == error


async def test_chat_write_public_opens_public_channels() -> None:
    app = AppConfig()
    app = dataclasses.replace(app, scopes=app.scopes | {"chat:write.public"})
    async with Workspace(app=app, limits=Limits(scale=0)) as ws:
        slack = client_of(ws)
        await slack.chat_postMessage(channel=DESIGN, text="hi")

        assert await error_of(slack.chat_postMessage(channel=FINANCE, text="hi")) == (
            "channel_not_found"
        )


async def test_nothing_is_written_to_an_archived_channel(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ts = (await slack.chat_postMessage(channel=GENERAL, text="hi"))["ts"]

    ws.archive(GENERAL)

    assert await error_of(slack.chat_postMessage(channel=GENERAL, text="hi")) == "is_archived"
    assert await error_of(slack.chat_update(channel=GENERAL, ts=ts, text="x")) == "is_archived"


async def test_a_person_stands_for_their_direct_message(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    reply = await slack.chat_postMessage(channel=BEN, text="hi")
    opened = await slack.conversations_open(users=BEN)

    assert reply["channel"] == opened["channel"]["id"] == dm_of(BEN)


async def test_a_message_needs_something_to_say(slack: AsyncWebClient) -> None:
    assert await error_of(slack.api_call("chat.postMessage", json={"channel": GENERAL})) == (
        "no_text"
    )
    assert await error_of(slack.api_call("chat.postMessage", json={"text": "hi"})) == (
        "invalid_arguments"
    )


async def test_a_long_post_is_cut_but_a_long_update_is_refused(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ts = (await slack.chat_postMessage(channel=GENERAL, text="x" * 40_001))["ts"]

    await slack.chat_update(channel=GENERAL, ts=ts, text="é" * 2_000)
    refused = await refusal(slack.chat_update(channel=GENERAL, ts=ts, text="é" * 2_001))

    assert len(ws.message(GENERAL, ts).revisions[0].text) == 40_000
    assert refused["error"] == "msg_too_long"
    assert ws.message(GENERAL, ts).text == "é" * 2_000


async def test_only_own_standing_messages_can_be_changed(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    theirs = await ws.say(ANA, GENERAL, "mine")
    own = (await slack.chat_postMessage(channel=GENERAL, text="hi"))["ts"]
    await slack.chat_delete(channel=GENERAL, ts=own)

    update, delete = slack.chat_update, slack.chat_delete
    assert await error_of(update(channel=GENERAL, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await error_of(delete(channel=GENERAL, ts=theirs.ts)) == "cant_delete_message"
    assert await error_of(update(channel=GENERAL, ts=own, text="x")) == "message_not_found"
    assert await error_of(delete(channel=GENERAL, ts=own)) == "message_not_found"
    assert await error_of(update(channel=GENERAL, ts="soon", text="x")) == "message_not_found"
    assert ws.message(GENERAL, own).deleted


async def test_the_edited_flag_shows_for_text_but_not_for_blocks(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    blocks = (await slack.chat_postMessage(channel=GENERAL, text="a", blocks=markdown("a")))["ts"]
    text = (await slack.chat_postMessage(channel=GENERAL, text="a"))["ts"]

    await slack.chat_update(channel=GENERAL, ts=blocks, text="b", blocks=markdown("b"))
    await slack.chat_update(channel=GENERAL, ts=text, text="b")

    assert not ws.message(GENERAL, blocks).edited
    assert ws.message(GENERAL, text).edited


async def test_text_alone_removes_earlier_blocks(ws: Workspace, slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=GENERAL, text="a", blocks=markdown("a")))["ts"]

    await slack.chat_update(channel=GENERAL, ts=ts, text="only text")

    assert ws.message(GENERAL, ts).blocks == ()


async def test_rich_and_plain_blocks_cannot_replace_each_other(slack: AsyncWebClient) -> None:
    rich = (await slack.chat_postMessage(channel=GENERAL, text="a", blocks=markdown("a")))["ts"]
    plain = (await slack.chat_postMessage(channel=GENERAL, text="a", blocks=SECTION))["ts"]

    to_plain = slack.chat_update(channel=GENERAL, ts=rich, text="b", blocks=SECTION)
    to_rich = slack.chat_update(channel=GENERAL, ts=plain, text="b", blocks=markdown("b"))

    assert await error_of(to_plain) == "block_mismatch"
    assert await error_of(to_rich) == "block_mismatch"


async def test_markdown_text_goes_alone(ws: Workspace, slack: AsyncWebClient) -> None:
    post = slack.chat_postMessage

    ts = (await post(channel=GENERAL, markdown_text="**hi**"))["ts"]
    both = await error_of(post(channel=GENERAL, text="x", markdown_text="**hi**"))
    long = await error_of(post(channel=GENERAL, markdown_text="x" * 12_001))

    assert ws.message(GENERAL, ts).shown == "**hi**"
    assert both == "markdown_text_conflict"
    assert long == "msg_too_long"


async def test_a_reply_goes_to_the_root_of_its_thread(ws: Workspace, slack: AsyncWebClient) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    post = slack.chat_postMessage
    first = await post(channel=GENERAL, text="first", thread_ts=root.ts)
    second = await post(channel=GENERAL, text="second", thread_ts=first["ts"])

    assert second["message"]["thread_ts"] == root.ts
    assert [reply.text for reply in ws.replies(GENERAL, root.ts)] == ["first", "second"]
    assert ws.messages(GENERAL) == [root]


async def test_a_reply_to_a_deleted_message_silently_lands_in_the_channel(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    await ws.delete(ANA, GENERAL, root.ts)

    reply = await slack.chat_postMessage(channel=GENERAL, text="hi", thread_ts=root.ts)

    assert "thread_ts" not in reply["message"]
    assert [message.text for message in ws.messages(GENERAL)] == ["hi"]


async def test_a_malformed_thread_is_refused(slack: AsyncWebClient) -> None:
    for thread_ts in ("soon", 1700000000.000100):
        call = slack.api_call(
            "chat.postMessage", json={"channel": GENERAL, "text": "x", "thread_ts": thread_ts}
        )
        assert await error_of(call) == "invalid_thread_ts"


async def test_metadata_stays_until_it_is_replaced_or_cleared(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    first = {"event_type": "answer", "event_payload": {"job": "1"}}
    ts = (await slack.chat_postMessage(channel=GENERAL, text="a", metadata=first))["ts"]

    await slack.chat_update(channel=GENERAL, ts=ts, text="b")
    kept = ws.message(GENERAL, ts).metadata
    await slack.chat_update(channel=GENERAL, ts=ts, text="b", metadata={})

    assert kept == first
    assert ws.message(GENERAL, ts).metadata is None


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"event_type": "answer"}, "invalid_metadata_format"),
        ({"event_type": "answer", "event_payload": "1"}, "invalid_metadata_format"),
        ({"event_type": "answer", "event_payload": {"x": "y" * 9_000}}, "metadata_too_large"),
    ],
)
async def test_bad_metadata_is_refused(
    slack: AsyncWebClient, metadata: dict[str, object], error: str
) -> None:
    call = slack.chat_postMessage(channel=GENERAL, text="a", metadata=metadata)

    assert await error_of(call) == error


async def test_a_deleted_root_with_replies_leaves_a_tombstone(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    root = (await slack.chat_postMessage(channel=GENERAL, text="root"))["ts"]
    await slack.chat_postMessage(channel=GENERAL, text="reply", thread_ts=root)

    await slack.chat_delete(channel=GENERAL, ts=root)

    thread = (await slack.conversations_replies(channel=GENERAL, ts=root))["messages"]
    assert [message.get("subtype") for message in thread] == ["tombstone", None]
    assert await error_of(slack.chat_update(channel=GENERAL, ts=root, text="x")) == (
        "message_not_found"
    )


async def test_an_ephemeral_message_is_for_one_and_cannot_be_edited(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ts = (await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="psst"))["message_ts"]

    assert [message.text for message in ws.ephemerals(ANA)] == ["psst"]
    assert ws.ephemerals(BEN) == []
    assert ws.messages(GENERAL) == []
    assert await error_of(slack.chat_update(channel=GENERAL, ts=ts, text="x")) == (
        "message_not_found"
    )


async def test_an_ephemeral_message_needs_both_in_the_channel(slack: AsyncWebClient) -> None:
    whisper = slack.chat_postEphemeral

    assert await error_of(whisper(channel=DESIGN, user=ANA, text="x")) == "not_in_channel"
    assert await error_of(whisper(channel=LEADERSHIP, user=CHLOE, text="x")) == (
        "user_not_in_channel"
    )


async def test_unknown_arguments_are_on_record(ws: Workspace, slack: AsyncWebClient) -> None:
    await slack.chat_postMessage(channel=GENERAL, text="hi", client_msg_id="abc")

    assert ws.calls_of("chat.postMessage")[0].args["client_msg_id"] == "abc"
    assert "token" not in ws.calls_of("chat.postMessage")[0].args
