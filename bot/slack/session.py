"""Connections to Slack, and the client on them: replies are read as far as Slack's own may be long,
and each is a JSON object."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings

LARGEST_REPLY = 16 * 1024 * 1024
"""Bytes, unpacked: 15 messages of a thread (`conversations.replies`) with all the blocks that
they may have are a few MiB, and nothing else that is asked for is as long."""


class Reply(aiohttp.ClientResponse):
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
        response_class=Reply,
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
