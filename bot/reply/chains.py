"""How the answer to an ask is laid out for the way that it takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot import words
from bot.completion.ask import Ask
from bot.completion.conversation import conversation_of
from bot.completion.excerpt import excerpt
from bot.reply.chain import KINDS, Chain
from bot.reply.route import Route, Way, is_private, notice_of
from bot.slack.blocks import Question, mention
from bot.slack.plain_blocks import Kind

_BY_URL: tuple[Kind, ...] = ("markdown", "section")
"""What is sent through a `response_url` is never edited, and the oldest blocks are safest there."""


def kinds_of(route: Route) -> tuple[Kind, ...]:
    """The blocks that an answer is shown in on this way, the best first."""
    return _BY_URL if route.way is Way.RESPONSE else KINDS


def chain_of(
    ask: Ask,
    route: Route,
    job_id: str,
    *,
    most: int | None,
    continued: Collection[int] = (),
    kinds: Sequence[Kind] = (),
) -> Chain:
    """What lays out the answer of a job for its way; `continued` are the sections that something
    goes on with. `kinds` of blocks to show it in, the best first; none: those of its way."""
    return Chain(
        _question(ask, route),
        job_id,
        in_thread=not route.why and ask.reply == "thread" and ask.thread_ts is None,
        notice=notice_of(ask, route),
        most=most,
        private=is_private(ask),
        opens_thread=_opens_thread(ask, route),
        continued=continued,
        behind=ask.begun.text if ask.begun else "",
        feedback=ask.feedback,
        kinds=kinds or kinds_of(route),
    )


def _question(ask: Ask, route: Route) -> Question:
    text, here = "\n\n".join(ask.request.prompts), not route.why
    begun = ask.begun
    if begun is None:
        return Question(ask.user, text, visible=here and _stands_above(ask))
    asker = mention(ask.user) or excerpt(ask.user)
    heading = words.asked_to_go_on(asker, begun.answer, begun.of)
    same = ask.user == begun.user and begun.of == 1 and not is_private(ask)
    return Question(ask.user, text, visible=here and same, heading=heading)


def _opens_thread(ask: Ask, route: Route) -> bool:
    """Whether further messages of the answer stand in the thread of its first."""
    return route.way in (Way.SHOWN, Way.DIRECT) and (bool(route.why) or ask.thread_ts is None)


def _stands_above(ask: Ask) -> bool:
    """Whether the asker's own message stands right above the answer.

    It does not when another asks the same again, or when a question from a thread is answered
    in the channel.
    """
    if ask.question_ts is None or ask.retry_of:
        return False
    asked_at_top = ask.conversation in (None, conversation_of(ask.channel, ask.question_ts))
    return ask.thread_ts is not None or asked_at_top
