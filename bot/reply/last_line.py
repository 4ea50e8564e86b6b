"""The last line of an answer: model, tokens, cost, time, and what it did not know."""

from __future__ import annotations

import re

from bot import words
from bot.completion.excerpt import excerpt
from bot.completion.result import TICKS_PER_DOLLAR, Answer, Most, Usage
from bot.words import search, talk

_VERSION = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|latest)(?=-|$)")


def last_line(answer: Answer) -> str:
    """`grok-4.3 (chat) · 1,234 tokens (200 reasoning) · $0.0042 · 3.2 s`, as far as it is known.

    The endpoint stands there once a model has been asked. What was found by searching comes before
    what it cost: `7 sources · 44 posts · $0.22`. Where the API did not say what it used, as when it
    was stopped, it is what is charged: `at most 1,234 tokens and $0.0042`.
    """
    asked = answer.seconds > 0
    facts = [words.by(_model(answer), answer.endpoint) if asked else _model(answer)]
    facts += _tokens(answer.usage) if answer.usage else _most(answer.most)
    facts += _searched(answer)
    if answer.usage and answer.usage.cost_in_usd_ticks is not None:
        facts.append(words.cost(answer.usage.cost_in_usd_ticks / TICKS_PER_DOLLAR))
    if asked:
        facts.append(words.took(answer.seconds))
    if answer.forgotten:
        facts.append(talk.forgotten(answer.forgotten))
    return " · ".join(facts)


def same_model(asked: str, answered: str) -> bool:
    """Whether two ids name one model, a dated release of it or its latest one apart."""
    return _family(asked) == _family(answered)


def _family(model: str) -> str:
    return _VERSION.sub("", model.rpartition("/")[2].lower())


def _model(answer: Answer) -> str:
    model, asked = excerpt(answer.model), excerpt(answer.model_asked)
    if same_model(answer.model_asked, answer.model):
        return model
    return words.other_model(model, asked)


def _tokens(usage: Usage) -> list[str]:
    visible_and_reasoning = usage.completion_tokens + usage.reasoning_tokens
    total = usage.total_tokens or usage.prompt_tokens + visible_and_reasoning
    return [words.tokens_used(total, usage.reasoning_tokens)] if total else []


def _most(most: Most | None) -> list[str]:
    if most is None:
        return []
    money = "" if most.micro_dollars is None else words.cost(most.micro_dollars / 1_000_000)
    return [words.used_at_most(words.tokens_used(most.tokens, 0), money)]


def _searched(answer: Answer) -> list[str]:
    """What was found by searching, where something was searched."""
    if answer.tools is None and not answer.references:
        return []
    cited = sum(reference.cited for reference in answer.references)
    facts = [search.sources(cited, len(answer.references))]
    if answer.tools is not None and answer.tools.posts:
        facts.append(search.posts(answer.tools.posts))
    return facts
