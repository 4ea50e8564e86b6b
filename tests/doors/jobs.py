"""Jobs as a listener finds them."""

from __future__ import annotations

from typing import Any

from bot.completion import CompletionRequest
from bot.completion.ask import Ask
from bot.completion.result import Answer, Section
from bot.jobs.job import Job, State
from sandbox.workspace import ANA, GENERAL
from tests.fixtures.store import TEAM


def an_ask(**fields: Any) -> Ask:
    """A question of Ana's in #general."""
    usual: dict[str, Any] = {
        "dedupe": "first",
        "surface": "command",
        "team": TEAM,
        "channel": GENERAL,
        "user": ANA,
        "name": "ana",
        "request": CompletionRequest(model="grok-4.3", prompt="Name a river", max_tokens=100),
        "asked_at": 1_700_000_000.0,
    }
    return Ask(**(usual | fields))


def an_answer(**fields: Any) -> Answer:
    """A whole answer."""
    usual: dict[str, Any] = {
        "sections": (Section(text="The Amazon.", done=True),),
        "model_asked": "grok-4.3",
        "model": "grok-4.3",
        "endpoint": "chat",
        "seconds": 3.2,
    }
    return Answer(**(usual | fields))


def a_job(ask: Ask, answer: Answer | None, state: State = "done") -> Job:
    """A job in its first holder's hands."""
    return Job(
        id="job1",
        ask=ask,
        state=state,
        epoch=1,
        attempts=1,
        created=1_700_000_000.0,
        posts={},
        answer=answer,
        redeliver=0,
    )
