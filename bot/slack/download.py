"""A file that lies at Slack, read as far as is wanted."""

from __future__ import annotations

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.errors import OutcomeUnknown, RateLimited, SlackError
from bot.slack.refusals import retry_after

FILE_URL = "file"
"""How a download is called where calls are counted."""

PAGE, TOO_LARGE, REDIRECTED = "page", "too_large", "redirected"
"""Codes of the `SlackError` where what came is not the file."""

_HTML = frozenset({"text/html", "application/xhtml+xml"})


async def download(
    client: AsyncWebClient,
    session: aiohttp.ClientSession,
    url: URL,
    *,
    media_type: str,
    size: int,
    most: int,
) -> bytes:
    """The file at `url`, which is Slack's: `most` bytes at most. Slack says that it has this type
    and size; a page in its place is the one to sign in at. Over `session`, as `client` is let in.

    No redirect is followed, and nothing is unpacked. Raises `SlackError`, and what aiohttp raises.
    """
    headers = {"Authorization": f"Bearer {client.token}", "Accept-Encoding": "identity"}
    async with session.get(
        url,
        headers=headers,
        allow_redirects=False,
        proxy=client.proxy,
        ssl=True if client.ssl is None else client.ssl,
    ) as reply:
        _check(reply)
        data = await _body(reply, most)
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
