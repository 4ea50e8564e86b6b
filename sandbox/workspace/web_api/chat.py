"""chat.*: posting, changing and deleting messages."""

from __future__ import annotations

from sandbox.workspace.acting import sessions
from sandbox.workspace.blocks.validate import (
    MARKDOWN_CHARS,
    POST_TEXT_CHARS,
    check_message_blocks,
    check_metadata,
    check_ts,
    check_update_text,
    is_rich,
)
from sandbox.workspace.delivering.wire import message_json
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Json
from sandbox.workspace.state import BOT_USER
from sandbox.workspace.team import Team
from sandbox.workspace.timeline import Content
from sandbox.workspace.web_api.method import Args, method
from sandbox.workspace.web_api.places import own_message, refuse_streaming, visible, writable

WRITE = "chat:write"
_PARSE = ("none", "full", "client", "mrkdwn", "false")


@method("chat.postMessage", "post", WRITE)
async def post_message(team: Team, args: Args) -> Json:
    channel = writable(team, args.required("channel"))
    content = _new_content(args)
    thread_ts = _thread(team, channel.id, args)
    message = team.timeline.post(
        channel.id,
        BOT_USER,
        content,
        thread_ts=thread_ts,
        metadata=check_metadata(args.json("metadata", "invalid_metadata_format") or {}),
        broadcast=thread_ts is not None and args.flag("reply_broadcast"),
    )
    sessions.written(team, message)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": message_json(team.state, message, metadata="whole"),
    }


@method("chat.postEphemeral", "4", WRITE)
async def post_ephemeral(team: Team, args: Args) -> Json:
    channel = visible(team, args.required("channel"))
    user = args.required("user")
    if BOT_USER not in channel.members:
        raise ApiError("not_in_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    thread_ts = _thread(team, channel.id, args)
    message = team.timeline.whisper(channel.id, user, _new_content(args), thread_ts=thread_ts)
    return {"message_ts": message.ts}


@method("chat.update", "3", WRITE)
async def update(team: Team, args: Args) -> Json:
    ts = check_ts(args.required("ts"), "message_not_found")
    message = own_message(team, args.required("channel"), ts, "cant_update_message")
    refuse_streaming(team, message)
    text = args.text("text")
    check_update_text(text)
    blocks = _blocks(args) or []
    if not text and not blocks:
        raise ApiError("no_text")
    if blocks and message.blocks and is_rich(blocks) != is_rich(message.blocks):
        raise ApiError("block_mismatch")
    metadata = args.json("metadata", "invalid_metadata_format")
    if metadata is not None:
        message.metadata = check_metadata(metadata)
    content = Content(
        text=text,
        blocks=tuple(blocks),
        parse_text=_parses(args, default="client"),
        unfurl=message.unfurl,
    )
    team.timeline.edit(message, content, by=BOT_USER, flagged=not blocks)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": message_json(team.state, message, metadata="whole"),
    }


@method("chat.delete", "3", WRITE)
async def delete(team: Team, args: Args) -> Json:
    ts = check_ts(args.required("ts"), "message_not_found")
    message = own_message(team, args.required("channel"), ts, "cant_delete_message")
    refuse_streaming(team, message)
    team.timeline.delete(message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink", "")
async def get_permalink(team: Team, args: Args) -> Json:
    channel = visible(team, args.required("channel"))
    ts = args.required("message_ts")
    if team.state.find(channel.id, ts) is None:
        raise ApiError("message_not_found")
    link = f"{team.origin}/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def _new_content(args: Args) -> Content:
    """What a new message says. Slack cuts its text where chat.update refuses it."""
    text = args.text("text")[:POST_TEXT_CHARS]
    blocks = tuple(_blocks(args) or ())
    if not text and not blocks:
        raise ApiError("no_text")
    unfurl = args.flag("unfurl_links", default=True) or args.flag("unfurl_media", default=True)
    return Content(text, blocks, parse_text=_parses(args, default="none"), unfurl=unfurl)


def _blocks(args: Args) -> list[Json] | None:
    if "markdown_text" in args:
        if args.optional("text") is not None or "blocks" in args:
            raise ApiError("markdown_text_conflict")
        markdown = args.text("markdown_text")
        if len(markdown) > MARKDOWN_CHARS:
            raise ApiError("msg_too_long")
        return check_message_blocks([{"type": "markdown", "text": markdown}])
    blocks = args.json("blocks", "invalid_blocks_format")
    return None if blocks is None else check_message_blocks(blocks)


def _parses(args: Args, *, default: str) -> bool:
    """Whether Slack looks for names and plain words such as @here in `text`."""
    parse = str(args.raw.get("parse", default)).lower()
    if parse not in _PARSE:
        raise ApiError("invalid_arguments", messages=["[ERROR] parse must be none or full"])
    return parse in ("full", "client") or args.flag("link_names")


def _thread(team: Team, channel: str, args: Args) -> str | None:
    """The thread of a new message. Slack does not refuse a thread whose root is gone: the
    message silently lands in the channel (slack-go issue 1571)."""
    if "thread_ts" not in args:
        return None
    if not isinstance(args.raw["thread_ts"], str):
        raise ApiError("invalid_thread_ts")
    return team.state.thread_of(channel, check_ts(args.text("thread_ts"), "invalid_thread_ts"))
