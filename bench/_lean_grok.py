"""A Grok that costs next to nothing, as a process of its own: it writes the tokens of all streams
in one go, fifty times a second, over plain HTTP.

`python -m bench._lean_grok --tokens N` prints its port. A question with `SHORT` in it is answered
at once, in one sentence, one with `TIMED` in it with `TIMED_TOKENS` and the time at which it ended;
any other with so many tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path

from bench.streaming.grok import PIECES

TOKENS_PER_SECOND = 50.0
SHORT = "in a word"
"""What a question says that is to be answered at once."""
TIMED = "and the time"
"""What a question says that is to tell at its end when that was written, in Unix time."""
TIMED_TOKENS = 500
ENDED_AT = "Ended at "

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_NOTHING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
_LAST = b"0\r\n\r\n"


class _Asked(asyncio.Protocol):
    """One connection: requests in, answers out."""

    def __init__(self, grok: _Grok) -> None:
        self._grok = grok
        self._came = b""
        self.sent = 0
        self.timed = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._grok.streams.discard(self)

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._came = b""
        assert self.transport is not None
        if not head.startswith(b"POST") or b"completions" not in head.split(b"\r\n", 1)[0]:
            self.transport.write(_NOTHING)
        elif SHORT.encode() in body:
            self.transport.write(_HEAD + self._grok.short)
        else:
            self.sent = 0
            self.timed = TIMED.encode() in body
            self.transport.write(_HEAD)
            self._grok.streams.add(self)


class _Grok:
    """All that is being written."""

    def __init__(self, tokens: int) -> None:
        self.streams: set[_Asked] = set()
        self.tokens = [_event(piece) for piece in islice(cycle(PIECES), tokens)]
        self.short = _event("Yes.") + _END

    async def run(self) -> None:
        """Write to each stream what is next, at each tick; ticks that come late are made up."""
        clock = asyncio.get_running_loop().time
        started, ticks = clock(), 0
        while True:
            ticks += 1
            await asyncio.sleep(started + ticks / TOKENS_PER_SECOND - clock())
            for stream in tuple(self.streams):
                self._write(stream)

    def _write(self, stream: _Asked) -> None:
        assert stream.transport is not None
        most = min(len(self.tokens), TIMED_TOKENS) if stream.timed else len(self.tokens)
        if stream.sent < most:
            stream.transport.write(self.tokens[stream.sent])
            stream.sent += 1
            return
        last = _event(f"\n\n{ENDED_AT}{time.time():.3f}") if stream.timed else b""
        stream.transport.write(last + _END)
        self.streams.discard(stream)


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


def _event(piece: str, finish: str | None = None) -> bytes:
    """One event of xAI's, as a chunk of HTTP."""
    choice = {"index": 0, "delta": {"content": piece, "role": "assistant"}}
    if finish is not None:
        choice |= {"delta": {}, "finish_reason": finish}
    said = {
        "id": "chat-0",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": "grok-4.3",
        "choices": [choice],
        "system_fingerprint": "fp_bench",
    }
    return _chunk(f"data: {json.dumps(said)}\n\n".encode())


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


_USAGE = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
_END = (
    _event("", "stop")
    + _chunk(f"data: {json.dumps({'choices': [], 'usage': _USAGE})}\n\n".encode())
    + _chunk(b"data: [DONE]\n\n")
    + _LAST
)


@asynccontextmanager
async def lean_grok(tokens: int) -> AsyncIterator[str]:
    """The address of one that runs while entered."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench._lean_grok", "--tokens", str(tokens)),
        cwd=Path(__file__).parents[1],
        env={"PATH": os.environ["PATH"]},
        stdout=PIPE,
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        await process.wait()


async def _serve(tokens: int) -> None:
    grok = _Grok(tokens)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Asked(grok), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await grok.run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench._lean_grok", description=__doc__)
    parser.add_argument("--tokens", type=int, required=True)
    asyncio.run(_serve(parser.parse_args().tokens))
