"""Why a script has not taken a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot import metrics
from bot.errors import StalePolicy
from bot.rules.hold import Denied, Hold, Shortage
from bot.rules.quota import QUOTAS
from bot.words import quota as said


def raise_refusal(outcome: str, detail: Any, hold: Hold) -> None:
    """Raise what `accept.lua` or `begin.lua` says against a question that would reserve `hold`:
    `StalePolicy` or `Denied`. Nothing, when it says nothing against it."""
    if outcome == "stale":
        raise StalePolicy
    if outcome == "closed":
        raise Denied(said.CLOSED, closed=hold.closed)
    if outcome == "denied":
        shortages = tuple(_shortage(hold, short) for short in detail)
        for shortage in shortages:
            window = QUOTAS[shortage.name].window or "now"
            metrics.QUOTA_DENIED.labels(shortage.scope.kind, window).inc()
        raise Denied(said.DENIED, shortages)


def _shortage(hold: Hold, short: Sequence[Any]) -> Shortage:
    share, name, limit, settled, held, wanted = short
    return Shortage(
        scope=hold.shares[share].scope,
        name=name,
        limit=limit,
        settled=settled,
        held=held,
        wanted=wanted,
        resets_at=hold.ends(name),
    )
