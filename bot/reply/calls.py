"""The calls to Slack that one answer makes: under the lease, each in its turn, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import TypeVar

import structlog

from bot.errors import PostingDenied, RateLimited, SlackError, TryAgain
from bot.reply.ledger import Ledger
from bot.slack.blocks import Message
from bot.slack.pacing import EditBudget, Slot, Turn
from bot.slack.slack import DELETE, HISTORY, REPLIES, Posted, Slack, passes
from bot.slack_limits import TIER_3_PER_MINUTE

log = structlog.get_logger(__name__)

T = TypeVar("T")

_DELETES_REFUSED = 5
"""A message that Slack would not let be deleted so often stays where it is."""


class Calls:
    """Writes and reads in one channel. `Ledger.late` knows which may still be carried out.

    Every method raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`; after a 429 the
    method rests for everybody. Posts are made at once: whoever calls has waited for their turn.
    """

    def __init__(self, slack: Slack, budget: EditBudget, ledger: Ledger, channel: str) -> None:
        self._slack = slack
        self._budget = budget
        self._ledger = ledger
        self._channel = channel
        self._deletes_refused: Counter[str] = Counter()

    async def post(self, part: str, message: Message, thread_ts: str | None) -> str:
        """Post `message` as a part of the job, which was recorded as intended; its ts. The
        caller expects it to come late."""
        try:
            return await self._slack.post(
                self._channel,
                message,
                job_id=self._ledger.job_id,
                part=part,
                thread_ts=thread_ts,
            )
        except RateLimited as error:
            await self._budget.rest_posts(error.retry_after)
            raise

    async def edit(
        self, part: str, ts: str, message: Message, turn: Turn, *, streamed: bool = False
    ) -> Slot:
        """Show `message` in place of what stands at `ts`, if `turn` gives an edit for it; of what
        was `streamed` it is said again that it is this part of the job."""
        job_id = self._ledger.job_id if streamed else ""
        try:
            with self._ledger.late.sending(self._slack.deadline, ts, message):
                slot = await self._ledger.take(turn)
                if not slot.wait:
                    await self._slack.update(self._channel, ts, message, job_id=job_id, part=part)
                return slot
        except RateLimited as error:
            await self._budget.rest_edits(error.retry_after)
            raise

    async def delete(self, ts: str) -> None:
        """Delete a message, or leave it when Slack has refused that often enough."""
        try:
            await self._in_turn(DELETE, lambda: self._slack.delete(self._channel, ts), of=ts)
        except SlackError as error:
            if passes(error):
                raise
            self._deletes_refused[ts] += 1
            for_good = self._deletes_refused[ts] >= _DELETES_REFUSED
            if not (for_good or isinstance(error, PostingDenied)):
                raise TryAgain(error.code, str(error)) from None
            log.warning("message not deleted", error=str(error))
        await self._ledger.check()

    async def find(self, thread_ts: str | None, since: float) -> list[Posted]:
        """The messages of the job in the channel or one of its threads, from the Unix time
        `since` on; none where the bot may not look."""
        try:
            return await self._in_turn(
                REPLIES if thread_ts else HISTORY,
                lambda: self._slack.find(self._channel, thread_ts, self._ledger.job_id, since),
            )
        except SlackError as error:
            if passes(error):
                raise
            tell = log.info if isinstance(error, PostingDenied) else log.warning
            tell("messages not looked for", error=str(error))  # where it is not invited, as usual
            return []

    async def _in_turn(
        self, method: str, call: Callable[[], Awaitable[T]], *, of: str | None = None
    ) -> T:
        """`of`: the ts of what is deleted by it, if anything is."""
        await self._budget.turn(method, TIER_3_PER_MINUTE)
        try:
            with self._ledger.late.sending(self._slack.deadline, of) if of else nullcontext():
                await self._ledger.check()
                return await call()
        except RateLimited as error:
            await self._budget.rest(method, error.retry_after)
            raise
