"""Triggers and response_urls: the short-lived rights that come with an interaction."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sandbox.workspace.clock import Ids
from sandbox.workspace.config import Limits
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import ResponseUse


@dataclass(slots=True)
class Trigger:
    """The right to open one view, for `Limits.trigger` seconds. `view` is the modal the
    interaction happened in, `conversation` what the person was looking at."""

    user: str
    born: float
    view: str | None
    conversation: str | None
    used: bool = False


class Triggers:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._triggers: dict[str, Trigger] = {}

    def new(self, user: str, *, view: str | None = None, conversation: str | None = None) -> str:
        trigger_id = f"{time.time_ns()}.{len(self._triggers)}.{Ids.secret()}"
        self._triggers[trigger_id] = Trigger(user, time.monotonic(), view, conversation)
        return trigger_id

    def made(self, trigger_id: str) -> bool:
        """Whether it is one of these."""
        return trigger_id in self._triggers

    def peek(self, trigger_id: str) -> Trigger:
        """The trigger, still usable, else `ApiError`."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if time.monotonic() - trigger.born > self._limits.trigger:
            raise ApiError("expired_trigger_id")
        return trigger


@dataclass(slots=True)
class ResponseUrl:
    """`original` is the ts of the message the interaction came from, if any."""

    channel: str
    user: str
    born: float
    original: str | None
    uses: int = 0


class ResponseUrls:
    """Every response_url handed out. `uses` is the record of what was sent to them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._urls: dict[str, ResponseUrl] = {}
        self.uses: list[ResponseUse] = []

    def new(self, channel: str, user: str, original: str | None = None) -> str:
        """The path of a fresh one."""
        path = f"/response/{Ids.secret()}"
        self._urls[path] = ResponseUrl(channel, user, time.monotonic(), original)
        return path

    def find(self, path: str) -> ResponseUrl | str:
        """The right that comes with `path`, or the error that Slack answers."""
        url = self._urls.get(path)
        if url is None:
            return "no_url"
        if time.monotonic() - url.born > self._limits.response_url:
            return "expired_url"
        if url.uses >= self._limits.response_url_uses:
            return "used_url"
        return url
