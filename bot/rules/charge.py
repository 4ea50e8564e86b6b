"""What a question is charged once its answer is there."""

from __future__ import annotations

from dataclasses import dataclass

from bot.completion.ask import Ask
from bot.completion.conversation import estimate_tokens
from bot.completion.result import TICKS_PER_DOLLAR, Answer, Usage
from bot.rules.hold import MOST, Hold

_TICKS_PER_MICRO_DOLLAR = TICKS_PER_DOLLAR // 1_000_000


@dataclass(frozen=True, slots=True)
class Charge:
    """What a question used. `micro_dollars` is None when nobody knows what that costs."""

    requests: int
    tokens: int
    micro_dollars: int | None


NOTHING = Charge(0, 0, 0)
"""Of a question that never reached Grok: it does not even count as one."""


def charge_for(hold: Hold, ask: Ask, answer: Answer) -> Charge:
    """What `answer` to `ask` is charged, for which `hold` was reserved.

    What the API says it used. Where it did not say, the best estimate, which is never more than
    was reserved. Nothing when Grok was not asked, or refused.
    """
    if answer.usage is not None:
        return _used(hold, answer.usage)
    if not answer.asked:
        return NOTHING
    written = sum(estimate_tokens(section.text) for section in answer.sections)
    if not written and not ask.request.streams:
        return Charge(1, hold.tokens, hold.micro_dollars)  # what was written was never seen
    thought = estimate_tokens(answer.reasoning) if answer.reasoning else hold.reasoning
    tokens = min(hold.tokens, hold.input + written + thought)
    return Charge(1, tokens, _cost(hold, hold.input, tokens - hold.input))


def _used(hold: Hold, usage: Usage) -> Charge:
    written = usage.completion_tokens + usage.reasoning_tokens
    tokens = usage.total_tokens or usage.prompt_tokens + written
    if usage.cost_in_usd_ticks is not None:
        cost: int | None = -(-usage.cost_in_usd_ticks // _TICKS_PER_MICRO_DOLLAR)
    else:
        cost = _cost(hold, usage.prompt_tokens, written, usage.cached_tokens)
    return Charge(1, min(MOST, tokens), None if cost is None else min(MOST, cost))


def _cost(hold: Hold, read: int, written: int, cached: int = 0) -> int | None:
    if hold.prices is None:
        return None
    return hold.prices.cost(read, written, cached=cached, prompts=hold.copies)
