"""Socket Mode and a Slack that misbehaves: no storm of connections, every envelope acked."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import SecretStr
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.doors.slack_app import answer
from bot.slack.inbound import socket_mode
from bot.slack.inbound.socket_mode import SocketMode
from bot.slack.installation import Ticket

pytestmark = pytest.mark.integration

Serve = Callable[[web.WebSocketResponse], Awaitable[None]]
HELLO = json.dumps({"type": "hello"})


class FakeSlack:
    """Opens connections and serves each by `serve`; what the bot says by them is in `said`."""

    def __init__(self) -> None:
        self.opens: list[float] = []
        self.said: list[Any] = []
        self.serve: Serve = self.stay
        self.refusal: web.Response | None = None
        self.sockets: list[web.WebSocketResponse] = []
        self.url = ""

    async def open(self, _: web.Request) -> web.StreamResponse:
        self.opens.append(time.monotonic())
        if self.refusal is not None:
            return web.Response(
                status=self.refusal.status,
                body=self.refusal.body,
                headers=self.refusal.headers,
            )
        return web.json_response({"ok": True, "url": self.socket_url})

    @property
    def socket_url(self) -> str:
        return f"{self.url}socket".replace("http", "ws", 1)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=0)  # whatever the bot says
        await socket.prepare(request)
        self.sockets.append(socket)
        await self.serve(socket)
        return socket

    async def stay(self, socket: web.WebSocketResponse) -> None:
        await socket.send_str(HELLO)
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                self.said.append(json.loads(frame.data))

    async def close(self, socket: web.WebSocketResponse) -> None:
        await socket.send_str(HELLO)
        await socket.close()

    async def drop(self, socket: web.WebSocketResponse) -> None:
        assert socket._req is not None
        assert socket._req.transport is not None
        socket._req.transport.abort()

    def ending(self, reason: str) -> Serve:
        async def end(socket: web.WebSocketResponse) -> None:
            await socket.send_str(json.dumps({"type": "disconnect", "reason": reason}))
            await socket.close()

        return end


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    fake = FakeSlack()
    app = web.Application()
    app.router.add_post("/api/apps.connections.open", fake.open)
    app.router.add_get("/socket", fake.socket)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield fake
    await runner.cleanup()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_mode, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(socket_mode, "LONGEST_PAUSE_SECONDS", 1.0)


@asynccontextmanager
async def connected(slack: FakeSlack, ticket: Ticket | None = None) -> AsyncIterator[SocketMode]:
    """A bot that answers `/grok` and nothing else."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-any")

    app = AsyncApp(name="tests", authorize=authorize, request_verification_enabled=False)

    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack(f"heard {body['text']}")

    app.command("/grok")(on_command)
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(base_url=slack.url + "api/", session=session, retry_handlers=[])
        answering, token = partial(answer, app), SecretStr("xapp-any")
        async with SocketMode(answering, token, client, ticket=ticket) as mode:
            yield mode


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


STORMS: dict[str, Callable[[FakeSlack], Serve]] = {
    "closed": lambda slack: slack.close,
    "dropped": lambda slack: slack.drop,
    "link_disabled": lambda slack: slack.ending("link_disabled"),
    "refresh_requested": lambda slack: slack.ending("refresh_requested"),
    "warning": lambda slack: slack.ending("warning"),
    "too_many_websockets": lambda slack: slack.ending("too_many_websockets"),
    "odd reason": lambda slack: slack.ending("odd\nreason " * 50),
}


@pytest.mark.parametrize("storm", STORMS.values(), ids=STORMS)
async def test_connections_that_live_short_are_opened_after_growing_pauses(
    slack: FakeSlack,
    storm: Callable[[FakeSlack], Serve],
    capsys: pytest.CaptureFixture[str],
) -> None:
    slack.serve = storm(slack)
    async with connected(slack) as mode:
        await until(lambda: len(slack.opens) >= 9)
        assert "Slack ended the connection" in mode.trouble
        slack.serve = slack.stay
        async with asyncio.timeout(20):
            while not await mode.connected():
                await asyncio.sleep(0.005)

    gaps = [later - sooner for sooner, later in itertools.pairwise(slack.opens)]
    assert sum(gaps[6:8]) > sum(gaps[:2])
    logged = capsys.readouterr().out
    assert logged.count("warning") == 1 + logged.count("(warning)")
    assert "odd\nreason" not in logged


