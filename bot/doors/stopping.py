"""Slack's own Stop, in the thread of an answer: as good as ours, and for the same people."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog
from attrs import frozen

from bot.admin.permission import Permission
from bot.completion.ask import Ask
from bot.completion.conversation import conversation_of
from bot.completion.excerpt import excerpt
from bot.errors import SlackError, StoreUnavailable
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.slack.message_text import name_of
from bot.slack.payloads import SessionStopped
from bot.slack.reaction import Reaction
from bot.slack.side import SlackSide
from bot.words import talk

log = structlog.get_logger(__name__)

STORE_SECONDS = 2.5
"""How long a stop may take until it is acked, of Slack's 3 s."""


@frozen
class Stopping:
    """Stops what is being answered in a thread, for whoever asked it and for admins."""

    _permission: Permission
    _queue: Queue
    _slack: SlackSide

    async def on_stopped(self, event: SessionStopped) -> Reaction:
        """Stored before the ack. The worker then says that the thread waits; where there is none,
        it is said here: Slack leaves that to the app."""
        if not event.thread_ts:
            return Reaction()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                jobs = await self._in(event.channel, event.thread_ts)
                kept = [job for job in jobs if not await self._stop(event.user, job)]
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("stop not stored", error=str(error) or "timeout")
            return Reaction(again=True)
        if not jobs:
            return Reaction(then=partial(self._rest, event))
        return Reaction(then=partial(self._tell, event, kept[0]) if kept else None)

    async def _in(self, channel: str, thread_ts: str) -> list[Job]:
        """What is being answered in that thread."""
        threads = {conversation_of(channel, thread_ts, by_thread=by) for by in (True, False)}
        found = [await self._queue.active(each) for each in sorted(threads)]
        jobs = [await self._queue.look(job_id) for each in found for job_id in each]
        return [
            job
            for job in jobs
            if job and (job.ask.channel, job.ask.thread_ts) == (channel, thread_ts)
        ]

    async def _stop(self, user: str, job: Job) -> bool:
        """Whether `user` may stop the answer; then it is stopped."""
        reason = await right_to_stop(user, job.ask, self._permission, self._slack)
        if reason:
            await self._queue.stop(job.id, reason)
        return bool(reason)

    async def _rest(self, event: SessionStopped) -> None:
        try:
            await self._slack.agent.session(event.channel, event.thread_ts, "active")
        except SlackError as error:
            log.info("session not told", error=str(error))

    async def _tell(self, event: SessionStopped, job: Job) -> None:
        asker = job.ask.name or await name_of(job.ask.user, self._slack.people)
        await self._slack.ephemeral.tell(
            talk.not_yours_to_stop(excerpt(asker)),
            user=event.user,
            channel=event.channel,
            thread_ts=event.thread_ts,
            replied=True,
        )


async def right_to_stop(user: str, ask: Ask, permission: Permission, slack: SlackSide) -> str:
    """Why `user` may stop the answer; empty when they may not."""
    if user == ask.user:
        return "asker"
    return "admin" if permission.is_admin(await slack.people.find(user)) else ""
