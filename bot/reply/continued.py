"""Takes *Continue* off an answer, for whoever goes on with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from attrs import frozen

from bot.completion.ask import Ask
from bot.completion.result import Answer
from bot.errors import SlackError
from bot.reply.destination import AnswerRoute, chain_of, kinds_of, route_of
from bot.reply.ledger import Ledger, Post, Way
from bot.reply.messages import Editing
from bot.slack.blocks import Kind, Message
from bot.slack.pacing import EditBudget, SlotKind, wait_out
from bot.slack.refusals import BLOCK_MISMATCH, passes, refuses_blocks
from bot.slack.slack import Slack

log = structlog.get_logger(__name__)

TAKEN_OFF = "taken off"
"""The part of a job that says that the answer before it has lost its button."""

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Earlier:
    """The answer that is gone on with, as it is stored: its `section`, and all those of it that
    something goes on with by now."""

    job_id: str
    ask: Ask
    answer: Answer
    posts: Mapping[str, Post]
    section: int
    continued: Collection[int]


@frozen
class Continued:
    """The messages of an earlier answer, edited under the lease of the job that goes on with it:
    `ledger` and `ask` are those of that.

    Every method raises `LeaseLost` and `StoreUnavailable`. What Slack refuses is left as it is: a
    click on the button that is still there is told that somebody was first.
    """

    _slack: Slack
    _budget: EditBudget
    _ledger: Ledger
    _ask: Ask
    _most: int | None
    """Messages that an answer may become; None: any number."""

    @property
    def is_due(self) -> bool:
        """Whether the button is to be taken off: something of what goes on is to be seen. It is
        gone already where that is asked for again."""
        if self._ask.surface != "continue" or TAKEN_OFF in self._ledger.posts:
            return False
        seen = {str(Way.EPHEMERAL), str(Way.RESPONSE)}
        return any(
            bool(post.ts) if part.isdigit() else part in seen and post.sent > 0
            for part, post in self._ledger.posts.items()
        )

    async def take_off(self, earlier: Earlier | None, *, spare: bool = False) -> None:
        """Show the answer without it, once; with `spare` only by edits that nobody else needs, and
        else another time."""
        if earlier is None or await self._show(earlier, spare=spare):
            await self._ledger.note(TAKEN_OFF, self._ask.channel)

    async def _show(self, earlier: Earlier, *, spare: bool) -> bool:
        """False: try again later."""
        route = route_of(earlier.ask, earlier.posts)
        for kind in kinds_of(route):
            changed = await self._changed(earlier, route, kind)
            try:
                for part, message in changed:
                    if not await self._write(route, earlier.posts.get(part), message, spare=spare):
                        return False
            except SlackError as error:
                if refuses_blocks(error) or error.code == BLOCK_MISMATCH:
                    continue
                log.warning("button left where it is", error=str(error))
                return not (spare and passes(error))
            return True
        return True

    async def _changed(
        self, earlier: Earlier, route: AnswerRoute, kind: Kind
    ) -> list[tuple[str, Message]]:
        """The messages that look otherwise without the button, by part. None where it is not known
        how the answer was laid out."""
        before = {each for each in earlier.continued if each != earlier.section}
        old, new = [
            chain_of(
                earlier.ask, route, earlier.job_id, most=self._most, continued=each, kinds=(kind,)
            )
            for each in (before, earlier.continued)
        ]
        shown = sum(part.isdigit() and bool(post.ts) for part, post in earlier.posts.items())
        while True:
            for chain in (old, new):
                await chain.prepare_all(earlier.answer)
            was, becomes = old.complete(earlier.answer), new.complete(earlier.answer)
            if len(was) != len(becomes):
                new.keep_notes()
                continue
            if not route.lasts or len(becomes) == shown:
                pairs = zip(was, becomes, strict=True)
                return [(str(n), b) for n, (a, b) in enumerate(pairs) if a != b]
            if not (old.tighten() and new.tighten()):
                log.warning("answer laid out otherwise", shown=shown, messages=len(becomes))
                return []

    async def _write(
        self, route: AnswerRoute, post: Post | None, message: Message, *, spare: bool
    ) -> bool:
        """Whether it is written, as far as that can be."""
        if route.lasts:
            return not (post and post.ts) or await self._edit(
                route.channel, post.part, post.ts, message, spare=spare
            )
        if self._ask.response_url:
            await self._ledger.check()
            await self._slack.replace(self._ask.response_url, message)
        return True

    async def _edit(
        self, channel: str, part: str, ts: str, message: Message, *, spare: bool
    ) -> bool:
        editing = Editing(self._slack, self._budget, self._ledger, channel)
        kind: SlotKind = "tell" if spare else "final"
        turn, tries = partial(self._budget.ask, kind, self._ledger.job_id), _TRIES
        while True:
            try:
                slot = await editing.edit(part, ts, message, turn)
            except SlackError as error:
                tries -= 1
                if spare or not (tries and passes(error)):
                    raise
                continue
            if spare or not slot.wait:
                return not slot.wait
            await wait_out(slot.wait)
