"""HTTP by hand, over a real socket: what no client library would send."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass

from sandbox.workspace.delivering.http_delivery import sign

WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back until the connection was closed. `status` is 0 when nothing came."""

    status: int
    head: str
    body: bytes
    left: int = 0
    """How many bytes of the request the system would not take any more."""


async def exchange(
    port: int, *pieces: bytes, half_close: bool = False, wait: float = WAIT_SECONDS
) -> Reply:
    """Send `pieces` and read until the other side closes; `TimeoutError` when it does not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(wait):
            for piece in pieces:
                writer.write(piece)
                try:
                    await writer.drain()
                except ConnectionError:
                    break
                await asyncio.sleep(0)
            if half_close:
                with suppress(OSError):  # the other side may have closed already
                    writer.write_eof()
            return parsed(await _until_closed(reader))
    finally:
        writer.transport.abort()


async def _until_closed(reader: asyncio.StreamReader) -> bytes:
    got = b""
    try:
        while chunk := await reader.read(65_536):
            got += chunk
    except ConnectionError:
        pass
    return got


def parsed(raw: bytes) -> Reply:
    """Status, head and body of one answer."""
    head, _, body = raw.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", head)
    return Reply(int(found[1]) if found else 0, head.decode("latin-1"), body)


def post(
    body: bytes,
    *headers: str,
    path: str = "/slack/events",
    length: int | None = None,
    kind: str = "application/x-www-form-urlencoded",
) -> bytes:
    """A POST with these header lines beside the usual ones."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: bot",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def signed(body: bytes, secret: str, timestamp: str) -> list[str]:
    """The header lines that prove where `body` comes from."""
    headers = sign(body, secret=secret, timestamp=timestamp)
    return [f"{name}: {value}" for name, value in headers.items()]
