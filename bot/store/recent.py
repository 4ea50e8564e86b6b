"""The newest questions of each person. `Queue` writes them as jobs end; here they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.store.keys import Keys
from bot.store.redis.connection import Store, redis_errors

log = structlog.get_logger(__name__)

MOST_RECENT = 10
"""How many questions of a person are remembered."""


class Recent(BaseModel):
    """One question that was answered."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    job_id: str
    channel: str
    ts: str
    """The first message of the answer; empty when nothing of it can be linked to."""
    prompt: str
    """An excerpt, safe to show."""
    at: float
    """Unix time in seconds at which it was asked."""
    private: bool


class Recents:
    """The newest questions of the people of one workspace."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._keys = keys

    async def read(self, user: str) -> tuple[Recent, ...]:
        """Those of `user`, newest first, `MOST_RECENT` at most. Raises `StoreUnavailable`."""
        with redis_errors():
            entries: Any = await self._redis.lrange(self._keys.recent(user), 0, -1)
        return tuple(_readable(entries))


def _readable(entries: Iterable[str]) -> Iterator[Recent]:
    """A question that this version cannot read is no reason not to show the others."""
    for entry in entries:
        try:
            yield Recent.model_validate_json(entry)
        except ValidationError:
            log.warning("recent question cannot be read")
