from __future__ import annotations

import socket
import sys
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest

from bot import demo
from bot.demo import open_several, open_workspace
from tests.ports import free_port


@pytest.mark.integration
async def test_its_address_stays_from_one_start_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "FIRST_PORT", free_port())

    async with AsyncExitStack() as stack:
        first = (await open_workspace(stack)).url
        assert first == f"http://127.0.0.1:{demo.FIRST_PORT}"
        assert (await open_workspace(stack)).url != first
    async with AsyncExitStack() as stack:
        assert (await open_workspace(stack)).url == first


@pytest.mark.integration
async def test_where_all_its_ports_are_taken_any_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        monkeypatch.setattr(demo, "FIRST_PORT", taken)
        monkeypatch.setattr(demo, "PORTS", 1)
        async with AsyncExitStack() as stack:
            assert (await open_workspace(stack)).url != f"http://127.0.0.1:{taken}"


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere none can be held so")
async def test_the_port_of_the_pages_is_given_to_nobody_else_before_the_bot_listens_there() -> None:
    async with AsyncExitStack() as stack:
        workspaces = await open_several(stack, 2)
        port = urlsplit(workspaces.oauth.install_url).port
        assert port
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)):
            pass
