"""The HTTP server: Web API, Socket Mode, response_urls, uploads and the demo page on one origin."""

from __future__ import annotations

import socket
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

import sandbox.page
from sandbox.workspace.delivering.response_url import serve_response_url
from sandbox.workspace.serving.file_url import FILE_PATH, serve_file
from sandbox.workspace.serving.judging import Judging
from sandbox.workspace.serving.ui import add_page_routes
from sandbox.workspace.serving.upload_url import serve_upload
from sandbox.workspace.team import Team
from sandbox.workspace.web_api import serve_method

HOST = "127.0.0.1"
HOSTS = (HOST, "localhost")
BODY_BYTES = 32 * 1024 * 1024
"""Of a file that is dropped into the page's composer, in base64."""
STATIC = Path(sandbox.page.__path__[0]) / "static"


@web.middleware
async def _from_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep other web sites out: what a browser sends for them names another host or origin."""
    origin = request.headers.get("Origin", f"http://{request.host}")
    if request.url.host not in HOSTS or origin != f"http://{request.host}":
        raise web.HTTPForbidden(text="The sandbox answers to its own page alone.")
    return await handler(request)


class Server:
    """Listens on 127.0.0.1 alone: the page has no authentication."""

    def __init__(self, team: Team, *, port: int, latency: float) -> None:
        self._team = team
        self._port = port
        self._latency = latency
        self._runner: web.AppRunner | None = None
        self.judging = Judging()

    async def start(self) -> str:
        """The origin it listens on."""
        app = web.Application(client_max_size=BODY_BYTES, middlewares=[_from_this_machine])
        app.router.add_route("*", "/api/{method}", self._method)
        app.router.add_get("/socket", self._socket)
        app.router.add_post("/response/{secret}", self._response_url)
        app.router.add_post("/upload/v1/{secret}", self._upload)
        app.router.add_get(FILE_PATH, self._file)
        add_page_routes(app, self._team, STATIC, self.judging)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        listener = socket.create_server((HOST, self._port), backlog=512)
        await web.SockSite(self._runner, listener).start()
        return f"http://{HOST}:{listener.getsockname()[1]}"

    async def aclose(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _method(self, request: web.Request) -> web.StreamResponse:
        return await serve_method(self._team, request, self._latency)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        return await self._team.sockets.accept(request)

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        return await serve_response_url(self._team, request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return await serve_file(self._team, request)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        return await serve_upload(self._team, request)
