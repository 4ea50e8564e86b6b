"""What an app sends to a response_url, or answers at once: a message by other rules.

It works where the bot is no member, is ephemeral unless `response_type` says `in_channel`,
and can replace or delete only the message that the interaction came from.
"""

from __future__ import annotations

import json
import time

from aiohttp import web

from sandbox.workspace.blocks.validate import POST_TEXT_CHARS, check_message_blocks, is_rich
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Json, Message, ResponseUse
from sandbox.workspace.state import BOT_USER
from sandbox.workspace.team import Team
from sandbox.workspace.timeline import Content

RESPONSE_URL = "response_url"
"""Names the use of one where faults are arranged."""

_FIELDS = frozenset(
    {
        "text", "blocks", "attachments", "response_type", "replace_original", "delete_original",
        "thread_ts", "mrkdwn", "unfurl_links", "unfurl_media", "metadata", "parse", "link_names",
    }
)  # fmt: skip


async def serve_response_url(team: Team, request: web.Request) -> web.Response:
    """`POST /response/…`. 404 `used_url` or `expired_url`, 410 for an archived channel, 400 for
    what cannot be shown."""
    path = f"/response/{request.match_info['secret']}"
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    status, reply = _disturbed(team, body) or _use(team, path, body)
    use = ResponseUse(path, body if isinstance(body, dict) else {}, status, reply, time.time())
    team.response_urls.uses.append(use)
    team.feed.touch()
    return web.Response(status=status, text=reply)


def _disturbed(team: Team, body: object) -> tuple[int, str] | None:
    """What an arranged fault of `RESPONSE_URL` answers, if there is one."""
    fault = team.faults.take(RESPONSE_URL, body if isinstance(body, dict) else {})
    if fault is None or not (fault.status or fault.error):
        return None
    return fault.status or 400, fault.error or ""


def _use(team: Team, path: str, body: object) -> tuple[int, str]:
    url = team.response_urls.find(path)
    if isinstance(url, str):
        return 404, url
    if not isinstance(body, dict):
        return 400, "invalid_payload"
    if team.state.channels[url.channel].is_archived:
        return 410, "channel_is_archived"
    status, reply = show_reply(
        team, body, channel=url.channel, user=url.user, original=url.original
    )
    if status == 200:
        url.uses += 1
    return status, reply


def show_reply(
    team: Team, body: Json, *, channel: str, user: str, original: str | None = None
) -> tuple[int, str]:
    """Show `body` in `channel` to `user` (or to all); an HTTP status and a word."""
    if unknown := set(body) - _FIELDS:
        team.problems.append(f"response with unknown fields: {sorted(unknown)}")
    if original is not None and not body.keys() & {"replace_original", "delete_original"}:
        team.problems.append("a response to a click must say what becomes of the original")
    standing = _standing(team, channel, original) if original is not None else None
    try:
        if _says(body, "delete_original") and standing is not None:
            _remove(team, standing)
        elif _says(body, "replace_original") and standing is not None:
            _replace(team, standing, _content(body))
        else:
            _add(team, body, channel=channel, user=user)
    except ApiError as refusal:
        return 400, refusal.error
    return 200, "ok"


def _says(body: Json, name: str) -> bool:
    """Slack's own examples write these as strings."""
    return body.get(name) in (True, "true")


def _standing(team: Team, channel: str, ts: str) -> Message | None:
    return team.state.find(channel, ts) or team.state.find_ephemeral(channel, ts)


def _remove(team: Team, message: Message) -> None:
    if message.ephemeral_to is not None:
        team.timeline.dismiss(message)
    else:
        team.timeline.delete(message)


def _replace(team: Team, message: Message, content: Content) -> None:
    """The kind of the message stays: an ephemeral one cannot become public, or the reverse."""
    if message.ephemeral_to is not None:
        team.timeline.rewrite_whisper(message, content)
        return
    if content.blocks and message.blocks and is_rich(content.blocks) != is_rich(message.blocks):
        raise ApiError("block_mismatch")
    team.timeline.edit(message, content, by=BOT_USER, flagged=not content.blocks)


def _add(team: Team, body: Json, *, channel: str, user: str) -> None:
    kind = body.get("response_type", "ephemeral")
    if kind not in ("ephemeral", "in_channel"):
        raise ApiError("invalid_payload")
    content = _content(body)
    thread_ts = team.state.thread_of(channel, str(body.get("thread_ts")))
    if kind == "in_channel":
        team.timeline.post(channel, BOT_USER, content, thread_ts=thread_ts)
    else:
        team.timeline.whisper(channel, user, content, thread_ts=thread_ts)


def _content(body: Json) -> Content:
    text = body.get("text") or ""
    blocks = body.get("blocks") or []
    if not isinstance(text, str):
        raise ApiError("invalid_payload")
    if not text and not blocks:
        raise ApiError("no_text")
    checked = tuple(check_message_blocks(blocks))
    parse = body.get("parse", "none") in ("full", "client") or bool(body.get("link_names"))
    unfurl = (
        body.get("unfurl_links", True) is not False or body.get("unfurl_media", True) is not False
    )
    return Content(text[:POST_TEXT_CHARS], checked, parse_text=parse, unfurl=unfurl)
