"""auth.*: who the tokens belong to, and giving them back."""

from __future__ import annotations

from sandbox.workspace.model import Json
from sandbox.workspace.state import BOT_ID, BOT_USER
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import Args, method


@method("auth.test", "4")
async def test(team: Team, args: Args) -> Json:  # noqa: ARG001 - takes none
    return {
        "url": f"https://{team.state.domain}.slack.com/",
        "team": team.state.team_name,
        "user": team.state.users[BOT_USER].name,
        "team_id": team.state.team_id,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


@method("auth.revoke", "3")
async def revoke(team: Team, args: Args) -> Json:  # noqa: ARG001 - of the token that asks
    """Without its tokens an app is installed no more."""
    team.revoked |= dict.fromkeys(team.bot_tokens, "token_revoked")
    team.state.installed = False
    team.feed.publish({"type": "state"})
    return {"revoked": True}
