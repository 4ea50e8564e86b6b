"""Whether there is an API at the configured address, and what it says about the key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.grok.http.api import HttpReply
from bot.grok.meaning import kind_of, say, tells_error

KeyState = Literal["ok", "wrong", "blocked", "disabled", "unknown"]
"""`blocked`: the team or the key is, often for want of credit; `unknown`: the API does not say."""


LookUp = Callable[[str], Awaitable[HttpReply]]

_MODELS = "/models"
_LIKELY = ("/v1", "/api/v1", "/openai/v1", "/v1beta/openai")
"""What people leave out of an address."""

_THERE = frozenset({400, 405, 411, 415, 422})
"""What an endpoint that wants a POST says to a GET; one that is not there says 404."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What is at the configured address: an API with this `key`, or, where `key` is None, none.

    `onward` is where it sends to, `added` what is missing at the end of the address, `status` that
    of a server which is out of order.
    """

    key: KeyState | None = None
    onward: str = ""
    added: str = ""
    status: int = 0


async def reach(look_up: LookUp) -> Reach:
    """Find out what is at the configured address, by lookups that cost nothing."""
    key, models = await look_up("/api-key"), await look_up(_MODELS)
    moved = next((found.onward for found in (models, key) if found.onward), "")
    state = read_key(key)
    if key.status == 200 and state != "unknown":
        return Reach(state)
    if _lists(models):
        return Reach("unknown")
    if moved:
        return Reach(onward=moved)
    if models.status >= 500:
        return Reach(status=models.status)
    refused = _refused(models)
    if refused is not None:
        return Reach(refused)
    chat = await look_up("/chat/completions")
    elsewhere = kind_of(404, say(chat.data)) == "unknown_model" and "endpoint" in str(chat.data)
    if chat.status in _THERE and not elsewhere:
        return Reach(_refused(chat) or "unknown")
    for added in _LIKELY:
        there = await look_up(added + _MODELS)
        if _lists(there) or _refused(there) is not None:
            return Reach(added=added)
    return Reach()


def _lists(found: HttpReply) -> bool:
    data = found.data
    names = data.get("data", data.get("models")) if isinstance(data, Mapping) else data
    return found.status == 200 and isinstance(names, list)


def _refused(found: HttpReply) -> KeyState | None:
    """What an error says of the key; None where it is about something else."""
    if found.status == 401:
        return "wrong"
    if not isinstance(found.data, Mapping | list):
        return "wrong" if found.status == 403 else None
    if found.status == 200 and isinstance(found.data, Mapping) and not tells_error(found.data):
        return None
    kind = kind_of(0 if found.status == 200 else found.status, say(found.data))
    if kind == "no_credit":
        return "blocked"
    return "wrong" if kind in {"bad_key", "not_permitted"} else None


def read_key(found: HttpReply) -> KeyState:
    """The state of the key in the reply to `GET /v1/api-key`."""
    if found.status == 200 and isinstance(found.data, Mapping):
        return _of(found.data)
    if found.status in {400, 401}:
        return "wrong"
    return "blocked" if found.status == 403 else "unknown"


def _of(data: Mapping[str, Any]) -> KeyState:
    if data.get("api_key_disabled") is True:
        return "disabled"
    if data.get("api_key_blocked") is True or data.get("team_blocked") is True:
        return "blocked"
    return "ok" if "team_blocked" in data or "api_key_disabled" in data else "unknown"
