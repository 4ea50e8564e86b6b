"""The Grok key that a workspace's admins have set for its questions: kept encrypted.

It lies among the workspace's own keys, so it goes when the workspace removes the app.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from pydantic import SecretStr

from bot.rules.quota import WORKSPACE
from bot.store.policies import MOST_AUDITED
from bot.store.redis.connection import Store, redis_errors, together
from bot.store.redis.pool import reading
from bot.store.seal import Seal, SealBroken

log = structlog.get_logger(__name__)

AUDITED = "grok_key"
"""Its field in the audit, which says `own`, and `another` where one took the place of one."""

_SEALED, _VERSION = "sealed", "version"
_AT_ONCE = 200
"""Workspaces in one round trip."""

KeySaved = Literal["new", "changed", "same"]


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key, and the version of what is stored of it. An empty one could not be decrypted: Grok
    refuses that, and nothing is asked at somebody else's expense."""

    secret: SecretStr
    version: str


class GrokKeys:
    """The keys of all workspaces. Every method raises `StoreUnavailable`."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self._redis = store.redis
        self._keys = store.keys
        self._seal = seal

    async def find(self, team: str) -> OwnKey | None:
        """The key of `team`; None where it has none of its own."""
        with redis_errors():
            found = await self._redis.hmget(self._keys(team).grok_key, [_SEALED, _VERSION])
            with reading("the key of a workspace"):
                sealed, version = found
        if not sealed or not version:
            return None
        try:
            return OwnKey(SecretStr(self._seal.open(str(sealed))), str(version))
        except SealBroken:
            log.warning("Grok key of a workspace cannot be read", team=team)
            return OwnKey(SecretStr(""), str(version))

    async def versions(self, teams: Sequence[str]) -> dict[str, str]:
        """The version of the key of each of `teams` that has one."""
        found: dict[str, str] = {}
        for start in range(0, len(teams), _AT_ONCE):
            some = teams[start : start + _AT_ONCE]
            asking = [("HGET", self._keys(team).grok_key, _VERSION) for team in some]
            versions = await together(self._redis, asking)
            found |= {
                team: str(version) for team, version in zip(some, versions, strict=True) if version
            }
        return found

    async def save(self, team: str, secret: SecretStr, *, by: str) -> KeySaved:
        """Keep `secret`, and write to the audit that `by` set it, unless it is the one there is."""
        before = await self.find(team)
        if before is not None and before.secret == secret:
            return "same"
        sealed = self._seal.close(secret.get_secret_value())
        kept = {_SEALED: sealed, _VERSION: uuid.uuid4().hex}
        await self._write(team, kept, by, before="own" if before else "")
        return "changed" if before else "new"

    async def remove(self, team: str, *, by: str) -> bool:
        """Forget the key of `team`; whether there was one."""
        if await self.find(team) is None:
            return False
        await self._write(team, {}, by, before="own")
        return True

    async def _write(self, team: str, kept: dict[Any, Any], by: str, *, before: str) -> None:
        """The key and what the audit says of it, or neither."""
        keys = self._keys(team)
        audited: dict[Any, Any] = {"by": by, "scope": str(WORKSPACE)}
        if before:
            audited[f"before:{AUDITED}"] = json.dumps(before)
        if kept:
            audited[f"after:{AUDITED}"] = json.dumps("another" if before else "own")
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as both:
                both.delete(keys.grok_key)
                if kept:
                    both.hset(keys.grok_key, mapping=kept)
                both.xadd(keys.audit, audited, maxlen=MOST_AUDITED, approximate=True)
                await both.execute()
