"""What Slack has said of people, shared by the replicas, so that each is seldom asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.store.keys import Keys
from bot.store.redis.connection import Store, redis_errors

KEPT_SECONDS = 24 * 3600
"""How long it is kept: what somebody is called seldom changes. What they may do is asked for more
often."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What Slack said `age` seconds ago; None when that is too long ago, or it never did.
    `refused`: it was asked just now and did not say."""

    text: str | None
    age: float
    refused: bool


class KeptPeople:
    """Texts by the ids of people. Every method raises `StoreUnavailable`."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._known = store.script("known")
        self._remember = store.script("remember")
        self._keys = keys

    async def read(self, user: str) -> Kept:
        """What is kept of `user`."""
        text, left, refused = await self._known(self._keys_of(user), [])
        return Kept(text, KEPT_SECONDS - max(0, int(left)) / 1000, bool(refused))

    async def read_all(self, users: Sequence[str]) -> Mapping[str, str]:
        """What is kept of each of `users`, however old."""
        if not users:
            return {}
        with redis_errors():
            found: Any = await self._redis.mget([self._keys.person(user) for user in users])
        return {user: text for user, text in zip(users, found, strict=True) if text}

    async def write(self, user: str, text: str) -> None:
        """Keep `text`, which Slack has just said of `user`; empty: forget what it said."""
        await self._remember([self._keys.person(user)], [text, KEPT_SECONDS])

    async def refuse(self, user: str, seconds: int) -> None:
        """Remember for so long that Slack does not say who `user` is."""
        await self._remember([self._keys_of(user)[1]], ["1", seconds])

    def _keys_of(self, user: str) -> list[str]:
        return [self._keys.person(user), self._keys.person(f"{user}:refused")]
