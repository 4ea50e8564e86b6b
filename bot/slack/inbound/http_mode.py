"""HTTP mode: Slack posts to `/slack/events`, signed."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import SecretStr

from bot.net.http_connection import refused
from bot.net.listening import Handler, Listening
from bot.net.web_address import SLACK_PATH
from bot.slack.inbound import bolt
from bot.slack.inbound.incoming import Acks, Answering, JsonObject, Malformed, json_object
from bot.slack_limits import SIGNATURE_AGE_SECONDS

MOST_CONNECTIONS = 128
"""At once: Slack opens one for each of its requests, and each is over within moments."""

_MOST_FIELDS = 200
"""Fields of a form; a command has about fifteen."""

_FORMS = {"payload", "command", "ssl_check"}
"""One of these fields is in each form that Slack sends."""

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


class HttpMode(Listening):
    """Has `answer` say what to say over HTTP; anything without a good signature gets a 401 and no
    work. `pages` are served beside that."""

    def __init__(
        self,
        answer: Answering,
        signing_secret: SecretStr,
        host: str,
        port: int,
        *,
        acks: Acks | None = None,
        pages: Mapping[str, Mapping[str, Handler]] | None = None,
    ) -> None:
        """`acks`: where it is told what Slack waits for."""
        self._answer = answer
        self._acks = acks or Acks()
        self._secret = signing_secret.get_secret_value().encode()
        routes = {**(pages or {}), SLACK_PATH: {"POST": self._receive}}
        super().__init__(routes, host, port, variable="PORT", grace=5, most=MOST_CONNECTIONS)

    async def connected(self) -> bool:
        """Whether Slack can reach the bot, as far as the bot can know: it listens."""
        return self.listens

    @property
    def trouble(self) -> str:
        """Why Slack cannot reach the bot, when it cannot."""
        return "the port is not open"

    async def _receive(self, request: web.BaseRequest) -> web.StreamResponse:
        """A 401 comes before the body is read where the head alone shows that Slack sent none."""
        claim = _claim(request)
        if claim is None or not self._signed(body := await self.body(request), *claim):
            refused("signature")
            return web.Response(status=401)
        try:
            payload = parse(body, request.headers.get("Content-Type", ""))
            retry = request.headers.get("X-Slack-Retry-Num", 0)
            with self._acks.due():
                said = bolt.of_nobody(payload) or await self._answer(payload, retry)
                return await bolt.over_http(said)
        except Malformed as error:
            return await bolt.over_http(bolt.not_understood(error))

    def _signed(self, body: bytes, timestamp: str, signature: str) -> bool:
        """Whether Slack's secret made `signature` ("Verifying requests from Slack")."""
        base = b"v0:" + timestamp.encode() + b":" + body
        due = "v0=" + hmac.new(self._secret, base, hashlib.sha256).hexdigest()
        return hmac.compare_digest(due, signature)


def _claim(request: web.BaseRequest) -> tuple[str, str] | None:
    """Timestamp and signature, when they have Slack's shape, come once each, and are fresh."""
    timestamps = request.headers.getall("X-Slack-Request-Timestamp", [])
    signatures = request.headers.getall("X-Slack-Signature", [])
    if len(timestamps) != 1 or len(signatures) != 1:
        return None
    timestamp, signature = timestamps[0], signatures[0]
    if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
        return None
    if abs(time.time() - int(timestamp)) > SIGNATURE_AGE_SECONDS:
        return None
    return timestamp, signature


def parse(body: bytes, content_type: str) -> JsonObject:
    """The payload in the body of a signed request: JSON, a form, or JSON in a form's `payload`.

    Raises `Malformed`.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or text.startswith("{"):
        return json_object(text)
    try:
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Malformed("too many fields") from None
    if not _FORMS & form.keys():
        raise Malformed("nothing in it")
    return json_object(form["payload"]) if "payload" in form else form
