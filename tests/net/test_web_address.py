from __future__ import annotations

import pytest

from bot.net.web_address import web_address_fits


@pytest.mark.parametrize(
    "address",
    [
        "https://api.x.ai/v1",
        "http://127.0.0.1:8080",
        "http://[::1]:8080/v1",
        "http://localhost",
        "https://user:word@grok.example.com./v1/",
        "https://grok_1.bücher.example",
    ],
)
def test_addresses_on_the_web(address: str) -> None:
    assert web_address_fits(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "api.x.ai/v1",
        "127.0.0.1:8080",
        "ftp://api.x.ai",
        "http://",
        "https:///v1",
        "http:/x",
        "http://@/",
        "http://h:0",
        "http://h:99999",
        "http://h:port",
        "http://[::1",
        "http://exa mple.com",
        "http://a..b",
        "https://<host>/v1",
        "https://$HOST/v1",
        "https://{host}",
        "h\x00ttp://h",
    ],
)
def test_what_is_none(address: str) -> None:
    assert not web_address_fits(address)
