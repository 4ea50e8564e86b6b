"""What was used and what is reserved. `Queue` counts it as jobs come and end; here it is read.

Redis holds for each scope a hash for the day and one for the month, and a set of the jobs that are
under way; `quotas.lua` says what is in them. A day is known for a week after its end, a month for
400 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from bot.rules.quota import QUOTAS, QuotaName, Scope, Windows
from bot.store.redis.connection import Records, answered, redis_errors, together
from bot.store.redis.pool import reading

_AMOUNTS = ("requests", "tokens", "micro_dollars", "searches", "posts", "search_micro_dollars")
"""What `quotas.lua` counts."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much was used, and how much more is reserved by questions that are under way."""

    settled: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """What was used in one day or month."""

    requests: Amount = Amount()
    tokens: Amount = Amount()
    micro_dollars: Amount = Amount()
    searches: Amount = Amount()
    posts: Amount = Amount()
    search_micro_dollars: Amount = Amount()
    """What of `micro_dollars` the searches cost, by the price list."""
    unpriced: int = 0
    """How many questions are in `tokens` but not in `micro_dollars`: nobody knows their cost."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a scope uses; `running`: how many of its questions are under way."""

    scope: Scope
    day: Counts
    month: Counts
    running: int

    def of(self, name: QuotaName) -> Amount:
        """What counts against this quota. Raises `ValueError` for a cap: nothing is counted."""
        quota = QUOTAS[name]
        if quota.caps:
            raise ValueError(f"nothing is counted for {name}")
        match quota.window:
            case None:
                return Amount(held=self.running)
            case "day":
                counts = self.day
            case "month":
                counts = self.month
            case _:
                assert_never(quota.window)
        return {
            "requests": counts.requests,
            "tokens": counts.tokens,
            "usd": counts.micro_dollars,
            "searches": counts.searches,
        }[quota.unit]


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What one person used of one model in one channel in one month."""

    channel: str
    user: str
    requests: int = 0
    tokens: int = 0
    micro_dollars: int = 0
    unpriced: int = 0
    """How many questions are not in `micro_dollars`, since nobody knows their cost."""
    searches: int = 0
    posts: int = 0
    search_micro_dollars: int = 0
    """What of `micro_dollars` the searches cost, by the price list."""
    model: str = ""
    """Empty for what an earlier version has counted."""


class Quotas(Records):
    """The counters of one workspace. Every method raises `StoreUnavailable`.

    Months are named as in `bot.rules.quota.Windows`.
    """

    async def usage(self, scopes: Sequence[Scope], windows: Windows) -> tuple[Use, ...]:
        """What each of `scopes` uses: the workspace, channels or people. One round trip."""
        commands = [
            command
            for scope in map(str, scopes)
            for command in (
                ("HGETALL", self._keys.used(scope, windows.day)),
                ("HGETALL", self._keys.used(scope, windows.month)),
                ("SCARD", self._keys.running(scope)),
            )
        ]
        found = await together(self._redis, commands, whole=True)
        return tuple(
            Use(scope, _counts(of_day), _counts(of_month), running)
            for scope, of_day, of_month, running in zip(
                scopes, found[::3], found[1::3], found[2::3], strict=True
            )
        )

    async def most(self, scope: Scope, month: str, count: int) -> tuple[tuple[str, int], ...]:
        """Who used most in the workspace or a channel, at most `count`: Slack id and tokens."""
        key = self._keys.used_by(str(scope), month)
        found: Any = await answered(self._redis.zrevrange(key, 0, count - 1, withscores=True))
        return tuple((str(user), int(tokens)) for user, tokens in found)

    async def export(self, month: str) -> tuple[UsageRow, ...]:
        """What was used in a month, by channel, person and model, in order of their ids."""
        with redis_errors():
            entries = self._redis.hscan_iter(self._keys.ledger(month), count=1000)
            texts = {name: value async for name, value in entries}
            with reading("the ledger"):
                found = {name: int(value) for name, value in texts.items()}
        return tuple(
            _row(whose, found) for whose in sorted({name.rpartition(" ")[0] for name in found})
        )


def _row(whose: str, found: Mapping[str, int]) -> UsageRow:
    """`whose` is what the fields of one row begin with."""
    channel, user, *model = whose.split(" ", 2)
    return UsageRow(
        channel,
        user,
        model="".join(model),
        **{name: found.get(f"{whose} {name}", 0) for name in (*_AMOUNTS, "unpriced")},
    )


def _counts(stored: Mapping[str, str]) -> Counts:
    def amount(name: str) -> Amount:
        return Amount(int(stored.get(name, 0)), int(stored.get(f"held_{name}", 0)))

    return Counts(
        unpriced=int(stored.get("unpriced", 0)),
        **{name: amount(name) for name in _AMOUNTS},
    )
