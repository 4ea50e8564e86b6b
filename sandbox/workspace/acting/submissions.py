"""Submitting and closing modals, and what the app answers to it."""

from __future__ import annotations

from sandbox.workspace.acting.payloads import CONNECT_TROUBLE, common, hand_over, view_seen
from sandbox.workspace.blocks.validate import check_view
from sandbox.workspace.blocks.view_values import faults, fill
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import InteractionResult, Json, View
from sandbox.workspace.serving.page_json import view_json
from sandbox.workspace.team import Team


async def submit(team: Team, user: str, view_id: str, typed: Json) -> InteractionResult:
    """Press a modal's submit button. What Slack's client refuses never reaches the app."""
    view = view_seen(team, user, view_id)
    fill(view.content["blocks"], view.values, typed)
    if refused := faults(view.content["blocks"], view.values):
        return InteractionResult({}, 0.0, None, refused)
    payload = {
        **common(team, "view_submission", user),
        "trigger_id": team.triggers.new(user, view=view.id, conversation=view.conversation),
        "view": view_json(view),
        "response_urls": _response_urls(team, user, view),
    }
    return settle(team, view, await hand_over(team, payload))


def settle(team: Team, view: View, result: InteractionResult) -> InteractionResult:
    """Do what the app answered to a submission, if Slack takes it."""
    if result.error is not None:
        return result
    try:
        return _act(team, view, result)
    except ApiError as refusal:
        team.problems.append(f"answer to a submission refused: {refusal.body()}")
        return InteractionResult(result.ack, result.delay, CONNECT_TROUBLE)


async def close_view(team: Team, user: str, view_id: str) -> InteractionResult:
    """Press a modal's close button; the app hears of it when the view asks for that."""
    view = view_seen(team, user, view_id)
    if view.content.get("clear_on_close"):
        team.views.clear(view)
    else:
        team.views.close(view)
    if not view.content.get("notify_on_close"):
        return InteractionResult({}, 0.0)
    payload = {
        **common(team, "view_closed", user),
        "view": view_json(view),
        "is_cleared": False,
    }
    return await hand_over(team, payload)


def _act(team: Team, view: View, result: InteractionResult) -> InteractionResult:
    """Do what the app answered, unless the view was closed meanwhile."""
    if view.closed:
        return result
    action = result.ack.get("response_action")
    if action is None:
        team.views.close(view)
    elif action == "clear":
        team.views.clear(view)
    elif action == "errors":
        return _marked(view, result)
    elif action == "update":
        team.views.update(view, check_view(result.ack.get("view"), kind="modal"))
    elif action == "push":
        team.views.open(view.user, check_view(result.ack.get("view"), kind="modal"), view)
    else:
        raise ApiError("unknown_response_action")
    return result


def _marked(view: View, result: InteractionResult) -> InteractionResult:
    errors = result.ack.get("errors")
    inputs = {b["block_id"] for b in view.content["blocks"] if b["type"] == "input"}
    if not isinstance(errors, dict) or not errors or set(errors) - inputs:
        raise ApiError("errors must name input blocks of the view")
    return InteractionResult(result.ack, result.delay, None, errors)


def _response_urls(team: Team, user: str, view: View) -> list[Json]:
    found: list[Json] = []
    for block in view.content["blocks"]:
        element = block.get("element", {})
        if block["type"] != "input" or not element.get("response_url_enabled"):
            continue
        ids = {"block_id": block["block_id"], "action_id": element["action_id"]}
        state = view.values[ids["block_id"]][ids["action_id"]]
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if channel is not None:
            path = team.response_urls.new(channel, user)
            found.append({**ids, "channel_id": channel, "response_url": team.origin + path})
    return found
