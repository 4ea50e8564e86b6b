"""Slack's side of OAuth v2: the page that asks, codes, tokens, and tokens in place of old ones.

docs.slack.dev, "Installing with OAuth", "oauth.v2.access", "Using token rotation".
"""

from __future__ import annotations

import base64
import binascii
import html
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from sandbox.workspace.clock import Ids
from sandbox.workspace.config import AppConfig
from sandbox.workspace.installing.organisation import Organisation
from sandbox.workspace.model import Json
from sandbox.workspace.state import ANA, APP_ID, BOT_USER
from sandbox.workspace.team import Team

CODE_SECONDS = 600.0
"""How long a code is good."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the app got; `refresh_token` is empty where its tokens do not expire."""

    access_token: str
    refresh_token: str = ""


Grantee = Team | Organisation
"""Where the app can be installed."""


@dataclass(slots=True)
class _Code:
    team: Grantee
    redirect_uri: str
    born: float
    scopes: frozenset[str]
    used: bool = False


class Refused(Exception):
    """Named as the API says it."""


class OAuth:
    """Every code and token that was given out for one app."""

    client_id = "1234567890.1234567890"
    client_secret = "sandbox-client-secret"  # noqa: S105

    def __init__(
        self,
        teams: Mapping[str, Team],
        app: AppConfig,
        *,
        redirect_urls: list[str],
        seconds: float | None,
        organisation: Organisation | None = None,
    ) -> None:
        self._teams = teams
        self._organisation = organisation
        self._app = app
        self._seconds = seconds
        self._codes: dict[str, _Code] = {}
        self._refreshing: dict[str, Grantee] = {}
        self._asked: dict[str, frozenset[str]] = {}
        self._allowed: dict[str, frozenset[str]] = {}
        """Scopes: those that were asked for, by the state that came along; and those that a place
        has granted, by its id, which only grow."""
        self.redirect_urls = redirect_urls
        self.exchanges = 0
        """How many refresh tokens were taken."""
        self.used_up = 0
        """How often one came that was good no more: two have used it, and one has lost the app."""
        self._install_url = ""

    @property
    def install_url(self) -> str:
        """The app's page for those who want it; shown beside the workspaces, and in each of them
        that is without the app. Empty: there is none."""
        return self._install_url

    @install_url.setter
    def install_url(self, address: str) -> None:
        self._install_url = address
        for team in self._teams.values():
            team.state.install_url = address

    def grant(self, team: Grantee) -> Grant:
        """Install the app in `team`, or give it one more token there."""
        prefix = "xoxb-" if self._seconds is None else "xoxe.xoxb-"
        expires = math.inf if self._seconds is None else time.monotonic() + self._seconds
        if isinstance(team, Organisation):
            access = f"{prefix}{team.enterprise.id}-{Ids.secret()}"
            team.take(access, expires)
        else:
            access = f"{prefix}{team.state.team_id}-{Ids.secret()}"
            team.bot_tokens[access] = expires
            team.state.installed = True
            team.feed.publish({"type": "state"})
        if self._seconds is None:
            return Grant(access)
        refresh = f"xoxe-1-{Ids.secret()}"
        self._refreshing[refresh] = team
        return Grant(access, refresh)

    async def authorize(self, request: web.Request) -> web.Response:
        """The page that asks somebody which workspace is to have the app."""
        query = request.query
        if fault := self._fault(query):
            return web.Response(status=400, text=f"Something went wrong: {fault}")
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(query.get(name, ""))}">'
            for name in ("redirect_uri", "state")
        )
        buttons = "".join(
            f'<button name="team" value="{team_id}">Allow in {html.escape(team.state.team_name)}'
            "</button> "
            for team_id, team in self._teams.items()
        )
        if self._organisation is not None:
            whole = self._organisation.enterprise
            name = html.escape(whole.name)
            buttons += f'<button name="team" value="{whole.id}">Allow in all of {name}</button> '
        asked = _scopes_in(query)
        self._asked[query.get("state", "")] = asked
        scopes = "".join(f"<li><code>{scope}</code></li>" for scope in sorted(asked))
        shown = (
            f"<p>Choose the workspace that it is for.</p>"
            f"<details><summary>What it may do there</summary><ul>{scopes}</ul></details>"
        )
        form = f'<form method="post">{fields}{buttons}<button name="team">Cancel</button></form>'
        return _html(f"{html.escape(self._app.name)} asks to be installed", shown + form)

    async def decide(self, request: web.Request) -> web.Response:
        """What they chose there: back to the app, with a code or without."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        back = form.get("redirect_uri", "")
        if not self._leads_back(back):
            return web.Response(status=400, text="Something went wrong: bad_redirect_uri")
        team = self._grantee(form.get("team", ""))
        said: dict[str, str] = {"error": "access_denied"}
        if team is not None:
            asked = self._asked.pop(form.get("state", ""), self._app.scopes)
            said = {"code": self.code(team, back, asked)}
        location = f"{back}?{urlencode({**said, 'state': form.get('state', '')})}"
        return web.Response(status=302, headers={"Location": location})

    def _grantee(self, place: str) -> Grantee | None:
        whole = self._organisation
        return whole if whole and whole.enterprise.id == place else self._teams.get(place)

    def code(self, team: Grantee, redirect_uri: str, scopes: frozenset[str]) -> str:
        """A code for one exchange."""
        code = Ids.secret()
        self._codes[code] = _Code(team, redirect_uri, time.monotonic(), scopes)
        return code

    async def access(self, request: web.Request) -> web.Response:
        """`oauth.v2.access`: a code, or a refresh token, for a token."""
        args = {name: str(value) for name, value in (await request.post()).items()}
        try:
            self._check_client(request, args)
            if args.get("grant_type") == "refresh_token":
                team = self._refreshed(args.get("refresh_token", ""))
            else:
                team = self._exchanged(args)
        except Refused as refusal:
            return web.json_response({"ok": False, "error": str(refusal)})
        return web.json_response(self._granted(team))

    def page(self, pages: Mapping[str, str]) -> web.Response:
        """All workspaces, each with its page (`pages`, by id), and where to get the app."""
        name, app = html.escape(self._app.name), html.escape(self.install_url)
        rows = "".join(
            f'<li><a href="{pages[team_id]}">{html.escape(team.state.team_name)}</a> '
            + (_removal(name, team_id) if team.state.installed else f"<span>without {name}</span>")
            + "</li>"
            for team_id, team in self._teams.items()
        )
        todo = "Install the app in a workspace, then open its page and ask there."
        more = f'<p><a class="add" href="{app}">Add {name}</a></p>' if app else ""
        return _html("Workspaces", f"<p>{todo}</p><ul>{rows}</ul>{more}")

    def _fault(self, query: Mapping[str, str]) -> str:
        if query.get("client_id") != self.client_id:
            return "invalid_client_id"
        asked = _scopes_in(query)
        if not asked or asked - self._app.scopes:
            return "invalid_scope"
        return "" if self._leads_back(query.get("redirect_uri", "")) else "bad_redirect_uri"

    def _leads_back(self, address: str) -> bool:
        return any(address.startswith(allowed) for allowed in self.redirect_urls)

    def _check_client(self, request: web.Request, args: Mapping[str, str]) -> None:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        client, secret = args.get("client_id", ""), args.get("client_secret", "")
        if scheme == "Basic":
            try:
                client, _, secret = base64.b64decode(encoded).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise Refused("invalid_client_id") from None
        if client != self.client_id:
            raise Refused("invalid_client_id")
        if secret != self.client_secret:
            raise Refused("bad_client_secret")

    def _exchanged(self, args: Mapping[str, str]) -> Grantee:
        code = self._codes.get(args.get("code", ""))
        if code is None or time.monotonic() - code.born > CODE_SECONDS:
            raise Refused("invalid_code")
        if code.used:
            raise Refused("code_already_used")
        if args.get("redirect_uri", "") != code.redirect_uri:
            raise Refused("bad_redirect_uri")
        code.used = True
        place = _id_of(code.team)
        self._allowed[place] = self._allowed.get(place, frozenset()) | code.scopes
        return code.team

    def _refreshed(self, refresh_token: str) -> Grantee:
        team = self._refreshing.pop(refresh_token, None)
        if team is None:
            self.used_up += 1
            raise Refused("invalid_refresh_token")
        self.exchanges += 1
        return team

    def _granted(self, team: Grantee) -> Json:
        grant = self.grant(team)
        rotation: Json = {}
        if grant.refresh_token:
            rotation = {"refresh_token": grant.refresh_token, "expires_in": self._seconds}
        return {
            "ok": True,
            "app_id": APP_ID,
            "authed_user": {"id": ANA},
            "scope": ",".join(sorted(self._allowed.get(_id_of(team), self._app.scopes))),
            "token_type": "bot",
            "access_token": grant.access_token,
            "bot_user_id": BOT_USER,
            **_where(team),
            **rotation,
        }


def _scopes_in(query: Mapping[str, str]) -> frozenset[str]:
    return frozenset(query.get("scope", "").replace(" ", ",").split(",")) - {""}


def _id_of(place: Grantee) -> str:
    return place.enterprise.id if isinstance(place, Organisation) else place.state.team_id


def _where(team: Grantee) -> Json:
    if isinstance(team, Organisation):
        whole = team.enterprise
        enterprise = {"id": whole.id, "name": whole.name}
        return {"team": None, "enterprise": enterprise, "is_enterprise_install": True}
    return {
        "team": {"id": team.state.team_id, "name": team.state.team_name},
        "enterprise": team.state.enterprise_json,
        "is_enterprise_install": False,
    }


def _removal(name: str, team_id: str) -> str:
    button = f'<button name="team" value="{team_id}">Remove {name}</button>'
    return f'<form method="post" action="/apps/remove">{button}</form>'


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.6 Inter,system-ui,sans-serif;max-width:34em;margin:3em auto;"
    "padding:0 1em}h1{font-size:24px}ul{padding:0;list-style:none}"
    "li{display:flex;gap:.8em;align-items:center;padding:.5em .2em;border-top:1px solid #8885}"
    "li a{font-weight:700}li form,li span{margin-left:auto}span{opacity:.7}"
    "a{color:light-dark(#1264a3,#63b3ea)}"
    "form{display:inline}summary{cursor:pointer}details{margin:0 0 1em}"
    "button,.add{font:inherit;padding:.3em .9em;margin:.2em .2em .2em 0;border-radius:6px;"
    "border:1px solid #8888;color:inherit;background:Canvas;cursor:pointer}"
    ".add{background:#4a154b;color:#fff;text-decoration:none}"
)


def _html(title: str, body: str) -> web.Response:
    page = f"<!DOCTYPE html><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>{body}"
    return web.Response(text=page, content_type="text/html")
