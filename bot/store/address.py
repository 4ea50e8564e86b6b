"""`REDIS_URL`: what it may say, and what is wrong with one that says something else."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from redis.asyncio import Connection
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from bot.words import startup as startup_words

URL_SCHEMES = "redis://, rediss:// or unix://"

OURS = frozenset(
    {
        "decode_responses",
        "health_check_interval",
        "max_connections",
        "protocol",
        "retry",
        "retry_on_error",
        "retry_on_timeout",
        "socket_connect_timeout",
        "socket_timeout",
        "timeout",
    }
)
"""Options of redis-py that the bot sets itself: its deadlines and its promises rest on them."""

_UNKNOWN_OPTION = re.compile(r"unexpected keyword argument '(\w+)'")


def address_fault(url: str) -> str:
    """What keeps the client from using `url`, as a sentence without its password, or `""`.

    redis-py takes any option in an address, and fails with a `TypeError` when it connects.
    """
    try:
        options: dict[str, Any] = dict(parse_url(url))
        given = [name for name, _ in parse_qsl(urlsplit(url).query)]
    except ValueError:
        return startup_words.wrong_url("REDIS_URL", URL_SCHEMES)
    for name in given:
        if name in OURS:
            return startup_words.wrong_url_option("REDIS_URL", name)
    return _option_fault(options, given)


def _option_fault(options: dict[str, Any], given: list[str]) -> str:
    kind = options.pop("connection_class", Connection)
    try:
        kind(**options)
    except TypeError as error:
        unknown = _UNKNOWN_OPTION.search(str(error))
        return startup_words.wrong_url_option(
            "REDIS_URL", unknown[1] if unknown else ", ".join(given)
        )
    except (RedisError, ValueError, OSError):
        return startup_words.wrong_url_option("REDIS_URL", ", ".join(given))
    return ""
