"""What was used, put where the bot counts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.store.keys import Keys
from bot.store.redis.connection import Store

DAY, MONTH = "2025-11-23", "2025-11"
"""Those of `command_desk.NOW`, in UTC."""


async def spend(
    store: Store,
    keys: Keys,
    scope: str,
    *,
    windows: tuple[str, ...] = (DAY, MONTH),
    requests: int = 0,
    tokens: int = 0,
    micro_dollars: int = 0,
    unpriced: int = 0,
    searches: int = 0,
    posts: int = 0,
    search_micro_dollars: int = 0,
    held_tokens: int = 0,
    running: int = 0,
) -> None:
    """Count so much in `scope` (`channel:C…`), in each of `windows`."""
    counts: dict[Any, Any] = {
        "requests": requests,
        "tokens": tokens,
        "micro_dollars": micro_dollars,
        "unpriced": unpriced,
        "searches": searches,
        "posts": posts,
        "search_micro_dollars": search_micro_dollars,
        "held_tokens": held_tokens,
    }
    for window in windows:
        await store.redis.hset(keys.used(scope, window), mapping=counts)
    for job in range(running):
        await store.redis.sadd(keys.running(scope), f"job{job}")


async def write_down(
    store: Store,
    keys: Keys,
    channel: str,
    user: str,
    *,
    requests: int,
    tokens: int,
    cost: int,
    model: str = "",
    searched: Mapping[str, int] | None = None,
) -> None:
    """Enter what `user` used in `channel` in `MONTH` in the books."""
    whose = " ".join(filter(None, (channel, user, model)))
    amounts = {"requests": requests, "tokens": tokens, "micro_dollars": cost, "unpriced": 0}
    amounts |= searched or {}
    for name, amount in amounts.items():
        await store.redis.hset(keys.ledger(MONTH), f"{whose} {name}", str(amount))
    for scope in ("workspace", f"channel:{channel}"):
        await store.redis.zincrby(keys.used_by(scope, MONTH), tokens, user)
