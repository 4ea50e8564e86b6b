"""The few methods of Slack's Web API that an answer needs. Slack's JSON is read here only."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot import metrics
from bot.errors import (
    MessageGone,
    OutcomeUnknown,
    PostingDenied,
    RateLimited,
    SlackError,
    TooLong,
)
from bot.reply.blocks import Message

DEADLINE_SECONDS = 10.0
METADATA_EVENT = "grok_answer"

_SINCE_MARGIN = 60.0
_PAGE = 200
_RETRY_AFTER_UNREADABLE = 5.0
_RETRY_AFTER_MOST = 300.0

_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"}
_DENIED = {
    "not_in_channel",
    "channel_not_found",
    "is_archived",
    "message_limit_exceeded",
    "messages_tab_disabled",
    "cannot_reply_to_message",
    "thread_not_found",
    "no_permission",
    "user_not_in_channel",
    "expired_url",
    "used_url",
}
_NO_ADDRESS = {403, 404, 410}
"""What a response_url answers when it can no longer be used, whatever it says."""

_MAYBE_APPLIED = {"internal_error", "fatal_error"}
"""Of these Slack says that a part of the call may have succeeded."""

PASSING = frozenset({"service_unavailable", "request_timeout", "team_added_to_org"})
"""Codes of refusals that pass by themselves."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of ours as found in Slack."""

    part: str
    ts: str


