"""The way to Slack: connections, the client on them, and where requests may lead.

Replies are read as far as Slack's own may be long, and each is a JSON object; files are read as far
as is wanted. A `response_url` comes with a payload and is stored with a job. Who could forge one
would have the bot send answers, and requests out of its network, to any place they like: it leads
to Slack's own host, or to the sandbox's, and nowhere else. Addresses of files are held to the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, ClassVar, Self

import aiohttp
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.errors import OutcomeUnknown, RateLimited, SlackError
from bot.settings import Settings

LARGEST_REPLY = 16 * 1024 * 1024
"""Bytes, unpacked: 15 messages of a thread (`conversations.replies`) with all the blocks that
they may have are a few MiB, and nothing else that is asked for is as long."""


class BoundedReply(aiohttp.ClientResponse):
    """A reply of which no more is read than `LARGEST_REPLY`."""

    async def read(self) -> bytes:
        """The body. Raises `aiohttp.ClientPayloadError` when it is longer."""
        if self._body is None:
            parts: list[bytes] = []
            size = 0
            async for part in self.content.iter_any():
                parts.append(part)
                size += len(part)
                if size > LARGEST_REPLY:
                    self.close()
                    raise aiohttp.ClientPayloadError("the reply is too long")
            self._body = b"".join(parts)
        return await super().read()


def slack_session(*, connections: int = 100) -> aiohttp.ClientSession:
    """For at most so many connections at once; closed by whoever opens it."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),  # tokens say who asks
        response_class=BoundedReply,
    )


class SlackClient(AsyncWebClient):
    """Whatever comes in the place of one, such as a gateway's page, counts as an object without an
    answer in it, and so raises `SlackApiError` with a reply that can be read. Slack's own client
    raises `AttributeError` for some of it, for some hands on a reply of another class, and keeps
    books for retries at each call. Made with a `session`."""

    async def _request(
        self, *, http_verb: str, api_url: str, req_args: dict[str, Any]
    ) -> dict[str, Any]:
        if self.session is None:
            raise TypeError("a client without a session")
        async with self.session.request(http_verb, api_url, **req_args) as reply:
            said = await reply.read()
            called_json = reply.content_type.endswith("json")
            data = _object_in(said) if called_json else {}
            return {"data": data, "headers": reply.headers, "status_code": reply.status}


def _object_in(said: bytes) -> dict[str, Any]:
    """The JSON object that was `said`; an empty one when it is none."""
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def slack_client(
    settings: Settings, session: aiohttp.ClientSession, token: SecretStr | None = None
) -> SlackClient:
    """One that shows `token`. No retry handlers: a post that is sent again after a lost reply would
    show twice."""
    return SlackClient(
        token=token.get_secret_value() if token else None,
        base_url=settings.slack_api_url,
        session=session,
        retry_handlers=[],
    )


_UNSAID_SECONDS = 5.0
_MOST_REST_SECONDS = 300.0


def retry_after(headers: Mapping[str, str], *, unsaid: float = _UNSAID_SECONDS) -> float:
    """For how many seconds Slack lets something rest ("Rate limits"): from 1 to 300, whatever it
    says, and `unsaid` where that is no number."""
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return unsaid
    return unsaid if math.isnan(seconds) else min(max(seconds, 1.0), _MOST_REST_SECONDS)


_SLACK = "slack.com"
_DOMAINS = frozenset({_SLACK, "slack-gov.com"})
"""Slack's own ("GovSlack")."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Names of one and the same sandbox."""


@dataclass(frozen=True, slots=True)
class _OwnUrls:
    """Tells an address of the Slack behind `api_url` (`SLACK_API_URL`) from another."""

    host: ClassVar[str]
    """What stands before the domain."""

    origins: frozenset[tuple[str, str, int]]

    @classmethod
    def of(cls, api_url: str) -> Self:
        """Beside Slack itself its `host` alone; beside the sandbox the sandbox alone; beside
        a gateway to Slack both."""
        api = URL(api_url)
        host = api.raw_host or ""
        domain = _domain(host)
        if domain in _DOMAINS:
            return cls(frozenset({("https", f"{cls.host}.{domain}", 443)}))
        names = {host, *_LOOPBACK} if host in _LOOPBACK else {host}
        origins = {(api.scheme, name, api.port or 0) for name in names}
        if not _is_loopback(host):
            origins.add(("https", f"{cls.host}.{_SLACK}", 443))
        return cls(frozenset(origins))

    def checked(self, address: str) -> URL | None:
        """The address to send to, as the client reads it; None when it leads elsewhere."""
        try:
            url = URL(address)
            origin = (url.scheme, url.raw_host or "", url.port or 0)
        except ValueError:
            return None
        if url.raw_user is not None or url.raw_password is not None:
            return None
        return url if origin in self.origins else None


class ResponseUrls(_OwnUrls):
    """Where answers go ("Handling user interaction")."""

    __slots__ = ()
    host = "hooks"


class FileUrls(_OwnUrls):
    """Where files go ("files.getUploadURLExternal"), and where they lie ("File object")."""

    __slots__ = ()
    host = "files"


def _domain(host: str) -> str:
    """`slack.com` for each host below it."""
    return ".".join(host.split(".")[-2:])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


FILE_URL = "file"
"""How a download is called where calls are counted."""

PAGE, TOO_LARGE, REDIRECTED = "page", "too_large", "redirected"
"""Codes of the `SlackError` where what came is not the file."""

_HTML = frozenset({"text/html", "application/xhtml+xml"})


async def download(
    client: AsyncWebClient, url: URL, *, media_type: str, size: int, most: int
) -> bytes:
    """The file at `url`, which is Slack's: `most` bytes at most. Slack says that it has this type
    and size; a page in its place is the one to sign in at.

    No redirect is followed, and nothing is unpacked. Raises `SlackError`, and what aiohttp raises.
    """
    headers = {"Authorization": f"Bearer {client.token}", "Accept-Encoding": "identity"}
    session = client.session or slack_session()
    try:
        async with session.get(
            url,
            headers=headers,
            allow_redirects=False,
            proxy=client.proxy,
            ssl=True if client.ssl is None else client.ssl,
        ) as reply:
            _check(reply)
            data = await _body(reply, most)
    finally:
        if session is not client.session:
            await session.close()
    if reply.content_type in _HTML and (media_type not in _HTML or len(data) != size):
        raise SlackError(PAGE)
    return data


def _check(reply: aiohttp.ClientResponse) -> None:
    status = reply.status
    if status == 429:
        raise RateLimited(retry_after(reply.headers))
    if 300 <= status < 400:
        raise SlackError(REDIRECTED)
    if status >= 500:
        raise OutcomeUnknown(f"{FILE_URL}: HTTP {status}", status=status)
    if status != 200:
        raise SlackError(f"http_{status}")


async def _body(reply: aiohttp.ClientResponse, most: int) -> bytes:
    """All of it. A body that is longer than may be is not read to its end."""
    if (reply.content_length or 0) > most:
        raise SlackError(TOO_LARGE)
    parts: list[bytes] = []
    size = 0
    async for part in reply.content.iter_any():
        size += len(part)
        if size > most:
            raise SlackError(TOO_LARGE)
        parts.append(part)
    return b"".join(parts)
