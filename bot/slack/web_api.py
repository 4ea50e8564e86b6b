"""Calls of Slack's Web API: one try, one deadline, and errors of our own.

Replies are read as far as Slack's own may be long, and each is a JSON object. A `response_url`
comes with a payload and is stored with a job. Who could forge one would have the bot send answers,
and requests out of its network, to any place they like: it leads to Slack's own host, or to the
sandbox's, and nowhere else. Addresses of files are held to the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, ClassVar, Self

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot import metrics, tracing
from bot.errors import OutcomeUnknown, PostingDenied, RateLimited, SlackError
from bot.patience import patience
from bot.settings import Settings
from bot.slack.download import FILE_URL, download
from bot.slack.refusals import NO_REPLY, no_place, no_reply, refusal, refused
from bot.store.allowances import Rests
from bot.tracing import passing

LARGEST_REPLY = 16 * 1024 * 1024
"""Bytes, unpacked: 15 messages of a thread (`conversations.replies`) with all the blocks that
they may have are a few MiB, and nothing else that is asked for is as long."""

DEADLINE_SECONDS = 15.0
"""A Slack that takes 10 s for an answer is slow, and not away."""

_TS = re.compile(r"[0-9]{1,16}\.[0-9]{1,16}", re.ASCII)

_Reply = tuple[int, str, Mapping[str, str]]
"""Status, text and headers."""

_SLACK = "slack.com"
_DOMAINS = frozenset({_SLACK, "slack-gov.com"})
"""Slack's own ("GovSlack")."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Names of one and the same sandbox."""


class WebApi:
    """Slack's Web API behind one client.

    Every call takes at most `deadline` seconds and raises `SlackError`: `RateLimited`,
    `MessageGone`, `TooLong`, `PostingDenied`, `OutcomeUnknown` when no reply came back, or the
    class itself. Nothing is retried.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        rests: Rests | None = None,
        *,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        """`client` has a session of its own and no retry handlers: what is retried, and with
        which text, is decided by whoever calls.

        Of the methods that read, none is called while it has one of the `rests`. Those that write
        are paced by whoever calls them, and a view must open before anything else.
        """
        self._client = client
        self._rests = rests
        self.deadline = deadline
        """How many seconds a call takes at most."""
        self._response_urls = ResponseUrls.of(client.base_url)
        self._file_urls = FileUrls.of(client.base_url)

    async def resting(self, method: str) -> float:
        """For how many seconds `method` will not be called, as far as is known; 0: it may be."""
        return await self._rests.left(method) if self._rests else 0.0

    async def call(
        self, method: str, body: Mapping[str, Any], *, read: bool = False
    ) -> Mapping[str, Any]:
        """The reply to one call; `read` for methods that take no JSON, which raise `RateLimited`
        without a call while the method rests."""
        with tracing.span(f"slack {method}"):
            if not read:
                return await self._called(method, body, read=False)
            if left := await self.resting(method):
                raise RateLimited(left)
            try:
                return await self._called(method, body, read=True)
            except RateLimited as error:
                if self._rests:
                    await self._rests.begin(method, error.retry_after)
                raise

    async def _called(
        self, method: str, body: Mapping[str, Any], *, read: bool
    ) -> Mapping[str, Any]:
        passing("before", method)
        try:
            async with patience(self.deadline):
                if read:
                    reply = await self._client.api_call(method, http_verb="GET", params=dict(body))
                else:
                    reply = await self._client.api_call(method, json=dict(body))
        except SlackApiError as error:
            raise _counted(method, refused(method, error)) from None
        except NO_REPLY as error:
            raise _counted(method, no_reply(method, error)) from None
        passing("after", method)
        metrics.SLACK_API.labels(method, "none").inc()
        return mapping(reply.data)

    async def respond(self, response_url: str, body: Mapping[str, Any]) -> None:
        """Send `body` through the `response_url` of a payload, if it is one of Slack's.

        No redirect is followed. One that leads elsewhere is refused as `PostingDenied`.
        """
        url = self._response_urls.checked(response_url)
        sent = json.dumps(dict(body)).encode()
        status, text, headers = await self._post(_RESPONSE_URL, url, sent, _JSON)
        data = _answer_of_webhook(text)
        if status == 200 and data.get("ok", "error" not in data):
            metrics.SLACK_API.labels(_RESPONSE_URL, "none").inc()
            return
        raise _counted(
            _RESPONSE_URL, no_place(status, refusal(_RESPONSE_URL, status, data, headers))
        )

    async def upload(self, upload_url: str, content: bytes) -> None:
        """Send the bytes of a file to the `upload_url` that Slack gave for it, if it is one of
        Slack's. No redirect is followed. Anything but 200 is an error."""
        url = self._file_urls.checked(upload_url)
        status, text, headers = await self._post(_UPLOAD_URL, url, content, _BYTES)
        if status != 200:
            data = _answer_of_webhook(text)
            raise _counted(_UPLOAD_URL, refusal(_UPLOAD_URL, status, data, headers))
        metrics.SLACK_API.labels(_UPLOAD_URL, "none").inc()

    async def download(
        self, address: str, *, media_type: str, size: int, most: int, seconds: float
    ) -> bytes:
        """The file at its `url_private`, if that is Slack's; `seconds`: how long it may take. See
        `bot.slack.download`. Raises `SlackError`."""
        url = self._file_urls.checked(address)
        if url is None:
            raise _counted(FILE_URL, SlackError("foreign_url", f"{FILE_URL}: {_FOREIGN}"))
        passing("before", FILE_URL)
        try:
            async with patience(seconds), self._session() as session:
                data = await download(
                    self._client, session, url, media_type=media_type, size=size, most=most
                )
        except SlackError as error:
            raise _counted(FILE_URL, error) from None
        except NO_REPLY as error:
            raise _counted(FILE_URL, no_reply(FILE_URL, error)) from None
        passing("after", FILE_URL)
        metrics.SLACK_API.labels(FILE_URL, "none").inc()
        return data

    async def _post(self, kind: str, url: URL | None, body: bytes, content_type: str) -> _Reply:
        """The reply to one POST at an address of `kind`; without `url` it is not Slack's."""
        if url is None:
            raise _counted(kind, PostingDenied("foreign_url", f"{kind}: {_FOREIGN}"))
        passing("before", kind)
        try:
            async with patience(self.deadline):
                with tracing.span(f"slack {kind}"):
                    reply = await self._send(url, body, content_type)
        except NO_REPLY as error:
            raise _counted(kind, no_reply(kind, error)) from None
        passing("after", kind)
        if 300 <= reply[0] < 400:
            raise _counted(kind, PostingDenied("redirected", f"{kind}: {_REDIRECTED}"))
        return reply

    async def _send(self, url: URL, body: bytes, content_type: str) -> _Reply:
        client = self._client
        async with (
            self._session() as session,
            session.post(
                url,
                data=body,
                headers={"Content-Type": content_type},
                allow_redirects=False,
                proxy=client.proxy,
                ssl=True if client.ssl is None else client.ssl,
            ) as reply,
        ):
            text = b""
            async for chunk in reply.content.iter_any():
                text += chunk
                if len(text) > _REPLY_BYTES:
                    break
            return reply.status, text.decode("utf-8", "replace"), reply.headers

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """The one of the client; without one, one for a request alone."""
        if self._client.session is not None:
            yield self._client.session
            return
        async with slack_session() as session:
            yield session


