"""The session of the thread that one answer is for, on the surface of agents: working, or not.

No message ends its work ("Agent sessions", "Messaging interactions"): it is said. That it was begun
is recorded with the job before it is, for whoever takes that over; so is the latest moment at which
Slack may carry it out. One that is left is ended by Slack after an hour.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from attrs import define, field

from bot.characters import excerpt
from bot.completion.ask import Ask
from bot.errors import LeaseLost, OutcomeUnknown, RateLimited, SlackError
from bot.patience import pauses
from bot.reply.ledger import Ledger, begun
from bot.slack.agent import LINE, SESSION, AgentSurface
from bot.slack.pacing import EditBudget
from bot.slack.refusals import passes
from bot.slack_limits import SESSION_TITLE_CHARS, TIER_3_PER_MINUTE, TIER_4_PER_MINUTE

log = structlog.get_logger(__name__)

BEGUN = "session"
"""The part of a job that tells that the session of its thread works."""

BEGINS_PER_MINUTE = TIER_3_PER_MINUTE // 2 - 3
"""Each has an end, which is of the same method; those wait for nobody then."""

LINES_PER_MINUTE = TIER_4_PER_MINUTE // 2
"""Slack publishes no number for them; they are but a courtesy."""

TITLE_CHARS = min(80, SESSION_TITLE_CHARS)
"""Longer ones nobody reads in a list."""

END_SECONDS = 60.0


@define(eq=False)
class Session:
    """What is said of one thread while its answer is worked on: nothing where there is none. Raises
    `LeaseLost` and `StoreUnavailable`, and nothing of Slack's."""

    _surface: AgentSurface
    _budget: EditBudget
    _ledger: Ledger
    _ask: Ask
    _stops: bool = field(default=False, init=False)
    _said: str = field(default="", init=False)
    _by_stream: bool = field(default=False, init=False)
    """Whether it was begun by a stream alone."""

    @property
    def _root(self) -> str:
        return "" if self._ask.is_private else self._ask.thread_ts or ""

    def is_of(self, root: str) -> bool:
        """Whether the thread has one, or may have."""
        return root == self._root and self._surface.takes(SESSION)

    def stops(self, root: str) -> bool:
        """Whether the thread is told to be worked on, and people can stop that by Slack's own
        means."""
        return self._stops and self.is_of(root)

    async def begin(self) -> None:
        """The answer is worked on from here."""
        if not (self._root and self._surface.takes(SESSION)):
            return
        if await self._budget.try_take(SESSION, BEGINS_PER_MINUTE):
            return
        ask, self._by_stream = self._ask, False
        title = excerpt(" ".join(ask.request.prompts), TITLE_CHARS)
        try:
            with self._ledger.late.sending(self._surface.deadline):
                await self._ledger.note(BEGUN, ask.channel, route=self._root)
                self._stops = await self._surface.session(
                    ask.channel, self._root, "processing", title=title, initiator=ask.user
                )
        except SlackError as error:
            await self._missed(SESSION, error)
            if not isinstance(error, OutcomeUnknown):
                await self._ledger.forget(BEGUN)
            return
        await self._check()

    async def streams(self, root: str) -> None:
        """A message is about to stream in a thread: Slack takes that for work there, also where it
        could not be said before."""
        if self.is_of(root) and BEGUN not in self._ledger.posts:
            await self._ledger.note(BEGUN, self._ask.channel, route=self._root)
            self._by_stream = True

    def when_streamed(self, *, final: bool) -> str:
        """What the end of a stream says of the thread, `final` if it is that of the answer: Slack
        takes any for the end of the work. Empty: nothing."""
        begun = BEGUN in self._ledger.posts and self._surface.takes(SESSION)
        return "" if not begun else "active" if final else "processing"

    async def streamed(self) -> None:
        """The stream that ended the answer has said so; where no more is known to say otherwise,
        nothing else need."""
        if self._by_stream:
            await self._ledger.forget(BEGUN)
            self._by_stream = False

    async def say(self, text: str) -> bool:
        """Say what is done, unless that stands there, or the session has not begun: nobody would
        end it. False: Slack does not let it be said."""
        if text == self._said or BEGUN not in self._ledger.posts:
            return True
        if not self._surface.takes(LINE):
            return False
        if await self._budget.try_take(LINE, LINES_PER_MINUTE):
            return True
        try:
            with self._ledger.late.sending(self._surface.deadline):
                await self._ledger.check()
                await self._surface.line(self._ask.channel, self._root, text)
        except SlackError as error:
            await self._missed(LINE, error)
            return passes(error)
        self._said = text
        await self._check()
        return True

    async def end(self) -> None:
        """The thread waits for whoever writes next. What Slack does not take within a minute it is
        left to end by itself: others wait for this job."""
        if BEGUN not in self._ledger.posts:
            return
        self._stops = False
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._end()
        except TimeoutError:
            log.warning("session left working", thread=self._root)

    async def _end(self) -> None:
        if self._said and not begun(self._ledger.posts):
            with suppress(SlackError):  # what is posted takes the line away
                await self._surface.line(self._ask.channel, self._root, "")
        self._said = ""
        for pause in pauses(0.2, 5.0):
            await self._budget.turn(SESSION, TIER_3_PER_MINUTE)
            await self._ledger.check()
            try:
                await self._rest()
                return
            except SlackError as error:
                await self._missed(SESSION, error)
                if not passes(error):
                    return
            await asyncio.sleep(pause)

    async def _check(self) -> None:
        """Whoever has lost the job while it said that it works takes that back."""
        try:
            await self._ledger.check()
        except LeaseLost:
            with suppress(SlackError):
                await self._rest()
            raise

    async def _rest(self) -> None:
        await self._surface.session(self._ask.channel, self._root, "active")

    async def _missed(self, method: str, error: SlackError) -> None:
        log.info("session not told", method=method, error=str(error))
        if isinstance(error, RateLimited):
            await self._budget.rest(method, error.retry_after)
