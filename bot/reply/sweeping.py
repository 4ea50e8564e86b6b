"""What becomes of posts whose reply was lost.

One is looked for by its metadata, and adopted, before it is posted again. Its poster, should it
still live, takes it back only if it was not adopted: Redis decides who came first. Where the bot
may not read a channel's history nothing can be found again, and such a post may come twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import structlog
from attrs import define, field

from bot.errors import PostingDenied, SlackError, StoreUnavailable, TryAgain
from bot.reply.ledger import Ledger, withdrawn
from bot.slack.pacing import EditBudget
from bot.slack.refusals import passes
from bot.slack.slack import DELETE, HISTORY, REPLIES, Posted, Slack
from bot.slack_limits import TIER_3_PER_MINUTE

log = structlog.get_logger(__name__)

_DELETES_REFUSED = 5
"""A message that Slack would not let be deleted so often stays where it is."""


@define(eq=False)
class Sweeping:
    """Finds and deletes messages of one job in a channel and its threads, which may have been
    posted `since` a Unix time in seconds.

    Every method raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`.
    """

    _slack: Slack
    _budget: EditBudget
    _ledger: Ledger
    _channel: str
    _since: float
    _deletes_refused: Counter[str] = field(factory=Counter, init=False)

    async def adopt(self, part: str, thread_ts: str | None) -> str | None:
        """The ts of `part`, which was perhaps posted; None where it was not. What is there of it
        more than once is deleted."""
        found = await self._find(thread_ts)
        adopted = None
        for ts in sorted(posted.ts for posted in found if posted.part == part):
            if adopted or not await self._ledger.adopt(part, self._channel, ts):
                await self.delete(ts)
            else:
                adopted = ts
        return adopted

    async def remove_strays(self, roots: Iterable[str | None]) -> None:
        """Delete messages of this job that nobody knows of, in the threads of these `roots`; None:
        in the channel."""
        posts = self._ledger.posts.items()
        known = {post.ts for part, post in posts if not part.startswith(withdrawn(""))}
        for root in roots:
            for posted in await self._find(root):
                if posted.ts not in known:
                    log.info("stray message deleted", part=posted.part)
                    await self.delete(posted.ts)

    async def take_back(self, ts: str) -> None:
        """Delete what was posted without a lease, unless the new holder has adopted it: their
        sweep is the second chance."""
        try:
            if await self._ledger.disown(ts):
                await self._slack.delete(self._channel, ts)
        except (SlackError, StoreUnavailable) as error:
            log.warning("post not taken back", error=str(error))

    async def delete(self, ts: str) -> None:
        """Delete a message, or leave it when Slack has refused that often enough."""
        await self._budget.turn(DELETE, TIER_3_PER_MINUTE)
        try:
            async with self._budget.resting(DELETE):
                with self._ledger.late.sending(self._slack.deadline, ts):
                    await self._ledger.check()
                    await self._slack.delete(self._channel, ts)
        except SlackError as error:
            if passes(error):
                raise
            self._deletes_refused[ts] += 1
            for_good = self._deletes_refused[ts] >= _DELETES_REFUSED
            if not (for_good or isinstance(error, PostingDenied)):
                raise TryAgain(error.code, str(error)) from None
            log.warning("message not deleted", error=str(error))
        await self._ledger.check()

    async def _find(self, thread_ts: str | None) -> list[Posted]:
        """The messages of the job in the channel or one of its threads; none where the bot may not
        look."""
        method = REPLIES if thread_ts else HISTORY
        await self._budget.turn(method, TIER_3_PER_MINUTE)
        try:
            async with self._budget.resting(method):
                await self._ledger.check()
                job_id = self._ledger.job_id
                return await self._slack.find(self._channel, thread_ts, job_id, self._since)
        except SlackError as error:
            if passes(error):
                raise
            tell = log.info if isinstance(error, PostingDenied) else log.warning
            tell("messages not looked for", error=str(error))  # where it is not invited, as usual
            return []
