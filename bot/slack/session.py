"""Connections to Slack, whose replies are read as far as Slack's own may be long."""

from __future__ import annotations

import aiohttp

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
        connector=aiohttp.TCPConnector(limit=connections), response_class=Reply
    )
