"""Clicks, shortcuts and the Home tab: payloads out, acks in."""

from __future__ import annotations

from typing import Any

from sandbox.workspace.model import InteractionResult, Json
from sandbox.workspace.page_json import view_json
from sandbox.workspace.payloads import (
    action,
    channel_field,
    common,
    hand_over,
    message_place,
    message_seen,
    view_place,
    with_view,
)
from sandbox.workspace.people import NotAllowedError
from sandbox.workspace.team import Team
from sandbox.workspace.view_values import fill
from sandbox.workspace.wire import message_json


async def click(
    team: Team,
    user: str,
    channel_id: str,
    ts: str,
    action_id: str,
    *,
    block_id: str | None = None,
    chosen: Any = None,
) -> InteractionResult:
    """Use a button (or, with `chosen`, a select) in a message."""
    place = message_place(team, user, channel_id, ts)
    payload = {
        **common(team, "block_actions", user),
        **place.fields,
        "actions": [action(team, place, action_id, block_id, chosen)],
        "state": {"values": place.values},
        "response_url": team.origin + team.response_urls.new(channel_id, user, ts),
        "trigger_id": team.triggers.new(user),
    }
    return await hand_over(team, payload)


async def click_view(
    team: Team,
    user: str,
    view_id: str,
    action_id: str,
    *,
    block_id: str | None = None,
    chosen: Any = None,
    typed: Json,
) -> InteractionResult:
    """Use a button or select in a view; `typed` is what else was filled in meanwhile."""
    place = view_place(team, user, view_id)
    fill(place.blocks, place.values, typed)
    payload = {
        **common(team, "block_actions", user),
        **place.fields,
        "actions": [action(team, place, action_id, block_id, chosen)],
        "trigger_id": team.triggers.new(user, view_id),
    }
    return await hand_over(team, with_view(payload, place))


async def shortcut(team: Team, user: str, callback_id: str) -> InteractionResult:
    """Run a global shortcut."""
    if callback_id not in {known.callback_id for known in team.app.global_shortcuts}:
        raise NotAllowedError("no_such_shortcut")
    return await _run(team, user, callback_id, common(team, "shortcut", user))


async def message_shortcut(
    team: Team, user: str, callback_id: str, channel_id: str, ts: str
) -> InteractionResult:
    """Run a shortcut on a message."""
    if callback_id not in {known.callback_id for known in team.app.message_shortcuts}:
        raise NotAllowedError("no_such_shortcut")
    message = message_seen(team, user, channel_id, ts)
    payload = {
        **common(team, "message_action", user),
        "channel": channel_field(team, channel_id),
        "message": message_json(team.state, message),
        "message_ts": ts,
        "response_url": team.origin + team.response_urls.new(channel_id, user),
    }
    return await _run(team, user, callback_id, payload)


def open_home(team: Team, user: str) -> None:
    """Open the app's Home tab: shows what is published there, and tells the app."""
    if not team.app.home_tab:
        raise NotAllowedError("home_tab_disabled")
    home = team.state.homes.get(user)
    if home is not None:
        team.feed.publish({"type": "home", "view": view_json(home)}, user)
    team.events.home_opened(user, view_json(home) if home is not None else None)


async def _run(team: Team, user: str, callback_id: str, payload: Json) -> InteractionResult:
    payload |= {
        "callback_id": callback_id,
        "action_ts": team.clock.ts(),
        "trigger_id": team.triggers.new(user),
    }
    return await hand_over(team, payload)
