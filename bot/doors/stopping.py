"""What stops an answer besides our button: Slack's own Stop, in its thread, which is as good as
ours and for the same people; and deleting the question or the answer."""

from __future__ import annotations

from functools import partial

import structlog
from attrs import frozen

from bot.acks import Reaction
from bot.completion.ask import conversation_of
from bot.doors.clicks import STORE_SECONDS, Clicks, job_named_by
from bot.doors.hearing import dedupe_of
from bot.errors import SlackError
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.patience import soon
from bot.reply.ledger import stands
from bot.slack.inbound.interactions import SessionStopped
from bot.slack.inbound.payloads import MessageEvent

log = structlog.get_logger(__name__)

REASON = "deleted"


@frozen
class Stopping:
    """Stops what is being answered in a thread, for whoever asked it and for admins."""

    _clicks: Clicks

    async def on_stopped(self, event: SessionStopped) -> Reaction:
        """Stored before the ack. The worker then says that the thread waits; where there is none,
        it is said here: Slack leaves that to the app."""
        if not event.thread_ts:
            return Reaction()
        stopping = self._stop(event)
        return await soon(stopping, STORE_SECONDS, Reaction(again=True), "stop not stored")

    async def _stop(self, event: SessionStopped) -> Reaction:
        jobs = await self._in(event.channel, event.thread_ts)
        kept = []
        for job in jobs:
            if reason := await self._clicks.right_to_stop(event.user, job.ask):
                await self._clicks.queue.stop(job.id, reason)
            else:
                kept.append(job)
        if not jobs:
            return Reaction(then=partial(self._rest, event))
        return Reaction(then=partial(self._tell, event, kept[0]) if kept else None)

    async def _in(self, channel: str, thread_ts: str) -> list[Job]:
        """What is being answered in that thread."""
        threads = {conversation_of(channel, thread_ts, by_thread=by) for by in (True, False)}
        queue = self._clicks.queue
        found = [await queue.active(each) for each in sorted(threads)]
        jobs = [await queue.look(job_id) for each in found for job_id in each]
        return [
            job
            for job in jobs
            if job and (job.ask.channel, job.ask.thread_ts) == (channel, thread_ts)
        ]

    async def _rest(self, event: SessionStopped) -> None:
        try:
            await self._clicks.slack.agent.session(event.channel, event.thread_ts, "active")
        except SlackError as error:
            log.info("session not told", error=str(error))

    async def _tell(self, event: SessionStopped, job: Job) -> None:
        await self._clicks.slack.ephemeral.tell(
            await self._clicks.not_theirs(job.ask),
            user=event.user,
            channel=event.channel,
            thread_ts=event.thread_ts,
            replied=True,
        )


@frozen
class Deletions:
    """Stops what nobody waits for any more."""

    _queue: Queue
    _bot_user: str

    async def on_deletion(self, event: MessageEvent) -> Reaction:
        """To the deletion of a message. A stop is stored before the ack."""
        stopping = self._stop(event, event.deletes)
        return await soon(stopping, STORE_SECONDS, Reaction(again=True), "deletion not stored")

    async def _stop(self, event: MessageEvent, ts: str) -> Reaction:
        """Of its own messages the bot deletes some itself: those do not count, only what the
        job knows as its own and means to keep."""
        previous = event.previous_message
        if previous is None or previous.user != self._bot_user:
            job_id = await self._queue.holder_of(dedupe_of(event.channel, ts))
        else:
            job_id = job_named_by(previous)
            job = await self._queue.look(job_id) if job_id else None
            job_id = job_id if job and stands(job.posts, event.channel, ts) else None
        if job_id:
            await self._queue.stop(job_id, REASON)
        return Reaction()
