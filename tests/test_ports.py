"""A port that was given stays with whoever knows its number."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.ports import free_port

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a port like this."),
]

FEW = 16
"""Ports that the system may choose from, the held one among them."""

NONE_LEFT = {errno.EADDRINUSE, errno.EADDRNOTAVAIL}
IP_LOCAL_PORT_RANGE = 51
"""Of ip(7), since Linux 6.3; Python has no name for it yet."""

NEVER_WAITING = struct.pack("ii", 1, 0)
"""For `SO_LINGER`: a connection that is closed leaves nothing behind."""


async def test_a_server_listens_there_again_and_again_and_a_second_one_never() -> None:
    port = free_port()
    for _ in range(3):
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", port):
            with socket.create_connection(("127.0.0.1", port)) as client:
                assert client.getpeername()[1] == port
            with pytest.raises(OSError, match="in use") as refusal:
                socket.create_server(("127.0.0.1", port))
        assert refusal.value.errno == errno.EADDRINUSE


def test_nobody_answers_there_until_it_does() -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free_port()))


def listening(chooser: socket.socket) -> None:
    chooser.bind(("127.0.0.1", 0))
    chooser.listen()


def on_any_address(chooser: socket.socket) -> None:
    chooser.bind(("", 0))
    chooser.listen()


@pytest.mark.parametrize("choose", [listening, on_any_address])
def test_the_system_gives_it_to_no_other_server(choose: Callable[[socket.socket], None]) -> None:
    port = free_port()
    assert port not in given_of_few(port, choose)


def test_the_system_gives_it_to_no_client() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        assert port not in given_of_few(port, lambda chooser: chooser.connect(address))


def given_of_few(port: int, choose: Callable[[socket.socket], None]) -> set[int]:
    """The ports that the system gives, until it has none, where it may give a few around `port`."""
    first = port - port % FEW
    few = struct.pack("=HH", first, first + FEW - 1)
    given = set[int]()
    with ExitStack() as stack:
        while True:
            chooser = stack.enter_context(socket.socket())
            chooser.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            chooser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NEVER_WAITING)
            try:
                chooser.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, few)
            except OSError:
                pytest.skip("Linux before 6.3 has one range of ports for all.")
            try:
                choose(chooser)
            except OSError as error:
                if error.errno not in NONE_LEFT:
                    raise
                break
            given.add(chooser.getsockname()[1])
    assert given, "all of them are taken"
    return given
