"""An Enterprise Grid, and the app that is installed in it as a whole ("Organization-ready apps").

One token serves every workspace that an admin of the organisation has added the app to, and none
at first. People have one id in all of them, conversations one each; a direct message with the app
is one for the whole organisation, and lies in the first of its workspaces here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sandbox.workspace.model import Json
from sandbox.workspace.state import Enterprise, State
from sandbox.workspace.team import Team


class Organisation:
    """`teams` by id, each of which belongs to `enterprise` from now on."""

    def __init__(self, enterprise: Enterprise, teams: Mapping[str, Team]) -> None:
        self.enterprise = enterprise
        self._teams = teams
        first = next(iter(teams.values()))
        for number, team in enumerate(teams.values(), 1):
            team.state.enterprise = enterprise
            team.uploads = first.uploads
            _join(team.state, tuple(teams), number)

    def holds(self, token: str) -> bool:
        """Whether `token` is, or was, one of the organisation's."""
        return token in self.enterprise.tokens

    def of(self, args: Json) -> Team:
        """The workspace that a call by the organisation's token is about, by what it names."""
        enterprise = self.enterprise
        granted = [self._teams[each] for each in enterprise.granted] or [*self._teams.values()]
        if (named := self._teams.get(str(args.get("team_id")))) is not None:
            return named
        channel = str(args.get("channel") or args.get("channel_id") or "")
        view, trigger = str(args.get("view_id") or ""), str(args.get("trigger_id") or "")
        for team in self._teams.values():
            state = team.state
            if channel in state.channels or view in state.views or team.triggers.made(trigger):
                return team
        file = str(args.get("file") or "")
        return next((each for each in granted if file in each.state.files), granted[0])

    def take(self, token: str, expires: float) -> None:
        """One more token, good until `expires` by the monotonic clock."""
        self.enterprise.tokens[token] = expires
        for team in self._teams.values():
            team.feed.publish({"type": "state"})

    async def add(self, team: Team) -> None:
        """An admin adds the app to a workspace ("team_access_granted event")."""
        self.enterprise.granted.append(team.state.team_id)
        _shown(team, installed=True)
        self._tell("team_access_granted", {"team_ids": [team.state.team_id]})

    async def withdraw(self, team: Team) -> None:
        """An admin takes it away from one ("team_access_revoked event")."""
        self.enterprise.granted.remove(team.state.team_id)
        self._tell("team_access_revoked", {"team_ids": [team.state.team_id]})
        _shown(team, installed=False)

    async def uninstall(self) -> None:
        """Remove the app from the whole organisation."""
        tokens = self.enterprise.tokens
        self.enterprise.revoked |= dict.fromkeys(tokens, "account_inactive")
        self._tell("tokens_revoked", {"tokens": {"oauth": [], "bot": ["U0GROKBOT1"]}})
        self._tell("app_uninstalled", {})
        self.enterprise.granted.clear()
        for team in self._teams.values():
            _shown(team, installed=False)

    def _tell(self, name: str, fields: Json) -> None:
        """An event of no workspace."""
        team = next(iter(self._teams.values()))
        team.events.emit_of_organisation(name, {"type": name, **fields})


def _join(state: State, teams: tuple[str, ...], number: int) -> None:
    """Colleagues are in all of `teams`, the first being their home; conversations have ids of
    their own."""
    for user in state.users.values():
        if not (user.is_bot or user.organisation):
            user.workspaces = teams
    if number == 1:
        return
    for channel in list(state.channels.values()):
        moved = replace(channel, id=f"{channel.id}{number}")
        del state.channels[channel.id], state.timelines[channel.id]
        state.channels[moved.id], state.timelines[moved.id] = moved, {}


def _shown(team: Team, *, installed: bool) -> None:
    team.state.installed = installed
    team.feed.publish({"type": "state"})
