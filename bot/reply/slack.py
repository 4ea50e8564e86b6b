"""The few methods of Slack's Web API that an answer needs. Slack's JSON is read here only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import MessageGone, OutcomeUnknown, PostingDenied, RateLimited, SlackError
from bot.reply.blocks import Message
from bot.reply.web_api import WebApi, mapping, text_of

METADATA_EVENT = "grok_answer"

_SINCE_MARGIN = 60.0
_PAGE = 200

_PASSING = frozenset({"service_unavailable", "request_timeout", "team_added_to_org"})
"""Codes of refusals that pass by themselves."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of ours as found in Slack."""

    part: str
    ts: str


def passes(error: SlackError) -> bool:
    """Whether the same call may succeed later."""
    return isinstance(error, RateLimited | OutcomeUnknown) or error.code in _PASSING


class Slack:
    """Slack's Web API as an answer sees it. Every method raises what `WebApi.call` raises."""

    def __init__(self, api: WebApi) -> None:
        self._api = api

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
        reply = await self._api.call("chat.postMessage", body)
        ts = text_of(reply, "ts", "chat.postMessage")
        if thread_ts and not mapping(reply.get("message")).get("thread_ts"):
            await self.delete(channel, ts)
            raise PostingDenied("thread_not_found")
        return ts

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Show `message` in place of what stands at `ts`."""
        await self._api.call("chat.update", {"channel": channel, "ts": ts, **_content(message)})

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours. One that is gone already is no error."""
        try:
            await self._api.call("chat.delete", {"channel": channel, "ts": ts})
        except MessageGone:
            return

    async def ephemeral(
        self, channel: str, user: str, message: Message, *, thread_ts: str | None = None
    ) -> None:
        """Show `message` to `user` alone. It cannot be edited or found again."""
        body: dict[str, Any] = {"channel": channel, "user": user, **_content(message)}
        if thread_ts:
            body["thread_ts"] = thread_ts
        await self._api.call("chat.postEphemeral", body)

    async def is_thread(self, channel: str, ts: str) -> bool:
        """Whether anybody has replied to the message at `ts`. Where the bot may not look: no."""
        body = {"channel": channel, "ts": ts, "limit": 2}
        try:
            reply = await self._api.call("conversations.replies", body, read=True)
        except SlackError as error:
            if passes(error):
                raise
            return False
        return len(reply.get("messages") or ()) > 1

    async def direct(self, user: str) -> str:
        """The id of the direct message with `user`."""
        method = "conversations.open"
        reply = await self._api.call(method, {"users": user})
        return text_of(mapping(reply.get("channel")), "id", method)

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
        await self._api.respond(response_url, body)

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
            reply = await self._api.call(method, body, read=True)
            for message in reply.get("messages") or ():
                yield message
            cursor = (reply.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            body["cursor"] = cursor


def _content(message: Message) -> dict[str, Any]:
    return {
        "blocks": list(message.blocks),
        "text": message.text,
        "parse": "none",
        "link_names": False,
    }


def _posted(message: Mapping[str, Any], job_id: str) -> Posted | None:
    metadata = mapping(message.get("metadata"))
    payload = mapping(metadata.get("event_payload"))
    if metadata.get("event_type") != METADATA_EVENT or payload.get("job_id") != job_id:
        return None
    return Posted(part=str(payload.get("part")), ts=str(message["ts"]))
