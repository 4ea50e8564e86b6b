"""Share: an answer that its asker alone saw is shown to everybody where it was asked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import structlog
from attrs import frozen

from bot import words
from bot.asking.admission import Presence
from bot.completion.ask import Ask
from bot.completion.result import Answer
from bot.doors.binding import is_about
from bot.errors import PostingDenied, SlackError, StoreUnavailable
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.reply.chain import Chain
from bot.reply.route import is_private
from bot.slack.blocks import BUTTONS_BLOCK, Message, Question
from bot.slack.payloads import Click
from bot.slack.reaction import Reaction
from bot.slack.side import SlackSide
from bot.store.side import StoreSide
from bot.words import talk

log = structlog.get_logger(__name__)

SHARE = "share"

_PART = "shared"


@frozen
class Sharing:
    """Posts private answers for whoever asked them, each once."""

    _queue: Queue
    _presence: Presence
    _slack: SlackSide
    _store: StoreSide
    _most: int | None
    """Messages that one answer may become; None: any number."""

    async def on_share(self, click: Click) -> Reaction:
        """Post the answer where it was asked."""
        return Reaction(then=partial(self._act, click))

    async def _act(self, click: Click) -> None:
        try:
            sentence = await self._share(click)
        except StoreUnavailable as error:
            log.warning("answer not shared", error=str(error))
            sentence = talk.BUTTON_FAILED
        await self._slack.ephemeral.answer(click, sentence)

    async def _share(self, click: Click) -> str:
        """What there is to tell of it. Raises `StoreUnavailable`."""
        job = await self._find(click)
        if job is None:
            return talk.ANSWER_FORGOTTEN
        answer = job.answer
        if answer is None or answer.failure or not is_private(job.ask):
            return talk.NOTHING_TO_SHARE
        if click.channel != job.ask.channel:
            refusal = await self._presence.refusal(click.user, job.ask.channel, was_there=True)
            if refusal:
                return refusal
        name = f"shared:{job.id}"
        if await self._store.drafts.read(name):
            return talk.SHARED_ALREADY
        if await self._store.allowances.take(name, 1):
            return talk.SHARING
        try:
            await self._post(job, answer)
        except PostingDenied:
            return words.NO_PLACE
        except SlackError as error:
            log.warning("answer not shared", error=str(error))
            return talk.NOT_SHARED
        await self._store.drafts.save(name, "yes")
        return talk.SHARED

    async def _find(self, click: Click) -> Job | None:
        """The job that the click is about, if whoever clicked has asked it."""
        job = await self._queue.look(click.action.value)
        return job if job and job.ask.user == click.user and is_about(click, job) else None

    async def _post(self, job: Job, answer: Answer) -> None:
        ask, answer = job.ask, _whole(job.ask, answer)
        chain = Chain(
            Question(ask.user, "\n\n".join(ask.request.prompts)),
            "",
            most=self._most,
            opens_thread=ask.thread_ts is None,
        )
        await chain.prepare_all(answer)
        thread_ts = ask.thread_ts
        for message in map(_without_buttons, chain.complete(answer)):
            ts = await self._slack.messages.post(
                ask.channel, message, job_id="", part=_PART, thread_ts=thread_ts
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
