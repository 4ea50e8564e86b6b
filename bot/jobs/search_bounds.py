"""Keeps what an answer searches within what is reserved for it."""

from __future__ import annotations

import asyncio

import structlog

from bot.completion.result import ToolUse
from bot.errors import StoreUnavailable
from bot.jobs.lease import Held
from bot.rules.extending import exceeds, more_for
from bot.rules.hold import Denied
from bot.words import search as said

log = structlog.get_logger(__name__)

EXTEND_SECONDS = 1.0
"""How long reserving more may hold up reading the answer."""


async def keep_within(held: Held, use: ToolUse) -> None:
    """Reserve more where `use` has come to all that is reserved for the answer, as long as quotas
    and caps allow it. Raises `Denied` with a sentence when it has come to more."""
    hold, search = held.job.hold, held.job.ask.search
    if hold is None or not search:
        return
    while (more := more_for(hold, search, use)) is not None:
        try:
            async with asyncio.timeout(EXTEND_SECONDS):
                await held.extend(more)
        except (Denied, StoreUnavailable, TimeoutError) as error:
            log.info("no more searches reserved", why=type(error).__name__)
            break
        hold = more
    if exceeds(hold, use):
        raise Denied(said.SEARCHED_ENOUGH)
