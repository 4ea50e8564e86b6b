"""Installations that the store has forgotten, put back by a process that knows them.

A store may start empty, or with what it had yesterday. What is set in a workspace is then gone for
good, but whoever installed the app there need not do so again: each process has read every record,
and Slack says which of them still hold.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

import structlog

from bot.teams.departure import Departures
from bot.teams.register import Register, Registered

log = structlog.get_logger(__name__)

TURN_SECONDS = 10
"""For so many seconds one process is left to put a record back."""

AT_ONCE = 50
"""Of so many is Slack asked at a look."""


class Restoring:
    """Puts back what `register` has read here, and the store has no more."""

    def __init__(self, register: Register, departures: Departures) -> None:
        self._register = register
        self._departures = departures

    async def look(self, versions: Mapping[str, int], left: Collection[str]) -> None:
        """Put back what is neither in these `versions` nor among those that have `left` the app,
        as far as Slack says that it still holds. Raises `StoreUnavailable`."""
        missing = self.missing(versions, left)
        for place, found in list(missing.items())[:AT_ONCE]:
            await self._restore(found, versions.get(place))

    def missing(
        self, versions: Mapping[str, int], left: Collection[str]
    ) -> Mapping[str, Registered]:
        """What is known here of places of which the store knows nothing, or only what was before;
        those that `left` the app are forgotten here too."""
        known = self._register.known
        for place in set(known).intersection(left) - versions.keys():
            del known[place]
        return {
            place: found for place, found in known.items() if versions.get(place, 0) < found.version
        }

    async def _restore(self, found: Registered, before: int | None) -> None:
        place, register = found.record.place, self._register
        turn = f"restoring:{place}"
        if not await register.store.claims(turn, uuid.uuid4().hex, TURN_SECONDS):
            return
        gone = await self._departures.is_gone(found.record)
        if gone:
            register.known.pop(place, None)
        elif gone is False and await register.save(found.record, made_from=before or 0):
            log.warning("installation put back that the store had forgotten", place=place)
