"""Why a script has not taken a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot import metrics, words
from bot.completion.ask import Ask
from bot.errors import StalePolicy, TurnedAway
from bot.rules.hold import Denied, Hold, Shortage
from bot.rules.quota import QUOTAS
from bot.store.allowances import WINDOW_SECONDS, questions_of
from bot.store.keys import Keys
from bot.words import admin as admin_words
from bot.words import quota as said


@dataclass(frozen=True, slots=True)
class Crowd:
    """Questions that may run or wait `at_once`, of all together, and that one person may ask in
    any minute."""

    at_once: int
    a_minute: int

    def counted(self, keys: Keys, ask: Ask) -> tuple[Sequence[str], Sequence[str | int]]:
        """What they are counted by, and the bounds, as `accept.lua` takes them."""
        by = (keys.paused, keys.singly, keys.allowance(questions_of(ask.user)))
        return by, (self.at_once, self.a_minute, round(WINDOW_SECONDS * 1000), ask.dedupe)


def raise_refusal(outcome: str, detail: Any, hold: Hold | None, crowd: Crowd | None = None) -> None:
    """Raise what `accept.lua` or `begin.lua` says against a question that would reserve `hold`, in
    a `crowd` of others: `TurnedAway`, `StalePolicy` or `Denied`. Nothing, when it says nothing
    against it."""
    if crowd is not None:
        _turn_away(outcome, detail, crowd)
    if hold is None:
        return
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


def _turn_away(outcome: str, detail: Any, crowd: Crowd) -> None:
    if outcome == "crowded":
        raise TurnedAway(words.CROWDED)
    if outcome == "often":
        raise TurnedAway(admin_words.asked_too_often(crowd.a_minute, int(detail) / 1000))


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
