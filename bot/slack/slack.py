"""The few methods of Slack's Web API that an answer needs. Slack's JSON is read here only."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from bot.errors import MessageGone, PostingDenied, SlackError, TryAgain
from bot.slack.blocks import FEEDBACK_BLOCK, THUMBS, Block, Message, plain, stop_above
from bot.slack.charts.charts import CHART, without_charts
from bot.slack.refusals import MESSAGE_DELETED, STREAM_ENDED, STREAMING, passes, refuses_blocks
from bot.slack.web_api import WebApi, mapping, mappings, next_page, text_of, ts_of

METADATA_EVENT = "grok_answer"

HISTORY = "conversations.history"
REPLIES = "conversations.replies"
DELETE = "chat.delete"

_UNSEEN = "\u2060"
_SINCE_MARGIN = 60.0
_PAGE = 200

REFUSED_SECONDS = 3600.0
"""How long it is remembered what Slack does not take."""

Feature = Literal["streams", "charts", "thumbs", "thumbs by url"]
"""What Slack takes or not; what goes by a `response_url` alone may be less."""

_NO_STREAMS = frozenset(
    {"unknown_method", "feature_not_enabled", "method_deprecated", "missing_scope"}
)
"""Codes by which a workspace, or a server that is like Slack, has no streams at all."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of ours as found in Slack."""

    part: str
    ts: str


def job_of_mark(block_id: str) -> str:
    """The job whose message has a line of this id while it streams; empty for any other id."""
    event, _, rest = block_id.partition(":")
    return rest.rpartition(":")[0] if event == METADATA_EVENT else ""


