"""Slack's own streaming of a message."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import ANA, GENERAL, TEAM_ID, Limits, Workspace, dm_of
from tests.sandbox.slack_app import client_of, error_of

RECIPIENT: dict[str, Any] = {"recipient_user_id": ANA, "recipient_team_id": TEAM_ID}


@pytest.fixture
async def root(ws: Workspace) -> str:
    return (await ws.say(ANA, GENERAL, "question")).ts


async def test_a_stream_grows_and_ends(ws: Workspace, slack: AsyncWebClient, root: str) -> None:
    stream = await slack.chat_stream(channel=GENERAL, thread_ts=root, buffer_size=1, **RECIPIENT)
    await stream.append(markdown_text="Hello ")
    await stream.append(markdown_text="**world**")
    await stream.stop(markdown_text="!")

    (reply,) = ws.replies(GENERAL, root)
    assert reply.shown == "Hello **world**!"
    assert not reply.edited


async def test_a_stream_needs_a_thread_and_in_channels_a_recipient(
    ws: Workspace, slack: AsyncWebClient, root: str
) -> None:
    start = slack.chat_startStream
    said = await ws.say(ANA, dm_of(ANA), "hi")

    assert await error_of(start(channel=GENERAL, thread_ts="soon", **RECIPIENT)) == (
        "invalid_thread_ts"
    )
    assert await error_of(start(channel=GENERAL, thread_ts=root)) == "missing_recipient_user_id"
    await start(channel=dm_of(ANA), thread_ts=said.ts)


async def test_a_live_stream_cannot_be_updated(slack: AsyncWebClient, root: str) -> None:
    ts = (await slack.chat_startStream(channel=GENERAL, thread_ts=root, **RECIPIENT))["ts"]

    assert await error_of(slack.chat_update(channel=GENERAL, ts=ts, text="x")) == (
        "streaming_state_conflict"
    )
    await slack.chat_stopStream(channel=GENERAL, ts=ts, markdown_text="done")
    await slack.chat_update(channel=GENERAL, ts=ts, text="x")
    assert await error_of(slack.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="x")) == (
        "message_not_in_streaming_state"
    )


async def test_a_stream_ends_by_itself() -> None:
    async with Workspace(limits=Limits(scale=0, stream=0)) as ws:
        slack = client_of(ws)
        root = (await ws.say(ANA, GENERAL, "question")).ts
        ts = (await slack.chat_startStream(channel=GENERAL, thread_ts=root, **RECIPIENT))["ts"]

        append = slack.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="x")
        assert await error_of(append) == "message_not_in_streaming_state"
        await slack.chat_update(channel=GENERAL, ts=ts, text="x")


async def test_tasks_are_shown_and_kept_up_to_date(
    ws: Workspace, slack: AsyncWebClient, root: str
) -> None:
    ts = (await slack.chat_startStream(channel=GENERAL, thread_ts=root, **RECIPIENT))["ts"]
    task = {"type": "task_update", "id": "1", "title": "Think"}
    for status in ("in_progress", "complete"):
        chunks = [{**task, "status": status}]
        await slack.chat_appendStream(channel=GENERAL, ts=ts, chunks=chunks)
    bad = slack.chat_appendStream(channel=GENERAL, ts=ts, chunks=[{**task, "status": "lazy"}])

    assert await error_of(bad) == "invalid_chunks"
    assert [block["status"] for block in ws.message(GENERAL, ts).blocks] == ["complete"]


async def test_a_status_is_on_record(ws: Workspace, slack: AsyncWebClient, root: str) -> None:
    await slack.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="thinking…")

    assert ws.calls_of("assistant.threads.setStatus")[0].args["status"] == "thinking…"
