"""Deleted messages: a question or an answer that somebody deletes stops the answer."""

from __future__ import annotations

import asyncio

import structlog
from pydantic import JsonValue

from bot.doors.hearing import dedupe_of
from bot.errors import StoreUnavailable
from bot.jobs.queue import Queue
from bot.reply.ledger import stands
from bot.slack.blocks import BUTTONS_BLOCK
from bot.slack.payloads import MessageEvent, SlackMessage
from bot.slack.reaction import Reaction
from bot.slack.slack import METADATA_EVENT, job_of_mark

log = structlog.get_logger(__name__)

REASON = "deleted"

STORE_SECONDS = 2.5
"""How long a deletion may take until it is acked, of Slack's 3 s."""


class Deletions:
    """Stops what nobody waits for any more."""

    def __init__(self, queue: Queue, bot_user: str) -> None:
        self._queue = queue
        self._bot_user = bot_user

    async def on_change(self, event: MessageEvent) -> Reaction:
        """To a `message_deleted` or `message_changed`; a mere edit, such as the bot's own many,
        is dropped without a look at Redis or Slack. A stop is stored before the ack."""
        ts = _deleted_ts(event)
        if not ts:
            return Reaction()
        previous = event.previous_message
        try:
            async with asyncio.timeout(STORE_SECONDS):
                if previous is None or previous.user != self._bot_user:
                    await self._stop_answer_to(event.channel, ts)
                elif job_id := _job_id(previous):
                    await self._stop_deleted(job_id, event.channel, ts)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("deletion not stored", error=str(error))
            return Reaction(again=True)
        return Reaction()

    async def _stop_answer_to(self, channel: str, ts: str) -> None:
        job_id = await self._queue.holder_of(dedupe_of(channel, ts))
        if job_id is not None:
            await self._queue.stop(job_id, REASON)

    async def _stop_deleted(self, job_id: str, channel: str, ts: str) -> None:
        """Of its own messages the bot deletes some itself: those do not count, only what the
        job knows as its own and means to keep."""
        job = await self._queue.look(job_id)
        if job and stands(job.posts, channel, ts):
            await self._queue.stop(job_id, REASON)


def _deleted_ts(event: MessageEvent) -> str:
    """The ts of the message that was deleted, if one was. A root with replies leaves a
    tombstone, and comes as a change."""
    if event.subtype == "message_deleted":
        return event.deleted_ts
    message = event.message
    return message.ts if message and message.subtype == "tombstone" else ""


def _job_id(message: SlackMessage) -> str:
    """The job that a message of the bot's belongs to, as far as it says so.

    Of the metadata Slack sends only the type (python-slack-sdk issue 1501), unless the app is
    subscribed to it; the buttons, which are there while an answer grows, name the job too, and
    so does what is there while it streams.
    """
    payload = message.metadata.get("event_payload")
    if message.metadata.get("event_type") == METADATA_EVENT and isinstance(payload, dict):
        named = payload.get("job_id")
        if isinstance(named, str):
            return named
    return next(filter(None, map(_job_of_block, message.blocks)), "")


def _job_of_block(block: JsonValue) -> str:
    match block:
        case {"block_id": str(block_id), "elements": [{"value": str(job_id)}, *_]}:
            return job_id if block_id == BUTTONS_BLOCK else ""
        case {"block_id": str(block_id)}:
            return job_of_mark(block_id)
        case _:
            return ""