class Slack:
    """Slack's Web API as an answer sees it. Every method raises what `WebApi.call` raises."""

    def __init__(self, api: WebApi, bot_user: str = "") -> None:
        """`bot_user`: who posts by `api`; empty: that is not known, and all is taken for its own
        that says so."""
        self._api = api
        self.deadline = api.deadline
        self._bot_user = bot_user
        self._refused: dict[Feature, float] = {}
        """Until when what was refused is not tried again."""

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
        channel instead (slack-go issue 1571), so it is taken back, if Slack lets it be. Servers
        that are like Slack may leave out in which thread it stands: those are asked.
        """
        body: dict[str, Any] = {
            "channel": channel,
            **self._content(message),
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": _metadata(job_id, part),
        }
        if thread_ts:
            body["thread_ts"] = thread_ts
        reply = await self._shown("chat.postMessage", body)
        ts = text_of(reply, "ts", "chat.postMessage")
        told = mapping(reply.get("message")).get("thread_ts")
        if thread_ts and not told and not await self._stands_in(channel, thread_ts, ts):
            with suppress(SlackError):
                await self.delete(channel, ts)
            raise PostingDenied("thread_not_found")
        return ts

    async def update(
        self, channel: str, ts: str, message: Message, *, job_id: str = "", part: str = ""
    ) -> None:
        """Show `message` in place of what stands at `ts`. `job_id` and `part` are only for a
        message that was streamed: its end, which takes them, may not have been reached."""
        body: dict[str, Any] = {"channel": channel, "ts": ts, **self._content(message)}
        if job_id:
            body["metadata"] = _metadata(job_id, part)
        await self._shown("chat.update", body)

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours, also while it streams. One that is gone already is no
        error."""
        try:
            try:
                await self._api.call(DELETE, {"channel": channel, "ts": ts})
            except SlackError as error:
                if error.code != STREAMING:
                    raise
                await self._delete_streaming(channel, ts)
        except MessageGone as error:
            if error.code != MESSAGE_DELETED:
                raise

    async def start_stream(
        self, channel: str, thread_ts: str, *, user: str, team: str, job_id: str, part: str
    ) -> str:
        """Begin a message in a thread that grows by `append_stream`; its ts. `user`, of `team`, is
        whom it is for.

        It says nothing yet, and has Stop above what it will say. Slack takes no metadata here; what
        `find` goes by is the id of a line that nobody sees, which is rich text, since Slack refuses
        to swap kinds of blocks.
        """
        above = [_unseen(f"{METADATA_EVENT}:{job_id}:{part}"), stop_above(job_id)]
        body = {
            "channel": channel,
            "thread_ts": thread_ts,
            "recipient_user_id": user,
            "recipient_team_id": team,
            "chunks": [{"type": "blocks", "blocks": above}],
        }
        try:
            reply = await self._api.call("chat.startStream", body)
        except SlackError as error:
            if error.code in _NO_STREAMS:
                self._refuse("streams")
            raise
        return text_of(reply, "ts", "chat.startStream")

    async def append_stream(self, channel: str, ts: str, text: str) -> None:
        """Let a message grow by `text`, which is markdown."""
        body = {"channel": channel, "ts": ts, "markdown_text": text}
        await self._api.call("chat.appendStream", body)

    async def stop_stream(
        self,
        channel: str,
        ts: str,
        *,
        job_id: str,
        part: str,
        text: str = "",
        below: Sequence[Block] = (),
        session_status: str = "",
    ) -> None:
        """End a message that grows, with `text` as the last of its markdown and `below` under
        it. From here on it is one like any other. `session_status`: what becomes of the session of
        its thread, where the app is an agent; empty: it waits."""
        body: dict[str, Any] = {"channel": channel, "ts": ts, "metadata": _metadata(job_id, part)}
        if text:
            body["markdown_text"] = text
        if session_status:
            body["session_status"] = session_status
        if below:
            body["blocks"] = self._written(below)
        await self._shown("chat.stopStream", body)

    async def ephemeral(
        self, channel: str, user: str, message: Message, *, thread_ts: str | None = None
    ) -> None:
        """Show `message` to `user` alone. It cannot be edited or found again."""
        body: dict[str, Any] = {"channel": channel, "user": user, **self._content(message)}
        if thread_ts:
            body["thread_ts"] = thread_ts
        await self._shown("chat.postEphemeral", body)

    async def set_status(self, channel: str, thread_ts: str, status: str) -> None:
        """Show in a thread what the bot does ("is thinking…"), until it writes there or for two
        minutes; an empty `status` takes it back."""
        body = {"channel_id": channel, "thread_ts": thread_ts, "status": status}
        await self._api.call("assistant.threads.setStatus", body)

    async def is_thread(self, channel: str, ts: str) -> bool:
        """Whether anybody has replied to the message at `ts`. Where the bot may not look: no."""
        body = {"channel": channel, "ts": ts, "limit": 2}
        try:
            reply = await self._api.call(REPLIES, body, read=True)
        except SlackError as error:
            if passes(error):
                raise
            return False
        return len(mappings(reply, "messages")) > 1

    async def _stands_in(self, channel: str, thread_ts: str, ts: str) -> bool:
        """Whether the message at `ts` is in that thread. Where nobody says so: no."""
        body = {"channel": channel, "ts": thread_ts, "oldest": ts, "inclusive": True, "limit": 15}
        try:
            reply = await self._api.call(REPLIES, body, read=True)
        except SlackError:
            return False
        return any(ts_of(each) == ts for each in mappings(reply, "messages"))

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
            if ts_of(message) and self._is_own(message) and (posted := _posted(message, job_id))
        ]
        return sorted(found, key=lambda posted: float(posted.ts))

    async def respond(self, response_url: str, message: Message) -> None:
        """Show `message` to the asker alone, through the `response_url` of their command."""
        await self._respond(response_url, message, replaces=False)

    async def replace(self, response_url: str, message: Message) -> None:
        """Show `message` in place of the one that a button was pressed in, through the
        `response_url` of the click. What a command was answered with cannot be replaced through
        that of the command (bolt-python issue 1268)."""
        await self._respond(response_url, message, replaces=True)

    async def withdraw(self, response_url: str) -> None:
        """Delete the message that a button was pressed in, through the `response_url` of the
        click."""
        await self._api.respond(response_url, {"delete_original": True})

    def _content(self, message: Message, *, by_url: bool = False) -> dict[str, Any]:
        written = self._written(message.blocks, by_url=by_url)
        blocks = {"blocks": written} if message.blocks else {}
        return {**blocks, "text": message.text, "parse": "none", "link_names": False}

    async def _shown(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Slack's reply to a call that shows something. `TryAgain` where it may take the same
        with other thumbs, or without charts."""
        try:
            return await self._api.call(method, body)
        except SlackError as error:
            raise self._again(error, body) from None

    async def _respond(self, response_url: str, message: Message, *, replaces: bool) -> None:
        body = {
            **self._content(message, by_url=True),
            "response_type": "ephemeral",
            "replace_original": replaces,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        try:
            await self._api.respond(response_url, body)
        except SlackError as error:
            raise self._again(error, body, by_url=True) from None

    def _written(self, blocks: Sequence[Block], *, by_url: bool = False) -> list[Block]:
        """`blocks` as they are sent; `by_url`: through a `response_url`."""
        drawn = list(blocks) if self.takes("charts") else without_charts(blocks)
        thumbs = self.takes("thumbs") and not (by_url and not self.takes("thumbs by url"))
        return drawn if thumbs else plain(drawn)

    def _again(
        self, error: SlackError, body: Mapping[str, Any], *, by_url: bool = False
    ) -> SlackError:
        """`error`, or `TryAgain`. Where Slack refuses blocks with thumbs among them, nobody says
        that those are to blame: the same is tried with buttons, and when that is refused too,
        thumbs were not. Charts are left out: all that they show is said beside them."""
        thumbs: Feature = "thumbs by url" if by_url else "thumbs"
        if not refuses_blocks(error):
            return error
        blocks = body.get("blocks") or ()
        kinds = {block.get("type") for block in blocks}
        if CHART in kinds or THUMBS in kinds:
            self._refuse("charts" if CHART in kinds else thumbs)
            return TryAgain(error.code, str(error))
        if any(block.get("block_id") == FEEDBACK_BLOCK for block in blocks):
            self._refused.pop(thumbs, None)
        return error

    def takes(self, feature: Feature) -> bool:
        """Whether Slack takes that here, as far as is known."""
        return time.monotonic() >= self._refused.get(feature, 0.0)

    def _refuse(self, feature: Feature) -> None:
        self._refused[feature] = time.monotonic() + REFUSED_SECONDS

    async def _delete_streaming(self, channel: str, ts: str) -> None:
        place = {"channel": channel, "ts": ts}
        try:
            await self._api.call("chat.stopStream", place)
        except SlackError as error:
            if error.code != STREAM_ENDED:
                raise
        await self._api.call(DELETE, place)

    def _is_own(self, message: Mapping[str, Any]) -> bool:
        """Other apps read the ids of jobs in a channel, and may write them there."""
        user = message.get("user") or ("" if message.get("subtype") == "bot_message" else None)
        return not self._bot_user or user in (self._bot_user, None)

    async def _messages(
        self, channel: str, thread_ts: str | None, oldest: float
    ) -> AsyncIterator[Mapping[str, Any]]:
        method = REPLIES if thread_ts else HISTORY
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
            for message in mappings(reply, "messages"):
                yield message
            cursor = next_page(reply)
            if cursor in ("", body.get("cursor")):
                return
            body["cursor"] = cursor


def _metadata(job_id: str, part: str) -> dict[str, Any]:
    payload = {"job_id": job_id, "part": part}
    return {"event_type": METADATA_EVENT, "event_payload": payload}


def _unseen(block_id: str) -> Block:
    line = {"type": "rich_text_section", "elements": [{"type": "text", "text": _UNSEEN}]}
    return {"type": "rich_text", "block_id": block_id, "elements": [line]}


def _posted(message: Mapping[str, Any], job_id: str) -> Posted | None:
    metadata = mapping(message.get("metadata"))
    payload = mapping(metadata.get("event_payload"))
    ts = ts_of(message)
    if metadata.get("event_type") == METADATA_EVENT and payload.get("job_id") == job_id:
        return Posted(part=str(payload.get("part")), ts=ts)
    begun = f"{METADATA_EVENT}:{job_id}:"
    marks = [str(block.get("block_id")) for block in mappings(message, "blocks")]
    parts = [mark.removeprefix(begun) for mark in marks if mark.startswith(begun)]
    return Posted(part=parts[0], ts=ts) if parts else None
