"""What `REDIS_URL` may say."""

from __future__ import annotations

import inspect

import pytest
from redis.asyncio import BlockingConnectionPool, SSLConnection
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import AbstractConnection

from bot.store.redis.address import OURS, URL_SCHEMES, address_fault, parse_address
from bot.store.redis.connection import Store
from bot.words.terminal import startup as words


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "redis://user:pa%40ss@host",
        "rediss://host:6380/2",
        "rediss://host?ssl_cert_reqs=none",
        "rediss://host?ssl_check_hostname=false",
        "unix:///run/valkey.sock?db=1",
        "redis://host?client_name=grok",
        "redis+sentinel://one,two:26380/grok",
        "redis+sentinel://user:pa%40ss@[::1]:26379/grok?db=2&sentinel_password=sesame",
        "rediss+sentinel://one/grok?ssl_check_hostname=false",
        "redis+cluster://one,two:7001,[::1]:7002",
        "rediss+cluster://:pa%2Css@one/0?ssl_cert_reqs=none",
    ],
)
def test_an_address_that_fits(url: str) -> None:
    assert address_fault(url) == ""
    Store(url)


SCHEMES = ["redis", "rediss", "unix", "redis+sentinel", "redis+cluster"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "option", ["ssl=true", "tls=true", "foo=bar", *(f"{name}=1" for name in sorted(OURS))]
)
def test_an_option_that_the_client_cannot_use_is_named(scheme: str, option: str) -> None:
    fault = address_fault(f"{scheme}://:sesame@host/0?{option}")

    assert fault.startswith("REDIS_URL ")
    assert option.partition("=")[0] in fault
    assert "sesame" not in fault


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("scheme", [*SCHEMES, "rediss+sentinel", "rediss+cluster"])
async def test_whatever_redis_py_takes_is_an_address_that_opens_or_is_named(scheme: str) -> None:
    kinds = (SSLConnection, AbstractConnection, RedisCluster, BlockingConnectionPool)
    names = {name for kind in kinds for name in inspect.signature(kind.__init__).parameters}
    for name in sorted(names):
        for value in ("1", "x", "yes", ""):
            url = f"{scheme}://host/{'grok' if 'sentinel' in scheme else ''}?{name}={value}"
            if fault := address_fault(url):
                assert fault.startswith("REDIS_URL ")
            else:
                Store(url)


def test_an_option_of_tls_without_tls_is_named() -> None:
    assert "ssl_cert_reqs" in address_fault("redis://host?ssl_cert_reqs=none")
    assert "ssl_cert_reqs" in address_fault("rediss://host?ssl_cert_reqs=perhaps")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "host",
            "http://host",
            "redis://host:port",
            "redis://host?db=x",
            "redis://host:99999",
        ),
        *("redis+x://one", "+cluster://one", "http+cluster://one", "unix+cluster:///path"),
        *("redis+cluster://", "redis+cluster://one,,two", "redis+cluster://one:port"),
        *("redis+cluster://one/1", "redis+cluster://one?db=1"),
        "redis+cluster://one?sentinel_password=x",
        *("redis+sentinel://one", "redis+sentinel://one/", "redis+sentinel://one/a/b"),
        *("redis+sentinel:///grok", "redis+sentinel://one/grok?db=x"),
        "redis+sentinel://one:0x/grok",
    ],
)
def test_what_is_no_address(url: str) -> None:
    assert address_fault(url).startswith("REDIS_URL ")


PORT = words.WRONG_URL_PORT("REDIS_URL")
DATABASE = words.WRONG_URL_DATABASE("REDIS_URL")
NO_DATABASES = words.NO_DATABASES("REDIS_URL")
NO_NAME = words.NO_SENTINEL_NAME("REDIS_URL")
MORE = words.MORE_THAN_A_SENTINEL_NAME("REDIS_URL")


def option(name: str) -> str:
    return words.WRONG_URL_OPTION(name="REDIS_URL", option=name)


def value(name: str) -> str:
    return words.WRONG_URL_VALUE(name="REDIS_URL", option=name)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://host:99999", PORT),
        ("redis://host:0/1", PORT),
        ("rediss://user:pa/ss@host", PORT),
        ("redis+cluster://one:port", PORT),
        ("redis+sentinel://one,two:65536/grok", PORT),
        ("redis://host/abc", DATABASE),
        ("redis://host/0/1", DATABASE),
        ("redis://host/-1", DATABASE),
        ("redis://host/abc?db=2", DATABASE),
        ("redis://host?db=x", DATABASE),
        ("unix:///run/valkey.sock?db=x", DATABASE),
        ("redis+sentinel://one/grok?db=x", DATABASE),
        ("redis+cluster://one/1", NO_DATABASES),
        ("redis+cluster://one?db=1", NO_DATABASES),
        ("redis+sentinel://one", NO_NAME),
        *(("redis+sentinel://one/a/b", MORE), ("redis+sentinel://one/a/2", MORE)),
        ("redis://host?socket_timeout=abc", option("socket_timeout")),
        ("redis+cluster://one?sentinel_password=x", option("sentinel_password")),
        ("redis://host?socket_read_size=abc", value("socket_read_size")),
        ("rediss://host?ssl_cert_reqs=perhaps", value("ssl_cert_reqs")),
        ("http://host:99999", words.WRONG_URL(name="REDIS_URL", schemes=URL_SCHEMES)),
    ],
)
def test_what_is_wrong_with_an_address_is_told_as_that(url: str, told: str) -> None:
    assert address_fault(url) == told


def test_what_an_address_of_several_says() -> None:
    address = parse_address(
        "rediss+sentinel://grok:pa%40s@one,[::1]:7/main?db=2&sentinel_password=p&ssl_ca_certs=/ca"
    )
    assert (address.kind, address.service, address.tls) == ("sentinel", "main", True)
    assert address.hosts == (("one", 26379), ("::1", 7))
    assert address.sentinel_options == {"password": "p"}
    assert {name: address.options[name] for name in ("username", "password", "db")} == {
        "username": "grok",
        "password": "pa@s",
        "db": 2,
    }
    assert address.options["ssl_ca_certs"] == "/ca"

    address = parse_address("redis+cluster://one,two:7")
    assert address.hosts == (("one", 6379), ("two", 7))
    assert not address.tls
