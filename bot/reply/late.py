"""What Slack has not answered, and may carry out later than calls that were made after it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.errors import OutcomeUnknown
from bot.slack.blocks import Message


@dataclass(frozen=True, slots=True)
class _Call:
    """Carried out before `until` (loop time) or never: then the message at `ts` shows `message`,
    or is deleted when that is None. A post, whose ts nobody knows, may appear once more."""

    until: float
    ts: str | None
    message: Message | None


class LateCalls:
    """Calls of unknown outcome, each for as long as Slack may be at it."""

    def __init__(self, patience: float) -> None:
        """`patience`: in so many seconds Slack has carried out what it did not answer."""
        self._patience = patience
        self._calls: list[_Call] = []

    def expect(
        self, error: BaseException, ts: str | None = None, message: Message | None = None
    ) -> None:
        """A call ended in `error`: an edit of `ts` to `message`, a deletion of `ts`, or a post."""
        if isinstance(error, OutcomeUnknown) and error.pending:
            until = asyncio.get_running_loop().time() + self._patience
            self._calls.append(_Call(until, ts, message))

    def may_change(self, ts: str | None, shown: Message) -> bool:
        """Whether the message at `ts` may come to be something else than `shown`."""
        return any(call.ts == ts and call.message != shown for call in self._calls)

    async def over(self) -> None:
        """Wait until all of them were carried out or never will be. At once when there is none."""
        while self._calls:
            await asyncio.sleep(self._calls[0].until - asyncio.get_running_loop().time())
            del self._calls[0]
