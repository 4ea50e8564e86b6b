"""The connections to the Grok API."""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import aiohttp
import httpx

from bot.grok.http.sips import SippingTransport
from bot.settings import Settings

_CONNECT_SECONDS = 10.0
_KEEPALIVE_SECONDS = 15.0

_HEADER_BYTES = 64 * 1024
"""Of one header: gateways send policies and cookies far above aiohttp's 8 KiB."""
_MOST_HEADERS = 1_000


def open_http(settings: Settings) -> httpx.AsyncClient:
    """A client for `settings`, to be closed at the end.

    httpx runs on aiohttp because its own transport loses connections when a stream is cancelled.
    There are as many connections as answers: the worker bounds those.
    """
    session = _session(safe=urlsplit(settings.xai_base_url).scheme == "https")
    # Its own context goes unused, as the session has one: let it not read all certificates again.
    unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.AsyncClient(
        transport=SippingTransport(verify=unused, client=session),
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS, pool=_CONNECT_SECONDS),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        trust_env=False,
    )


def _session(*, safe: bool) -> aiohttp.ClientSession:
    """Connections that bear with long headers.

    Certificates are httpx's own, which are there on every system, and take 20 ms to read. Where the
    API is asked without TLS they are aiohttp's, which are read already: a redirect may need them.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            ssl=httpx.create_ssl_context() if safe else True,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=_HEADER_BYTES,
        max_field_size=_HEADER_BYTES,
        max_headers=_MOST_HEADERS,
    )
