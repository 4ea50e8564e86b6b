"""Asks the store whether it can keep jobs: there, new enough, and not throwing keys away."""

from __future__ import annotations

import asyncio
import re

from pydantic import BaseModel

from bot.errors import StartupError, StoreUnavailable
from bot.ops import words
from bot.ops.trouble import Trouble
from bot.settings import Settings
from bot.store.connection import Store, open_store, redis_errors
from bot.store.embedded import START_SECONDS

OLDEST_REDIS = (6, 2)
OLDEST_VALKEY = (7, 2)

PROBE_SECONDS = 10.0
"""How long a server at `REDIS_URL` may take; one that the bot starts has `START_SECONDS`."""


class ServerInfo(BaseModel):
    """The fields of `INFO` that say whether a server will do."""

    redis_version: str = ""
    valkey_version: str = ""
    maxmemory: int = 0
    maxmemory_policy: str = "noeviction"

    @property
    def name(self) -> str:
        """Name and version."""
        return (
            f"Valkey {self.valkey_version}"
            if self.valkey_version
            else f"Redis {self.redis_version}"
        )

    @property
    def trouble(self) -> Trouble | None:
        """What makes this server unfit, if anything does."""
        if self.valkey_version:
            old = _version(self.valkey_version) < OLDEST_VALKEY
        else:
            old = _version(self.redis_version) < OLDEST_REDIS
        if old:
            return Trouble(words.store_old(self.name), words.REMEDY_STORE_OLD)
        if self.maxmemory and self.maxmemory_policy != "noeviction":
            return Trouble(words.store_evicts(self.maxmemory_policy), words.REMEDY_STORE_EVICTS)
        return None


async def store_info(settings: Settings) -> ServerInfo | Trouble:
    """What the store that `settings` name says of itself, or what is wrong with it."""
    embedded = settings.redis_url is None
    seconds = START_SECONDS + PROBE_SECONDS if embedded else PROBE_SECONDS
    try:
        async with asyncio.timeout(seconds), open_store(settings, join=True) as store:
            info = await _info(store)
    except StartupError as error:
        return Trouble(str(error))
    except StoreUnavailable as error:
        return Trouble(words.store_away(str(error)), words.REMEDY_STORE_AWAY)
    except TimeoutError:
        return Trouble(words.store_away(words.no_answer_within(seconds)), words.REMEDY_STORE_AWAY)
    return info.trouble or info


async def _info(store: Store) -> ServerInfo:
    await store.ping()
    with redis_errors():
        return ServerInfo.model_validate(await store.redis.info())


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])
