"""Two versions of the bot on one store: which of them may work on a job.

A job says what a version has to know to answer it: the fields of its question that there were not
always, where they say something (`needs`). A worker that does not know one of them sets the job
aside, without counting that as a taking, until one that does takes it. So a new field needs no
number to be raised, and a question that does without it is anybody's.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from bot.completion.ask import Ask

ALWAYS_KNOWN = frozenset(
    {
        *("dedupe", "surface", "team", "channel", "user", "request", "system", "effort", "reply"),
        *("defaulted", "name", "user_team", "thread_ts", "question_ts", "conversation", "context"),
        *("reads_thread", "retry_of", "begun", "response_url", "asked_at"),
    }
)
"""The fields of a question that every version knows: never add one."""

SET_ASIDE_SECONDS = 1.0
"""How long a job rests that a worker does not know how to answer."""

UNREADABLE_SECONDS = 900.0
"""For so long after it was accepted a job that cannot be read is left to others, who may."""


def needs_of(ask: Ask) -> str:
    """The fields that a version must know to answer `ask`, separated by blanks."""
    fields = Ask.model_fields
    return " ".join(
        name
        for name in sorted(fields.keys() - ALWAYS_KNOWN)
        if getattr(ask, name) != fields[name].get_default(call_default_factory=True)
    )


def for_newer(fields: Mapping[str, str]) -> bool:
    """Whether the job in a Redis hash needs what this version does not know."""
    return not Ask.model_fields.keys() >= set(fields.get("needs", "").split())


def may_be_newer(fields: Mapping[str, str]) -> bool:
    """Whether a job that cannot be read may be one of another version, and is left to it."""
    created = fields.get("created", "")
    return created.isdigit() and time.time() - int(created) / 1000 < UNREADABLE_SECONDS
