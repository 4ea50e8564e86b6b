"""The messages of one job in Slack: written under the lease, each of them once.

The intent to post is recorded before posting, the ts after it. A post whose ts is not known
is looked for by its metadata, and adopted, before it is posted again. Its poster, should it
still live, takes it back only if it was not adopted: Redis decides who came first. Where the
bot may not read a channel's history nothing can be found again, and a post whose reply was
lost may come twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import structlog

from bot.errors import (
    LeaseLost,
    MessageGone,
    OutcomeUnknown,
    PostingDenied,
    RateLimited,
    SlackError,
    StoreUnavailable,
)
from bot.reply.blocks import Message
from bot.reply.ledger import Ledger
from bot.reply.pacing import EditBudget
from bot.reply.slack import Posted, Slack, passes

log = structlog.get_logger(__name__)

_DELETED = "message_not_found"
_THREAD_DELETED = "thread_not_found"


class Messages:
    """Posts, edits and deletes the messages of one job. Part k is message number k.

    Every method raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`.
    """

    def __init__(
        self,
        slack: Slack,
        budget: EditBudget,
        ledger: Ledger,
        *,
        channel: str,
        thread_ts: str | None,
    ) -> None:
        """`thread_ts`: the thread that the answer goes to, if it goes to one."""
        self._slack = slack
        self._budget = budget
        self._ledger = ledger
        self._channel = channel
        self._thread_ts = thread_ts
        self._since = min((post.at for post in ledger.posts.values()), default=time.time())
        self._strays_possible = any(part.isdigit() for part in ledger.posts)
        self._shown: dict[str, Message] = {}
        self._unrecorded: dict[str, str] = {}
        self._gone: set[str] = set()
        self._closed: set[str] = set()
        self._edited = False

    @property
    def edited(self) -> bool:
        """Whether anything was shown by an edit, of which Slack notifies nobody."""
        return self._edited

    @property
    def deleted(self) -> bool:
        """Whether somebody deleted the first message. It is not posted again, nor is what
        would follow it."""
        return "0" in self._gone

    def pending(self, messages: Sequence[Message], *, final: bool = False) -> str | None:
        """The first part that does not show its message yet and can be written."""
        skipped = self._gone if final else self._gone | self._closed
        for number, message in enumerate(messages):
            part = str(number)
            if part in skipped or self._shown.get(part) == message:
                continue
            return part if self.is_posted(part) or not self.deleted else None
        return None

    def is_posted(self, part: str) -> bool:
        """Whether writing `part` is an edit."""
        post = self._ledger.posts.get(part)
        return part in self._unrecorded or bool(post and post.ts)

    def start_afresh(self) -> None:
        """Take nothing for granted about what Slack shows."""
        self._shown.clear()
        self._strays_possible = True

    async def write(self, part: str, message: Message, *, final: bool = False) -> None:
        """Show `message` as `part`: edit what is there, else post it. The caller has waited for
        its turn.

        A deleted message stays deleted. One that can no longer be edited is replaced when
        this is `final`, and left alone until then.
        """
        ts = await self._locate(part)
        if ts is None:
            await self._post_in_order(part, message)
            return
        try:
            await self._edit(part, ts, message)
        except MessageGone as error:
            if error.code == _DELETED:
                log.info("message deleted", part=part)
                self._gone.add(part)
            elif final:
                log.warning("message cannot be edited", part=part, error=error.code)
                await self._remove(part, ts)
                await self._post(part, message)
            else:
                self._closed.add(part)

    async def post_once(self, part: str, message: Message) -> None:
        """Show `message` as `part`, unless it was shown before: it is never edited."""
        if await self._locate(part) is None:
            await self._post_in_order(part, message)

    async def keep_only(self, count: int) -> None:
        """Delete parts from number `count` on, the last one first: an earlier attempt was
        longer."""
        numbers = sorted((int(part) for part in self._ledger.posts if part.isdigit()), reverse=True)
        for part in (str(number) for number in numbers if number >= count):
            if ts := await self._locate(part):
                await self._remove(part, ts)
            else:
                await self._ledger.forget(part)

    async def clear(self) -> None:
        """Delete what there is of this job, as far as Slack lets it be deleted."""
        await self.keep_only(0)
        await self.remove_strays()

    async def remove_strays(self) -> None:
        """Delete messages of this job that nobody knows of, if there can be any."""
        if not self._strays_possible:
            return
        known = {post.ts for post in self._ledger.posts.values()}
        # What was meant for a thread that is gone may stand in the channel (`Slack.post`).
        for root in dict.fromkeys((None, self._thread_ts, self._root_of("1"))):
            for posted in await self._find(root):
                if posted.ts not in known:
                    log.info("stray message deleted", part=posted.part)
                    await self._delete(posted.ts)
        self._strays_possible = False

    async def _locate(self, part: str) -> str | None:
        """The ts of `part`, looked for in Slack when it was perhaps posted."""
        if part in self._unrecorded:
            await self._record(part, self._unrecorded[part])
        post = self._ledger.posts.get(part)
        if post is None or post.ts:
            return post.ts if post else None
        found = await self._find(self._root_of(part))
        return await self._adopt(part, [posted.ts for posted in found if posted.part == part])

    async def _adopt(self, part: str, found: Sequence[str]) -> str | None:
        """The one of the messages `found` that is `part` from here on; the others are deleted."""
        adopted = None
        for ts in sorted(found):
            if adopted or not await self._ledger.adopt(part, self._channel, ts):
                await self._delete(ts)
            else:
                adopted = ts
        return adopted

    def _root_of(self, part: str) -> str | None:
        """The thread that `part` belongs to."""
        if part == "0" or self._thread_ts:
            return self._thread_ts
        first = self._ledger.posts.get("0")
        return first.ts if first else None

    async def _post_in_order(self, part: str, message: Message) -> None:
        try:
            await self._post(part, message)
        except PostingDenied as error:
            own_thread = part != "0" and self._thread_ts is None
            if error.code != _THREAD_DELETED or not own_thread:
                raise
            log.info("message deleted", part="0")
            self._gone.add("0")

    async def _post(self, part: str, message: Message) -> None:
        await self._ledger.intend(part, self._channel)
        try:
            ts = await self._slack.post(
                self._channel,
                message,
                job_id=self._ledger.job_id,
                part=part,
                thread_ts=self._root_of(part),
            )
        except (OutcomeUnknown, asyncio.CancelledError):
            self._strays_possible = True
            raise
        except SlackError as error:
            await self._ledger.forget(part)
            if isinstance(error, RateLimited):
                await self._budget.rest_posts(self._channel, error.retry_after)
            raise
        try:
            await self._record(part, ts)
        except LeaseLost:
            await self._take_back(ts)
            raise
        self._shown[part] = message

    async def _edit(self, part: str, ts: str, message: Message) -> None:
        self._shown.pop(part, None)
        await self._ledger.check()
        try:
            await self._slack.update(self._channel, ts, message)
        except RateLimited as error:
            await self._budget.rest_edits(error.retry_after)
            raise
        self._shown[part] = message
        self._edited = True
        await self._ledger.check()

    async def _record(self, part: str, ts: str) -> None:
        self._unrecorded[part] = ts
        await self._ledger.posted(part, self._channel, ts)
        del self._unrecorded[part]

    async def _take_back(self, ts: str) -> None:
        """Delete what was posted without a lease, unless the new holder has adopted it; the new
        holder's sweep is the second chance."""
        try:
            if await self._ledger.disown(ts):
                await self._slack.delete(self._channel, ts)
        except (SlackError, StoreUnavailable) as error:
            log.warning("post not taken back", error=str(error))

    async def _remove(self, part: str, ts: str) -> None:
        await self._delete(ts)
        await self._ledger.forget(part)
        self._shown.pop(part, None)

    async def _delete(self, ts: str) -> None:
        await self._ledger.check()
        try:
            await self._slack.delete(self._channel, ts)
        except SlackError as error:
            if passes(error):
                raise
            log.warning("message not deleted", error=str(error))
        await self._ledger.check()

    async def _find(self, thread_ts: str | None) -> list[Posted]:
        try:
            return await self._slack.find(
                self._channel, thread_ts, self._ledger.job_id, self._since
            )
        except SlackError as error:
            if passes(error):
                raise
            log.warning("messages not looked for", error=str(error))
            return []
