"""A server that answers every request with the same bytes, whatever a library thinks of them."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

DONE = b"data: [DONE]\n\n"


def event(choice: dict[str, Any] | None = None, **fields: Any) -> bytes:
    """One event with one choice."""
    choices = [] if choice is None else [{"index": 0} | choice]
    return b"data: " + json.dumps({"choices": choices} | fields).encode() + b"\n\n"


def says(text: str, reason: str | None = None, **fields: Any) -> bytes:
    """An event of the chat endpoint with some text."""
    return event({"delta": {"content": text}, "finish_reason": reason}, **fields)


def ends(reason: str = "stop") -> bytes:
    """The last event of a choice."""
    return event({"delta": {}, "finish_reason": reason})


@dataclass(slots=True)
class WireServer:
    """What arrived, as request line, headers and body."""

    port: int
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


@asynccontextmanager
async def wire_server(
    body: bytes, *, head: bytes = b"", status: str = "200 OK", reset: bool = False
) -> AsyncIterator[WireServer]:
    """Answers with `body` below `head` (whole lines); `reset` breaks the connection at its end,
    which is the end of the body otherwise."""
    server = WireServer(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *lines = raw.strip().split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (each.partition(":") for each in lines)
            }
            asked = await reader.readexactly(int(headers.get("content-length", 0)))
            server.requests.append((line, headers, asked))
            length = len(body) + 100 if reset else len(body)
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n".encode()
                + head
                + b"\r\n"
                + body
            )
            await writer.drain()
            if reset:
                await asyncio.sleep(0.05)
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        server.port = listener.sockets[0].getsockname()[1]
        yield server
