"""What lies in a Redis that should not: keys nobody knows, and keys that will never end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from redis import Redis

from bot.store.keys import named
from bot.store.lifetimes import lifetime_of
from bot.store.redis.address import DRIVER


def leftovers(url: str) -> list[str]:
    """A sentence for each key of the Redis at `url` that `LIFETIMES` does not allow."""
    with Redis.from_url(url, decode_responses=True, driver_info=DRIVER) as redis:
        return faults_of_keys(redis, redis.scan_iter())


def faults_of_keys(redis: Any, keys: Iterable[Any]) -> list[str]:
    """The same of `keys` of what answers as a Redis does."""
    return [fault for key in sorted(keys) for fault in _faults(redis, str(key))]


def _faults(redis: Any, key: str) -> Iterator[str]:
    known, seconds = lifetime_of(key), redis.ttl(key)
    if known is None:
        yield f"{key}: not in bot/store/lifetimes.py"
    elif known.jobs:
        lost = [job for job in _members(redis, key) if not _under_way(redis, key, job)]
        if lost:
            yield f"{key} lists jobs that are not under way: {lost}"
    elif known.seconds is None:
        if seconds != -1:
            yield f"{key} ends in {seconds} s, and is said to stay"
    elif seconds == -1:
        if known.names != "job:*" or not _is_unfinished(redis, key):
            yield f"{key} has no end, and is said to end after {known.seconds} s"
    elif seconds > known.seconds:
        yield f"{key} ends in {seconds} s, and is said to end after {known.seconds} s"


def _members(redis: Any, key: str) -> list[str]:
    found = redis.zrange(key, 0, -1) if redis.type(key) == "zset" else redis.smembers(key)
    return sorted(found)


def _under_way(redis: Any, key: str, job: str) -> bool:
    whose = named(key)
    assert whose is not None
    return _is_unfinished(redis, whose[0].job(job))


def _is_unfinished(redis: Any, key: str) -> bool:
    return redis.hget(key, "state") not in (None, "done")
