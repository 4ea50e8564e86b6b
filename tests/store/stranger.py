"""A server that answers, and is no Redis."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_COMMAND = re.compile(rb"(?:^|(?<=\r\n))\*\d+\r\n\$\d+\r\n(\w+)\r\n")
_PONG = b"+PONG\r\n"


@asynccontextmanager
async def stranger(reply: bytes, *, pongs: bool = False) -> AsyncIterator[str]:
    """The address of a server that gives `reply` to whatever it is sent; with `pongs` it answers
    PING as Redis does."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while sent := await reader.read(2**16):
                for name in _COMMAND.findall(sent):
                    writer.write(_PONG if pongs and name == b"PING" else reply)
                await writer.drain()
        except ConnectionError:
            pass  # they have read enough
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
