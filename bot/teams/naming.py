"""Which workspace a payload is from, as its parts say.

A channel that is shared with another organisation brings events of it: who they are for stands in
`authorizations`, and nowhere else ("Event wrapper"). A view names the workspace in which the app
is that opened it, and a message of the app is at home where the app is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.inbound.incoming import JsonObject, Malformed

_TEAM = re.compile(r"T[A-Z0-9]{1,32}")
_ENTERPRISE = re.compile(r"E[A-Z0-9]{1,32}")

LEAVING = frozenset({"app_uninstalled", "team_access_revoked", "tokens_revoked"})
"""Events that say that the app may be there no more."""


@dataclass(frozen=True, slots=True)
class Whose:
    """A workspace, and the organisation that it belongs to, or empty. Without a workspace it is
    about all of an organisation ("team_access_granted event")."""

    team: str
    enterprise: str = ""


def whose(body: JsonObject) -> Whose:
    """Whose installation `body` is for. Raises `Malformed` where nobody is named."""
    enterprise = next(filter(None, map(_enterprise, _enterprises(body))), "")
    for team in _teams(body):
        if isinstance(team, str) and _TEAM.fullmatch(team):
            return Whose(team, enterprise)
    if enterprise:
        return Whose("", enterprise)
    raise Malformed("of no workspace")


def leaving(body: JsonObject) -> str:
    """The event that says that the app may be there no more; empty for all else.

    A bot's token must be among those that were revoked, where any are named.
    """
    event = body.get("event")
    if body.get("type") != "event_callback" or not isinstance(event, Mapping):
        return ""
    kind = event.get("type")
    if kind == "tokens_revoked":
        tokens = event.get("tokens")
        return kind if isinstance(tokens, Mapping) and tokens.get("bot") else ""
    return kind if isinstance(kind, str) and kind in LEAVING else ""


def _teams(body: JsonObject) -> Iterator[Any]:
    view, message = body.get("view"), body.get("message")
    if isinstance(view, Mapping):
        yield view.get("app_installed_team_id")
    for each in _authorizations(body):
        yield each.get("team_id")
    if body.get("type") == "block_actions" and isinstance(message, Mapping):
        yield message.get("team") if message.get("bot_id") else None
    team = body.get("team")
    yield team.get("id") if isinstance(team, Mapping) else None
    yield body.get("team_id")
    user = body.get("user")
    yield user.get("team_id") if isinstance(user, Mapping) else None


def _enterprises(body: JsonObject) -> Iterator[Any]:
    for each in _authorizations(body):
        yield each.get("enterprise_id")
    enterprise = body.get("enterprise")
    yield enterprise.get("id") if isinstance(enterprise, Mapping) else None
    yield body.get("enterprise_id")
    yield body.get("team_id")


def _authorizations(body: JsonObject) -> Iterator[Mapping[str, Any]]:
    found = body.get("authorizations")
    if isinstance(found, list) and found and isinstance(found[0], Mapping):
        yield found[0]


def _enterprise(found: Any) -> str:
    return found if isinstance(found, str) and _ENTERPRISE.fullmatch(found) else ""
