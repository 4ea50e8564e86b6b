"""Calls of Slack's Web API: one try, one deadline, and errors of our own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot import metrics, tracing
from bot.crash_points import passing
from bot.errors import MessageGone, OutcomeUnknown, PostingDenied, RateLimited, SlackError, TooLong
from bot.patience import patience
from bot.slack.transport import FILE_URL, FileUrls, ResponseUrls, download, retry_after
from bot.store.allowances import Rests

DEADLINE_SECONDS = 15.0
"""A Slack that takes 10 s for an answer is slow, and not away."""

_GONE = {
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "is_inactive",
    "block_mismatch",
}
_DENIED = {
    "not_in_channel",
    "channel_not_found",
    "is_archived",
    "message_limit_exceeded",
    "messages_tab_disabled",
    "cannot_reply_to_message",
    "thread_not_found",
    "no_permission",
    "user_not_in_channel",
    "expired_url",
    "used_url",
}
_NO_ADDRESS = {403, 404, 410}
"""What a response_url answers when it can no longer be used, whatever it says."""

_MAYBE_APPLIED = {"internal_error", "fatal_error"}
"""Of these Slack says that a part of the call may have succeeded."""

TOKEN_GONE = frozenset(
    {
        "account_inactive",
        "app_uninstalled",
        "invalid_auth",
        "team_access_not_granted",
        "token_revoked",
    }
)
"""What Slack says of a token that will never be good again ("auth.test")."""


_TS = re.compile(r"[0-9]{1,16}\.[0-9]{1,16}", re.ASCII)

_Reply = tuple[int, str, Mapping[str, str]]
"""Status, text and headers."""


class WebApi:
    """Slack's Web API behind one client.

    Every call takes at most `deadline` seconds and raises `SlackError`: `RateLimited`,
    `MessageGone`, `TooLong`, `PostingDenied`, `OutcomeUnknown` when no reply came back, or the
    class itself. Nothing is retried.
    """

    def __init__(self, client: AsyncWebClient, *, deadline: float = DEADLINE_SECONDS) -> None:
        """`client` has a session of its own and no retry handlers: what is retried, and with
        which text, is decided by whoever calls."""
        self._client = client
        self._deadline = deadline
        self._response_urls = ResponseUrls.of(client.base_url)
        self._file_urls = FileUrls.of(client.base_url)

    @property
    def deadline(self) -> float:
        """How many seconds a call takes at most."""
        return self._deadline

    async def resting(self, method: str) -> float:  # noqa: ARG002
        """For how many seconds `method` will not be called, as far as is known; 0: it may be."""
        return 0.0

    async def call(
        self, method: str, body: Mapping[str, Any], *, read: bool = False
    ) -> Mapping[str, Any]:
        """The reply to one call; `read` for methods that take no JSON."""
        with tracing.span(f"slack {method}"):
            return await self._called(method, body, read=read)

    async def _called(
        self, method: str, body: Mapping[str, Any], *, read: bool
    ) -> Mapping[str, Any]:
        passing("before", method)
        try:
            async with patience(self._deadline):
                if read:
                    reply = await self._client.api_call(method, http_verb="GET", params=dict(body))
                else:
                    reply = await self._client.api_call(method, json=dict(body))
        except SlackApiError as error:
            raise _counted(method, _refused(method, error)) from None
        except _NO_REPLY as error:
            raise _counted(method, _no_reply(method, error)) from None
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
        refusal = _refusal(_RESPONSE_URL, status, data, headers)
        if status in _NO_ADDRESS and not isinstance(refusal, PostingDenied):
            refusal = PostingDenied(refusal.code, str(refusal))
        raise _counted(_RESPONSE_URL, refusal)

    async def upload(self, upload_url: str, content: bytes) -> None:
        """Send the bytes of a file to the `upload_url` that Slack gave for it, if it is one of
        Slack's. No redirect is followed. Anything but 200 is an error."""
        url = self._file_urls.checked(upload_url)
        status, text, headers = await self._post(_UPLOAD_URL, url, content, _BYTES)
        if status != 200:
            data = _answer_of_webhook(text)
            raise _counted(_UPLOAD_URL, _refusal(_UPLOAD_URL, status, data, headers))
        metrics.SLACK_API.labels(_UPLOAD_URL, "none").inc()

    async def download(
        self, address: str, *, media_type: str, size: int, most: int, seconds: float
    ) -> bytes:
        """The file at its `url_private`, if that is Slack's; `seconds`: how long it may take. See
        `bot.slack.transport`. Raises `SlackError`."""
        url = self._file_urls.checked(address)
        if url is None:
            raise _counted(FILE_URL, SlackError("foreign_url", f"{FILE_URL}: {_FOREIGN}"))
        passing("before", FILE_URL)
        try:
            async with patience(seconds):
                data = await download(
                    self._client, url, media_type=media_type, size=size, most=most
                )
        except SlackError as error:
            raise _counted(FILE_URL, error) from None
        except _NO_REPLY as error:
            raise _counted(FILE_URL, _no_reply(FILE_URL, error)) from None
        passing("after", FILE_URL)
        metrics.SLACK_API.labels(FILE_URL, "none").inc()
        return data

    async def _post(self, kind: str, url: URL | None, body: bytes, content_type: str) -> _Reply:
        """The reply to one POST at an address of `kind`; without `url` it is not Slack's."""
        if url is None:
            raise _counted(kind, PostingDenied("foreign_url", f"{kind}: {_FOREIGN}"))
        passing("before", kind)
        try:
            async with patience(self._deadline):
                with tracing.span(f"slack {kind}"):
                    reply = await self._send(url, body, content_type)
        except _NO_REPLY as error:
            raise _counted(kind, _no_reply(kind, error)) from None
        passing("after", kind)
        if 300 <= reply[0] < 400:
            raise _counted(kind, PostingDenied("redirected", f"{kind}: {_REDIRECTED}"))
        return reply

    async def _send(self, url: URL, body: bytes, content_type: str) -> _Reply:
        async with AsyncExitStack() as stack:
            session = self._client.session
            if session is None:
                session = await stack.enter_async_context(aiohttp.ClientSession())
            reply = await stack.enter_async_context(
                session.post(
                    url,
                    data=body,
                    headers={"Content-Type": content_type},
                    allow_redirects=False,
                    proxy=self._client.proxy,
                    ssl=True if self._client.ssl is None else self._client.ssl,
                )
            )
            text = b""
            async for chunk in reply.content.iter_any():
                text += chunk
                if len(text) > _REPLY_BYTES:
                    break
            return reply.status, text.decode("utf-8", "replace"), reply.headers


