"""conversations.* and users.*: reading back."""

from __future__ import annotations

import dataclasses

from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import (
    ANA,
    BEN,
    BOT_ID,
    DESIGN,
    FINANCE,
    GENERAL,
    GROUP_DM,
    LEADERSHIP,
    OTHER_BOT,
    STRANGER,
    AppConfig,
    Workspace,
    dm_of,
)
from tests.sandbox.slack_app import client_of, error_of, refusal

METADATA = {"event_type": "answer", "event_payload": {"job": "1"}}


async def test_history_is_newest_first_and_replies_oldest_first(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    await ws.say(BEN, GENERAL, "reply", root.ts)
    await ws.say(BEN, GENERAL, "later")

    history = (await slack.conversations_history(channel=GENERAL))["messages"]
    thread = (await slack.conversations_replies(channel=GENERAL, ts=root.ts))["messages"]

    assert [message["text"] for message in history] == ["later", "root"]
    assert [message["text"] for message in thread] == ["root", "reply"]
    assert thread[0]["reply_count"] == 1
    assert thread[0]["latest_reply"] == thread[1]["ts"]
    assert thread[1]["parent_user_id"] == ANA


async def test_metadata_is_only_named_unless_asked_for(slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=GENERAL, text="a", metadata=METADATA))["ts"]

    plain = await slack.conversations_history(channel=GENERAL)
    whole = await slack.conversations_history(channel=GENERAL, include_all_metadata=True)
    thread = await slack.conversations_replies(channel=GENERAL, ts=ts, include_all_metadata=True)

    assert plain["messages"][0]["metadata"] == {**METADATA, "event_payload": {}}
    assert whole["messages"][0]["metadata"] == METADATA
    assert thread["messages"][0]["metadata"] == METADATA


async def test_history_keeps_to_its_bounds(ws: Workspace, slack: AsyncWebClient) -> None:
    said = [await ws.say(ANA, GENERAL, str(n)) for n in range(5)]

    async def texts(**bounds: object) -> list[str]:
        reply = await slack.conversations_history(channel=GENERAL, **bounds)  # type: ignore[arg-type]
        return [message["text"] for message in reply["messages"]]

    first, last = said[1].ts, said[3].ts
    assert await texts(oldest=first, latest=last) == ["2"]
    assert await texts(oldest=first, latest=last, inclusive=True) == ["3", "2", "1"]
    assert await error_of(slack.conversations_history(channel=GENERAL, oldest="soon")) == (
        "invalid_ts_oldest"
    )


async def test_pages_follow_the_cursor(ws: Workspace, slack: AsyncWebClient) -> None:
    for number in range(5):
        await ws.say(ANA, GENERAL, str(number))

    pages = [
        [message["text"] for message in page["messages"]]
        async for page in await slack.conversations_history(channel=GENERAL, limit=2)
    ]

    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    assert await error_of(slack.conversations_history(channel=GENERAL, limit=0)) == "invalid_limit"
    assert await error_of(slack.conversations_history(channel=GENERAL, cursor="x")) == (
        "invalid_cursor"
    )


async def test_a_thread_must_exist(ws: Workspace, slack: AsyncWebClient) -> None:
    gone = await ws.say(ANA, GENERAL, "gone")
    await ws.delete(ANA, GENERAL, gone.ts)

    assert await error_of(slack.conversations_replies(channel=GENERAL, ts=gone.ts)) == (
        "thread_not_found"
    )


async def test_reading_needs_membership_and_scope() -> None:
    app = AppConfig()
    app = dataclasses.replace(app, scopes=app.scopes - {"groups:history"})
    async with Workspace(app=app) as ws:
        slack = client_of(ws)

        assert await error_of(slack.conversations_history(channel=DESIGN)) == "not_in_channel"
        assert await error_of(slack.conversations_history(channel=FINANCE)) == "channel_not_found"
        private = await refusal(slack.conversations_history(channel=LEADERSHIP))

    assert private["needed"] == "groups:history"


async def test_slack_keeps_no_markdown(slack: AsyncWebClient) -> None:
    text = "# Title\n\ntext\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\n# code\n---\n```"
    blocks = [{"type": "markdown", "text": text}]
    await slack.chat_postMessage(channel=GENERAL, text="a", blocks=blocks)

    (message,) = (await slack.conversations_history(channel=GENERAL))["messages"]

    kinds = [block["type"] for block in message["blocks"]]
    assert kinds == ["header", "rich_text", "divider", "table", "rich_text"]


async def test_a_conversation_of_each_kind_needs_its_own_scope() -> None:
    app = AppConfig()
    reading = {"channels:read", "groups:read", "mpim:read"}
    async with Workspace(app=dataclasses.replace(app, scopes=app.scopes - reading)) as ws:
        slack = client_of(ws)
        needed = [
            (await refusal(look(channel=channel)))["needed"]
            for channel in (GENERAL, LEADERSHIP, GROUP_DM)
            for look in (slack.conversations_info, slack.conversations_members)
        ]

    assert needed == [scope for scope in sorted(reading) for _ in range(2)]


async def test_lists_show_what_the_bot_may_know() -> None:
    app = AppConfig()
    reading = {"channels:read", "groups:read", "im:read"}
    app = dataclasses.replace(app, scopes=app.scopes | reading)
    async with Workspace(app=app) as ws:
        slack = client_of(ws)
        listed = await slack.conversations_list(types="public_channel,private_channel")
        own = await slack.users_conversations(types="im")
        info = await slack.conversations_info(channel=DESIGN)
        members = await slack.conversations_members(channel=LEADERSHIP)

    names = {channel["name"] for channel in listed["channels"]}
    assert names == {"general", "engineering", "random", "partners", "design", "leadership"}
    assert dm_of(ANA) in {channel["id"] for channel in own["channels"]}
    assert info["channel"]["is_member"] is False
    assert ANA in members["members"]


async def test_users_info_says_who_is_an_admin(slack: AsyncWebClient) -> None:
    ana = (await slack.users_info(user=ANA))["user"]
    ben = (await slack.users_info(user=BEN))["user"]

    assert ana["is_admin"]
    assert ana["is_owner"]
    assert not ben["is_admin"]
    assert await error_of(slack.users_info(user="U0NOBODY")) == "user_not_found"


async def test_the_bot_is_known(slack: AsyncWebClient) -> None:
    assert (await slack.bots_info(bot=BOT_ID))["bot"]["name"] == "grok"


async def test_direct_messages_open_for_one_person(slack: AsyncWebClient) -> None:
    assert await error_of(slack.conversations_open(users="U0NOBODY")) == "user_not_found"
    assert await error_of(slack.conversations_open(users=f"{ANA},{BEN}")) == "missing_scope"
    assert await error_of(slack.conversations_open(users=OTHER_BOT)) == "cannot_dm_bot"
    assert await error_of(slack.conversations_open(users=STRANGER)) == "channel_not_found"


async def test_an_opened_direct_message_is_an_id_unless_more_is_asked_for(
    slack: AsyncWebClient,
) -> None:
    opened = await slack.conversations_open(users=ANA)
    whole = await slack.conversations_open(users=ANA, return_im=True)

    assert opened["channel"] == {"id": dm_of(ANA)}
    assert whole["channel"]["user"] == ANA


async def test_a_permalink_points_at_the_message(ws: Workspace, slack: AsyncWebClient) -> None:
    said = await ws.say(ANA, GENERAL, "hi")

    link = (await slack.chat_getPermalink(channel=GENERAL, message_ts=said.ts))["permalink"]

    assert link.endswith(f"/archives/{GENERAL}/p{said.ts.replace('.', '')}")
