"""How a Web API method says no."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """`{"ok": false, "error": …}`; `messages` go into `response_metadata`."""

    def __init__(self, error: str, *, messages: list[str] | None = None, **fields: Any) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages
        self.fields = fields

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error": self.error, **self.fields}
        if self.messages:
            body["response_metadata"] = {"messages": self.messages}
        return body
