"""The page in which somebody judges the answers of an eval, shown beside the conversations.

It is that of another program, which connects, knows a secret, and says where its page is. Once that
is gone, so is the page.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from sandbox.workspace.team import Team

SECRET = "X-Judging-Secret"  # noqa: S105
"""The header that the secret comes in: no page of a browser can send one."""

_ADDRESS = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}/")
"""On this machine alone, and without what lets somebody in there: this page is for everybody."""


@dataclass(slots=True)
class Judging:
    """`address` is where the page is, empty while nobody judges."""

    address: str = ""
    secret: str = field(default_factory=secrets.token_urlsafe)

    async def serve(self, team: Team, request: web.Request) -> web.StreamResponse:
        """Show the page at the address that comes first, for as long as the connection lasts."""
        given = request.headers.get(SECRET, "").encode(errors="replace")
        if not secrets.compare_digest(given, self.secret.encode()):
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(max_msg_size=1024)
        await socket.prepare(request)
        address = ""
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT or not _ADDRESS.fullmatch(frame.data):
                    break
                self.address = address = frame.data
                team.feed.publish({"type": "state"})
        finally:
            if address and self.address == address:
                self.address = ""
                team.feed.publish({"type": "state"})
        return socket
