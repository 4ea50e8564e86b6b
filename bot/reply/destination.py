"""The way that one answer takes at the moment, and all that is needed to go it.

What Slack refuses on it is shown by less in each message, by other blocks, on another way to its
asker, and at last by a sentence in its place. Which way was taken, and why, is recorded before
anything is sent that way: a worker that takes over goes on there.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from attrs import define, field

from bot import words
from bot.characters import excerpt
from bot.completion.ask import Ask, conversation_of
from bot.errors import OutcomeUnknown, PostingDenied, SlackError, TooLong
from bot.reply.apology import Apology
from bot.reply.chain import KINDS, Chain
from bot.reply.ledger import WAY, Ledger, Post, Way
from bot.reply.messages import Messages
from bot.reply.native import Native
from bot.reply.session import Session
from bot.slack.blocks import Kind, Message, Question, mention
from bot.slack.pacing import EditBudget, LateCall
from bot.slack.refusals import THREAD_GONE, TOKEN_GONE, passes, refuses_blocks
from bot.slack.slack import Slack
from bot.words import talk

log = structlog.get_logger(__name__)

TOO_LONG = "too_long"
"""Why an answer is not shown to one person alone: it takes more than one message."""

UNSHOWABLE = "unshowable"
"""Why an answer is shown elsewhere: Slack takes it in no form there."""

_MORE_TRIES = 3
"""How often the shortest messages are tried once more when Slack finds them too long: that may
pass."""

_FAILURES = 3
"""How often a `response_url` may fail with the same message: some of Slack's webhooks were seen to
answer 500 to every `markdown` block ("slack-github-action" issues 440 and 461)."""

_LINKED = re.compile(r"[CG][A-Z0-9]+")
_ALONE = {
    "is_archived": words.ARCHIVED,
    THREAD_GONE: talk.THREAD_DELETED,
    TOO_LONG: "",
    UNSHOWABLE: "",
}

_BY_URL: tuple[Kind, ...] = ("markdown", "section")
"""What is sent through a `response_url` is never edited, and the oldest blocks are safest there."""


@dataclass(frozen=True, slots=True)
class AnswerRoute:
    """One way; `why` is Slack's code of what it refused before, or one of those above.

    `channel` is where messages go; empty for a direct message that has not been opened yet.
    """

    way: Way
    channel: str
    why: str = ""

    @property
    def record(self) -> str:
        """The way and the reason, as they are recorded."""
        return f"{self.way}:{self.why}"

    @property
    def lasts(self) -> bool:
        """Whether what is sent this way can be edited and found again."""
        return self.way in (Way.SHOWN, Way.DIRECT)


def first_way(ask: Ask) -> Way:
    """The way that the answer to `ask` takes unless Slack refuses it a place."""
    return Way.EPHEMERAL if ask.is_private else Way.SHOWN


def route_of(ask: Ask, posts: Mapping[str, Post]) -> AnswerRoute:
    """The way that the answer to `ask` takes, as far as it was recorded."""
    taken = posts.get(WAY)
    if taken and taken.route:
        way, _, why = taken.route.partition(":")
        return AnswerRoute(Way(way), taken.channel, why)
    return AnswerRoute(first_way(ask), ask.channel)


@define(eq=False)
class Destination:
    """Where an answer goes: the way it was begun, until Slack refuses that and it is rerouted.

    `chain` lays it out for this way; `messages` post it where `route` lasts. Both are new after
    `arrive`.
    """

    _slack: Slack
    _budget: EditBudget
    _ledger: Ledger
    _ask: Ask
    _most: int | None
    """Messages that the answer may become; None: any number."""
    _given_up: bool
    """Nothing is laid out but a fixed sentence."""
    _session: Session | None
    """That of the thread that the answer is to go to."""

    route: AnswerRoute = field(init=False)
    chain: Chain = field(init=False)
    messages: Messages = field(init=False)
    _looked_at: Sequence[Messages] = field(init=False)
    """Where something may come late: here, and where it was asked."""
    _arrived: bool = field(init=False)
    _continued: Collection[int] = field(default=(), init=False)
    _too_long: int = field(default=0, init=False)
    _failed: int = field(default=0, init=False)
    """What Slack has refused since it last took something."""

    def __attrs_post_init__(self) -> None:
        self._take(route_of(self._ask, self._ledger.posts))

    def continued(self, sections: Collection[int]) -> None:
        """Something goes on with these sections by now."""
        if sections and sections != self._continued:
            self._continued = sections
            self.chain.continued(sections)

    def reroute(self, error: PostingDenied) -> None:
        """Choose the next way to the asker, for `arrive` to get ready; `error` is raised when
        there is none."""
        route = detour(self._ask, self.route, error.code)
        if route is None:
            raise error
        log.info("answer takes another way", way=str(route.way), why=route.why)
        self.route = route
        self._arrived = False

    async def arrive(self) -> None:
        """Be ready on the way that was chosen, with nothing left behind on the one before as
        far as Slack lets it be deleted.

        Raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`; call again to go on.
        """
        if self._arrived:
            return
        await self.messages.keep_only(0)
        await self.messages.remove_strays()
        route = self.route
        if route.way is Way.DIRECT:
            route = replace(route, channel=await self._direct_channel())
        await self._ledger.note(WAY, route.channel, route=route.record)
        self._take(route)

    @property
    def late(self) -> float:
        """Seconds until nothing of it can come late any more; 0 when nothing can."""
        return self._ledger.late.left if self._looked_at else 0.0

    def take_in(self, passed: Sequence[LateCall]) -> bool:
        """Whether something is pending again, since calls that have `passed` may have changed
        it."""
        spoiled = [each.take_in(passed) for each in self._looked_at]
        return any(spoiled)

    async def settled(self) -> bool:
        """Delete messages of this job that nobody knows of, and wait until the next call of
        unknown outcome cannot be carried out any more. At once, when Slack has answered every
        call.

        False: something may have been written over in the meantime and is pending again, or
        there are more such calls.
        """
        if not self._looked_at:
            return True
        spoiled = self.take_in(await self._ledger.late.next_passed())
        for each in self._looked_at:
            await each.remove_strays()
        return not (spoiled or self.late)

    async def fitting(
        self, prepare: Callable[[], Awaitable[None]], lay_out: Callable[[], Sequence[Message]]
    ) -> Sequence[Message]:
        """Messages of which Slack has found none too long, as far as they can be shorter;
        `prepare` comes before each `lay_out`."""
        while True:
            await prepare()
            messages = lay_out()
            if not (self.messages.too_long(messages) and self.chain.tighten()):
                return messages

    def recover(self) -> None:
        """Slack has taken something."""
        self._too_long = self._failed = 0

    def change(self, error: SlackError) -> bool:
        """Change what Slack refused with `error`, or the way that it takes. False: the same may be
        taken later. Raises `error`, or what it comes to, when there is nothing left to change."""
        if isinstance(error, PostingDenied):
            self.reroute(error)
            return True
        if refuses_blocks(error):
            # Slack says that of blocks also where one holds too much, or there are too many.
            return (not self.chain.tight and self.chain.tighten()) or self._plainer(error)
        if isinstance(error, TooLong):
            if self.chain.tighten():
                return True
            self._too_long += 1
            return self._too_long > _MORE_TRIES and self._plainer(error)
        if not passes(error):
            self.elsewhere(error)
            return True
        answered = isinstance(error, OutcomeUnknown) and error.status >= 500
        if not answered or self.route.way is not Way.RESPONSE:
            return False
        self._failed = (self._failed + 1) % _FAILURES
        return not self._failed and self._plainer(error)

    def elsewhere(self, error: SlackError) -> None:
        """The next way to the asker; raises `error` where there is none, or where the bot may do
        nothing any more: a `response_url` would still take an answer, and Grok be paid for it."""
        if error.code in TOKEN_GONE:
            raise error
        try:
            self.reroute(PostingDenied(UNSHOWABLE, str(error)))
        except PostingDenied:
            raise error from None

    def _plainer(self, error: SlackError) -> bool:
        """Other blocks; then a sentence where everybody reads the question, or the direct message
        of who alone reads the answer; then the other of the two."""
        if self.chain.plainer() or (self.route.lasts and self.chain.give_up()):
            return True
        try:
            self.reroute(PostingDenied(UNSHOWABLE, str(error)))
        except PostingDenied:
            if not self.chain.give_up():
                raise
        return True

    async def _direct_channel(self) -> str:
        try:
            return await self._slack.direct(self._ask.user)
        except SlackError as error:
            if passes(error):
                raise
            raise PostingDenied(error.code, str(error)) from None

    def _take(self, route: AnswerRoute) -> None:
        ask, job_id = self._ask, self._ledger.job_id
        self.route = route
        self._arrived = True
        if self._given_up:
            self.chain = Apology(Question(ask.user, ""), job_id, notice=notice_of(ask, route))
        else:
            self.chain = chain_of(ask, route, job_id, most=self._most, continued=self._continued)
        self.messages = self._messages_on(route)
        first = AnswerRoute(first_way(ask), ask.channel)
        others = [self._messages_on(first)] if route.why and first.lasts else []
        self._looked_at = [self.messages, *others] if route.lasts else others

    def _messages_on(self, route: AnswerRoute) -> Messages:
        ask, of_job = self._ask, (self._slack, self._budget, self._ledger)
        native = Native(
            *of_job,
            channel=route.channel,
            user=ask.user,
            team=ask.user_team or ask.team,
            session=None if route.why else self._session,
        )
        thread_ts = None if route.why else ask.thread_ts
        return Messages(*of_job, native=native, channel=route.channel, thread_ts=thread_ts)


def detour(ask: Ask, route: AnswerRoute, why: str) -> AnswerRoute | None:
    """The way to try once `route` was refused with `why`; None when it was the last one."""
    why = route.why or why
    by_url = [Way.RESPONSE] if ask.response_url else []
    detours = [*by_url, Way.DIRECT]
    if why == TOO_LONG:
        detours = [Way.DIRECT, *by_url]
    elif why == THREAD_GONE and not ask.is_private:
        detours = [*by_url, Way.EPHEMERAL, Way.DIRECT]
    ways = [first_way(ask), *detours]
    left = ways[ways.index(route.way) + 1 :]
    if not left:
        return None
    return AnswerRoute(left[0], "" if left[0] is Way.DIRECT else ask.channel, why)


def notice_of(ask: Ask, route: AnswerRoute) -> str:
    """What stands above an answer that takes `route`: why it is there. Empty when it is where
    it was asked for."""
    if not route.why:
        return ""
    if route.way is Way.DIRECT:
        return talk.asked_in(
            f"<#{ask.channel}>" if _LINKED.fullmatch(ask.channel) else "", route.why
        )
    return _ALONE.get(route.why, talk.INVITE_ME_TOO if ask.is_private else words.INVITE_ME)


def kinds_of(route: AnswerRoute) -> tuple[Kind, ...]:
    """The blocks that an answer is shown in on this way, the best first."""
    return _BY_URL if route.way is Way.RESPONSE else KINDS


def chain_of(
    ask: Ask,
    route: AnswerRoute,
    job_id: str,
    *,
    most: int | None,
    continued: Collection[int] = (),
    kinds: Sequence[Kind] = (),
) -> Chain:
    """What lays out the answer of a job for its way; `continued` are the sections that something
    goes on with. `kinds` of blocks to show it in, the best first; none: those of its way."""
    return Chain(
        _question(ask, route),
        job_id,
        in_thread=not route.why and ask.reply == "thread" and ask.thread_ts is None,
        notice=notice_of(ask, route),
        most=most,
        private=ask.is_private,
        opens_thread=route.lasts and (bool(route.why) or ask.thread_ts is None),
        continued=continued,
        behind=ask.begun.text if ask.begun else "",
        feedback=ask.feedback,
        kinds=kinds or kinds_of(route),
    )


def _question(ask: Ask, route: AnswerRoute) -> Question:
    text, here = "\n\n".join(ask.request.prompts), not route.why
    begun = ask.begun
    if begun is None:
        return Question(ask.user, text, visible=here and _stands_above(ask))
    asker = mention(ask.user) or excerpt(ask.user)
    heading = words.ASKED_TO_GO_ON(mention=asker, answer=begun.answer, answers=begun.of)
    same = ask.user == begun.user and begun.of == 1 and not ask.is_private
    return Question(ask.user, text, visible=here and same, heading=heading)


def _stands_above(ask: Ask) -> bool:
    """Whether the asker's own message stands right above the answer.

    It does not when another asks the same again, or when a question from a thread is answered
    in the channel.
    """
    if ask.question_ts is None or ask.retry_of:
        return False
    asked_at_top = ask.conversation in (None, conversation_of(ask.channel, ask.question_ts))
    return ask.thread_ts is not None or asked_at_top
