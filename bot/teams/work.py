"""What the rest of this room wants to know of the jobs of all workspaces."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Work(AbstractAsyncContextManager["Work"], Protocol):
    """Has the workers of this process look for jobs, as long as it is entered."""

    async def wanted(self) -> str:
        """The next workspace that has something to do, and is not open here."""

    def seen_to(self, team: str) -> None:
        """It is open now, or will not be: it may be wanted again."""

    def busy(self, teams: Iterable[str]) -> set[str]:
        """Those of `teams` that may have jobs, as far as is known."""

    async def check(self) -> None:
        """Returns while this works. Raises what it broke down of."""

    @property
    def trouble(self) -> str | None:
        """Why nothing is taken; None while something is."""
