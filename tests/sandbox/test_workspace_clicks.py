"""Clicks in messages of every kind, and shortcuts on them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.workspace import ANA, BEN, GENERAL, LEADERSHIP, NotAllowedError, Workspace, dm_of
from tests.sandbox.slack_app import app_of, error_of, socket_mode
from tests.sandbox.test_workspace_interactivity import button, posted_button
from tests.sandbox.test_workspace_views import plain

Json = dict[str, Any]
ROW = {"type": "actions", "block_id": "row", "elements": [button(value="job-1")]}


async def test_a_click_in_an_ephemeral_message_carries_no_message(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    await ws.say(BEN, GENERAL, "reply", root.ts)
    ts = (
        await slack.chat_postEphemeral(
            channel=GENERAL, user=ANA, text="a", blocks=[ROW], thread_ts=root.ts
        )
    )["message_ts"]

    await ws.click(ANA, GENERAL, ts, "stop")

    payload = ws.deliveries[-1].payload
    assert payload["container"] == {
        "type": "message", "message_ts": ts, "channel_id": GENERAL, "is_ephemeral": True,
        "thread_ts": root.ts,
    }  # fmt: skip
    assert "message" not in payload
    assert payload["actions"][0]["value"] == "job-1"
    with pytest.raises(NotAllowedError):
        await ws.click(BEN, GENERAL, ts, "stop")


async def test_an_ephemeral_message_is_out_of_the_apis_reach(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    sent = await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="a", blocks=[ROW])
    ts = sent["message_ts"]

    assert (
        await error_of(slack.chat_update(channel=GENERAL, ts=ts, text="b")) == "message_not_found"
    )
    assert await error_of(slack.chat_delete(channel=GENERAL, ts=ts)) == "message_not_found"
    assert await error_of(slack.conversations_replies(channel=GENERAL, ts=ts)) == "thread_not_found"
    with pytest.raises(NotAllowedError):
        await ws.shortcut(ANA, "ask_grok", GENERAL, ts)


@pytest.mark.parametrize(
    ("channel", "name"),
    [(GENERAL, "general"), (LEADERSHIP, "privategroup"), (dm_of(ANA), "directmessage")],
)
async def test_a_conversation_is_named_as_slack_names_it(
    ws: Workspace, slack: AsyncWebClient, channel: str, name: str
) -> None:
    sent = await slack.chat_postMessage(channel=channel, text="a", blocks=[ROW])

    await ws.click(ANA, channel, sent["ts"], "stop")

    payload = ws.deliveries[-1].payload
    assert payload["channel"] == {"id": channel, "name": name}
    assert payload["actions"][0]["text"] == {**plain("Stop"), "emoji": True}


async def test_two_clicks_in_a_row_are_two(ws: Workspace, slack: AsyncWebClient) -> None:
    app = app_of(ws)
    values: list[str] = []
    both = asyncio.Event()

    @app.action("stop")
    async def stop(ack: Any, action: Json) -> None:
        values.append(action["action_ts"])
        if len(values) == 2:
            both.set()
        await both.wait()
        await ack()

    ts = await posted_button(slack)
    async with socket_mode(ws, app):
        await asyncio.gather(*(ws.click(ANA, GENERAL, ts, "stop") for _ in range(2)))

    assert len(set(values)) == 2


async def test_a_button_may_be_pressed_as_an_edit_takes_it_away(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ts = await posted_button(slack, button(value="old"))
    await slack.chat_update(channel=GENERAL, ts=ts, text="done")

    await ws.click(ANA, GENERAL, ts, "stop", seen=0)

    payload = ws.deliveries[-1].payload
    assert payload["actions"][0]["value"] == "old"
    assert payload["message"]["text"] == "done"


async def test_a_deleted_messages_button_is_gone(ws: Workspace, slack: AsyncWebClient) -> None:
    ts = await posted_button(slack)
    await ws.delete(ANA, GENERAL, ts)

    with pytest.raises(NotAllowedError):
        await ws.click(ANA, GENERAL, ts, "stop", seen=0)


async def test_a_shortcut_works_on_a_bots_message(ws: Workspace, slack: AsyncWebClient) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    sent = await slack.chat_postMessage(channel=GENERAL, text="answer", thread_ts=root.ts)
    others = await ws.say_as_bot(GENERAL, "from a webhook", webhook=True)

    await ws.shortcut(BEN, "ask_grok", GENERAL, sent["ts"])
    reply = ws.deliveries[-1].payload["message"]
    await ws.shortcut(BEN, "ask_grok", GENERAL, others.ts)
    webhook = ws.deliveries[-1].payload["message"]

    assert (reply["thread_ts"], reply["parent_user_id"]) == (root.ts, ANA)
    assert reply["bot_id"]
    assert "user" not in webhook


async def test_acks_of_clicks_say_nothing(ws: Workspace, slack: AsyncWebClient) -> None:
    app = app_of(ws)

    @app.action("stop")
    async def stop(ack: Any) -> None:
        await ack("Stopped.")

    ts = await posted_button(slack)
    async with socket_mode(ws, app):
        await ws.click(ANA, GENERAL, ts, "stop")

    assert len(ws.problems) == 1


async def test_an_answer_to_a_click_says_what_becomes_of_its_message(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ts = await posted_button(slack)
    await ws.click(ANA, GENERAL, ts, "stop")
    url = AsyncWebhookClient(ws.deliveries[-1].payload["response_url"])

    await url.send_dict({"text": "new", "replace_original": "false"})
    assert ws.problems == []
    await url.send(text="unclear")

    assert len(ws.problems) == 1
    assert [message.text for message in ws.ephemerals(ANA)] == ["new", "unclear"]
    assert len(ws.message(GENERAL, ts).revisions) == 1
