"""Messages in events: people's, other bots', strangers', changed and deleted ones."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import (
    ANA,
    BEN,
    BOT_USER,
    DESIGN,
    GENERAL,
    GROUP_DM,
    GUEST,
    OTHER_APP_ID,
    OTHER_BOT,
    OTHER_BOT_ID,
    OTHER_TEAM_ID,
    PARTNERS,
    STRANGER,
    AppConfig,
    NotAllowedError,
    Workspace,
    dm_of,
)
from tests.sandbox.slack_app import client_of, error_of
from tests.sandbox.test_workspace_events import events

METADATA = {"event_type": "answer", "event_payload": {"job": "1"}}


async def test_a_persons_message_has_an_id_and_rich_text(ws: Workspace) -> None:
    await ws.say(ANA, GENERAL, "is 1 < 2, @ben? see https://a.example/?x=1&y=2 in #random")

    (event,) = events(ws)
    (block,) = event["blocks"]
    assert str(uuid.UUID(event["client_msg_id"])) == event["client_msg_id"]
    assert "bot_id" not in event
    assert [element["type"] for element in block["elements"][0]["elements"]] == [
        "text", "user", "text", "link", "text", "channel",
    ]  # fmt: skip
    texts = block["elements"][0]["elements"]
    assert texts[0]["text"] == "is 1 < 2, "
    assert texts[1]["user_id"] == BEN
    assert texts[3]["url"] == "https://a.example/?x=1&y=2"


async def test_a_me_message_is_marked(ws: Workspace) -> None:
    await ws.say(ANA, GENERAL, "waves", me=True)

    (event,) = events(ws)
    assert event["subtype"] == "me_message"
    assert not {"blocks", "client_msg_id"} & event.keys()


async def test_a_broadcast_reply_stands_in_the_channel_too(ws: Workspace) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    reply = await ws.say(BEN, GENERAL, "for all", root.ts, broadcast=True)

    event = events(ws)[-1]
    assert event["subtype"] == "thread_broadcast"
    assert event["thread_ts"] == event["root"]["ts"] == root.ts
    assert ws.messages(GENERAL) == [root, reply]
    with pytest.raises(NotAllowedError):
        await ws.say(BEN, GENERAL, "alone", broadcast=True)


async def test_a_reply_to_a_reply_goes_to_its_thread(ws: Workspace) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    first = await ws.say(BEN, GENERAL, "one", root.ts)
    second = await ws.say(BEN, GENERAL, "two", first.ts)

    assert second.thread_ts == root.ts


async def test_another_bots_mention_is_a_mention(ws: Workspace) -> None:
    await ws.say_as_bot(GENERAL, f"<@{BOT_USER}> and you?")

    mention, message = events(ws)
    assert (mention["type"], message["type"]) == ("app_mention", "message")
    for event in (mention, message):
        assert (event["user"], event["bot_id"]) == (OTHER_BOT, OTHER_BOT_ID)
        assert event["app_id"] == event["bot_profile"]["app_id"] == OTHER_APP_ID
        assert not {"client_msg_id", "subtype", "blocks"} & event.keys()


async def test_what_a_webhook_posts_has_no_user(ws: Workspace) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    await ws.say_as_bot(GENERAL, "build failed", root.ts, webhook=True)

    event = events(ws)[-1]
    assert event["subtype"] == "bot_message"
    assert (event["bot_id"], event["username"]) == (OTHER_BOT_ID, "Parrot")
    assert "user" not in event
    assert event["thread_ts"] == root.ts


async def test_another_bot_is_looked_up_like_any(ws: Workspace, slack: AsyncWebClient) -> None:
    user = (await slack.users_info(user=OTHER_BOT))["user"]
    bot = (await slack.bots_info(bot=OTHER_BOT_ID))["bot"]

    assert user["is_bot"]
    assert user["profile"]["bot_id"] == OTHER_BOT_ID
    assert (bot["user_id"], bot["app_id"]) == (OTHER_BOT, OTHER_APP_ID)
    with pytest.raises(NotAllowedError):
        await ws.say_as_bot(DESIGN, "not in there")


async def test_a_stranger_is_from_another_organisation(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    await ws.say(STRANGER, PARTNERS, "@grok hi")
    user = (await slack.users_info(user=STRANGER))["user"]

    mention, message = events(ws)
    assert mention["user_team"] == message["team"] == OTHER_TEAM_ID
    assert all(d.payload["is_ext_shared_channel"] for d in ws.deliveries)
    assert (user["team_id"], user["is_stranger"]) == (OTHER_TEAM_ID, True)


async def test_a_stranger_has_only_the_shared_channel(ws: Workspace) -> None:
    said = await ws.say(ANA, PARTNERS, "hello")

    assert (await ws.command(STRANGER, PARTNERS, "/grok hi")).error == "invalid_command"
    for deed in (
        ws.say(STRANGER, GENERAL, "hi"),
        ws.shortcut(STRANGER, "ask_grok", PARTNERS, said.ts),
        ws.open_home(STRANGER),
    ):
        with pytest.raises(NotAllowedError):
            await deed


async def test_a_guest_sees_no_channel_but_their_own(ws: Workspace) -> None:
    with pytest.raises(NotAllowedError):
        await ws.command(GUEST, DESIGN, "/grok hi")


async def test_a_group_is_like_a_channel_without_a_name(ws: Workspace) -> None:
    await ws.say(ANA, GROUP_DM, "@grok hi")

    mention, message = events(ws)
    assert mention["type"] == "app_mention"
    assert message["channel_type"] == "mpim"
    with pytest.raises(NotAllowedError):
        await ws.invite(ANA, GROUP_DM)


async def test_metadata_is_only_named_in_events() -> None:
    async def echo(app: AppConfig) -> list[dict[str, Any]]:
        async with Workspace(app=app) as ws:
            slack = client_of(ws)
            sent = await slack.chat_postMessage(channel=GENERAL, text="a", metadata=METADATA)
            await slack.chat_delete(channel=GENERAL, ts=sent["ts"])
            posted, deleted = events(ws)
            assert sent["message"]["metadata"] == METADATA
            return [posted["metadata"], deleted["previous_message"]["metadata"]]

    subscribed = dataclasses.replace(AppConfig(), metadata_events=frozenset({"answer"}))
    assert await echo(AppConfig()) == [{**METADATA, "event_payload": {}}] * 2
    assert await echo(subscribed) == [METADATA] * 2


def test_a_manifest_names_the_metadata_an_app_sees() -> None:
    subscriptions = [{"app_id": "A1", "event_type": "answer"}]
    manifest = {"settings": {"event_subscriptions": {"metadata_subscriptions": subscriptions}}}

    assert AppConfig.from_manifest(manifest).metadata_events == {"answer"}


async def test_the_bots_message_deleted_by_a_person_is_heard(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ts = (await slack.chat_postMessage(channel=GENERAL, text="a"))["ts"]
    await ws.delete(ANA, GENERAL, ts)

    event = events(ws)[-1]
    assert (event["subtype"], event["deleted_ts"], event["hidden"]) == (
        "message_deleted", ts, True,
    )  # fmt: skip
    assert event["ts"] != ts
    assert event["previous_message"]["user"] == BOT_USER


async def test_a_tombstone_goes_with_the_last_reply(ws: Workspace) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    reply = await ws.say(BEN, GENERAL, "reply", root.ts)
    await ws.delete(ANA, GENERAL, root.ts)
    assert ws.messages(GENERAL) == [root]
    assert events(ws)[-1]["message"]["subtype"] == "tombstone"
    assert events(ws)[-1]["previous_message"]["text"] == "root"

    await ws.delete(BEN, GENERAL, reply.ts)

    assert ws.messages(GENERAL) == []
    assert [event["deleted_ts"] for event in events(ws)[-2:]] == [reply.ts, root.ts]


async def test_a_preview_is_a_change_that_nobody_made(ws: Workspace) -> None:
    said = await ws.say(ANA, GENERAL, "@grok see https://a.example")
    ws.unfurl(GENERAL, said.ts)

    change = events(ws)[-1]
    assert change["subtype"] == "message_changed"
    assert change["message"]["text"] == change["previous_message"]["text"]
    assert change["message"]["attachments"]
    assert "edited" not in change["message"]
    assert [event["type"] for event in events(ws)].count("app_mention") == 1


async def test_in_an_archived_channel_everything_stays(ws: Workspace) -> None:
    said = await ws.say(ANA, GENERAL, "old")
    ws.archive(GENERAL)

    for deed in (
        ws.edit(ANA, GENERAL, said.ts, "new"),
        ws.delete(ANA, GENERAL, said.ts),
        ws.command(ANA, GENERAL, "/grok hi"),
    ):
        with pytest.raises(NotAllowedError):
            await deed


async def test_the_apps_messages_tab_tells_of_its_opening(ws: Workspace) -> None:
    await ws.open_home(ANA, "messages")

    (event,) = events(ws)
    assert (event["type"], event["tab"]) == ("app_home_opened", "messages")
    assert event["channel"] == dm_of(ANA)
    assert "view" not in event


async def test_an_ephemeral_message_can_be_dismissed_by_its_reader_alone(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ts = (await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="psst"))["message_ts"]

    with pytest.raises(NotAllowedError):
        await ws.dismiss(BEN, GENERAL, ts)
    await ws.dismiss(ANA, GENERAL, ts)

    assert ws.ephemerals(ANA)[0].deleted


async def test_an_ephemeral_reply_is_seen_only_in_a_thread_with_replies(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    root = await ws.say(ANA, GENERAL, "root")

    async def whisper(text: str) -> None:
        await slack.chat_postEphemeral(channel=GENERAL, user=ANA, thread_ts=root.ts, text=text)

    await whisper("unseen")
    assert ws.ephemerals(ANA) == []
    assert ws.problems

    await ws.say(BEN, GENERAL, "reply", root.ts)
    await whisper("seen")
    assert [message.text for message in ws.ephemerals(ANA)] == ["seen"]


async def test_somebody_who_left_gets_no_ephemeral_message(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ws.leave(BEN, GENERAL)

    whisper = slack.chat_postEphemeral(channel=GENERAL, user=BEN, text="a")

    assert await error_of(whisper) == "user_not_in_channel"
