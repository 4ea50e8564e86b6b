"""Slack in a simulation: the strict sandbox, reached by calls that take time, not by HTTP."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
from redis import exceptions
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from sandbox.workspace import Limits, Workspace
from sandbox.workspace.delivering.response_url import _use
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Delivery, Json
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import METHODS, Args
from tests.e2e.stage import installed_app
from tests.simulation.loop import PROCESS, Process, spawn
from tests.simulation.world import Call, Fault, Kind, World

ORIGIN = "http://127.0.0.1:1"
API = f"{ORIGIN}/api/"

Receive = Callable[[Json, int], Awaitable[tuple[int, Any]]]
"""What a process says to a payload that came for the so manieth time again: status and ack."""

_APP = functools.cache(installed_app)

RETRIES = (0.0, 6.0, 20.0)
"""Seconds after which an event is delivered again; Slack's own pauses are longer."""


@dataclass(slots=True)
class _Reply:
    """As slack_sdk hands it on."""

    data: Json
    status_code: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        return self.data.get(name, default)

    def __getitem__(self, name: str) -> Any:
        return self.data[name]


class SimSlack:
    """The workspace, and the way from it to the processes that are connected."""

    def __init__(self, world: World, workspace: Workspace | None = None) -> None:
        """Without a `workspace`: one that the bot is installed in."""
        self._world = world
        self.workspace = workspace or Workspace(app=_APP(), limits=Limits(event_retries=RETRIES))
        self.team: Team = self.workspace._team
        self.team.origin = ORIGIN
        self.team.dispatcher.transport = self
        self.connected_to: dict[Process, Receive] = {}
        self.copies = 0
        """How many of the next payloads are delivered twice, to whoever is there."""
        world.refused = self._refused
        world.lost = _lost

    def client(self) -> AsyncWebClient:
        """What one process calls Slack with."""
        client = _Client(token="xoxb-simulated", base_url=API)
        client.sim = self
        client.session = _Session(self)  # type: ignore[assignment]
        return client

    # From Slack to the bot.

    @property
    def connected(self) -> bool:
        return bool(self._alive())

    def _alive(self) -> list[Process]:
        return [each for each in self.connected_to if not each.dead]

    async def send(self, delivery: Delivery) -> None:
        """One attempt to deliver, to whichever process."""
        if self.copies and delivery.kind == "events_api":
            self.copies -= 1
            self._world.note("Slack", "delivers the same twice")
            asyncio.get_running_loop().create_task(self._hand(delivery))
        status, ack, error = await self._hand(delivery)
        delivery.status, delivery.ack, delivery.error = status, ack or {}, error
        if error is None and not 200 <= (status or 0) < 300:
            delivery.error = "http_error"

    async def _hand(self, delivery: Delivery) -> tuple[int | None, Any, str | None]:
        alive = self._alive()
        if not alive:
            await asyncio.sleep(0.05)
            return None, None, "no_connection"
        process = self._world.random.choice(alive)
        receive = self.connected_to[process]
        try:
            async with asyncio.timeout(self.team.limits.ack):
                await asyncio.sleep(self._world.span("slack") / 2)
                answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
                _tell(process, receive(delivery.payload, delivery.retry), answered)
                status, ack = await answered
                await asyncio.sleep(self._world.span("slack") / 2)
        except TimeoutError:
            return None, None, "http_timeout"
        return status, ack, None

    # From the bot to Slack.

    def carry_out(self, method: str, body: Json, call: Call) -> None:
        """One method of the Web API, as the sandbox's server serves it."""
        team, known = self.team, METHODS[method]
        channel = str(body.get("channel", ""))
        if known.tier and (wait := team.budgets.admit(method, known.tier, channel)):
            call.fail(_refusal({"ok": False, "error": "ratelimited"}, 429, wait))
            return
        try:
            reply = _at_once(known.run(team, Args(body)))
        except ApiError as refusal:
            self._world.note("Slack", f"refuses {method} of {call.process}: {refusal.error}")
            call.fail(_refusal(refusal.body(), 200))
            return
        if method in _TOLD:
            self._world.note("Slack", f"{method} of {call.process}: {_gist(body, reply)}")
        call.give(_Reply({"ok": True, **reply}))

    def respond(self, path: str, body: Json, call: Call) -> None:
        """One use of a response_url."""
        call.give(_use(self.team, path, body))

    async def ask(self, method: str, body: Json) -> Any:
        """One call of the process that asks."""
        world, process = self._world, PROCESS.get()
        if method == "chat.update" and process:
            world.edited.append((world.loop.time(), process.name, str(body["ts"])))
        land = functools.partial(self.carry_out, method, json.loads(json.dumps(body)))
        return await world.call("slack", method, land)

    async def use(self, url: URL, data: str) -> tuple[int, str]:
        land = functools.partial(self.respond, url.path, json.loads(data))
        status, text = await self._world.call("slack", "response_url", land)
        return status, text

    def _refused(self, kind: Kind, fault: Fault) -> BaseException | None:
        if kind != "slack":
            return None
        if fault.what == "limit":
            return _refusal({"ok": False, "error": "ratelimited"}, 429, 1 + int(fault.seconds))
        return _refusal({"ok": False, "error": "fatal_error"}, 500)


_TOLD = ("chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral")


def _gist(body: Json, reply: Json) -> str:
    """Which message, and what it shows in short."""
    said = [str(block.get("text", "")) for block in body.get("blocks") or ()]
    text = " ".join(each for each in said if each and not each.startswith("{"))
    buttons = "Retry" if '"retry"' in json.dumps(body) else ""
    ts = str(body.get("ts") or reply.get("ts") or "")
    return f"{ts[-9:]} {text[:24]!r}…{text[-16:]!r} {buttons}".rstrip()


def _lost(kind: Kind) -> BaseException:
    if kind == "store":
        return exceptions.ConnectionError("connection closed by server")
    if kind == "grok":
        return httpx.ReadError("connection lost")
    return aiohttp.ServerDisconnectedError()


def _refusal(body: Json, status: int, retry_after: int = 0) -> SlackApiError:
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    reply: Any = _Reply(body, status, headers)
    return SlackApiError(str(body["error"]), reply)  # type: ignore[no-untyped-call]


def _at_once(running: Any) -> Any:
    """What comes of a coroutine that waits for nothing."""
    try:
        running.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("a method of the sandbox waits")


def _tell(process: Process, work: Any, answered: asyncio.Future[Any]) -> None:
    """Have `process` do `work`, and `answered` told what came of it."""

    async def tell() -> None:
        result = await work
        if not answered.done():
            answered.set_result(result)

    spawn(process, tell())


class _Client(AsyncWebClient):
    """slack_sdk, with the connection left out."""

    sim: SimSlack

    async def api_call(self, api_method: str, **call: Any) -> Any:
        body = call.get("json") or call.get("params") or {}
        return await self.sim.ask(api_method, body)


class _Session:
    """What a response_url is posted with."""

    def __init__(self, sim: SimSlack) -> None:
        self._sim = sim

    @asynccontextmanager
    async def post(self, url: URL, *, data: str, **_: Any) -> AsyncIterator[Any]:
        status, text = await self._sim.use(url, data)
        yield SimpleNamespace(status=status, headers={}, content=_Content(text.encode()))


class _Content:
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self._body
