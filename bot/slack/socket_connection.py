"""One WebSocket of Socket Mode: envelopes in, acks out, on the connection that they came by."""

from __future__ import annotations

import asyncio
import json
import re
import time

import structlog
from aiohttp import ClientWebSocketResponse, WSMsgType
from slack_bolt.response import BoltResponse

from bot.acks import Acks
from bot.crash_points import ACK, passing
from bot.slack.incoming import Answering, JsonObject, json_object, not_understood
from bot.slack.payloads import Malformed
from bot.slack_limits import ACK_SECONDS

log = structlog.get_logger(__name__)

_AGAIN = 503
"""What a listener answers to what Slack is to deliver once more: it is not acked."""

_ENVELOPE_ID = re.compile(r'"envelope_id"\s*:\s*"([\w-]{1,64})"', re.ASCII)
"""Where it stands in what is no JSON; in a text the quotes before it would be escaped."""

_REASON = re.compile(r"[a-z_]{1,40}")


class SocketConnection:
    """Answers what comes until one of the two sides ends it.

    `over` is set as soon as Slack sends nothing more by it: it said so, or it is closed.
    `reason` is what Slack said then, or empty.
    """

    def __init__(self, answer: Answering, socket: ClientWebSocketResponse, acks: Acks) -> None:
        self._answer_payload = answer
        self._acks = acks
        self._socket = socket
        self._due = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self.over = asyncio.Event()
        self.reason = ""

    @property
    def is_open(self) -> bool:
        """Whether Slack can be heard by it."""
        return not self._socket.closed

    async def run(self) -> None:
        """Listen until it is closed and everything that came has been answered."""
        try:
            async with asyncio.TaskGroup() as answering:
                leaving: asyncio.Task[None] | None = None
                async for frame in self._socket:
                    message = self._read(frame.data) if frame.type is WSMsgType.TEXT else None
                    if message is None or message.get("type") == "hello":
                        continue
                    if message.get("type") != "disconnect":
                        answering.create_task(self._answer(message))
                    elif leaving is None:
                        self._end(message.get("reason"))
                        leaving = answering.create_task(self._leave())
                if leaving is not None:
                    leaving.cancel()
        finally:
            await self.close()

    async def close(self) -> None:
        """Say good-bye to Slack, if that is not done."""
        self.over.set()
        await self._socket.close()

    async def settle(self) -> None:
        """Wait until nothing is being answered."""
        await self._settled.wait()

    def _end(self, reason: object) -> None:
        if isinstance(reason, str) and _REASON.fullmatch(reason):
            self.reason = reason
        self.over.set()

    async def _leave(self) -> None:
        """Slack closes it, sooner or later; what was due before is acked first."""
        await asyncio.sleep(ACK_SECONDS)
        await self._socket.close()

    def _read(self, text: str) -> JsonObject | None:
        """The message that `text` is. One that cannot be read is acked as far as it tells its
        id: Slack would only send it again."""
        try:
            return json_object(text)
        except Malformed as error:
            not_understood(error)
        found = _ENVELOPE_ID.search(text)
        return {"envelope_id": found[1]} if found else None

    async def _answer(self, envelope: JsonObject) -> None:
        envelope_id = envelope.get("envelope_id")
        if not isinstance(envelope_id, str | int):
            not_understood(Malformed("an envelope without its id"))
            return
        started = time.monotonic()
        self._due += 1
        self._settled.clear()
        try:
            with self._acks.due():
                response = await self._response(envelope)
                if response.status != _AGAIN:
                    await self._ack(envelope_id, response)
        except ConnectionError:
            log.debug("connection closed with an ack due")
        except Exception:
            log.exception("envelope failed")
        finally:
            self._due -= 1
            if not self._due:
                self._settled.set()
            log.debug("envelope acked", seconds=time.monotonic() - started)

    async def _response(self, envelope: JsonObject) -> BoltResponse:
        payload = envelope.get("payload")
        if not isinstance(payload, dict):
            return not_understood(Malformed("an envelope without a payload"))
        try:
            return await self._answer_payload(payload, envelope.get("retry_attempt", 0))
        except Malformed as error:
            return not_understood(error)

    async def _ack(self, envelope_id: str | int, response: BoltResponse) -> None:
        ack: JsonObject = {"envelope_id": envelope_id}
        if response.status == 200 and response.body:
            kind = response.headers.get("content-type", [""])[0]
            is_json = kind.startswith("application/json")
            ack["payload"] = json.loads(response.body) if is_json else {"text": response.body}
        passing("before", ACK)
        await self._socket.send_str(json.dumps(ack))
        passing("after", ACK)
