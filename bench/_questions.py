"""The question that benchmarks of the queue ask."""

from __future__ import annotations

import time
import uuid

from bot.completion.ask import Ask
from bot.completion.request import CompletionRequest
from bot.store.keys import Keys

KEYS = Keys("T0BENCH")


def question() -> Ask:
    """A question that nobody has asked before."""
    return Ask(
        dedupe=f"command:{uuid.uuid4()}",
        surface="command",
        team=KEYS.team,
        channel="C1",
        user="U1",
        request=CompletionRequest(model="grok-4.3", prompt="Explain TCP slow start"),
        asked_at=time.time(),
    )
