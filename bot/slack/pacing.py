"""When Slack may be called: the budget of its calls, shared by all answers of a workspace and by
all replicas; and the calls for one job that it has not answered, and may carry out later than those
that were made after them.

A call that was sent is answered within Slack's deadline, or given up then; within as long again
Slack has carried it out, or never will. Who dies, is cancelled or loses the connection in the
middle of one leaves it on its way for as long, for Slack knows nothing of that. So the latest
moment of each is recorded with the job before it is made (`Ledger.check`, `Ledger.intend`), for
whoever takes that over.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Literal

from bot.errors import LeaseLost, OutcomeUnknown, RateLimited, SlackError, StoreUnavailable
from bot.slack.blocks import Message
from bot.slack_limits import POST_BURST, POST_BURST_SECONDS
from bot.store.keys import Keys
from bot.store.redis.connection import Store

WINDOW_SECONDS = 61.0
"""Slack counts calls in 60 s as they arrive; the second more allows for the way there."""

TYPICAL_SECONDS = 12.0
"""For how long the text of an answer comes, before that is learned: 600 tokens at 50 tokens/s."""

EDIT = "chat.update"
POST = "chat.postMessage"
LONGEST_SLEEP = 5.0
"""Seconds after which it is asked again, however long there is to wait."""

_JITTER = 0.01

SlotKind = Literal["begin", "post", "edit", "when", "tell", "final", "spare", "end"]
"""What an answer asks for:

- `begin`: whether there are edits enough to show a message that has no text yet; takes none
- `post`: whether the first message is worth posting, with text that has come for `age` seconds: at
  once while there are edits enough; takes none
- `edit`: one that shows more of its text, which began `age` seconds ago and was shown last `since`
  seconds ago (None: not yet)
- `when`: for how long there is none, as `edit` would say; takes none
- `tell`: one that only says how long the asker waits: such edits have a share of their own. Asking
  keeps the answer open
