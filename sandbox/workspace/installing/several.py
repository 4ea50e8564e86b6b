"""Several workspaces that one app can be installed in, over OAuth ("Installing with OAuth").

    async with Workspaces(redirect_urls=["http://127.0.0.1:3000/"]) as slack:
        # start the bot with SLACK_API_URL=slack.api_url, SLACK_CLIENT_ID=slack.client_id, …
        acme, birch = slack.workspaces
        await slack.uninstall(acme)

Each has its page at its own address, and the same people and conversations, with the same ids.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Literal, Self

from aiohttp import web

from sandbox.workspace.config import AppConfig, Credentials, Limits
from sandbox.workspace.delivering.response_url import serve_response_url
from sandbox.workspace.installing.oauth import OAuth
from sandbox.workspace.installing.organisation import Organisation
from sandbox.workspace.installing.shared_app import SharedApp
from sandbox.workspace.serving.file_url import FILE_PATH, serve_file
from sandbox.workspace.serving.upload_url import serve_upload
from sandbox.workspace.state import APP_ID, Enterprise
from sandbox.workspace.team import Team
from sandbox.workspace.web_api import arguments, serve_method
from sandbox.workspace.workspace import Workspace

HOST = "127.0.0.1"
_DEFAULT = Credentials()


class Workspaces:
    """`count` workspaces, the app installed in none; it may lead people back to `redirect_urls`
    (each with what is below it). With `rotating`, its tokens expire after `token_seconds`. With an
    `organisation` they are those of one Enterprise Grid, which can install it as a whole."""

    def __init__(
        self,
        count: int = 2,
        *,
        redirect_urls: Sequence[str] = (),
        mode: Literal["socket", "http"] = "socket",
        app: AppConfig | None = None,
        limits: Limits | None = None,
        rotating: bool = False,
        token_seconds: float = 43_200.0,
        organisation: bool = False,
        port: int = 0,
    ) -> None:
        app, limits = app or AppConfig(), limits or Limits()
        self.shared = SharedApp(limits, _DEFAULT.signing_secret, sockets=mode == "socket")
        self.workspaces = [
            Workspace(mode=mode, app=app, limits=limits, bot_token="", shared=self.shared)
            for _ in range(count)
        ]
        teams = {each.state.team_id: each._team for each in self.workspaces}  # noqa: SLF001
        self._teams: dict[str, Team] = teams
        whole = Enterprise("E0SEVERAL1", "Wood")
        self._organisation = Organisation(whole, teams) if organisation else None
        self.oauth = OAuth(
            self._teams,
            app,
            redirect_urls=list(redirect_urls),
            seconds=token_seconds if rotating else None,
            organisation=self._organisation,
        )
        self._port = port
        self._stack = AsyncExitStack()

    @property
    def client_id(self) -> str:
        return self.oauth.client_id

    @property
    def client_secret(self) -> str:
        return self.oauth.client_secret

    @property
    def app_token(self) -> str:
        return _DEFAULT.app_token

    @property
    def signing_secret(self) -> str:
        return _DEFAULT.signing_secret

    @property
    def url(self) -> str:
        """Slack's address; a page with all workspaces is at its root."""
        return self.shared.origin

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def authorize_url(self) -> str:
        """Where the app sends people to install it."""
        return f"{self.url}/oauth/v2/authorize"

    def install(self, workspace: Workspace) -> str:
        """Install the app without its pages; the bot token."""
        return self.oauth.grant(self._teams[workspace.state.team_id]).access_token

    async def uninstall(self, workspace: Workspace) -> None:
        """Remove the app, as an admin does in the list of apps."""
        team = self._teams[workspace.state.team_id]
        tokens = list(team.bot_tokens)
        team.revoked |= dict.fromkeys(tokens, "account_inactive")
        bots = {"tokens": {"oauth": [], "bot": ["U0GROKBOT1"]}}
        team.events.emit("tokens_revoked", {"type": "tokens_revoked", **bots})
        team.events.emit("app_uninstalled", {"type": "app_uninstalled"})
        team.state.installed = False
        team.feed.publish({"type": "state"})
        await workspace.settled()

    @property
    def organisation(self) -> Organisation:
        """That of all workspaces."""
        if self._organisation is None:
            raise RuntimeError("they belong to none")
        return self._organisation

    async def add(self, workspace: Workspace) -> None:
        """Let the organisation's installation serve `workspace` too."""
        await self.organisation.add(self._teams[workspace.state.team_id])
        await workspace.settled()

    async def withdraw(self, workspace: Workspace) -> None:
        """Let it serve `workspace` no more."""
        await self.organisation.withdraw(self._teams[workspace.state.team_id])
        await workspace.settled()

    async def uninstall_everywhere(self) -> None:
        """Remove the app from the whole organisation."""
        await self.organisation.uninstall()
        for workspace in self.workspaces:
            await workspace.settled()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.shared.origin = await self._serve(stack)
            for workspace in self.workspaces:
                await stack.enter_async_context(workspace)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _serve(self, stack: AsyncExitStack) -> str:
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_get("/", self._page)
        app.router.add_get("/oauth/v2/authorize", self.oauth.authorize)
        app.router.add_post("/oauth/v2/authorize", self.oauth.decide)
        app.router.add_post("/apps/remove", self._remove)
        app.router.add_get("/app_redirect", self._app_redirect)
        app.router.add_route("*", "/api/{method}", self._method)
        app.router.add_get("/{team}/socket", self._socket)
        app.router.add_route("*", "/{team}/api/{method}", self._team_method)
        app.router.add_post("/{team}/response/{secret}", self._response_url)
        app.router.add_post("/{team}/upload/v1/{secret}", self._upload)
        app.router.add_get("/{team}" + FILE_PATH, self._file)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        listener = socket.create_server((HOST, self._port), backlog=512)
        await web.SockSite(runner, listener).start()
        return f"http://{HOST}:{listener.getsockname()[1]}"

    async def _method(self, request: web.Request) -> web.StreamResponse:
        """By the token, as Slack does it; a token that is none is refused as in any of them."""
        if request.match_info["method"] == "oauth.v2.access":
            return await self.oauth.access(request)
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        whole = self._organisation
        if whole is not None and whole.holds(token):
            return await serve_method(whole.of(await arguments(request)), request, 0.0)
        found = (team for team in self._teams.values() if token in team.bot_tokens)
        team = next(found, next(iter(self._teams.values())))
        return await serve_method(team, request, 0.0)

    async def _team_method(self, request: web.Request) -> web.StreamResponse:
        return await serve_method(self._team(request), request, 0.0)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        return await self.shared.sockets.accept(request)

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        return await serve_response_url(self._team(request), request)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        return await serve_upload(self._team(request), request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return await serve_file(self._team(request), request)

    async def _page(self, request: web.Request) -> web.Response:  # noqa: ARG002 - takes none
        return self.oauth.page({each.state.team_id: each.url for each in self.workspaces})

    async def _app_redirect(self, request: web.Request) -> web.Response:
        """To the app in one workspace ("Deep linking into Slack")."""
        place = request.query.get("team")
        for workspace in self.workspaces:
            if workspace.state.team_id == place and request.query.get("app") == APP_ID:
                return web.Response(status=302, headers={"Location": workspace.url})
        raise web.HTTPNotFound(text="team_not_found")

    async def _remove(self, request: web.Request) -> web.Response:
        if request.headers.get("Origin") != self.url:
            raise web.HTTPForbidden(text="The sandbox answers to its own page alone.")
        chosen = (await request.post()).get("team")
        for workspace in self.workspaces:
            if workspace.state.team_id == chosen and workspace.state.installed:
                await self.uninstall(workspace)
        return web.Response(status=303, headers={"Location": "/"})

    def _team(self, request: web.Request) -> Team:
        team = self._teams.get(request.match_info["team"])
        if team is None:
            raise web.HTTPNotFound(text="team_not_found")
        return team
