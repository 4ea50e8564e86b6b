"""Where files lie ("url_private"), for those who show a token."""

from __future__ import annotations

import asyncio

from aiohttp import web

from sandbox.workspace.model import Message, SharedFile
from sandbox.workspace.state import BOT_USER
from sandbox.workspace.team import Team

FILE_URL = "file_url"
"""Names the use of one where faults are arranged; the file's id is its `file`."""

_CHUNK = 64 * 1024
_LOGIN = """<!DOCTYPE html><html><head><title>Sign in | Slack</title></head>
<body><h1>Sign in to Sandbox</h1><form action="/signin" method="post"></form></body></html>"""


async def serve_file(team: Team, request: web.Request) -> web.StreamResponse:
    """`GET /files-pri/T…-F…/name`: the bytes of a file.

    Who is not let in, as an app without the scope `files:read` is not, gets the page to sign in
    at, with status 200.
    """
    _, _, file_id = request.match_info["file"].partition("-")
    fault = team.faults.take(FILE_URL, {"file": file_id})
    if fault is not None:
        await asyncio.sleep(fault.delay)
        if fault.drop_before and request.transport is not None:
            request.transport.abort()
        if fault.status or fault.error:
            headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
            return web.Response(status=fault.status or 400, text=fault.error or "", headers=headers)
    if not _let_in(team, request):
        return web.Response(text=_LOGIN, content_type="text/html")
    file = team.state.files.get(file_id)
    if file is None or file_id in team.state.deleted_files or not seen_by_bot(team, file_id):
        return web.Response(status=404, text=_LOGIN, content_type="text/html")
    if file.moved_to:
        return web.Response(status=302, headers={"Location": file.moved_to})
    return await _send(request, file)


def seen_by_bot(team: Team, file_id: str) -> list[Message]:
    """The messages with the file that the bot sees: in public channels, and where it is."""
    channels = team.state.channels
    return [
        message
        for message in team.state.shares(file_id)
        if channels[message.channel].kind == "channel"
        or BOT_USER in channels[message.channel].members
    ]


def _let_in(team: Team, request: web.Request) -> bool:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return team.refusal(token) is None and "files:read" in team.app.scopes


async def _send(request: web.Request, file: SharedFile) -> web.StreamResponse:
    content = file.content or b""
    response = web.StreamResponse(headers={"Content-Type": file.kind})
    response.content_length = len(content)
    await response.prepare(request)
    for start in range(0, len(content), _CHUNK):
        await asyncio.sleep(file.pause)
        await response.write(content[start : start + _CHUNK])
    return response


FILE_PATH = "/files-pri/{file:T[A-Z0-9]+-F[A-Z0-9]+}/{name}"
