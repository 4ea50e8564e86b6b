"""The Events API: what the app hears, and what it does not."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import (
    ANA,
    BEN,
    BOT_USER,
    CHLOE,
    DESIGN,
    FINANCE,
    GENERAL,
    GUEST,
    LEADERSHIP,
    AppConfig,
    NotAllowedError,
    Workspace,
    dm_of,
)

Json = dict[str, Any]


def events(ws: Workspace) -> list[Json]:
    """What was sent, retries left out (nobody listens here)."""
    sent = [d for d in ws.deliveries if d.kind == "events_api" and d.retry == 0]
    return [delivery.payload["event"] for delivery in sent]


@asynccontextmanager
async def workspace_with(
    *, scopes: frozenset[str] | None = None, names: frozenset[str] | None = None
) -> AsyncIterator[Workspace]:
    app = AppConfig()
    app = dataclasses.replace(app, scopes=scopes or app.scopes, events=names or app.events)
    async with Workspace(app=app) as ws:
        yield ws


async def test_a_mention_arrives_twice_with_different_event_ids(ws: Workspace) -> None:
    said = await ws.say(ANA, GENERAL, "@grok hello")

    mention, message = events(ws)
    assert {mention["type"], message["type"]} == {"app_mention", "message"}
    assert mention["ts"] == message["ts"] == said.ts
    assert mention["text"] == f"<@{BOT_USER}> hello"
    assert len({delivery.payload["event_id"] for delivery in ws.deliveries}) == 2


@pytest.mark.parametrize(
    ("channel", "kind"), [(GENERAL, "channel"), (LEADERSHIP, "group"), (dm_of(ANA), "im")]
)
async def test_messages_say_what_kind_of_conversation_they_are_in(
    ws: Workspace, channel: str, kind: str
) -> None:
    await ws.say(ANA, channel, "hi")

    (event,) = events(ws)
    assert event["channel_type"] == kind
    assert event["channel"] == channel


async def test_a_mention_in_a_direct_message_is_only_a_message(ws: Workspace) -> None:
    await ws.say(ANA, dm_of(ANA), "@grok hi")

    assert [event["type"] for event in events(ws)] == ["message"]


async def test_nothing_is_heard_where_the_bot_is_not(ws: Workspace) -> None:
    await ws.say(ANA, DESIGN, "@grok hi")
    await ws.say(CHLOE, FINANCE, "@grok hi")

    assert events(ws) == []


async def test_nothing_is_heard_without_subscription_or_scope() -> None:
    async with workspace_with(names=frozenset({"app_mention"})) as ws:
        await ws.say(ANA, GENERAL, "hi")
        assert events(ws) == []
    async with workspace_with(scopes=frozenset({"chat:write"})) as ws:
        await ws.say(ANA, GENERAL, "@grok hi")
        assert events(ws) == []


async def test_own_messages_and_edits_echo(ws: Workspace, slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=GENERAL, text="one"))["ts"]
    await slack.chat_update(channel=GENERAL, ts=ts, text="two")

    posted, changed = events(ws)
    assert posted["user"] == BOT_USER
    assert "bot_id" in posted
    assert changed["subtype"] == "message_changed"
    assert changed["hidden"] is True
    assert changed["message"]["text"] == "two"
    assert changed["previous_message"]["text"] == "one"
    assert changed["message"]["ts"] == ts != changed["ts"]


async def test_a_persons_edit_and_delete_are_heard(ws: Workspace) -> None:
    said = await ws.say(ANA, GENERAL, "hi")
    await ws.edit(ANA, GENERAL, said.ts, "hello")
    await ws.delete(ANA, GENERAL, said.ts)

    _, changed, deleted = events(ws)
    assert changed["message"]["edited"]["user"] == ANA
    assert deleted["subtype"] == "message_deleted"
    assert deleted["deleted_ts"] == said.ts
    assert deleted["previous_message"]["text"] == "hello"


async def test_every_edit_of_a_mention_is_a_mention_again(ws: Workspace) -> None:
    said = await ws.say(ANA, GENERAL, "hi")
    await ws.edit(ANA, GENERAL, said.ts, "@grok hi")
    await ws.edit(ANA, GENERAL, said.ts, "@grok hello")
    await ws.edit(ANA, GENERAL, said.ts, "hello")

    mentions = [event for event in events(ws) if event["type"] == "app_mention"]
    assert [event["text"] for event in mentions] == [f"<@{BOT_USER}> hi", f"<@{BOT_USER}> hello"]
    assert all(event["ts"] == said.ts for event in mentions)
    assert all(event["edited"]["user"] == ANA for event in mentions)


async def test_a_deleted_root_with_replies_arrives_as_a_tombstone(ws: Workspace) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    await ws.say(BEN, GENERAL, "reply", root.ts)
    await ws.delete(ANA, GENERAL, root.ts)

    event = events(ws)[-1]
    assert event["subtype"] == "message_changed"
    assert event["message"]["subtype"] == "tombstone"


async def test_a_reply_carries_its_thread(ws: Workspace) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    await ws.say(BEN, GENERAL, "reply", root.ts)

    first, reply = events(ws)
    assert "thread_ts" not in first
    assert reply["thread_ts"] == root.ts
    assert reply["parent_user_id"] == ANA


async def test_files_make_a_file_share(ws: Workspace) -> None:
    await ws.say(ANA, GENERAL, "see", files=["plan.pdf"])

    (event,) = events(ws)
    assert event["subtype"] == "file_share"
    assert event["files"][0]["name"] == "plan.pdf"


async def test_opening_the_home_tab_is_heard(ws: Workspace) -> None:
    await ws.open_home(ANA)

    (event,) = events(ws)
    assert event["type"] == "app_home_opened"
    assert (event["user"], event["tab"]) == (ANA, "home")


async def test_an_invited_bot_hears_what_is_said_next() -> None:
    async with workspace_with(names=frozenset({"member_joined_channel", "message.channels"})) as ws:
        await ws.invite(ANA, DESIGN)
        await ws.say(ANA, DESIGN, "hi")
        joined, said = events(ws)
        ws.remove_bot(DESIGN)
        await ws.say(ANA, DESIGN, "bye")

        assert joined["type"] == "member_joined_channel"
        assert joined["user"] == BOT_USER
        assert said["text"] == "hi"
        assert len(events(ws)) == 2


async def test_people_cannot_do_what_slack_would_not_let_them(ws: Workspace) -> None:
    said = await ws.say(ANA, GENERAL, "mine")

    for deed in (
        ws.edit(BEN, GENERAL, said.ts, "yours"),
        ws.delete(BEN, GENERAL, said.ts),
        ws.say(BEN, GENERAL, " "),
        ws.say(GUEST, LEADERSHIP, "hi"),
        ws.say(GUEST, DESIGN, "hi"),
        ws.invite(ANA, GENERAL),
        ws.say(ANA, GENERAL, "hi", "1700000000.000100"),
    ):
        with pytest.raises(NotAllowedError):
            await deed
    assert [message.text for message in ws.messages(GENERAL)] == ["mine"]


async def test_an_admin_deletes_anybodys_message(ws: Workspace) -> None:
    said = await ws.say(BEN, GENERAL, "oops")

    await ws.delete(ANA, GENERAL, said.ts)

    assert said.deleted


async def test_any_event_can_be_sent(ws: Workspace) -> None:
    async with workspace_with(names=frozenset({"tokens_revoked"})) as ws:
        await ws.emit("tokens_revoked", {"type": "tokens_revoked", "tokens": {"bot": [BOT_USER]}})

        assert [event["type"] for event in events(ws)] == ["tokens_revoked"]


async def test_reactions_are_heard_with_the_scope_where_the_bot_is(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    said = await ws.say(ANA, GENERAL, "hello")
    await ws.react(BEN, GENERAL, said.ts, "+1")
    with pytest.raises(NotAllowedError, match="already_reacted"):
        await ws.react(BEN, GENERAL, said.ts, "+1")
    await ws.take_back(BEN, GENERAL, said.ts, "+1")
    with pytest.raises(NotAllowedError, match="no_reaction"):
        await ws.take_back(BEN, GENERAL, said.ts, "+1")
    await ws.react(ANA, GENERAL, said.ts, "tada")
    heard = [event for event in events(ws) if event["type"].startswith("reaction_")]
    reply = await slack.conversations_replies(channel=GENERAL, ts=said.ts)

    assert [(e["type"], e["user"], e["reaction"]) for e in heard] == [
        ("reaction_added", BEN, "+1"),
        ("reaction_removed", BEN, "+1"),
        ("reaction_added", ANA, "tada"),
    ]
    assert heard[0]["item"] == {"type": "message", "channel": GENERAL, "ts": said.ts}
    assert heard[0]["item_user"] == ANA
    reactions = reply["messages"][0]["reactions"]
    assert reactions == [{"name": "tada", "users": [ANA], "count": 1}]

    deaf = AppConfig().scopes - {"reactions:read"}
    async with workspace_with(scopes=deaf) as other:
        said = await other.say(ANA, GENERAL, "hello")
        await other.react(BEN, GENERAL, said.ts, "+1")
        assert not [e for e in events(other) if e["type"].startswith("reaction_")]
