"""The JSON of what comes from Slack, by whichever way, read at the edge. No model of a payload is
loaded for that: a bot is ready before it needs them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from bot.characters import as_text

if TYPE_CHECKING:
    from slack_bolt.response import BoltResponse

JsonObject = dict[str, Any]

Answering = Callable[[JsonObject, object], Awaitable["BoltResponse"]]
"""Answers a payload, with what Slack says of how often it has sent it before; raises `Malformed`.
`answer` of the doors is one, given an app."""


class WayIn(Protocol):
    """How payloads come."""

    async def connected(self) -> bool:
        """Whether Slack can reach this process now, as far as it can know."""


class Reached:
    """Whether Slack reaches this process, for those who wait until that is known."""

    def __init__(self) -> None:
        self._known = asyncio.Event()
        self._way_in: WayIn | None = None

    def opened(self, way_in: WayIn) -> None:
        """From here on it is for `way_in` to say."""
        self._way_in = way_in
        self._known.set()

    def closed(self) -> None:
        """From here on it does not, also where no way in could be opened."""
        self._way_in = None
        self._known.set()

    async def __call__(self) -> bool:
        await self._known.wait()
        return self._way_in is not None and await self._way_in.connected()


DEEPEST = 64
"""Objects and lists within one another; Slack's own views and messages have about twenty."""

_LARGEST_NUMBER = 2**63


class Malformed(Exception):  # named as it is told
    """What came is no payload of Slack's. Says why, in words that hold nothing of it."""


def json_object(text: str) -> JsonObject:
    """The JSON object that `text` is. Raises `Malformed`.

    Numbers are finite and fit 64 bits. Half a surrogate pair, which no UTF-8 can hold, is
    replaced.
    """
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("no object")
    return {name: value for name, value in _clean(found, 0).items() if value is not None}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _clean(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise Malformed("too deep")
    if isinstance(value, str):
        return as_text(value)
    if isinstance(value, dict):
        return {as_text(name): _clean(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_clean(each, depth + 1) for each in value]
    if isinstance(value, int | float) and not -_LARGEST_NUMBER < value < _LARGEST_NUMBER:
        raise Malformed("a number too large")
    return value
