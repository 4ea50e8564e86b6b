"""The page takes the address of an eval from whoever knows its secret, and shows no other place."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.workspace import Workspace
from sandbox.workspace.serving.judging import SECRET

pytestmark = pytest.mark.integration
ADDRESS = "http://127.0.0.1:4000/"
OTHER = "http://127.0.0.1:4001/"


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        yield workspace


async def told(ws: Workspace, address: str, secret: str | None = None) -> bool:
    """Whether the page shows `address`, and until the connection ends."""
    headers = {SECRET: ws.judging_secret if secret is None else secret}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{ws.url}/ui/judging", headers=headers) as socket,
    ):
        await socket.send_str(address)
        await socket.send_str("bye")  # which is no address, so that it ends there
        frame = await socket.receive(timeout=5)
        assert frame.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    return True


async def test_it_is_shown_until_the_connection_ends(ws: Workspace) -> None:
    headers = {SECRET: ws.judging_secret}
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{ws.url}/ui/judging", headers=headers)
        await socket.send_str(ADDRESS)
        await ws.wait_for(lambda: ws.judging == ADDRESS)
        async with session.get(f"{ws.url}/ui/state") as reply:
            assert (await reply.json())["judging"] == ADDRESS
        later = await session.ws_connect(f"{ws.url}/ui/judging", headers=headers)
        await later.send_str(OTHER)
        await ws.wait_for(lambda: ws.judging == OTHER)
        await socket.close()
        await ws.settled()
        assert ws.judging == OTHER
        await later.close()
        await ws.wait_for(lambda: not ws.judging)


@pytest.mark.parametrize("secret", ["", "wrong", "é"])
async def test_without_the_secret_nothing_is_shown(ws: Workspace, secret: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await told(ws, ADDRESS, secret)

    assert refused.value.status == 403
    assert ws.judging == ""


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/#t",
        "http://127.0.0.1:4000@evil.example/#t",
        "http://127.0.0.1:4000/#a-token",
        "http://127.0.0.1:4000/other#t",
        "javascript:alert(1)",
        f"{ADDRESS}\n",
        "",
    ],
)
async def test_no_other_place_is_shown(ws: Workspace, address: str) -> None:
    assert await told(ws, address)
    assert ws.judging == ""
