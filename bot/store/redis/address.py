"""`REDIS_URL`: what it may say, and what is wrong with one that says something else."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from redis.asyncio import Connection
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import parse_url
from redis.driver_info import DriverInfo
from redis.exceptions import RedisError

from bot.words.terminal import startup as startup_words

URL_SCHEMES = (
    "redis://, rediss:// or unix://; redis+sentinel://host,host/name; redis+cluster://host,host"
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


def parse_address(url: str) -> Address:
    """What `url` says. Raises `ValueError` when it is no address."""
    parts = urlsplit(url)
    scheme, _, kind = parts.scheme.partition("+")
    if not kind:
        return Address("server", dict(parse_url(url)))
    if kind not in ("sentinel", "cluster") or scheme not in ("redis", "rediss"):
        raise ValueError(f"no scheme: {parts.scheme}")
    who, at, places = parts.netloc.rpartition("@")
    hosts = tuple(_host(place, kind) for place in places.split(","))
    given = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([(name, value) for name, value in given if name not in _SENTINELS])
    options: dict[str, Any] = dict(parse_url(f"{scheme}://{who}{at}host/?{query}"))
    del options["host"]
    path = unquote(parts.path).strip("/")
    if kind == "cluster":
        if path not in ("", "0") or options.get("db") or len(given) != len(_without(given)):
            raise ValueError("a Cluster has no other database, and no Sentinels")
        return Address("cluster", options, hosts)
    if not path or "/" in path:
        raise ValueError("no name of what the Sentinels watch")
    ours = {name.removeprefix("sentinel_"): value for name, value in given if name in _SENTINELS}
    return Address("sentinel", options, hosts, path, ours)


def address_fault(url: str) -> str:
    """What keeps the client from using `url`, as a sentence without its password, or `""`.

    redis-py takes any option in an address, and fails with a `TypeError` when it connects.
    """
    try:
        address = parse_address(url)
        given = [name for name, _ in _without(parse_qsl(urlsplit(url).query))]
    except ValueError:
        return startup_words.WRONG_URL(name="REDIS_URL", schemes=URL_SCHEMES)
    for name in given:
        if name in OURS or (address.kind == "cluster" and name not in _OF_CLUSTERS):
            return startup_words.WRONG_URL_OPTION(name="REDIS_URL", option=name)
    return _option_fault(dict(address.options), given)


def _without(given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in given if name not in _SENTINELS]


def _host(place: str, kind: str) -> tuple[str, int]:
    """One of several hosts; IPv6 in brackets. Raises `ValueError`."""
    parts = urlsplit(f"//{place}")
    if not parts.hostname or parts.path or "@" in place:
        raise ValueError(f"no host: {place}")
    return parts.hostname, parts.port or (SENTINEL_PORT if kind == "sentinel" else REDIS_PORT)


def _option_fault(options: dict[str, Any], given: list[str]) -> str:
    kind = options.pop("connection_class", Connection)
    try:
        kind(**{"driver_info": DRIVER} | options)
    except TypeError as error:
        unknown = _UNKNOWN_OPTION.search(str(error))
        return startup_words.WRONG_URL_OPTION(
            name="REDIS_URL", option=unknown[1] if unknown else ", ".join(given)
        )
    except (RedisError, AttributeError, ValueError, OSError):
        return startup_words.WRONG_URL_OPTION(name="REDIS_URL", option=", ".join(given))
    return ""
