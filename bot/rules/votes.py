"""What people think of an answer, and what the answer was made with: pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, JsonValue

from bot.completion.ask import Ask, Surface
from bot.completion.result import Answer

Choice = Literal["up", "down"]
Way = Literal["button", "reaction"]
Reason = Literal["wrong", "too_long", "too_short", "off_question", "unsafe", "slow"]

REASONS: tuple[Reason, ...] = get_args(Reason)
"""What may have been wrong with an answer."""

COMMENT_CHARS = 500
"""Of what somebody adds in words of their own."""

_UNTOLD = ("model", "prompt", "suffix", "stream", "user")
"""Parameters that stand elsewhere, or say nothing of how well an answer serves."""

_VALUE_CHARS = 100


class Vote(BaseModel):
    """What one person thinks of one answer."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    choice: Choice | Literal["none"]
    """`none`: it was taken back."""
    way: Way = "button"
    at: float
    """By Slack's clock, Unix time in seconds: of two votes the later one counts."""
    reasons: tuple[Reason, ...] = ()
    comment: str = ""


class Judged(BaseModel):
    """An answer that somebody has voted on: nothing of what was asked or said."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    at: float
    """When it was asked, Unix time in seconds."""
    channel: str
    """Empty: a direct message."""
    surface: Surface
    model: str
    endpoint: str
    parameters: dict[str, JsonValue] = {}
    tokens: int | None = None
    micro_dollars: int | None = None
    """None: nobody knows what it cost."""
    first_seconds: float | None = None
    """From the request to the first text; None: nobody has measured it."""
    seconds: float
    """From the request to the last text."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote, and the answer that it is on."""

    job_id: str
    user: str
    vote: Vote
    judged: Judged


def judged_of(ask: Ask, answer: Answer) -> Judged:
    """What is kept of the answer beside the votes on it."""
    usage = answer.usage
    return Judged(
        at=ask.asked_at,
        channel="" if ask.channel.startswith("D") else ask.channel,
        surface=ask.surface,
        model=answer.model,
        endpoint=answer.endpoint,
        parameters=dict(_parameters(ask)),
        tokens=usage.total_tokens if usage else None,
        micro_dollars=usage.micro_dollars if usage else None,
        first_seconds=answer.first_seconds,
        seconds=answer.seconds,
    )


def _parameters(ask: Ask) -> Mapping[str, JsonValue]:
    """What it was asked with, by name; of long values, and of what admins tell Grok, a hash."""
    given = {name: each for name, each in ask.request.given().items() if name not in _UNTOLD}
    shown = {
        name: hash_of(text) if len(text := json.dumps(value)) > _VALUE_CHARS else value
        for name, value in sorted(given.items())
    }
    if ask.system:
        shown["system"] = hash_of(ask.system)
    if ask.effort:
        shown["effort"] = ask.effort
    return shown


HASH = re.compile(r"#[0-9a-f]{8}")


def hash_of(text: str) -> str:
    """What stands for a text that is not kept."""
    return f"#{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}"
