from __future__ import annotations

import socket
from contextlib import AsyncExitStack

import pytest

from bot import demo
from bot.demo import open_workspace
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