- `final`: one that shows how it ends
- `spare`: one that shows nothing new of it, if nobody else needs it
- `end`: it is complete, and its text came for `age` seconds; takes none
"""


@dataclass(frozen=True, slots=True)
class LeaseFence:
    """The lease of the job with the key `job`, which is compared where an edit is taken: then
    `number` counts the writes under it, and for `late` seconds calls of its holder, this edit
    included, may be carried out."""

    job: str
    lease: str
    number: int
    late: float


@dataclass(frozen=True, slots=True)
class Slot:
    """An edit that was taken, or for how many seconds to `wait` before asking again. `following`:
    after how many seconds the next one of the same answer may be had."""

    wait: float
    following: float = 0.0


TakeSlot = Callable[[LeaseFence | None], Awaitable[Slot]]
"""Asks for an edit, under a lease. Raises `LeaseLost` when that is another one by now."""


async def nothing_taken(fence: LeaseFence | None) -> Slot:  # noqa: ARG001
    """For what takes no edit, such as a post."""
    return Slot(0.0)


class EditBudget:
    """Says when a message may be edited or posted.

    Who takes an edit under a lease gives its `fence`, and makes it at once.

    An answer is open from its first message, for which it asks, to its `end`: the last edit of
    each open answer is never given away. Every method raises `StoreUnavailable` when Redis is
    away.
    """

    def __init__(
        self,
        store: Store,
        keys: Keys,
        per_minute: int,
        *,
        scale: float = 1.0,
        method: str = EDIT,
    ) -> None:
        """`per_minute`: calls of `method` in any minute, for the whole workspace. `scale`
        stretches or shrinks every window, for a workspace whose clock runs otherwise."""
        self._edit_slot = store.script("edit_slot")
        self._slot = store.script("slot")
        self._rest = store.script("rest")
        self._store = store
        self._keys = keys
        self._method = method
        self._most = per_minute
        self._scale = scale
        self._window = round(WINDOW_SECONDS * scale * 1000)

    def of(self, method: str, per_minute: int) -> EditBudget:
        """The same for another method that lets messages grow."""
        return EditBudget(self._store, self._keys, per_minute, scale=self._scale, method=method)

    async def ask(
        self,
        kind: SlotKind,
        answer: str,
        fence: LeaseFence | None = None,
        *,
        age: float | None = None,
        since: float | None = None,
    ) -> Slot:
        """Ask for an edit of `answer`, and take it where there is one. Raises `LeaseLost`."""
        of = self._keys
        places = (of.budget, of.rest, of.open, of.asked, of.pace, of.told)
        keys = [place(self._method) for place in places]
        typical = round(TYPICAL_SECONDS * self._scale * 1000)
        budget = (self._most, self._window, typical)
        args: list[str | int | float] = [
            uuid.uuid4().hex,
            kind,
            answer,
            *budget,
            _passed(age),
            _passed(since),
        ]
        if fence is not None:
            keys.append(fence.job)
            args += [fence.lease, fence.number, _ms(fence.late)]
        wait, following = await self._edit_slot(keys, args)
        if int(wait) < 0:
            raise LeaseLost(answer)
        return Slot(int(wait) / 1000, int(following) / 1000)

    async def try_post(self, channel: str) -> float:
        """Take a post in `channel`. 0 when it may be made now, else for how many seconds not."""
        keys = [self._keys.budget(f"{POST}:{channel}"), self._keys.rest(POST)]
        return await self._take(keys, POST_BURST, POST_BURST_SECONDS * self._scale)

    async def post(self, channel: str) -> None:
        """Wait until a message may be posted in `channel`."""
        await _until(lambda: self.try_post(channel))

    async def try_take(self, method: str, per_minute: int) -> float:
        """Take one of `per_minute` calls of `method`. 0 when it may be made now, else for how
        many seconds not."""
        keys = [self._keys.budget(method), self._keys.rest(method)]
        return await self._take(keys, per_minute, self._window / 1000)

    async def turn(self, method: str, per_minute: int) -> None:
        """Wait for one of `per_minute` calls of `method`."""
        await _until(lambda: self.try_take(method, per_minute))

    async def rest(self, method: str, seconds: float) -> None:
        """Nobody calls `method` for `seconds`, after a 429; and where messages grow by it, fewer
        such calls are made for a while. Of posts Slack does not say whether the channel has had
        enough, or the workspace: nobody posts."""
        of, keys, args = self._keys, [self._keys.rest(method)], [_ms(seconds)]
        if method == self._method:
            keys += [of.budget(method), of.pace(method)]
            args += [self._window, self._most]
        await self._rest(keys, args)

    @asynccontextmanager
    async def resting(self, method: str) -> AsyncIterator[None]:
        """Around a call of `method`, which has a `rest` after a 429."""
        try:
            yield
        except RateLimited as error:
            await self.rest(method, error.retry_after)
            raise

    async def _take(self, keys: Sequence[str], most: int, seconds: float) -> float:
        return int(await self._slot(keys, [uuid.uuid4().hex, most, _ms(seconds)])) / 1000


@dataclass(eq=False, slots=True)
class LateCall:
    """Carried out before `until` (loop time) or never: then the message at `ts` shows `message`,
    or is deleted when that is None. A post, whose ts nobody knows, may appear once more. One of
    an `earlier` holder may be any of them."""

    until: float
    ts: str | None = None
    message: Message | None = None
    earlier: bool = False

    @property
    def may_appear(self) -> bool:
        """Whether it may be a post."""
        return self.earlier or self.ts is None

    def may_change(self, ts: str | None, shown: Message) -> bool:
        """Whether the message at `ts` may have come to be something else than `shown`."""
        return self.earlier or (self.ts == ts and self.message != shown)


class LateCalls:
    """Calls for one job of unknown outcome, each for as long as Slack may be at it."""

    def __init__(self) -> None:
        self._calls: list[LateCall] = []

    @property
    def left(self) -> float:
        """Seconds until all of them were carried out or never will be; 0 when there is none."""
        if not self._calls:
            return 0.0
        return max(0.0, max(call.until for call in self._calls) - _now())

    def expect_earlier(self, seconds: float) -> None:
        """An earlier holder may have left a call that is carried out within `seconds`. What comes
        of it is looked for halfway too, for the sake of whoever reads meanwhile."""
        if seconds > 0:
            now = _now()
            self._calls += [
                LateCall(now + seconds / 2, earlier=True),
                LateCall(now + seconds, earlier=True),
            ]

    @contextmanager
    def sending(
        self, deadline: float, ts: str | None = None, message: Message | None = None
    ) -> Iterator[None]:
        """Around one call that Slack answers within `deadline` seconds: an edit of `ts` to
        `message`, a deletion of `ts`, or a post. It stays unless its outcome is known."""
        call = LateCall(_now() + 2 * deadline, ts, message)
        self._calls.append(call)
        try:
            yield
        except (SlackError, LeaseLost, StoreUnavailable) as error:
            if not (isinstance(error, OutcomeUnknown) and error.pending):
                self._calls.remove(call)
            raise
        except BaseException:  # after a standstill it may have been sent just now
            call.until = max(call.until, _now() + deadline)
            raise
        self._calls.remove(call)

    def passed(self) -> list[LateCall]:
        """Those that will not be carried out any more, if they were not; they are forgotten."""
        now = _now()
        passed = [call for call in self._calls if call.until <= now]
        self._calls = [call for call in self._calls if call.until > now]
        return passed

    async def next_passed(self) -> list[LateCall]:
        """Wait until the next one is over, and return what `passed`; nothing, at once, when
        none is expected."""
        if not self._calls:
            return []
        await asyncio.sleep(min(call.until for call in self._calls) - _now())
        return self.passed()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def pause(seconds: float, stop: asyncio.Event | None = None) -> None:
    """Sleep, or until `stop` is set."""
    if stop is None:
        await asyncio.sleep(seconds)
        return
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


async def wait_out(wait: float, stop: asyncio.Event | None = None) -> None:
    """Sleep until it is worth asking again after being told to `wait`: in between others may have
    ended, or come."""
    jitter = random.uniform(0.0, _JITTER)  # noqa: S311
    await pause(min(wait, LONGEST_SLEEP) + jitter, stop)


async def _until(ask: Callable[[], Awaitable[float]]) -> None:
    """Ask until there is nothing to wait for."""
    while wait := await ask():
        await wait_out(wait)


def _passed(seconds: float | None) -> int:
    return -1 if seconds is None else _ms(seconds)


def _ms(seconds: float) -> int:
    return max(0, round(min(seconds, 1e6) * 1000))
