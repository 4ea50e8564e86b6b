"""A ledger in memory: one job, and the leases on it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.errors import LeaseLost, StoreUnavailable
from bot.reply.ledger import Post
from bot.slack.pacing import LateCalls, Slot, TakeSlot


@dataclass
class FakeJob:
    """What Redis would know of the job; `lease` is the newest one given out."""

    job_id: str = "job1"
    posts: dict[str, Post] = field(default_factory=dict)
    lease: int = 0
    disowned: set[str] = field(default_factory=set)

    def take(self) -> FakeLedger:
        """The ledger of a new holder; every earlier one loses its lease."""
        self.lease += 1
        return FakeLedger(self, self.lease)


class FakeLedger:
    """The `Ledger` of one lease. `before` is called with the name of each step before it is
    done: it may raise, or let somebody else take the job."""

    def __init__(self, job: FakeJob, lease: int) -> None:
        self._job = job
        self._lease = lease
        self._posts = dict(job.posts)
        self.late = LateCalls()
        self.before: Callable[[str], Awaitable[None]] = _nothing
        self.lost_replies: set[str] = set()
        self._checked = True

    @property
    def job_id(self) -> str:
        return self._job.job_id

    @property
    def posts(self) -> Mapping[str, Post]:
        return self._posts

    async def check(self) -> None:
        await self._fence("check")
        self._checked = True

    async def take(self, turn: TakeSlot) -> Slot:
        await self._fence("check")
        self._checked = False
        return await turn(None)

    async def check_last(self) -> None:
        if not self._checked:
            await self.check()

    async def intend(self, part: str, channel: str) -> None:
        await self._fence("intend")
        self._put(Post(part, channel, time.time()), "intend")

    async def posted(self, part: str, channel: str, ts: str) -> None:
        await self._fence("posted")
        self._put(Post(part, channel, time.time(), ts), "posted")

    async def note(
        self, part: str, channel: str, *, sent: int = 0, route: str = "", cut: str = ""
    ) -> None:
        await self._fence("posted")
        self._put(Post(part, channel, time.time(), sent=sent, route=route, cut=cut), "posted")

    async def adopt(self, part: str, channel: str, ts: str) -> bool:
        await self._fence("adopt")
        if ts in self._job.disowned:
            return False
        self._put(Post(part, channel, time.time(), ts), "adopt")
        return True

    async def disown(self, ts: str) -> bool:
        await self.before("disown")
        if ts in {post.ts for post in self._job.posts.values()}:
            return False
        self._job.disowned.add(ts)
        return True

    async def forget(self, part: str) -> None:
        await self._fence("forget")
        self._job.posts.pop(part, None)
        self._posts.pop(part, None)

    async def _fence(self, step: str) -> None:
        await self.before(step)
        if self._job.lease != self._lease:
            raise LeaseLost(self.job_id)

    def _put(self, post: Post, step: str) -> None:
        self._job.posts[post.part] = post
        if step in self.lost_replies:
            self.lost_replies.discard(step)
            raise StoreUnavailable("the reply was lost")
        self._posts[post.part] = post


async def _nothing(step: str) -> None:
    return
