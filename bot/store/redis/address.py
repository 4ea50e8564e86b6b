"""`REDIS_URL`: what it may say, and what is wrong with one that says something else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from redis.asyncio import Connection
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import parse_url
from redis.driver_info import DriverInfo
from redis.exceptions import RedisError

from bot.words.terminal import startup as startup_words

URL_SCHEMES = (
    "redis://host:6379/0, rediss://… (TLS), unix:///path, redis+sentinel://host,host/name or "
    "redis+cluster://host,host"
)

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

DRIVER = DriverInfo()
"""What a connection says of redis-py. Without it the version is looked up on disk for each."""

_NAME = "REDIS_URL"

Kind = Literal["server", "sentinel", "cluster"]

REDIS_PORT = 6379
SENTINEL_PORT = 26379

_SENTINELS = frozenset({"sentinel_username", "sentinel_password"})
"""Options of ours: how the bot proves to the Sentinels who it is, where they ask."""

_OF_CLUSTERS = frozenset(inspect.signature(RedisCluster.__init__).parameters)

_UNKNOWN_OPTION = re.compile(r"unexpected keyword argument '(\w+)'")


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says. `options` are those of a connection, without host and port where there
    are several `hosts`; `service` is what the Sentinels call the server."""

    kind: Kind
    options: dict[str, Any]
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    sentinel_options: dict[str, str] | None = None

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted."""
        return "connection_class" in self.options and "path" not in self.options


class _WrongPart(ValueError):
    """Something in an address: the sentence that says what."""


def parse_address(url: str) -> Address:
    """What `url` says. Raises `ValueError` when it is no address."""
    parts = urlsplit(url)
    scheme, _, kind = parts.scheme.partition("+")
    given = parse_qsl(parts.query, keep_blank_values=True)
    path = unquote(parts.path).strip("/")
    if not kind:
        if parts.scheme in ("redis", "rediss"):
            _port(parts)
            _check_database(path or "0")
        _check_options(given)
        return Address("server", dict(parse_url(url)))
    if kind not in ("sentinel", "cluster") or scheme not in ("redis", "rediss"):
        raise ValueError(f"no scheme: {parts.scheme}")
    who, at, places = parts.netloc.rpartition("@")
    hosts = tuple(_host(place, kind) for place in places.split(","))
    others = [(name, value) for name, value in given if name not in _SENTINELS]
    _check_options(given if kind == "cluster" else others, kind)
    options: dict[str, Any] = dict(parse_url(f"{scheme}://{who}{at}host/?{urlencode(others)}"))
    del options["host"]
    if kind == "cluster":
        if path not in ("", "0") or options.get("db"):
            raise _WrongPart(startup_words.NO_DATABASES(_NAME))
        return Address("cluster", options, hosts)
    if not path:
        raise _WrongPart(startup_words.NO_SENTINEL_NAME(_NAME))
    if "/" in path:
        raise _WrongPart(startup_words.MORE_THAN_A_SENTINEL_NAME(_NAME))
    ours = {name.removeprefix("sentinel_"): value for name, value in given if name in _SENTINELS}
    return Address("sentinel", options, hosts, path, ours)


def address_fault(url: str) -> str:
    """What keeps the client from using `url`, as a sentence without its password, or `""`.

    redis-py takes any option in an address, and fails with a `TypeError` when it connects.
    """
    try:
        address = parse_address(url)
        _try_options(address, [name for name, _ in parse_qsl(urlsplit(url).query)])
    except _WrongPart as wrong:
        return str(wrong)
    except ValueError:
        return startup_words.WRONG_URL(name=_NAME, schemes=URL_SCHEMES)
    return ""


def _host(place: str, kind: str) -> tuple[str, int]:
    """One of several hosts; IPv6 in brackets. Raises `ValueError`."""
    parts = urlsplit(f"//{place}")
    if not parts.hostname or parts.path or "@" in place:
        raise ValueError(f"no host: {place}")
    return parts.hostname, _port(parts) or (SENTINEL_PORT if kind == "sentinel" else REDIS_PORT)


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise _WrongPart(startup_words.WRONG_URL_PORT(_NAME))
    return port


def _check_database(number: str) -> None:
    """redis-py takes what is no number for the first one."""
    if not (number.isascii() and number.isdecimal()):
        raise _WrongPart(startup_words.WRONG_URL_DATABASE(_NAME))


def _check_options(given: Sequence[tuple[str, str]], kind: str = "") -> None:
    for name, value in given:
        if name in OURS or (kind == "cluster" and name not in _OF_CLUSTERS):
            raise _WrongPart(startup_words.WRONG_URL_OPTION(name=_NAME, option=name))
        if name == "db" and value:
            _check_database(value)
        try:
            parse_url(f"redis://host/?{urlencode([(name, value)])}")
        except ValueError:
            raise _WrongPart(startup_words.WRONG_URL_VALUE(name=_NAME, option=name)) from None


def _try_options(address: Address, given: Sequence[str]) -> None:
    options = dict(address.options)
    kind = options.pop("connection_class", Connection)
    try:
        kind(**{"driver_info": DRIVER} | options)
    except TypeError as error:
        unknown = _UNKNOWN_OPTION.search(str(error))
        option = unknown[1] if unknown else ", ".join(given)
        raise _WrongPart(startup_words.WRONG_URL_OPTION(name=_NAME, option=option)) from None
    except (RedisError, AttributeError, ValueError, OSError):
        raise _WrongPart(
            startup_words.WRONG_URL_VALUE(name=_NAME, option=", ".join(given))
        ) from None
