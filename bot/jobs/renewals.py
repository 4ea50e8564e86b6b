"""Renewing the leases of a process: those whose time has come together are renewed together, in one
round trip to Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.errors import StoreUnavailable
from bot.jobs.job import Lease
from bot.patience import next_tick

MOST = 100
"""Leases in one call of a script: a millisecond of Redis's time."""

_Others = list[tuple[Lease, "asyncio.Future[bool | None]"]]


def until_renewal(lease_seconds: float) -> float:
    """For how many seconds a holder may rest until it renews its lease, a third of one at most:
    all of a process are told the same moment."""
    now = asyncio.get_running_loop().time()
    return next_tick(now, 0.3 * lease_seconds) - now


class Renewals:
    """Renews the leases of one workspace. `renew_all` says of each whether it is still held."""

    def __init__(self, renew_all: Callable[[Sequence[Lease]], Awaitable[Sequence[bool]]]) -> None:
        self._renew_all = renew_all
        self._others: _Others | None = None
        """Who asks in the same step as somebody that is about to ask Redis for them, too."""

    async def renew(self, lease: Lease) -> bool:
        """Whether `lease` is held, as from now on. Raises `StoreUnavailable`."""
        while self._others is not None:
            asked: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
            self._others.append((lease, asked))
            if (kept := await asked) is not None:
                return kept
        return await self._renew_with_others(lease)

    async def _renew_with_others(self, lease: Lease) -> bool:
        others: _Others = []
        self._others = others
        try:
            try:
                await asyncio.sleep(0)  # in which the others ask
            finally:
                self._others = None
            kept, *rest = await self._renew_all([lease, *(each for each, _ in others)])
            for (_, asked), each in zip(others, rest, strict=True):
                if not asked.done():
                    asked.set_result(each)
            return kept
        except StoreUnavailable as error:
            for _, asked in others:
                if not asked.done():
                    asked.set_exception(_again(error))
            raise
        finally:
            for _, asked in others:
                if not asked.done():  # cancelled: they ask by themselves
                    asked.set_result(None)


def _again(error: StoreUnavailable) -> StoreUnavailable:
    """The same for somebody else, who adds to it where it was raised."""
    return StoreUnavailable(str(error), maybe_applied=error.maybe_applied)