_RESPONSE_URL = "response_url"
_UPLOAD_URL = "upload_url"
_FOREIGN = "it does not lead to Slack"
_REDIRECTED = "it leads on to another place"
_JSON = "application/json;charset=utf-8"
_BYTES = "application/octet-stream"
_REPLY_BYTES = 4096
"""More than Slack says there: `ok`, or the code of an error."""


def mapping(value: object) -> Mapping[str, Any]:
    """`value` when it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(said: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The JSON objects in the list that `said` has by that name; none where it has no list."""
    found = said.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def ts_of(message: Mapping[str, Any]) -> str:
    """What a message is called in its channel; empty where it has no such name."""
    ts = message.get("ts")
    return ts if isinstance(ts, str) and _TS.fullmatch(ts) else ""


def next_page(reply: Mapping[str, Any]) -> str:
    """The cursor by which there is more; empty where this was all."""
    cursor = mapping(reply.get("response_metadata")).get("next_cursor")
    return cursor if isinstance(cursor, str) else ""


def text_of(reply: Mapping[str, Any], name: str, method: str) -> str:
    """A text that a reply must have; without it nobody knows what happened."""
    value = reply.get(name)
    if not isinstance(value, str) or not value:
        raise OutcomeUnknown(f"{method}: a reply without {name}")
    return value


def _counted(method: str, error: SlackError) -> SlackError:
    metrics.SLACK_API.labels(method, error.code or "unknown").inc()
    return error


def _answer_of_webhook(body: str) -> Mapping[str, Any]:
    """A response_url answers in JSON, or with the bare code of an error."""
    try:
        return mapping(json.loads(body))
    except (ValueError, RecursionError):
        return {"error": body} if body.isidentifier() and body != "ok" else {}


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
