"""auth.*: who the tokens belong to, and giving them back."""

from __future__ import annotations

from sandbox.workspace.model import Json
from sandbox.workspace.state import BOT_ID, BOT_USER
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import Args, method


@method("auth.test", "4")
async def test(team: Team, args: Args) -> Json:  # noqa: ARG001 - takes none
    enterprise = team.state.enterprise
    if enterprise is not None and not team.bot_tokens:
        return {
            "url": f"https://{enterprise.name.lower()}.enterprise.slack.com/",
            "team": enterprise.name,
            "user": team.state.users[BOT_USER].name,
            "team_id": enterprise.id,
            "enterprise_id": enterprise.id,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": True,
        }
    return {
        "url": f"https://{team.state.domain}.slack.com/",
        "team": team.state.team_name,
        "user": team.state.users[BOT_USER].name,
        "team_id": team.state.team_id,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


@method("auth.teams.list", "2")
async def teams_list(team: Team, args: Args) -> Json:  # noqa: ARG001 - one page holds them all
    """Which workspaces the app was added to."""
    enterprise = team.state.enterprise
    granted = enterprise.granted if enterprise else [team.state.team_id]
    teams = [{"id": each, "name": each} for each in granted]
    return {"teams": teams, "response_metadata": {"next_cursor": ""}}


@method("auth.revoke", "3")
async def revoke(team: Team, args: Args) -> Json:  # noqa: ARG001 - of the token that asks
    """Without its tokens an app is installed no more."""
    if team.state.enterprise is not None:
        enterprise = team.state.enterprise
        enterprise.revoked |= dict.fromkeys(enterprise.tokens, "token_revoked")
        enterprise.granted.clear()
    team.revoked |= dict.fromkeys(team.bot_tokens, "token_revoked")
    team.state.installed = False
    team.feed.publish({"type": "state"})
    return {"revoked": True}
