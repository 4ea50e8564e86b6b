"""What goes along with a question: the turns before it, a shared message, the thread it is in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import structlog

from bot.completion.ask import Ask, Said
from bot.completion.conversation import Turn, estimate_tokens
from bot.completion.transcript import Past, fit, shared
from bot.errors import SlackError
from bot.rules.hold import LEAST_ROOM, Hold
from bot.slack.thread import ThreadReader
from bot.store.conversations import Conversations
from bot.words import talk

log = structlog.get_logger(__name__)

READ_SECONDS = 10.0
"""How long reading a thread may hold up an answer."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """`past` goes along; `forgotten` of the oldest turns do not, for want of room. `said` is
    what the context of `past` was made of."""

    past: Past
    forgotten: int = 0
    said: tuple[Said, ...] = ()


class Recall:
    """Collects what goes along with a question, `tokens` of it at most."""

    def __init__(self, conversations: Conversations, threads: ThreadReader, *, tokens: int) -> None:
        self._conversations = conversations
        self._threads = threads
        self._tokens = tokens

    async def __call__(self, ask: Ask, window: int | None, hold: Hold | None = None) -> Recalled:
        """What goes along with `ask` when the model holds `window` tokens (None: unknown), no
        more than `hold` has reserved.

        Raises `StoreUnavailable`. A thread that Slack does not show is no reason not to answer:
        the model is told that it could not be read.
        """
        room = max(LEAST_ROOM, min(self._tokens, _room(ask, window)))
        recalled = await self._context(ask, room)
        if ask.conversation is None:
            return recalled
        remembered = await self._conversations.read(ask.conversation)
        if hold is not None:
            room = min(room, hold.room)
        left = max(0, room - estimate_tokens(recalled.past.context))
        turns, left_out = fit(_before(remembered.turns, ask.retry_of), left)
        past = replace(recalled.past, turns=turns)
        return replace(recalled, past=past, forgotten=remembered.dropped + left_out)

    async def _context(self, ask: Ask, room: int) -> Recalled:
        asker = Past(user=ask.user, name=ask.name)
        try:
            said = (*await self._thread(ask), *ask.context)
        except (SlackError, TimeoutError) as error:
            log.warning("thread not read", error=str(error))
            return Recalled(replace(asker, context=talk.THREAD_UNREADABLE))
        return Recalled(replace(asker, context=shared(said, room)), said=said)

    async def _thread(self, ask: Ask) -> tuple[Said, ...]:
        if not (ask.reads_thread and ask.question_ts):
            return ()
        async with asyncio.timeout(READ_SECONDS):
            return await self._threads.read(
                ask.channel, ask.reads_thread, ask.question_ts, asker=ask.user
            )


def less(recalled: Recalled) -> Recalled | None:
    """With half of the turns, or half of what people said, for a model that cannot take it all;
    None when there is nothing left to leave out."""
    past, turns = recalled.past, recalled.past.turns
    if turns:
        kept = turns[len(turns) // 2 + 1 :]
        forgotten = recalled.forgotten + len(turns) - len(kept)
        return replace(recalled, past=replace(past, turns=kept), forgotten=forgotten)
    tokens = estimate_tokens(past.context)
    if not recalled.said or tokens <= LEAST_ROOM:
        return None
    return replace(recalled, past=replace(past, context=shared(recalled.said, tokens // 2)))


def _before(turns: tuple[Turn, ...], job_id: str) -> tuple[Turn, ...]:
    """The turns before that of `job_id`; all of them when it is not among them."""
    for index, turn in enumerate(turns):
        if turn.job_id == job_id:
            return turns[:index]
    return turns


def _room(ask: Ask, window: int | None) -> int:
    """What the model's window leaves beside the question and the answer, in tokens."""
    if window is None:
        return 2**31
    asked = sum(estimate_tokens(prompt) for prompt in (ask.system, *ask.request.prompts))
    return max(0, window - asked - (ask.request.max_tokens or 0))
