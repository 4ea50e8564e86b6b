"""apps.*: opening a Socket Mode connection."""

from __future__ import annotations

from sandbox.workspace.model import Json
from sandbox.workspace.state import APP_ID
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import Args, method


@method("apps.connections.open", "3", app_level=True)
async def open_connection(team: Team, args: Args) -> Json:  # noqa: ARG001 - takes none
    host = team.origin.removeprefix("http")
    return {"url": f"ws{host}/socket?ticket={team.sockets.ticket()}&app_id={APP_ID}"}
