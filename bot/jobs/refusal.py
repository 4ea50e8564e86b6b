"""Why a question is not taken, or Grok not asked again: as the scripts say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot import metrics, words
from bot.errors import StalePolicy, TurnedAway
from bot.rules.hold import Denied, Hold, Shortage
from bot.rules.quota import QUOTAS
from bot.words import admin as admin_words
from bot.words import usage as said


@dataclass(frozen=True, slots=True)
class Crowd:
    """Questions that may run or wait `at_once`, of all together, and that one person may ask in
    any minute."""

    at_once: int
    a_minute: int


def refusal(outcome: str, detail: Any, hold: Hold | None, crowd: Crowd | None) -> Exception:
    """What `accept.lua` says against a question that would reserve `hold`, in a `crowd` of others:
    `TurnedAway`, `StalePolicy` or `Denied`."""
    match outcome:
        case "crowded":
            return TurnedAway(words.CROWDED)
        case "often" if crowd is not None:
            return TurnedAway(admin_words.asked_too_often(crowd.a_minute, int(detail) / 1000))
        case "stale":
            return StalePolicy()
        case "closed" if hold is not None:
            return Denied(said.TAKES_NONE, closed=hold.closed)
        case "denied" if hold is not None:
            return Denied(said.DOES_NOT_FIT, shortages(hold, detail))
    raise ValueError(f"a question is {outcome!r}")


def shortages(hold: Hold, found: Sequence[Sequence[Any]]) -> tuple[Shortage, ...]:
    """The limits that have too little left for `hold`, as scripts find them; they are counted."""
    short = tuple(_shortage(hold, each) for each in found)
    for each in short:
        window = QUOTAS[each.name].window or "now"
        metrics.QUOTA_DENIED.labels(each.scope.kind, window).inc()
    return short


def _shortage(hold: Hold, found: Sequence[Any]) -> Shortage:
    share, name, limit, settled, held, wanted = found
    return Shortage(
        scope=hold.shares[share].scope,
        name=name,
        limit=limit,
        settled=settled,
        held=held,
        wanted=wanted,
        resets_at=hold.windows.ends(name),
    )
