"""What the API says about the key that is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from bot.grok.api import Found

KeyState = Literal["ok", "wrong", "blocked", "disabled", "unknown"]
"""`blocked`: the team or the key is, often for want of credit; `unknown`: the API does not say."""


def read_key(found: Found) -> KeyState:
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