REFUSALS = {
    "invalid_auth": web.json_response({"ok": False, "error": "invalid_auth"}),
    "500": web.Response(status=500, body=b"<html>"),
    "html": web.Response(body=b"<html>", headers={"Content-Type": "text/html"}),
    "no url": web.json_response({"ok": True}),
    "odd url": web.json_response({"ok": True, "url": "gopher://[::1"}),
    "url of another kind": web.json_response({"ok": True, "url": 5}),
    "nobody there": web.json_response({"ok": True, "url": "ws://127.0.0.1:9/?ticket=secret"}),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_a_slack_that_opens_none_is_asked_after_growing_pauses(
    slack: FakeSlack, refusal: web.Response, capsys: pytest.CaptureFixture[str]
) -> None:
    slack.refusal = refusal
    async with connected(slack) as mode:
        assert not await mode.connected()
        await until(lambda: len(slack.opens) >= 9)
        assert "open" in mode.trouble
        slack.refusal = None
        await until(lambda: bool(slack.sockets))
        await until(lambda: not slack.sockets[0].closed)

    gaps = [later - sooner for sooner, later in itertools.pairwise(slack.opens)]
    assert sum(gaps[6:8]) > sum(gaps[:2])
    logged = capsys.readouterr().out
    assert logged.count("warning") == 1
    assert "secret" not in logged
    assert "Traceback" not in logged


async def test_the_first_connection_is_opened_by_a_ticket_that_is_there(slack: FakeSlack) -> None:
    async with connected(slack, Ticket.given(slack.socket_url)) as mode:
        assert await mode.connected()
        assert not slack.opens
        await slack.sockets[0].close()
        await until(lambda: len(slack.sockets) == 2)

    assert len(slack.opens) == 1


@pytest.mark.parametrize(
    "url",
    ["ws://127.0.0.1:9/?ticket=secret", "gopher://[::1", "", "x" * 5000, "\ud800", "{url}nowhere"],
)
async def test_a_ticket_that_opens_nothing_costs_no_pause(slack: FakeSlack, url: str) -> None:
    async with connected(slack, Ticket.given(url.replace("{url}", slack.url))) as mode:
        assert await mode.connected()

    assert len(slack.opens) == 1


async def test_a_ticket_that_is_old_is_not_used(slack: FakeSlack) -> None:
    old = Ticket(SecretStr(slack.socket_url), time.monotonic())
    async with connected(slack, old) as mode:
        assert await mode.connected()

    assert (len(slack.opens), len(slack.sockets)) == (1, 1)


@pytest.mark.parametrize("steps", range(4))
async def test_leaving_as_soon_as_one_is_open_closes_it(slack: FakeSlack, steps: int) -> None:
    slack.refusal = REFUSALS["no url"]
    async with connected(slack) as mode:
        slack.refusal = None
        async with asyncio.timeout(20):
            while not await mode.connected():
                await asyncio.sleep(0)
        for _ in range(steps):
            await asyncio.sleep(0)

    await until(lambda: slack.sockets[0].closed)
    assert slack.sockets[0].close_code == WSCloseCode.OK


async def test_a_retry_after_is_waited_for(slack: FakeSlack) -> None:
    slack.refusal = web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"}
    )
    async with connected(slack) as mode:
        assert "ratelimited" in mode.trouble
        await until(lambda: len(slack.opens) >= 2)

    assert slack.opens[1] - slack.opens[0] >= 1


