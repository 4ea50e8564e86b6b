from __future__ import annotations

import asyncio

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from bot import metrics
from bot.errors import StartupError
from bot.ops.health import Faults, OpsServer
from tests.raw_http import exchange

pytestmark = pytest.mark.integration


class State:
    def __init__(self) -> None:
        self.alive: Faults = []
        self.readiness: Faults = []

    def live(self) -> Faults:
        return self.alive

    async def ready(self) -> Faults:
        return self.readiness


async def get(server: OpsServer, path: str) -> tuple[int, object]:
    url = f"http://127.0.0.1:{server.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.json()


async def test_probes_say_what_is_wrong_while_it_is_wrong() -> None:
    state = State()
    async with OpsServer("127.0.0.1", 0, live=state.live, ready=state.ready) as server:
        assert await get(server, "/livez") == (200, {"status": "ok", "reasons": []})
        assert await get(server, "/readyz") == (200, {"status": "ok", "reasons": []})

        state.readiness = ["Redis is away", "Slack is not connected"]
        assert await get(server, "/readyz") == (
            503,
            {"status": "fault", "reasons": ["Redis is away", "Slack is not connected"]},
        )
        assert (await get(server, "/livez"))[0] == 200

        state.alive = ["stuck"]
        assert await get(server, "/livez") == (503, {"status": "fault", "reasons": ["stuck"]})


async def test_readiness_that_does_not_answer_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.ops.health.READY_SECONDS", 0.01)

    async def never() -> Faults:
        await asyncio.Event().wait()
        return []

    async with OpsServer("127.0.0.1", 0, live=list, ready=never) as server:
        status, body = await get(server, "/readyz")

    assert status == 503
    assert body == {"status": "fault", "reasons": ["no answer within 0.01 s"]}


async def test_readiness_that_cannot_be_told_is_a_no() -> None:
    async def broken() -> Faults:
        raise TypeError("an unexpected keyword argument 'ssl'")

    async with OpsServer("127.0.0.1", 0, live=list, ready=broken) as server:
        status, body = await get(server, "/readyz")

    assert status == 503
    assert body == {"status": "fault", "reasons": ["nobody knows (TypeError)"]}


async def test_metrics_are_prometheus_text() -> None:
    registry = CollectorRegistry()
    Counter("grokbot_things_total", "Things", ["kind"], registry=registry).labels("odd").inc(3)
    state = State()

    async with (
        OpsServer("127.0.0.1", 0, live=state.live, ready=state.ready, registry=registry) as server,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}/metrics") as response,
    ):
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain")
        assert 'grokbot_things_total{kind="odd"} 3.0' in await response.text()


async def test_the_bots_own_metrics_are_served() -> None:
    state = State()
    metrics.FENCED_WRITES.inc(0)
    async with (
        OpsServer("127.0.0.1", 0, live=state.live, ready=state.ready) as server,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}/metrics") as response,
    ):
        assert "grokbot_fenced_writes_total" in await response.text()


async def test_a_port_that_is_taken_is_named() -> None:
    state = State()
    async with OpsServer("127.0.0.1", 0, live=state.live, ready=state.ready) as first:
        second = OpsServer("127.0.0.1", first.port, live=state.live, ready=state.ready)
        with pytest.raises(StartupError, match="OPS_PORT") as refusal:
            await second.__aenter__()

    assert "127.0.0.1" in refusal.value.faults[0]


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 70, "\udcff", "x\ny", "192.0.2.1"])
async def test_a_host_that_is_not_this_machines_is_named(host: str) -> None:
    state = State()
    server = OpsServer(host, 0, live=state.live, ready=state.ready)
    with pytest.raises(StartupError) as refusal:
        await server.__aenter__()

    (sentence,) = refusal.value.faults
    assert sentence.startswith("OPS_HOST: this machine has no address ")
    assert sentence.isprintable()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"HEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", 405),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n\r\n", 415),
        (b"nonsense\r\n\r\n", 400),
    ],
)
async def test_the_operation_port_is_guarded_as_the_other_is(request_: bytes, status: int) -> None:
    state = State()
    async with OpsServer("127.0.0.1", 0, live=state.live, ready=state.ready) as server:
        reply = await exchange(server.port, request_)

    assert reply.status == status
    assert "aiohttp" not in reply.head