class Slack:
    """Slack's Web API as an answer sees it.

    Every method takes at most `deadline` seconds and raises `SlackError`: `RateLimited`,
    `MessageGone`, `TooLong`, `PostingDenied`, `OutcomeUnknown` when no reply came back, or the
    class itself. Nothing is retried.
    """

    def __init__(self, client: AsyncWebClient, *, deadline: float = DEADLINE_SECONDS) -> None:
        """`client` has a session of its own and no retry handlers: what is retried, and with
        which text, is decided by whoever calls."""
        self._client = client
        self._deadline = deadline

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        job_id: str,
        part: str,
        thread_ts: str | None = None,
    ) -> str:
        """Post `message`; its ts. `job_id` and `part` are what `find` goes by.

        A thread whose root was deleted is `PostingDenied`: Slack would show the message in the
        channel instead (slack-go issue 1571), so it is taken back.
        """
        payload = {"job_id": job_id, "part": part}
        body: dict[str, Any] = {
            "channel": channel,
            **_content(message),
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": METADATA_EVENT, "event_payload": payload},
        }
        if thread_ts:
            body["thread_ts"] = thread_ts
        reply = await self._call("chat.postMessage", body)
        ts = _text(reply, "ts", "chat.postMessage")
        if thread_ts and not _mapping(reply.get("message")).get("thread_ts"):
            await self.delete(channel, ts)
            raise PostingDenied("thread_not_found")
        return ts

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Show `message` in place of what stands at `ts`."""
        await self._call("chat.update", {"channel": channel, "ts": ts, **_content(message)})

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours. One that is gone already is no error."""
        try:
            await self._call("chat.delete", {"channel": channel, "ts": ts})
        except MessageGone:
            return

    async def ephemeral(
        self, channel: str, user: str, message: Message, *, thread_ts: str | None = None
    ) -> None:
        """Show `message` to `user` alone. It cannot be edited or found again."""
        body: dict[str, Any] = {"channel": channel, "user": user, **_content(message)}
        if thread_ts:
            body["thread_ts"] = thread_ts
        await self._call("chat.postEphemeral", body)

    async def find(
        self, channel: str, thread_ts: str | None, job_id: str, since: float
    ) -> list[Posted]:
        """The messages of a job, oldest first, in the channel or in one of its threads.

        `since` is a Unix time in seconds; a minute before it is looked at too.
        """
        found = [
            posted
            async for message in self._messages(channel, thread_ts, since - _SINCE_MARGIN)
            if (posted := _posted(message, job_id))
        ]
        return sorted(found, key=lambda posted: float(posted.ts))

    async def respond(self, response_url: str, message: Message) -> None:
        """Show `message` to the asker alone, through the `response_url` of their command."""
        body = {
            **_content(message),
            "response_type": "ephemeral",
            "replace_original": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        webhook = AsyncWebhookClient(
            response_url,
            session=self._client.session,
            ssl=self._client.ssl,
            proxy=self._client.proxy,
            retry_handlers=[],
        )
        method = "response_url"
        try:
            async with asyncio.timeout(self._deadline):
                reply = await webhook.send_dict(body)
        except _NO_REPLY as error:
            raise _counted(method, _no_reply(method, error)) from None
        data = _answer_of_webhook(reply.body)
        if reply.status_code == 200 and data.get("ok", "error" not in data):
            metrics.SLACK_API.labels(method, "none").inc()
            return
        refusal = _refusal(method, reply.status_code, data, reply.headers)
        if reply.status_code in _NO_ADDRESS and not isinstance(refusal, PostingDenied):
            refusal = PostingDenied(refusal.code, str(refusal))
        raise _counted(method, refusal)

    async def _messages(
        self, channel: str, thread_ts: str | None, oldest: float
    ) -> AsyncIterator[Mapping[str, Any]]:
        method = "conversations.replies" if thread_ts else "conversations.history"
        body: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{oldest:.6f}",
            "limit": _PAGE,
            "include_all_metadata": True,
        }
        if thread_ts:
            body["ts"] = thread_ts
        while True:
            reply = await self._call(method, body, read=True)
            for message in reply.get("messages") or ():
                yield message
            cursor = (reply.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            body["cursor"] = cursor

    async def _call(
        self, method: str, body: dict[str, Any], *, read: bool = False
    ) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(self._deadline):
                if read:
                    reply = await self._client.api_call(method, http_verb="GET", params=body)
                else:
                    reply = await self._client.api_call(method, json=body)
        except SlackApiError as error:
            raise _counted(method, _refused(method, error)) from None
        except _NO_REPLY as error:
            raise _counted(method, _no_reply(method, error)) from None
        metrics.SLACK_API.labels(method, "none").inc()
        return _mapping(reply.data)


_NO_REPLY = (TimeoutError, aiohttp.ClientError, OSError, ValueError, AttributeError)
"""What slack_sdk lets through when there was no reply to make sense of; the last one comes
from a reply that is text where it expects JSON."""


def _content(message: Message) -> dict[str, Any]:
    return {
        "blocks": list(message.blocks),
        "text": message.text,
        "parse": "none",
        "link_names": False,
    }


def _counted(method: str, error: SlackError) -> SlackError:
    metrics.SLACK_API.labels(method, error.code or "unknown").inc()
    return error


def _no_reply(method: str, error: Exception) -> OutcomeUnknown:
    return OutcomeUnknown(f"{method}: no reply ({type(error).__name__})")


def _refused(method: str, error: SlackApiError) -> SlackError:
    reply = error.response
    status: int = getattr(reply, "status_code", 0) or getattr(reply, "status", 0)
    return _refusal(method, status, _mapping(getattr(reply, "data", None)), reply.headers)


def _refusal(
    method: str, status: int, data: Mapping[str, Any], headers: Mapping[str, str]
) -> SlackError:
    code = data.get("error")
    code = code if isinstance(code, str) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RateLimited(_retry_after(headers))
    if status >= 500 or code in _MAYBE_APPLIED or (status < 400 and not code):
        return OutcomeUnknown(f"{method}: {code or f'HTTP {status}'}")
    code = code or f"http_{status}"
    said = f"{method}: {code}"
    if isinstance(data.get("needed"), str):
        said += f" (needed: {data['needed']})"
    return _class_of(code)(code, said)


def _class_of(code: str) -> type[SlackError]:
    if code in _GONE:
        return MessageGone
    # Slack answers so to a table or a number of blocks beyond its limits.
    if code.endswith("_too_long") or code.startswith("invalid_blocks"):
        return TooLong
    if code in _DENIED or code.startswith("restricted_action"):
        return PostingDenied
    return SlackError


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return _RETRY_AFTER_UNREADABLE
    if math.isnan(seconds):
        return _RETRY_AFTER_UNREADABLE
    return min(max(seconds, 1.0), _RETRY_AFTER_MOST)


def _posted(message: Mapping[str, Any], job_id: str) -> Posted | None:
    metadata = _mapping(message.get("metadata"))
    payload = _mapping(metadata.get("event_payload"))
    if metadata.get("event_type") != METADATA_EVENT or payload.get("job_id") != job_id:
        return None
    return Posted(part=str(payload.get("part")), ts=str(message["ts"]))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _answer_of_webhook(body: str) -> Mapping[str, Any]:
    """A response_url answers in JSON, or with the bare code of an error."""
    try:
        return _mapping(json.loads(body))
    except ValueError:
        return {"error": body} if body.isidentifier() and body != "ok" else {}


def _text(reply: Mapping[str, Any], name: str, method: str) -> str:
    value = reply.get(name)
    if not isinstance(value, str):
        raise OutcomeUnknown(f"{method}: a reply without {name}")
    return value
