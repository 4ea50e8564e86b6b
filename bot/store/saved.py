"""What people keep for themselves and for others: their own defaults, and prompts under names.

Each owner (a person, a channel, the workspace) has one hash, which lasts until they take back what
is in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog
from pydantic import JsonValue, ValidationError

from bot.rules.policy import Rules
from bot.rules.quota import Scope
from bot.store.keys import Keys
from bot.store.redis.connection import Store, redis_errors

log = structlog.get_logger(__name__)

MOST_VALUES = 100
"""Defaults and prompts of one owner."""

_DEFAULT, _PROMPT = "default ", "prompt "


class Saved:
    """What is saved in one workspace. Every method raises `StoreUnavailable`."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._save = store.script("save")
        self._keys = keys

    async def defaults(self, user: str) -> Mapping[str, JsonValue]:
        """Somebody's own defaults, by the name of the option; what this version cannot read is
        not set."""
        found: dict[str, JsonValue] = {}
        with redis_errors():
            stored: Any = await self._redis.hgetall(self._keys.saved(str(Scope("user", user))))
        for name, text in _of_kind(stored, _DEFAULT).items():
            try:
                value: JsonValue = json.loads(text)
                found |= Rules(defaults={name: value}).defaults
            except (ValueError, ValidationError, RecursionError):
                log.warning("default cannot be read", name=name)
        return found

    async def set_defaults(self, user: str, values: Mapping[str, JsonValue]) -> bool:
        """Change some of them (None: taken back); False: they are too many."""
        changed = {
            f"{_DEFAULT}{name}": "" if value is None else json.dumps(value)
            for name, value in values.items()
        }
        return await self._change(Scope("user", user), changed)

    async def prompts(self, *owners: Scope) -> tuple[Mapping[str, str], ...]:
        """The prompts of each of these people, channels or the workspace, by name. One round
        trip."""
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for owner in owners:
                    pipe.hgetall(self._keys.saved(str(owner)))
                found: list[Any] = await pipe.execute()
        return tuple(_of_kind(each, _PROMPT) for each in found)

    async def set_prompt(self, owner: Scope, name: str, text: str) -> bool:
        """Save a prompt, in place of one of that name; empty: it is taken back. False: they are
        too many."""
        return await self._change(owner, {f"{_PROMPT}{name}": text})

    async def _change(self, owner: Scope, changed: Mapping[str, str]) -> bool:
        pairs = [each for pair in changed.items() for each in pair]
        return bool(await self._save([self._keys.saved(str(owner))], [MOST_VALUES, *pairs]))


def _of_kind(stored: Mapping[str, str], kind: str) -> dict[str, str]:
    return {
        str(name).removeprefix(kind): str(text)
        for name, text in sorted(stored.items())
        if str(name).startswith(kind)
    }
