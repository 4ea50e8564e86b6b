"""Asks the store whether it can keep jobs: there, new enough, and taking what the bot writes."""

from __future__ import annotations

import asyncio
import re

from pydantic import BaseModel, ConfigDict
from redis import exceptions

from bot.characters import excerpt
from bot.errors import StartupError, StoreUnavailable, Trouble, what_it_says
from bot.ops import words
from bot.settings import Settings
from bot.store.redis.connection import Store, open_store
from bot.store.redis.embedded import START_SECONDS

OLDEST_REDIS = (6, 2)
OLDEST_VALKEY = (7, 2)

PROBE_SECONDS = 10.0
"""How long a server at `REDIS_URL` may take; one that the bot starts has `START_SECONDS`."""

_NUMBER = re.compile(r"\d+")
_ACL = re.compile(r"\bACL failure\b|\bNOPERM\b")
"""How a server words in a script what it calls `NOPERM` elsewhere."""


START_PING_SECONDS = 2.0
"""How long a bot that starts waits for the server to say that it does not let it in."""

_NO_DATABASE = re.compile(r"\bDB index\b|\bSELECT is not allowed\b")
"""How a server words that it has no database of the number in `REDIS_URL`."""

_REASON_CHARS = 100
"""Of what something that is no Redis answers."""

_NEVER = (
    exceptions.AuthenticationError,
    exceptions.NoPermissionError,
    exceptions.InvalidResponse,
)
"""What a server answers to a ping that will answer so again: it is there, and is not to be had."""


class ServerInfo(BaseModel):
    """The fields of `INFO` that say whether a server will do."""

    model_config = ConfigDict(defer_build=True)

    redis_version: str = ""
    valkey_version: str = ""
    role: str = ""
    maxmemory: int = 0
    maxmemory_policy: str = "noeviction"

    @property
    def name(self) -> str:
        """Name and version, where the server tells them."""
        if self.valkey_version:
            return f"Valkey {self.valkey_version}"
        return f"Redis {self.redis_version}" if self.redis_version else words.STORE_UNNAMED

    @property
    def trouble(self) -> Trouble | None:
        """What makes this server unfit, if anything does."""
        if self.valkey_version:
            old = _version(self.valkey_version) < OLDEST_VALKEY
        else:
            old = bool(self.redis_version) and _version(self.redis_version) < OLDEST_REDIS
        if old:
            return Trouble(words.STORE_OLD(self.name), words.REMEDY_STORE_OLD)
        if self.maxmemory and self.maxmemory_policy != "noeviction":
            return Trouble(words.STORE_EVICTS(self.maxmemory_policy), words.REMEDY_STORE_EVICTS)
        return None


async def store_info(settings: Settings, team: str) -> ServerInfo | Trouble:
    """What the store that `settings` name says of itself, or what is wrong with it.

    What the bot does is tried out on a key of `team`: in a Cluster its keys belong to one node.
    """
    embedded = settings.redis_url is None
    seconds = START_SECONDS + PROBE_SECONDS if embedded else PROBE_SECONDS
    try:
        async with asyncio.timeout(seconds), open_store(settings, join=True) as store:
            await store.ping()
            info = await _info(store, store.keys(team).probe)
            if info.trouble is None:
                await store.script("probe")((store.keys(team).probe,), ())
    except StartupError as error:
        return Trouble(str(error))
    except StoreUnavailable as error:
        return _refusal(error)
    except TimeoutError:
        return Trouble(words.STORE_AWAY(words.NO_ANSWER_WITHIN(seconds)), words.REMEDY_STORE_AWAY)
    return info.trouble or info


async def refuse_to_start(store: Store) -> None:
    """Raises `StartupError` where a server at `REDIS_URL` answers, and will never let the bot in,
    or is no Redis. One that is away, or slow, is waited for while the bot runs."""
    try:
        async with asyncio.timeout(START_PING_SECONDS):
            await store.ping()
    except TimeoutError:
        return
    except StoreUnavailable as error:
        if _lasting(error) is not None:
            raise StartupError([_refusal(error).sentence]) from error


def _lasting(error: StoreUnavailable) -> BaseException | None:
    """The cause of `error` that will not pass by itself, if it has one."""
    cause = error.__cause__
    while cause is not None:
        if isinstance(cause, _NEVER) or _NO_DATABASE.search(str(cause)):
            return cause
        cause = cause.__cause__
    return None


async def _info(store: Store, key: str) -> ServerInfo:
    """What `INFO` tells; nothing, when this user may not ask."""
    try:
        return ServerInfo.model_validate(await store.info(key))
    except StoreUnavailable as error:
        if isinstance(error.__cause__, exceptions.NoPermissionError):
            return ServerInfo()
        raise


def _refusal(error: StoreUnavailable) -> Trouble:
    """The store is there and takes no writes, or it is not there."""
    cause = _lasting(error) or error.__cause__
    match cause:
        case exceptions.InvalidResponse():
            reason = excerpt(what_it_says(cause), _REASON_CHARS)
            return Trouble(words.STORE_STRANGE(reason), words.REMEDY_STORE_STRANGE)
        case exceptions.ReadOnlyError():
            return Trouble(words.STORE_READ_ONLY, words.REMEDY_STORE_READ_ONLY)
        case exceptions.OutOfMemoryError():
            return Trouble(words.STORE_FULL, words.REMEDY_STORE_FULL)
        case exceptions.AskError() | exceptions.ClusterError() | exceptions.RedisClusterException():
            return _refusal_of_cluster(cause)
        case exceptions.ConnectionError() | exceptions.ResponseError() if _denies(cause):
            return Trouble(words.STORE_DENIES(what_it_says(cause)), words.REMEDY_STORE_DENIES)
        case exceptions.BusyLoadingError():
            return Trouble(words.STORE_AWAY(what_it_says(cause)), words.REMEDY_STORE_LOADING)
        case exceptions.ResponseError():
            return Trouble(words.STORE_REFUSES(what_it_says(cause)), words.REMEDY_STORE_REFUSES)
    return Trouble(words.STORE_AWAY(what_it_says(error)), words.REMEDY_STORE_AWAY)


def _denies(cause: Exception) -> bool:
    denied = isinstance(cause, exceptions.AuthenticationError | exceptions.NoPermissionError)
    return denied or _ACL.search(str(cause)) is not None


def _refusal_of_cluster(cause: Exception) -> Trouble:
    match cause:
        case exceptions.AskError():  # of which MOVED is a kind
            return Trouble(words.STORE_ELSEWHERE(what_it_says(cause)), words.REMEDY_STORE_ELSEWHERE)
        case exceptions.ClusterDownError() | exceptions.SlotNotCoveredError():
            return Trouble(words.STORE_CLUSTER_DOWN(what_it_says(cause)), words.REMEDY_CLUSTER_DOWN)
    return Trouble(words.STORE_AWAY(what_it_says(cause)), words.REMEDY_STORE_AWAY)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in _NUMBER.findall(text)[:2])
