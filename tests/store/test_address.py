"""What `REDIS_URL` may say."""

from __future__ import annotations

import pytest

from bot.store.address import OURS, address_fault
from bot.store.connection import Store


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
    ],
)
def test_an_address_that_fits(url: str) -> None:
    assert address_fault(url) == ""
    Store(url)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "unix"])
@pytest.mark.parametrize(
    "option", ["ssl=true", "tls=true", "foo=bar", *(f"{name}=1" for name in sorted(OURS))]
)
def test_an_option_that_the_client_cannot_use_is_named(scheme: str, option: str) -> None:
    fault = address_fault(f"{scheme}://:sesame@host/0?{option}")

    assert fault.startswith("REDIS_URL ")
    assert option.partition("=")[0] in fault
    assert "sesame" not in fault


def test_an_option_of_tls_without_tls_is_named() -> None:
    assert "ssl_cert_reqs" in address_fault("redis://host?ssl_cert_reqs=none")
    assert "ssl_cert_reqs" in address_fault("rediss://host?ssl_cert_reqs=perhaps")


@pytest.mark.parametrize(
    "url",
    ["", "host", "http://host", "redis://host:port", "redis://host?db=x", "redis://host:99999"],
)
def test_what_is_no_address(url: str) -> None:
    assert address_fault(url).startswith("REDIS_URL ")
