"""Clicks, shortcuts and the Home tab: payloads out, acks in."""

from __future__ import annotations

from typing import Any, Literal

from sandbox.workspace.acting.payloads import (
    action,
    channel_field,
    common,
    hand_over,
    message_place,
    message_seen,
    view_place,
    with_view,
)
from sandbox.workspace.acting.people import NotAllowedError
from sandbox.workspace.blocks.view_values import fill
from sandbox.workspace.model import InteractionResult, Json
from sandbox.workspace.serving.page_json import view_json
from sandbox.workspace.team import Team


async def click(
    team: Team,
    user: str,
    channel_id: str,
    ts: str,
    action_id: str,
    *,
    block_id: str | None = None,
    chosen: Any = None,
    seen: int | None = None,
) -> InteractionResult:
    """Use a button (or, with `chosen`, a select) in a message, as it stood at revision `seen`."""
    place = message_place(team, user, channel_id, ts, seen)
    payload = {
        **common(team, "block_actions", user),
        **place.fields,
        "actions": [action(team, place, action_id, block_id, chosen)],
        "state": {"values": place.values},
        "response_url": team.origin + team.response_urls.new(channel_id, user, ts),
        "trigger_id": team.triggers.new(user, conversation=channel_id),
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
        "trigger_id": team.triggers.new(user, view=view_id, conversation=place.conversation),
    }
    return await hand_over(team, with_view(payload, place))


async def shortcut(
    team: Team, user: str, callback_id: str, viewing: str | None = None
) -> InteractionResult:
    """Run a global shortcut. It does not tell the app which conversation was `viewing`."""
    if callback_id not in {known.callback_id for known in team.app.global_shortcuts}:
        raise NotAllowedError("no_such_shortcut")
    return await _run(team, user, callback_id, common(team, "shortcut", user), viewing)


async def message_shortcut(
    team: Team, user: str, callback_id: str, channel_id: str, ts: str
) -> InteractionResult:
    """Run a shortcut on a message that everybody sees: Slack offers none on ephemeral ones."""
    if callback_id not in {known.callback_id for known in team.app.message_shortcuts}:
        raise NotAllowedError("no_such_shortcut")
    message = message_seen(team, user, channel_id, ts)
    if message.ephemeral_to is not None:
        raise NotAllowedError("no_shortcuts_on_ephemeral_messages")
    if team.state.users[user].organisation:
        raise NotAllowedError("no_such_shortcut")
    payload = {
        **common(team, "message_action", user),
        "channel": channel_field(team, channel_id),
        "message": team.events.seen(message),
        "message_ts": ts,
        "response_url": team.origin + team.response_urls.new(channel_id, user),
    }
    return await _run(team, user, callback_id, payload, channel_id)


def open_app(team: Team, user: str, tab: Literal["home", "messages"]) -> None:
    """Open a tab of the app. The app is told; `home` shows what is published there."""
    person = team.state.users[user]
    if person.organisation or (team.app.agent and person.is_guest):
        raise NotAllowedError("app_not_found")
    if not (team.app.home_tab if tab == "home" else team.app.messages_tab):
        raise NotAllowedError(f"{tab}_tab_disabled")
    home = team.state.homes.get(user) if tab == "home" else None
    if home is not None:
        team.feed.publish({"type": "home", "view": view_json(home)}, user)
    shown = view_json(home, state=False) if home is not None else None
    team.events.home_opened(user, tab, shown)


async def _run(
    team: Team, user: str, callback_id: str, payload: Json, conversation: str | None
) -> InteractionResult:
    payload |= {
        "callback_id": callback_id,
        "action_ts": team.clock.ts(),
        "trigger_id": team.triggers.new(user, conversation=conversation),
    }
    return await hand_over(team, payload)