_RESPONSE_URL = "response_url"
_UPLOAD_URL = "upload_url"
_FOREIGN = "it does not lead to Slack"
_REDIRECTED = "it leads on to another place"
_JSON = "application/json;charset=utf-8"
_BYTES = "application/octet-stream"
_REPLY_BYTES = 4096
"""More than Slack says there: `ok`, or the code of an error."""

_NO_REPLY = (
    TimeoutError,
    aiohttp.ClientError,
    OSError,
    ValueError,
    RecursionError,
    AttributeError,
)
"""What slack_sdk lets through when there was no reply to make sense of; the last one comes
from a reply that is text where it expects JSON."""


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


def _no_reply(method: str, error: Exception) -> OutcomeUnknown:
    return OutcomeUnknown(f"{method}: no reply ({type(error).__name__})", pending=True)


def _refused(method: str, error: SlackApiError) -> SlackError:
    reply = error.response
    status: int = getattr(reply, "status_code", 0) or getattr(reply, "status", 0)
    return _refusal(method, status, mapping(getattr(reply, "data", None)), reply.headers)


def _refusal(
    method: str, status: int, data: Mapping[str, Any], headers: Mapping[str, str]
) -> SlackError:
    code = data.get("error")
    code = code if isinstance(code, str) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RateLimited(retry_after(headers))
    if status >= 500 or code in _MAYBE_APPLIED or (status < 400 and not code):
        # Without a code it is a gateway that gave up on Slack, which may still be at it.
        said = f"{method}: {code or f'HTTP {status}'}"
        return OutcomeUnknown(said, pending=not code, status=status)
    code = code or f"http_{status}"
    said = f"{method}: {code}"
    if isinstance(data.get("needed"), str):
        said += f" (needed: {data['needed']})"
    return _class_of(code)(code, said)


def _class_of(code: str) -> type[SlackError]:
    if code in _GONE:
        return MessageGone
    # Slack answers so to a table or a number of blocks beyond its limits.
    if code.endswith("_too_long") or code.startswith("invalid_blocks"):
        return TooLong
    if code in _DENIED or code.startswith("restricted_action"):
        return PostingDenied
    return SlackError


def _answer_of_webhook(body: str) -> Mapping[str, Any]:
    """A response_url answers in JSON, or with the bare code of an error."""
    try:
        return mapping(json.loads(body))
    except (ValueError, RecursionError):
        return {"error": body} if body.isidentifier() and body != "ok" else {}


class RestingApi(WebApi):
    """As `WebApi`; of the methods that read, none is called while it rests.

    Those that write are paced by whoever calls them, and a view must open before anything else.
    """

    def __init__(
        self, client: AsyncWebClient, rests: Rests, *, deadline: float = DEADLINE_SECONDS
    ) -> None:
        super().__init__(client, deadline=deadline)
        self._rests = rests

    async def resting(self, method: str) -> float:
        """For how many seconds `method` will not be called; 0: it may be."""
        return await self._rests.left(method)

    async def call(
        self, method: str, body: Mapping[str, Any], *, read: bool = False
    ) -> Mapping[str, Any]:
        """The reply to one call. Raises what `WebApi.call` raises, and `RateLimited` without a
        call while the method rests."""
        if not read:
            return await super().call(method, body)
        if left := await self.resting(method):
            raise RateLimited(left)
        try:
            return await super().call(method, body, read=True)
        except RateLimited as error:
            await self._rests.begin(method, error.retry_after)
            raise
