"""Calls one sandbox Grok as a client of its API would."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from sandbox.grok import GrokServer


class Caller:
    """Calls one server with its key."""

    def __init__(self, http: aiohttp.ClientSession, server: GrokServer) -> None:
        self._http = http
        self._server = server
        self.key = server.api_key or "any"

    async def text(self, path: str, body: Any) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        url = self._server.base_url + path
        async with self._http.post(url, json=body, headers=headers) as response:
            return response.status, await response.text()

    async def __call__(self, path: str, **body: Any) -> tuple[int, Any]:
        status, text = await self.text(path, body)
        return status, json.loads(text)

    async def events(self, path: str, **body: Any) -> list[Any]:
        _, text = await self.text(path, {"stream": True, **body})
        data = [frame.removeprefix("data: ") for frame in text.split("\n\n") if frame]
        assert data.pop() == "[DONE]"
        return [json.loads(each) for each in data]
