"""Delivery over HTTP: signed POSTs to the app's request URL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode

import aiohttp

from sandbox.workspace.config import Limits
from sandbox.workspace.model import Delivery, Json

_TIMEOUT = aiohttp.ClientTimeout(total=None)


def sign(body: bytes, *, secret: str, timestamp: str) -> dict[str, str]:
    """The headers that prove where `body` comes from (signing scheme v0)."""
    base = b"v0:" + timestamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


class HttpDelivery:
    """Posts to `request_url`; the session opens with the first post and is closed by `aclose`."""

    def __init__(self, limits: Limits, secret: str, request_url: str | None) -> None:
        self._limits = limits
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None
        self.request_url = request_url

    @property
    def connected(self) -> bool:
        return self.request_url is not None

    async def send(self, delivery: Delivery) -> None:
        if self.request_url is None:
            delivery.error = "no_connection"
            return
        delivery.via = "http"
        body, content_type = _encode(delivery)
        headers = {"Content-Type": content_type}
        if delivery.retry:
            headers["X-Slack-Retry-Num"] = str(delivery.retry)
            headers["X-Slack-Retry-Reason"] = delivery.reason or "unknown_error"
        try:
            async with asyncio.timeout(self._limits.ack):
                status, reply, answered = await self.post(body, headers)
        except TimeoutError:
            delivery.error = "http_timeout"
            return
        except aiohttp.ClientError:
            delivery.error = "connection_failed"
            return
        delivery.status = status
        delivery.ack = _decode(reply)
        delivery.no_retry = answered.get("X-Slack-No-Retry") == "1"
        if not 200 <= status < 300:
            delivery.error = "http_error"

    async def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        secret: str | None = None,
        timestamp: str | None = None,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """One signed POST; the status, body and headers of its answer."""
        if self.request_url is None:
            raise RuntimeError("the workspace has no request_url")
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        signed = sign(
            body,
            secret=self._secret if secret is None else secret,
            timestamp=str(int(time.time())) if timestamp is None else timestamp,
        )
        sent = {"User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)", **headers, **signed}
        async with self._session.post(
            self.request_url, data=body, headers=sent, allow_redirects=False
        ) as response:
            return response.status, await response.read(), response.headers

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


def _encode(delivery: Delivery) -> tuple[bytes, str]:
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload).encode(), "application/json"
    form = "application/x-www-form-urlencoded"
    if delivery.kind == "interactive":
        return urlencode({"payload": json.dumps(delivery.payload)}).encode(), form
    return urlencode(delivery.payload).encode(), form


def _decode(reply: bytes) -> Json:
    """An ack's body: JSON, or plain text, which counts as the text of a message."""
    if not reply:
        return {}
    try:
        decoded = json.loads(reply)
    except ValueError:
        return {"text": reply.decode("utf-8", "replace")}
    return decoded if isinstance(decoded, dict) else {}
