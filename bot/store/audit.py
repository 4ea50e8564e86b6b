"""Who changed what, newest first. `Policies` writes it with each change; here it is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import JsonValue

from bot.rules.policy import Fields
from bot.rules.quota import Scope
from bot.store.connection import Store, redis_errors
from bot.store.keys import Keys

log = structlog.get_logger(__name__)

_BEFORE, _AFTER = "before:", "after:"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: `before` and `after` hold the fields that changed, as far as they were set."""

    at: float
    """Unix time in seconds, by the clock of Redis."""
    by: str
    """Slack id of whoever made it."""
    scope: Scope
    before: Fields
    after: Fields


class Audit:
    """The list of changes of one workspace."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._keys = keys

    async def newest(self, count: int) -> tuple[AuditEntry, ...]:
        """The newest `count` changes, newest first. Raises `StoreUnavailable`."""
        with redis_errors():
            entries: Any = await self._redis.xrevrange(self._keys.audit, count=count)
        return tuple(_readable(entries))


def changed_fields(stored: Mapping[str, str]) -> tuple[Fields, Fields]:
    """The fields that changed, before and after, of a change as it is stored."""
    return _fields(stored, _BEFORE), _fields(stored, _AFTER)


def _fields(stored: Mapping[str, str], prefix: str) -> dict[str, JsonValue]:
    return {
        name.removeprefix(prefix): _value(text)
        for name, text in stored.items()
        if name.startswith(prefix)
    }


def _value(text: str) -> JsonValue:
    """What is not JSON, since another version has written it, is shown as it stands."""
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value


def _readable(entries: Iterable[tuple[str, Mapping[str, str]]]) -> Iterator[AuditEntry]:
    """A change that this version cannot read is no reason not to show the others."""
    for entry_id, stored in entries:
        try:
            yield _entry(entry_id, stored)
        except (KeyError, ValueError):
            log.warning("change cannot be read", entry=entry_id)


def _entry(entry_id: str, stored: Mapping[str, str]) -> AuditEntry:
    milliseconds, _, _ = entry_id.partition("-")
    before, after = changed_fields(stored)
    return AuditEntry(
        at=int(milliseconds) / 1000,
        by=stored["by"],
        scope=Scope.parse(stored["scope"]),
        before=before,
        after=after,
    )
