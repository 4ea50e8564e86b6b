"""Taking out of the store what is known of one person, key by key, as `lifetimes` says."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from bot.rules.quota import Scope
from bot.store.keys import Keys, named
from bot.store.lifetimes import LIFETIMES, Lifetime
from bot.store.redis.connection import Store, redis_errors
from bot.words.admin import SOMEBODY

_SCANNED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of it: `deleted` keys, `taken_out` entries of keys that are shared. `busy`: of a
    question that is under way nothing was deleted."""

    deleted: int = 0
    taken_out: int = 0
    busy: bool = False


def lifetime_of(key: str) -> Lifetime | None:
    """What says how long `key` is kept."""
    name = _own(key)
    return next((known for known in LIFETIMES if fnmatchcase(name, known.names)), None)


class Forgetting:
    """Forgets people of one workspace."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._script = store.script("forget_person")
        self._prefix = keys.prefix

    async def forget(self, user: str) -> Forgotten:
        """Delete what is known of `user`, and of direct messages in which they asked. What others
        wrote, of them too, stays. Doing it again is harmless. Raises `StoreUnavailable`."""
        deleted = taken_out = 0
        busy = False
        places: set[str] = set()
        for key in await self._keys():
            known = lifetime_of(key)
            how = known.forget if known else ""
            if not how:
                continue
            how = "named" if _names(key, user) else how
            if how == "named" and not _names(key, user):
                continue
            outcome, count, found = await self._take_out(key, user, how)
            busy |= outcome == "busy"
            places |= set(found)
            if how == "part":
                taken_out += count
                if count and known and known.names == "thread:*":
                    taken_out += (await self._take_out(f"{key}:facts", user, "files"))[1]
            else:
                deleted += count
        for key in await self._keys() if places and not busy else ():
            if any(_names(key, place) for place in places):
                outcome, count, _ = await self._take_out(key, user, "named")
                busy |= outcome == "busy"
                deleted += count
        return Forgotten(deleted, taken_out, busy)

    async def _keys(self) -> list[str]:
        with redis_errors():
            pattern = f"{self._prefix}*"
            found = self._redis.scan_iter(pattern, count=_SCANNED_AT_ONCE)
            return sorted({str(key) async for key in found})

    async def _take_out(self, key: str, user: str, how: str) -> tuple[str, int, list[str]]:
        scope = str(Scope("user", user))
        reply: Any = await self._script([key], [user, how, scope, SOMEBODY])
        outcome, count, places = reply
        return str(outcome), int(count), [str(place) for place in places]


def _own(key: str) -> str:
    """What a key is called where it belongs."""
    found = named(key)
    return found[1] if found else key.partition("}:")[2]


def _names(key: str, name: str) -> bool:
    own = _own(key)
    at = own.find(name)
    while at >= 0:
        beside = own[max(at - 1, 0) : at] + own[at + len(name) :][:1]
        if not any(char.isascii() and char.isalnum() for char in beside):
            return True
        at = own.find(name, at + 1)
    return False
