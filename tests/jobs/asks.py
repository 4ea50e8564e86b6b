"""Questions and answers to try the queue with."""

from __future__ import annotations

import itertools
from typing import Any

from bot.completion import CompletionRequest
from bot.completion.ask import Ask
from bot.completion.result import Answer, Section
from tests.fixtures.store import TEAM

_numbers = itertools.count(1)


def make_ask(prompt: str = "Hi", *, dedupe: str | None = None, **place: Any) -> Ask:
    """A question; one that Slack never asked before unless `dedupe` says so."""
    usual = Ask(
        dedupe=dedupe or f"trigger-{next(_numbers)}",
        surface="command",
        team=TEAM,
        channel="C1",
        user="U1",
        request=CompletionRequest(model="grok-test", prompt=prompt, max_tokens=5),
        asked_at=float(next(_numbers)),
    )
    return usual.model_copy(update=place)


def make_answer(text: str = "Hello") -> Answer:
    """A whole answer of one section."""
    return Answer(
        sections=(Section(text=text, done=True),),
        model_asked="grok-test",
        model="grok-test",
        endpoint="chat",
    )
