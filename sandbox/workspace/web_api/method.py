"""What a Web API method is, and the arguments it reads."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Json
from sandbox.workspace.team import Team

Tier = Literal["2", "3", "4", "post", ""]
Run = Callable[[Team, "Args"], Awaitable[Json]]
_TRUE = (True, "true", "True", "1", 1)


@dataclass(frozen=True, slots=True)
class Args:
    """The arguments of a call, from JSON or a form alike."""

    raw: Json

    def text(self, name: str, default: str = "") -> str:
        value = self.raw.get(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ApiError("invalid_arguments", messages=[f"[ERROR] {name} must be a string"])
        return str(value)

    def required(self, name: str) -> str:
        if self.raw.get(name) in (None, ""):
            message = f"[ERROR] missing required field: {name}"
            raise ApiError("invalid_arguments", messages=[message])
        return self.text(name)

    def optional(self, name: str) -> str | None:
        return self.text(name) if self.raw.get(name) not in (None, "") else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.raw[name] in _TRUE if name in self.raw else default

    def count(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`, else `invalid_limit`."""
        try:
            value = int(self.raw.get(name, default))
        except (TypeError, ValueError):
            raise ApiError("invalid_limit") from None
        if not 1 <= value <= most:
            raise ApiError("invalid_limit")
        return value

    def seconds(self, name: str, default: float) -> float:
        """A moment in Unix time, else `invalid_ts_<name>`."""
        try:
            return float(self.raw.get(name) or default)
        except (TypeError, ValueError):
            raise ApiError(f"invalid_ts_{name}") from None

    def json(self, name: str, error: str) -> Any:
        """An object or array, also when sent as a string; None when absent."""
        value = self.raw.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise ApiError(error) from None

    def __contains__(self, name: str) -> bool:
        return self.raw.get(name) is not None


@dataclass(frozen=True, slots=True)
class Method:
    """`scopes`: the bot needs all of them; `app_level`: it takes the app-level token."""

    name: str
    run: Run
    tier: Tier
    scopes: tuple[str, ...] = ()
    app_level: bool = False


METHODS: dict[str, Method] = {}


def method(name: str, tier: Tier, *scopes: str, app_level: bool = False) -> Callable[[Run], Run]:
    """Register a function as a Web API method."""

    def register(run: Run) -> Run:
        METHODS[name] = Method(name, run, tier, scopes, app_level)
        return run

    return register


def need_scope(team: Team, scope: str) -> None:
    if scope not in team.app.scopes:
        raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(team.app.scopes)))
