"""Share: an answer that its asker alone saw is shown to everybody where it was asked.

That it was begun is stored first: what is there of a share that was cut off goes before the next.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import structlog
from attrs import frozen

from bot import words
from bot.acks import Reaction
from bot.completion.ask import Ask
from bot.completion.result import Answer
from bot.doors.clicks import Clicks
from bot.errors import PostingDenied, SlackError, what_it_says
from bot.jobs.job import Job
from bot.reply import chain
from bot.slack.blocks import BUTTONS_BLOCK, Message, Question
from bot.slack.inbound.interactions import Click
from bot.slack.side import SlackSide
from bot.store.side import StoreSide
from bot.words import talk

log = structlog.get_logger(__name__)

SHARE = "share"

SHARE_SECONDS = 45.0
LONGEST_SECONDS = 60.0
"""How long sharing may take, and all of it with what Redis is asked. Nobody else begins within a
minute."""


@frozen
class Sharing:
    """Posts private answers for whoever asked them, each once."""

    _clicks: Clicks
    _slack: SlackSide
    _store: StoreSide
    _most: int | None
    """Messages that one answer may become; None: any number."""

    async def on_share(self, click: Click) -> Reaction:
        """Post the answer where it was asked. What takes longer than an ack may is not acked: Slack
        marks the click, and what becomes of it is told."""
        return await self._clicks.acted(click, self._share, LONGEST_SECONDS)

    async def _share(self, click: Click, job: Job) -> str:
        """What there is to tell of it. Raises `StoreUnavailable`."""
        if job.ask.user != click.user:
            return talk.ANSWER_FORGOTTEN
        answer = job.answer
        if answer is None or answer.failure or not job.ask.is_private:
            return talk.NOTHING_TO_SHARE
        if refusal := await self._clicks.kept_from(click, job):
            return refusal
        name = f"shared:{job.id}"
        if await self._store.drafts.read(name):
            return talk.SHARED_ALREADY
        if await self._store.allowances.take(name, 1):
            return talk.SHARING
        try:
            async with asyncio.timeout(SHARE_SECONDS):
                await self._remove_begun(job, name)
                await self._post(job, answer, name)
        except PostingDenied:
            return words.NO_PLACE
        except (SlackError, TimeoutError) as error:
            log.warning("answer not shared", error=what_it_says(error))
            return talk.NOT_SHARED
        await self._store.drafts.save(name, "yes")
        return talk.SHARED

    async def _remove_begun(self, job: Job, name: str) -> None:
        """Delete what is there of it already, and store that it begins: somebody may have died in
        the midst of it, and where a reply was lost nobody knows what was posted."""
        ask, messages, begun = job.ask, self._slack.messages, f"begun:{name}"
        since = await self._store.drafts.read(begun)
        if since is None:
            await self._store.drafts.save(begun, str(time.time()))
            return
        for first in await messages.find(ask.channel, ask.thread_ts, name, float(since)):
            thread_ts = ask.thread_ts or first.ts
            for posted in await messages.find(ask.channel, thread_ts, name, float(since)):
                await messages.delete(ask.channel, posted.ts)
            await messages.delete(ask.channel, first.ts)

    async def _post(self, job: Job, answer: Answer, name: str) -> None:
        ask, answer = job.ask, _whole(job.ask, answer)
        shown = chain.Chain(
            Question(ask.user, "\n\n".join(ask.request.prompts)),
            "",
            most=self._most,
            opens_thread=ask.thread_ts is None,
        )
        await shown.prepare_all(answer)
        thread_ts = ask.thread_ts
        for part, message in enumerate(map(_without_buttons, shown.complete(answer))):
            ts = await self._slack.messages.post(
                ask.channel, message, job_id=name, part=str(part), thread_ts=thread_ts
            )
            thread_ts = thread_ts or ts


def _whole(ask: Ask, answer: Answer) -> Answer:
    """`answer` with what it goes on with before it."""
    if ask.begun is None:
        return answer
    first, *others = answer.sections
    first = first.model_copy(update={"text": ask.begun.text + first.text})
    return answer.model_copy(update={"sections": (first, *others)})


def _without_buttons(message: Message) -> Message:
    """What they do is the asker's alone."""
    blocks = tuple(each for each in message.blocks if each.get("block_id") != BUTTONS_BLOCK)
    return replace(message, blocks=blocks)
