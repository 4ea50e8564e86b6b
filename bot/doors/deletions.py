"""Deleted messages: a question or an answer that somebody deletes stops the answer."""

from __future__ import annotations

import asyncio

import structlog
from attrs import frozen

from bot.doors.binding import job_named_by
from bot.doors.hearing import dedupe_of
from bot.errors import StoreUnavailable
from bot.jobs.queue import Queue
from bot.reply.ledger import stands
from bot.slack.payloads import MessageEvent
from bot.slack.reaction import Reaction

log = structlog.get_logger(__name__)

REASON = "deleted"

STORE_SECONDS = 2.5
"""How long a deletion may take until it is acked, of Slack's 3 s."""


@frozen
class Deletions:
    """Stops what nobody waits for any more."""

    _queue: Queue
    _bot_user: str

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
                elif job_id := job_named_by(previous):
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
