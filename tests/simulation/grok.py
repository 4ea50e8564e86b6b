"""Grok in a simulation: answers that tell of which question and which asking they are."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.simulation.loop import PROCESS
from tests.simulation.world import Call, World

BASE = "http://127.0.0.1:2/v1"
NAMED = re.compile(r"question-(\d+)")


@dataclass(slots=True)
class Asking:
    """One request: for which question, when, by which process, and what is answered."""

    question: int
    number: int
    at: float
    process: str
    text: str
    tokens: int
    body: dict[str, Any]
    ended: float | None = None
    """When the last of it was read, if it was."""


@dataclass(slots=True)
class SimGrok:
    """`words` and `pace` (seconds between pieces) are those of the next answers."""

    world: World
    words: int = 12
    pace: float = 0.15
    askings: list[Asking] = field(default_factory=list)
    _times: Counter[int] = field(default_factory=Counter)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=_Transport(self), trust_env=False)

    def answer(self, body: dict[str, Any]) -> Asking:
        """The answer to the last question in a request."""
        question = _question(body)
        self._times[question] += 1
        number = self._times[question]
        middle = " ".join(f"w{question}.{each}" for each in range(self.words))
        text = f"begin-{question}-{number} {middle} end-{question}-{number}."
        process = PROCESS.get()
        asking = Asking(
            question,
            number,
            self.world.loop.time(),
            process.name if process else "",
            text,
            100 + 2 * self.words,
            body,
        )
        self.askings.append(asking)
        return asking


def _question(body: dict[str, Any]) -> int:
    found = NAMED.findall(json.dumps(body.get("messages") or body.get("prompt")))
    return int(found[-1]) if found else 0


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, grok: SimGrok) -> None:
        self._grok = grok

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        world = self._grok.world
        if not request.url.path.endswith("/completions"):
            return httpx.Response(404, json={"error": "not here"})
        body = json.loads(request.content)
        process = PROCESS.get()
        begun: list[tuple[Asking, float]] = []

        def land(call: Call) -> None:
            asking = self._grok.answer(body)
            asking.process = process.name if process else ""
            world.note("Grok", f"is asked question {asking.question} by {asking.process}")
            begun.append((asking, world.loop.time() + world.random.uniform(0.1, 0.8)))
            call.give(None)

        await world.call("grok", "ask", land)
        asking, first = begun[0]
        stream = _Stream(self._grok, asking, first)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)


class _Stream(httpx.AsyncByteStream):
    """Server-sent events: each piece is there at its time, whether anybody reads or not."""

    def __init__(self, grok: SimGrok, asking: Asking, first: float) -> None:
        self._grok = grok
        self._asking = asking
        self._first = first

    async def __aiter__(self) -> AsyncIterator[bytes]:
        world = self._grok.world
        for number, event in enumerate(_events(self._asking)):
            due = self._first + self._grok.pace * number
            yield await world.call("grok", "read", functools.partial(_when, world, due, event))
        self._asking.ended = world.loop.time()


def _when(world: World, due: float, event: bytes, call: Call) -> None:
    world.later(max(0.0, due - world.loop.time()), call.give, event)


def _events(asking: Asking) -> list[bytes]:
    head = {
        "id": f"asking-{asking.question}-{asking.number}",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": asking.body["model"],
    }
    words = asking.text.split(" ")
    size = max(1, len(words) // 5)
    pieces = [
        "".join(
            f"{' ' if place + n else ''}{word}"
            for n, word in enumerate(words[place : place + size])
        )
        for place in range(0, len(words), size)
    ]
    found: list[dict[str, Any]] = [
        head
        | {
            "choices": [
                {
                    "index": 0,
                    "delta": {"role": "assistant", "content": piece},
                    "finish_reason": None,
                }
            ]
        }
        for piece in pieces
    ]
    found.append(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": asking.tokens - 100,
        "total_tokens": asking.tokens,
    }
    found.append(head | {"choices": [], "usage": usage})
    return [f"data: {json.dumps(each)}\n\n".encode() for each in found] + [b"data: [DONE]\n\n"]
