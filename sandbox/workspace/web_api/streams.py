"""chat.*Stream: Slack's own streaming of a message.

Only stopStream takes metadata. What Slack says of a recipient that it does not know, and of a
message that grows too long, is not documented: the nearest errors of other methods are taken.
"""

from __future__ import annotations

from typing import Any

from sandbox.workspace.acting import sessions
from sandbox.workspace.blocks.validate import (
    MARKDOWN_CHARS,
    check_grown_blocks,
    check_message_blocks,
    check_metadata,
    check_ts,
)
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Channel, Json, Message
from sandbox.workspace.state import BOT_USER
from sandbox.workspace.team import Team
from sandbox.workspace.timeline import Content
from sandbox.workspace.web_api.method import Args, method
from sandbox.workspace.web_api.places import own_message, writable

WRITE = "chat:write"
TASK_CHARS = 256
_STATUSES = ("pending", "in_progress", "complete", "error")


@method("chat.startStream", "2", WRITE)
async def start(team: Team, args: Args) -> Json:
    """Begin a message in a thread that `chat.appendStream` lets grow."""
    channel = writable(team, args.required("channel"))
    root = team.state.thread_of(channel.id, check_ts(args.text("thread_ts"), "invalid_thread_ts"))
    if root is None:
        raise ApiError("invalid_thread_ts")
    _check_recipient(team, channel, args)
    content = _content(_grown((), args))
    message = team.timeline.post(channel.id, BOT_USER, content, thread_ts=root, streams=True)
    sessions.written(team, message)
    if team.app.agent:
        first = team.state.find(channel.id, root)
        initiator = first.user if first is not None else ""
        sessions.set_session(
            team, channel.id, root, "processing", initiator=initiator, stream=message
        )
    return {"channel": channel.id, "ts": message.ts}


@method("chat.appendStream", "4", WRITE)
async def append(team: Team, args: Args) -> Json:
    message = _streaming(team, args, "stopped_by_user")
    if not (args.text("markdown_text") or args.json("chunks", "invalid_chunks")):
        raise ApiError("no_text")
    content = _content(_grown(message.blocks, args))
    team.timeline.edit(message, content, by=BOT_USER, flagged=False)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", "2", WRITE)
async def stop(team: Team, args: Args) -> Json:
    """End the stream; `blocks` go below the text."""
    message = _streaming(team, args)
    below = check_message_blocks(args.json("blocks", "invalid_blocks_format") or [])
    metadata = check_metadata(args.json("metadata", "invalid_metadata_format") or {})
    content = _content([*_grown(message.blocks, args), *below])
    status = args.text("session_status", "active")
    if status not in sessions.STATUSES or ("session_status" in args and not team.app.agent):
        raise ApiError("invalid_arguments")
    message.metadata = metadata or message.metadata
    message.streaming_since = None
    if team.app.agent and message.thread_ts:
        sessions.set_session(team, message.channel, message.thread_ts, status)
    team.timeline.edit(message, content, by=BOT_USER, flagged=False)
    return {"channel": message.channel, "ts": message.ts}


def _streaming(
    team: Team, args: Args, when_stopped: str = "message_not_in_streaming_state"
) -> Message:
    """The message that still grows; `when_stopped`: the error once a person has stopped it."""
    ts = check_ts(args.required("ts"), "message_not_found")
    message = own_message(team, args.required("channel"), ts, "message_not_owned_by_app")
    if message.stream_stopped:
        raise ApiError(when_stopped)
    if not message.is_streaming(team.limits.stream):
        raise ApiError("message_not_in_streaming_state")
    return message


def _check_recipient(team: Team, channel: Channel, args: Args) -> None:
    """Whoever the text is streamed to: a person of this workspace, unless they are not."""
    if channel.kind == "im":
        return
    for name in ("recipient_user_id", "recipient_team_id"):
        if name not in args:
            raise ApiError(f"missing_{name}")
    user = team.state.users.get(args.text("recipient_user_id"))
    if user is None:
        raise ApiError("user_not_found")
    if args.text("recipient_team_id") != (user.organisation or team.state.team_id):
        raise ApiError("team_not_found")


def _content(blocks: list[Json]) -> Content:
    return Content("", tuple(check_grown_blocks(blocks)), unfurl=False)


def _grown(blocks: tuple[Json, ...], args: Args) -> list[Json]:
    """What stands there after the text and chunks of this call."""
    if "markdown_text" in args and "chunks" in args:
        raise ApiError("markdown_text_conflict")
    text = args.text("markdown_text")
    if len(text) > MARKDOWN_CHARS:
        raise ApiError("msg_too_long")
    grown = _with_text(list(blocks), text)
    chunks = args.json("chunks", "invalid_chunks") or []
    if not isinstance(chunks, list):
        raise ApiError("invalid_chunks")
    for chunk in chunks:
        grown = _with_chunk(grown, chunk)
    return grown


def _with_text(blocks: list[Json], text: str) -> list[Json]:
    if not text:
        return blocks
    if blocks and blocks[-1]["type"] == "markdown":
        last = {**blocks[-1], "text": blocks[-1]["text"] + text}
        return [*blocks[:-1], last]
    return [*blocks, {"type": "markdown", "text": text}]


def _with_chunk(blocks: list[Json], chunk: Any) -> list[Json]:
    kind = chunk.get("type") if isinstance(chunk, dict) else None
    if kind == "markdown_text" and isinstance(chunk.get("text"), str):
        return _with_text(blocks, chunk["text"])
    if kind == "blocks":
        return [*blocks, *check_message_blocks(chunk.get("blocks"))]
    if kind == "task_update":
        return _with_task(blocks, chunk)
    if kind == "plan_update" and _fits(chunk.get("title")):
        rest = [block for block in blocks if block["type"] != "plan"]
        return [{"type": "plan", "title": chunk["title"]}, *rest]
    raise ApiError("invalid_chunks")


def _with_task(blocks: list[Json], chunk: Json) -> list[Json]:
    if not chunk.get("id") or chunk.get("status") not in _STATUSES or not _fits(chunk.get("title")):
        raise ApiError("invalid_chunks")
    task = {**chunk, "type": "task_card"}
    if any(block.get("id") == chunk["id"] for block in blocks):
        return [task if block.get("id") == chunk["id"] else block for block in blocks]
    return [*blocks, task]


def _fits(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= TASK_CHARS
