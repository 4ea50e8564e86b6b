"""users.* and bots.*: the people."""

from __future__ import annotations

from sandbox.workspace.delivering.wire import user_json
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Json
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import Args, method

READ = "users:read"


@method("users.info", "4", READ)
async def info(team: Team, args: Args) -> Json:
    user = team.state.users.get(args.required("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": user_json(team.state, user)}


@method("users.list", "2", READ)
async def list_users(team: Team, args: Args) -> Json:
    args.count("limit", 1000, 1000)
    members = [user_json(team.state, user) for user in team.state.users.values()]
    return {"members": members, "response_metadata": {"next_cursor": ""}}


@method("bots.info", "3", READ)
async def bot_info(team: Team, args: Args) -> Json:
    wanted = args.required("bot")
    bot = next((user for user in team.state.users.values() if user.bot_id == wanted), None)
    if bot is None:
        raise ApiError("bot_not_found")
    return {
        "bot": {
            "id": bot.bot_id,
            "deleted": False,
            "name": bot.name,
            "app_id": bot.app_id,
            "user_id": bot.id,
        }
    }
