from __future__ import annotations

import asyncio
import ctypes
import socket
import subprocess
import sys
from asyncio import selector_events

import pytest

from bot.ops.heap import READ_BYTES, read_in_small_blocks

pytestmark = pytest.mark.integration

HOLD = """
import ctypes, sys
from bot.ops.heap import keep_heap_whole

class Info(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

info = ctypes.CDLL(None).mallinfo2
info.restype = Info
if sys.argv[1] == "kept":
    assert keep_heap_whole()
bytes(bytearray(1_000_000))  # glibc sees large blocks freed
before = info().hblks
held = [bytearray(256 * 1024) for _ in range(10)]
print(info().hblks - before)
"""


def own_pages(argument: str) -> int:
    """How many of ten blocks of 256 KiB have pages of their own, in a process of its own."""
    process = subprocess.run(
        [sys.executable, "-c", HOLD, argument], capture_output=True, text=True, check=True
    )
    return int(process.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc tells")
def test_large_blocks_never_come_from_the_heap() -> None:
    assert own_pages("as it is") == 0
    assert own_pages("kept") == 10


class Pieces(asyncio.Protocol):
    """What comes, piece by piece."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.sizes.append(len(data))

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set()


async def test_what_comes_is_read_in_blocks_that_the_heap_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transport = vars(selector_events)["_SelectorTransport"]
    monkeypatch.setattr(transport, "max_size", transport.max_size)
    assert read_in_small_blocks()

    here, there = socket.socketpair()
    there.setblocking(False)
    here.sendall(bytes(3 * READ_BYTES))
    here.close()
    pieces = Pieces()
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: pieces, there)
    await pieces.ended.wait()

    assert pieces.sizes == [READ_BYTES] * 3