async def test_one_that_lived_long_is_opened_again_at_once(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(socket_mode, "STEADY_SECONDS", 0.05)
    monkeypatch.setattr(socket_mode, "FIRST_PAUSE_SECONDS", 60.0)
    monkeypatch.setattr(socket_mode, "LONGEST_PAUSE_SECONDS", 60.0)
    async with connected(slack):
        for number in range(3):
            await until(lambda: len(slack.sockets) > number)  # noqa: B023
            await asyncio.sleep(0.1)
            await slack.sockets[number].close()
        await until(lambda: len(slack.sockets) > 3)

    assert "warning" not in capsys.readouterr().out


def command(text: str, envelope_id: object) -> dict[str, Any]:
    payload = {"command": "/grok", "text": text, "user_id": "U1", "channel_id": "C1"}
    payload["trigger_id"] = "1.2.abc"
    return {
        "envelope_id": envelope_id,
        "type": "slash_commands",
        "accepts_response_payload": True,
        "payload": payload,
    }


async def test_when_slack_renews_a_connection_what_was_due_is_acked_by_the_old_one(
    slack: FakeSlack,
) -> None:
    async def renewing(socket: web.WebSocketResponse) -> None:
        slack.serve = slack.stay
        await socket.send_str(json.dumps(command("one", "E1")))
        await socket.send_str(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
        await slack.stay(socket)

    slack.serve = renewing
    async with connected(slack):
        await until(lambda: len(slack.sockets) == 2)
        assert not slack.sockets[0].closed
        await slack.sockets[1].send_str(json.dumps(command("two", "E2")))
        await until(lambda: len(slack.said) == 2)
        await until(lambda: slack.sockets[0].closed)
        assert not slack.sockets[1].closed

    assert {each["envelope_id"]: each["payload"] for each in slack.said} == {
        "E1": {"text": "heard one"},
        "E2": {"text": "heard two"},
    }


async def test_a_message_larger_than_any_of_slacks_is_not_read(slack: FakeSlack) -> None:
    small, most = len(json.dumps(command("", "E1"))), socket_mode.LARGEST_ENVELOPE
    texts = {"E1": "a" * (most - small - 1), "E2": "b" * (most - small), "E3": "c"}

    async def say_one(socket: web.WebSocketResponse) -> None:
        name = next(iter(texts), None)
        if name is not None:
            await socket.send_str(json.dumps(command(texts.pop(name), name)))
        await slack.stay(socket)

    slack.serve = say_one
    async with connected(slack):
        await until(lambda: slack.sockets and not texts.keys() & {"E1"})
        await until(lambda: slack.sockets[0].closed or slack.said)
        await slack.sockets[0].close()
        await until(lambda: [each["envelope_id"] for each in slack.said] == ["E1", "E3"])

    assert len(slack.sockets) == 3


def enveloped(payload: str, kind: str = '"events_api"') -> str:
    return f'{{"envelope_id":"E1","type":{kind},"payload":{payload}}}'


ODD = {
    "null": enveloped("null"),
    "list": enveloped("[1]"),
    "text": enveloped('"private words"'),
    "number": enveloped("5"),
    "nothing in it": enveloped("{}"),
    "odd type": enveloped('{"type":5}', kind="[]"),
    "deep": enveloped("[" * 100_000),
    "deep and whole": enveloped('{"a":' * 3_000 + "1" + "}" * 3_000),
    "huge number": enveloped('{"a":' + "9" * 10_000 + "}"),
    "nan": enveloped('{"a":NaN}'),
    "half": enveloped('{"type":"private words'),
    "user": enveloped('{"type":"x","user":5}'),
    "authorizations": enveloped('{"type":"x","authorizations":[1]}'),
    "no payload": '{"envelope_id":"E1","type":"events_api"}',
    "no type": '{"envelope_id":"E1","payload":{}}',
    "two ids": '{"envelope_id":"E0","envelope_id":"E1","payload":{}}',
}
NOT_ACKED = {
    "nothing": "",
    "no object": "[]",
    "garbage": "private words",
    "no id": '{"type":"events_api","payload":{}}',
    "odd id": '{"envelope_id":{"a":1},"type":"events_api","payload":{}}',
    "odd disconnect": '{"type":["disconnect"],"payload":{}}',
    "nul": "\x00",
}


@pytest.mark.parametrize("frame", ODD.values(), ids=ODD)
async def test_an_envelope_that_cannot_be_read_is_acked_all_the_same(
    slack: FakeSlack, frame: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with connected(slack):
        await until(lambda: bool(slack.sockets))
        await slack.sockets[0].send_str(frame)
        await until(lambda: bool(slack.said))
        await slack.sockets[0].send_str(json.dumps(command("honest", "E2")))
        await until(lambda: len(slack.said) == 2)

    assert slack.said == [
        {"envelope_id": "E1"},
        {"envelope_id": "E2", "payload": {"text": "heard honest"}},
    ]
    logged = capsys.readouterr().out
    assert "Traceback" not in logged
    assert "private" not in logged


@pytest.mark.parametrize("frame", NOT_ACKED.values(), ids=NOT_ACKED)
async def test_what_is_no_envelope_disturbs_nothing(
    slack: FakeSlack, frame: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with connected(slack):
        await until(lambda: bool(slack.sockets))
        await slack.sockets[0].send_str(frame)
        await slack.sockets[0].send_bytes(b"\xff\x00 private words")
        await slack.sockets[0].send_str(json.dumps(command("honest", "E2")))
        await until(lambda: bool(slack.said))

    assert [each["envelope_id"] for each in slack.said] == ["E2"]
    assert len(slack.opens) == 1
    logged = capsys.readouterr().out
    assert "Traceback" not in logged
    assert "private" not in logged
