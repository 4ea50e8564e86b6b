"""Slack's own streaming of a message."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import ANA, BEN, FINANCE, GENERAL, TEAM_ID, Limits, Workspace, dm_of
from sandbox.workspace.acting.people import NotAllowedError
from tests.sandbox.slack_app import client_of, error_of

RECIPIENT: dict[str, Any] = {"recipient_user_id": ANA, "recipient_team_id": TEAM_ID}
METADATA = {"event_type": "answer", "event_payload": {"part": "0"}}


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


async def begun(slack: AsyncWebClient, root: str, **fields: Any) -> str:
    """The ts of a new stream below `root`."""
    reply = await slack.chat_startStream(channel=GENERAL, thread_ts=root, **RECIPIENT, **fields)
    return str(reply["ts"])


async def test_only_somebody_who_is_there_is_streamed_to(slack: AsyncWebClient, root: str) -> None:
    start = slack.chat_startStream
    nobody = {**RECIPIENT, "recipient_user_id": "U0NOBODY00"}
    elsewhere = {**RECIPIENT, "recipient_team_id": "T0ELSEWHERE"}

    assert await error_of(start(channel=GENERAL, thread_ts=root, **nobody)) == "user_not_found"
    assert await error_of(start(channel=GENERAL, thread_ts=root, **elsewhere)) == "team_not_found"


async def test_where_the_bot_may_not_write_it_may_not_stream(
    ws: Workspace, slack: AsyncWebClient, root: str
) -> None:
    stream = await begun(slack, root)
    ws.archive(GENERAL)
    append = slack.chat_appendStream(channel=GENERAL, ts=stream, markdown_text="x")

    assert await error_of(append) == "is_archived"
    start = slack.chat_startStream
    assert await error_of(start(channel=GENERAL, thread_ts=root, **RECIPIENT)) == "is_archived"
    assert await error_of(start(channel=FINANCE, thread_ts=root, **RECIPIENT)) == (
        "channel_not_found"
    )


async def test_only_the_end_of_a_stream_takes_metadata(
    ws: Workspace, slack: AsyncWebClient, root: str
) -> None:
    ts = await begun(slack, root, metadata=METADATA, reply_broadcast=True)
    started = ws.message(GENERAL, ts)
    assert (started.metadata, started.broadcast, started.unfurl) == (None, False, False)

    await slack.chat_stopStream(channel=GENERAL, ts=ts, markdown_text="done", metadata=METADATA)

    assert started.metadata == METADATA


@pytest.mark.parametrize(
    ("text", "error"),
    [("x" * 6_000, "msg_too_long"), ("&" * 1_400, "msg_blocks_too_long")],
)
@pytest.mark.parametrize("last", ["append", "stop"])
async def test_a_streamed_message_is_held_to_the_limits_of_any_other(
    ws: Workspace, slack: AsyncWebClient, root: str, text: str, error: str, last: str
) -> None:
    ts = await begun(slack, root, markdown_text="x" * 6_500)
    call = slack.chat_appendStream if last == "append" else slack.chat_stopStream

    assert await error_of(call(channel=GENERAL, ts=ts, markdown_text=text)) == error
    assert ws.message(GENERAL, ts).shown == "x" * 6_500
    await slack.chat_stopStream(channel=GENERAL, ts=ts, markdown_text="x")


async def test_the_blocks_of_a_streamed_message_are_counted_together(
    slack: AsyncWebClient, root: str
) -> None:
    headers = "# h\n" * 30
    ts = await begun(slack, root, markdown_text=headers)
    dividers = [{"type": "divider"}] * 21

    stop = slack.chat_stopStream(channel=GENERAL, ts=ts, blocks=dividers)
    assert await error_of(stop) == "msg_blocks_too_long"
    await slack.chat_stopStream(channel=GENERAL, ts=ts, blocks=dividers[:20])


async def test_one_block_id_stands_in_a_streamed_message_once(
    slack: AsyncWebClient, root: str
) -> None:
    line = {"type": "divider", "block_id": "line"}
    chunk = {"type": "blocks", "blocks": [line]}
    ts = await begun(slack, root, chunks=[chunk])

    append = slack.chat_appendStream(channel=GENERAL, ts=ts, chunks=[chunk])
    assert await error_of(append) == "invalid_blocks"
    thread = await slack.conversations_replies(channel=GENERAL, ts=root)
    assert thread["messages"][-1]["blocks"] == [line]


async def test_a_marker_cut_by_two_calls_pings(
    ws: Workspace, slack: AsyncWebClient, root: str
) -> None:
    ts = await begun(slack, root, markdown_text="hello <!chan")
    await slack.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="nel>")

    assert ws.message(GENERAL, ts).pings == ("<!channel>",)


async def test_nothing_is_appended_when_there_is_nothing(slack: AsyncWebClient, root: str) -> None:
    ts = await begun(slack, root)

    append = slack.chat_appendStream
    assert await error_of(append(channel=GENERAL, ts=ts, markdown_text="")) == "no_text"
    assert await error_of(append(channel=GENERAL, ts=ts, chunks=[])) == "no_text"


async def test_a_person_stops_a_stream(ws: Workspace, slack: AsyncWebClient, root: str) -> None:
    ts = await begun(slack, root, markdown_text="so far")

    await ws.stop_stream(BEN, GENERAL, ts)

    append = slack.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="x")
    assert await error_of(append) == "stopped_by_user"
    assert await error_of(slack.chat_stopStream(channel=GENERAL, ts=ts)) == (
        "message_not_in_streaming_state"
    )
    blocks = [{"type": "markdown", "text": "stopped"}]
    await slack.chat_update(channel=GENERAL, ts=ts, blocks=blocks, text="stopped")
    assert ws.message(GENERAL, ts).shown == "stopped"
    with pytest.raises(NotAllowedError):
        await ws.stop_stream(BEN, GENERAL, ts)


async def test_a_person_deletes_a_message_that_streams(
    ws: Workspace, slack: AsyncWebClient, root: str
) -> None:
    ts = await begun(slack, root, markdown_text="so far")
    assert await error_of(slack.chat_delete(channel=GENERAL, ts=ts)) == "streaming_state_conflict"

    await ws.delete(ANA, GENERAL, ts)

    for call in (slack.chat_appendStream, slack.chat_stopStream):
        assert await error_of(call(channel=GENERAL, ts=ts, markdown_text="x")) == (
            "message_not_found"
        )


async def test_each_method_of_a_stream_has_its_own_budget() -> None:
    async with Workspace(limits=Limits(tier2_per_minute=2, tier4_per_minute=3)) as ws:
        slack = client_of(ws)
        root = (await ws.say(ANA, GENERAL, "question")).ts
        one, other = [await begun(slack, root) for _ in range(2)]
        for _ in range(3):
            await slack.chat_appendStream(channel=GENERAL, ts=one, markdown_text="x")
        for ts in (one, other):
            await slack.chat_stopStream(channel=GENERAL, ts=ts, markdown_text="x")

        assert await error_of(begun(slack, root)) == "ratelimited"
        append = slack.chat_appendStream(channel=GENERAL, ts=one, markdown_text="x")
        assert await error_of(append) == "ratelimited"
        stop = slack.chat_stopStream(channel=GENERAL, ts=one)
        assert await error_of(stop) == "ratelimited"


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
