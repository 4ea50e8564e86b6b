"""What the payloads of interactions have in common, and where an interaction happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.workspace.acting.people import NotAllowedError, must_see
from sandbox.workspace.blocks.block_shapes import elements_of
from sandbox.workspace.blocks.view_values import Values, held, initial_values
from sandbox.workspace.delivering.wire import message_json
from sandbox.workspace.model import InteractionResult, Json, Message, View
from sandbox.workspace.serving.page_json import view_json
from sandbox.workspace.state import APP_ID
from sandbox.workspace.team import Team

CONNECT_TROUBLE = "We had some trouble connecting. Try again?"
CHANNEL_NAMES = {"im": "directmessage", "private": "privategroup"}
NOT_CONFIGURED = "This app is not configured to handle interactive responses."
_PLAIN_ACKS = ("block_actions", "message_action", "shortcut", "view_closed")


@dataclass(slots=True)
class Place:
    """A message or a view with something to use in it. `fields` is its part of the payload,
    `values` what its inputs hold, `conversation` what its user is looking at."""

    blocks: list[Json]
    values: Values
    fields: Json
    view: View | None = None
    conversation: str | None = None

    def offer(self, block_id: str, action_id: str, options: list[Json]) -> None:
        """Remember what the app gave an external select of a view."""
        if self.view is not None:
            self.view.offered[block_id, action_id] = options

    def offered(self, block_id: str, action_id: str) -> list[Json]:
        return [] if self.view is None else self.view.offered.get((block_id, action_id), [])

    def find(self, action_id: str, block_id: str | None) -> tuple[Json, Json]:
        """The block and the element."""
        for block in self.blocks:
            if block_id is not None and block.get("block_id") != block_id:
                continue
            for element in elements_of(block):
                if element.get("action_id") == action_id:
                    return block, element
        raise NotAllowedError(f"nothing to use: {action_id}")


def message_place(
    team: Team, user: str, channel_id: str, ts: str, seen: int | None = None
) -> Place:
    """`seen`: the revision the person is looking at, where it is not the last one."""
    message = message_seen(team, user, channel_id, ts)
    container: Json = {
        "type": "message",
        "message_ts": ts,
        "channel_id": channel_id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.is_reply:
        container["thread_ts"] = message.thread_ts
    fields: Json = {"container": container, "channel": channel_field(team, channel_id)}
    if message.ephemeral_to is None:
        fields["message"] = message_json(team.state, message)
    blocks = list(message.revisions[-1 if seen is None else seen].blocks)
    return Place(blocks, initial_values(blocks), fields, conversation=channel_id)


def view_place(team: Team, user: str, view_id: str) -> Place:
    view = view_seen(team, user, view_id)
    fields = {"container": {"type": "view", "view_id": view.id}}
    return Place(view.content["blocks"], view.values, fields, view, view.conversation)


def message_seen(team: Team, user: str, channel_id: str, ts: str) -> Message:
    """A message that stands and that `user` sees, ephemeral ones included."""
    must_see(team, user, channel_id)
    ephemeral = team.state.find_ephemeral(channel_id, ts)
    if ephemeral is not None and ephemeral.ephemeral_to == user:
        return ephemeral
    message = team.state.find(channel_id, ts)
    if message is None or message.tombstone:
        raise NotAllowedError("message_not_found")
    return message


def view_seen(team: Team, user: str, view_id: str) -> View:
    view = team.views.find(view_id)
    if view is None or view.user != user:
        raise NotAllowedError("view_not_found")
    return view


def channel_field(team: Team, channel_id: str) -> Json:
    channel = team.state.channels[channel_id]
    return {"id": channel_id, "name": CHANNEL_NAMES.get(channel.kind, channel.name)}


def common(team: Team, kind: str, user: str) -> Json:
    person = team.state.users[user]
    enterprise = team.state.enterprise_json
    name, home = person.name, person.organisation or team.state.team_id
    return {
        "type": kind,
        "user": {"id": user, "username": name, "name": name, "team_id": home},
        "api_app_id": APP_ID,
        "token": "sandbox-verification",
        "team": {
            "id": team.state.team_id,
            "domain": team.state.domain,
            **{f"enterprise_{name}": value for name, value in (enterprise or {}).items()},
        },
        "enterprise": enterprise,
        "is_enterprise_install": team.state.org_wide,
    }


def with_view(payload: Json, place: Place) -> Json:
    """`payload` with the view as it stands now, if the place is one."""
    return payload if place.view is None else {**payload, "view": view_json(place.view)}


def action(team: Team, place: Place, action_id: str, block_id: str | None, chosen: Any) -> Json:
    """The entry of `actions`; what was chosen is held by the place from then on."""
    block, element = place.find(action_id, block_id)
    if block["type"] == "input" and not block.get("dispatch_action"):
        raise NotAllowedError(f"the app is not told of {action_id} before the form is submitted")
    entry = {
        "type": element["type"],
        "block_id": block["block_id"],
        "action_id": action_id,
        "action_ts": team.clock.ts(),
    }
    if element["type"] in ("button", "icon_button"):
        entry["text"] = element["text"]
        return entry | ({"value": element["value"]} if "value" in element else {})
    if element["type"] == "feedback_buttons":
        return entry | _of_two(element, chosen)
    now = held(element, chosen)
    if element["type"] != "overflow":
        place.values.setdefault(block["block_id"], {})[action_id] = now
    return entry | now


def _of_two(element: Json, chosen: Any) -> Json:
    """Which of the two buttons of one element was pressed, by its value."""
    for button in (element["positive_button"], element["negative_button"]):
        if button["value"] == chosen:
            return {"text": button["text"], "value": chosen}
    raise NotAllowedError(f"no such button: {chosen}")


async def hand_over(team: Team, payload: Json) -> InteractionResult:
    """Deliver `payload`, and what a person sees of it: trouble, unless it is acked in time."""
    if not (team.app.interactive and team.state.installed):
        return InteractionResult({}, 0.0, NOT_CONFIGURED)
    delivery = await team.dispatcher.deliver("interactive", payload)
    error = None if delivery.acked else CONNECT_TROUBLE
    if delivery.ack and payload["type"] in _PLAIN_ACKS:
        team.problems.append(f"an ack of {payload['type']} cannot say anything: {delivery.ack}")
    return InteractionResult(delivery.ack or {}, delivery.delay or 0.0, error)
