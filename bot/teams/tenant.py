"""The bot of one workspace, while this process has it open."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.slack.inbound.incoming import Answering, JsonObject
from bot.slack.installation import Installation

if TYPE_CHECKING:
    from slack_bolt.response import BoltResponse


@dataclass(frozen=True, slots=True)
class Tenant:
    """What there is to do with it: `answer` says what is said to a payload.

    `working` ends only when its worker broke down, or when it is left; None where it has none.
    `in_hand`: jobs of it here; `answering`: those that have a place; `trouble`: why no jobs are
    taken, None while they are; `drain` ends its work: how many seconds running answers may take.
    """

    answer: Answering
    use_token: Callable[[str], None]
    working: asyncio.Task[None] | None
    in_hand: Callable[[], int]
    answering: Callable[[], int]
    trouble: Callable[[], str | None]
    drain: Callable[[float], Awaitable[None]]


OpenTenant = Callable[[Installation, SecretStr | None], AbstractAsyncContextManager[Tenant]]
"""Opens the bot of one workspace, with its own Grok key where it has one; leaving drains it."""

RETIRE_SECONDS = 3_600.0
"""How long the answers of a bot may take that another has taken the place of: longer than any
does."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a bot is opened by: the installation of `place`, in this `version`, and the workspace's
    own Grok key, in its version; empty where there is none."""

    installation: Installation
    place: str
    version: int
    grok_key: SecretStr | None = None
    key_version: str = ""
    lapses_at: float = math.inf
    """When its token is good no more, and none comes after it; Unix time in seconds."""

    def renews(self, other: Opening) -> bool:
        """Whether this is `other` with, at most, another token."""
        token = self.installation.bot_token
        return (
            self.place == other.place
            and self.key_version == other.key_version
            and self.installation == replace(other.installation, bot_token=token)
        )


class Open:
    """A tenant that is open, or about to be, and the task that owns it."""

    def __init__(self, by: Opening, open_tenant: OpenTenant) -> None:
        self.by = by
        self.used = time.monotonic()
        self.followed = 0.0
        """When it was last looked whether this is still what is kept of it."""
        self._ready: asyncio.Future[Tenant] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._task = asyncio.create_task(
            self._live(open_tenant(by.installation, by.grok_key)),
            name=f"team {by.installation.team}",
        )

    @property
    def tenant(self) -> Tenant | None:
        """It, once it is open."""
        ready = self._ready
        return ready.result() if ready.done() and not ready.cancelled() else None

    async def answer(self, body: JsonObject, retry: object) -> BoltResponse:
        """What its listeners say."""
        self.used = time.monotonic()
        tenant = await asyncio.shield(self._ready)
        return await tenant.answer(body, retry)

    async def retire(self) -> None:
        """Let running answers end, and take no more; then close."""
        if self.tenant is not None:
            await self.tenant.drain(RETIRE_SECONDS)
        await self.close()

    async def close(self, *, at_once: bool = False) -> None:
        """Drain it; `at_once`: answers that are running end where they are."""
        tenant = self.tenant
        if at_once and tenant is not None:
            await tenant.drain(0)
        self._leave.set()
        await asyncio.wait([self._task])

    async def _live(self, opening: AbstractAsyncContextManager[Tenant]) -> None:
        try:
            async with opening as tenant:
                self._ready.set_result(tenant)
                await self._leave.wait()
        finally:
            if not self._ready.done():
                self._ready.cancel()
