"""The bytes of a file, as an app sends them."""

from __future__ import annotations

from aiohttp import web

from sandbox.workspace.team import Team

UPLOAD_URL = "upload_url"
"""Names the use of one where faults are arranged."""

_CHUNK = 64 * 1024


async def serve_upload(team: Team, request: web.Request) -> web.Response:
    """`POST /upload/v1/…`: the bytes of a file. 200, or anything else when nothing was stored: an
    address takes one file, of the length that was announced."""
    fault = team.faults.take(UPLOAD_URL, {})
    if fault is not None and (fault.status or fault.error):
        return web.Response(status=fault.status or 400, text=fault.error or "")
    upload = team.uploads.by_secret.get(request.match_info["secret"])
    if upload is None or upload.content is not None:
        return web.Response(status=404, text="not_found")
    content = b""
    async for chunk in request.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > upload.length:
            break
    if len(content) != upload.length:
        return web.Response(status=400, text="wrong_length")
    upload.content = content
    return web.Response(text=f"OK - {upload.length}")
