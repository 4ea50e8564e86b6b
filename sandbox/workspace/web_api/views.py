"""views.*: modals and the Home tab."""

from __future__ import annotations

from sandbox.workspace.blocks.validate import check_view
from sandbox.workspace.delivering.interactions import Trigger
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Json, View
from sandbox.workspace.serving.page_json import view_json
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import Args, method


@method("views.open", "4")
async def open_view(team: Team, args: Args) -> Json:
    content = check_view(args.json("view", "invalid_arguments"), kind="modal")
    trigger = _trigger(team, args)
    view = team.views.open(trigger.user, content, conversation=trigger.conversation)
    trigger.used = True
    return {"view": view_json(view, state=False)}


@method("views.push", "4")
async def push(team: Team, args: Args) -> Json:
    content = check_view(args.json("view", "invalid_arguments"), kind="modal")
    trigger = _trigger(team, args)
    below = team.views.find(trigger.view or "")
    if below is None or below.type != "modal":
        raise ApiError("not_found")
    view = team.views.open(trigger.user, content, below)
    trigger.used = True
    return {"view": view_json(view, state=False)}


@method("views.update", "4")
async def update(team: Team, args: Args) -> Json:
    view = _wanted(team, args)
    content = check_view(args.json("view", "invalid_arguments"), kind=view.type)
    expected = args.optional("hash")
    if expected is not None and expected != view.hash:
        raise ApiError("hash_conflict")
    team.views.update(view, content)
    return {"view": view_json(view, state=False)}


@method("views.publish", "4")
async def publish(team: Team, args: Args) -> Json:
    if not team.app.home_tab:
        raise ApiError("not_enabled")
    user = args.required("user_id")
    person = team.state.users.get(user)
    if person is None or person.is_bot or person.organisation:
        raise ApiError("user_not_found")
    content = check_view(args.json("view", "invalid_arguments"), kind="home")
    view = team.views.publish(user, content, args.optional("hash"))
    return {"view": view_json(view, state=False)}


def _trigger(team: Team, args: Args) -> Trigger:
    name = "trigger_id" if "trigger_id" in args else "interactivity_pointer"
    return team.triggers.peek(args.required(name))


def _wanted(team: Team, args: Args) -> View:
    if "view_id" in args:
        view = team.views.find(args.text("view_id"))
    else:
        view = team.views.find_external(args.required("external_id"))
    if view is None:
        raise ApiError("not_found")
    return view
