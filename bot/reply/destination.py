"""The way that one answer takes at the moment, and all that is needed to go it.

What Slack refuses on it is shown by less in each message, by other blocks, on another way to its
asker, and at last by a sentence in its place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

import structlog

from bot import words
from bot.completion.ask import Ask
from bot.completion.result import Answer, Section
from bot.errors import OutcomeUnknown, PostingDenied, SlackError, TooLong
from bot.reply.chain import Chain, chain_of
from bot.reply.ephemeral import Ephemeral
from bot.reply.ledger import Ledger
from bot.reply.messages import Messages
from bot.reply.route import UNSHOWABLE, WAY, Route, Way, detour, notice_of, route_of
from bot.reply.session import Session
from bot.reply.writers import Native
from bot.slack.blocks import Button, Foot, Message, Question, apology, with_notice
from bot.slack.pacing import EditBudget
from bot.slack.plain_blocks import with_blocks_of
from bot.slack.slack import Slack, passes, refuses_blocks
from bot.slack.web_api import TOKEN_GONE

log = structlog.get_logger(__name__)

_BUTTONS: tuple[Button, ...] = ("retry", "edit")


class Apology(Chain):
    """Lays out a fixed sentence, and neither the question nor anything of an answer: one of them
    may be what the workers of the job have died of."""

    def __init__(self, user: str, job_id: str, *, notice: str = "") -> None:
        super().__init__(Question(user, ""), job_id, notice=notice)
        self._user = user
        self._foot = Foot(job_id, _BUTTONS)
        self._above = notice

    async def prepare_all(self, answer: Answer) -> None:
        """There is nothing to lay out."""

    def growing(self, *_: object) -> list[Message]:
        return [self._said(words.GIVEN_UP)]

    def settled(self, sections: Sequence[Section]) -> list[str]:  # noqa: ARG002 - nothing stays
        return [""]

    def complete(self, answer: Answer, most: int | None = None) -> list[Message]:  # noqa: ARG002 - there is one
        return [self._said(answer.failure)]

    def tighten(self) -> bool:
        return False

    def give_up(self) -> bool:
        return False

    def _said(self, sentence: str) -> Message:
        message = apology(self._user, sentence, self._foot)
        if self._kind != "markdown":
            message = with_blocks_of(message, self._kind)
        return with_notice(message, self._above) if self._above else message


GIVEN_UP = "given up"
"""What names the part of a job that tells its asker alone that it was given up."""


class Destination:
    """Where an answer goes: the way it was begun, until Slack refuses that and it is rerouted.

    `chain` lays it out for this way; `messages` post it (where `route` is shown or direct), or
    `ephemeral` tells it. All are new after `arrive`.
    """

    route: Route
    chain: Chain
    messages: Messages
    ephemeral: Ephemeral

    def __init__(
        self,
        slack: Slack,
        budget: EditBudget,
        ledger: Ledger,
        ask: Ask,
        *,
        most: int | None = None,
        given_up: bool = False,
        session: Session | None = None,
    ) -> None:
        """`most`: messages that the answer may become; None: any number. `given_up`: nothing is
        laid out but a fixed sentence. `session`: that of the thread that the answer is to go to."""
        self._given_up = given_up
        self._continued: Collection[int] = ()
        self._slack = slack
        self._budget = budget
        self._ledger = ledger
        self._ask = ask
        self._most = most
        self._session = session
        self._take(route_of(ask, ledger.posts))

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
        await self.messages.clear()
        route = self.route
        if route.way is Way.DIRECT:
            route = replace(route, channel=await self._direct_channel())
        await self._ledger.note(WAY, route.channel, route=route.record)
        self._take(route)

    async def fitting(
        self, prepare: Callable[[], Awaitable[None]], lay_out: Callable[[], Sequence[Message]]
    ) -> Sequence[Message]:
        """Messages of which Slack has found none too long, as far as they can be shorter;
        `prepare` comes before each `lay_out`."""
        await prepare()
        messages = lay_out()
        while self.messages.too_long(messages) and self.chain.tighten():
            await prepare()
            messages = lay_out()
        return messages

    async def _direct_channel(self) -> str:
        try:
            return await self._slack.direct(self._ask.user)
        except SlackError as error:
            if passes(error):
                raise
            raise PostingDenied(error.code, str(error)) from None

    def _take(self, route: Route) -> None:
        ask = self._ask
        self.route = route
        self._arrived = True
        self.chain = self._apology() if self._given_up else self._chain(ask)
        of_job = self._slack, self._budget, self._ledger
        team = ask.user_team or ask.team
        self.messages = Messages(
            *of_job,
            native=Native(
                *of_job,
                channel=route.channel,
                user=ask.user,
                team=team,
                session=None if route.why else self._session,
            ),
            channel=route.channel,
            thread_ts=None if route.why else ask.thread_ts,
        )
        part = f"{route.way}:{GIVEN_UP}" if self._given_up else ""
        self.ephemeral = Ephemeral(self._slack, self._ledger, ask, route, part=part)

    def _chain(self, ask: Ask) -> Chain:
        job_id, continued = self._ledger.job_id, self._continued
        return chain_of(ask, self.route, job_id, most=self._most, continued=continued)

    def _apology(self) -> Apology:
        return Apology(self._ask.user, self._ledger.job_id, notice=notice_of(self._ask, self.route))


_MORE_TRIES = 3
"""How often the shortest messages are tried once more when Slack finds them too long: that may
pass."""

_FAILURES = 3
"""How often a `response_url` may fail with the same message: some of Slack's webhooks were seen to
answer 500 to every `markdown` block ("slack-github-action" issues 440 and 461)."""


class Refusals:
    """What Slack has refused since it last took something."""

    def __init__(self) -> None:
        self._too_long = 0
        self._failed = 0

    def change(self, error: SlackError, destination: Destination) -> bool:
        """Change what Slack refused with `error`, or the way that it takes. False: the same may be
        taken later. Raises `error`, or what it comes to, when there is nothing left to change."""
        if isinstance(error, PostingDenied):
            destination.reroute(error)
            return True
        if refuses_blocks(error):
            return _tighten_once(destination) or _plainer(destination, error)
        if isinstance(error, TooLong):
            return destination.chain.tighten() or self._is_too_long(destination, error)
        if not passes(error):
            elsewhere(destination, error)
            return True
        return _fails_by_url(error, destination) and self._fails(destination, error)

    def _is_too_long(self, destination: Destination, error: SlackError) -> bool:
        self._too_long += 1
        return self._too_long > _MORE_TRIES and _plainer(destination, error)

    def _fails(self, destination: Destination, error: SlackError) -> bool:
        self._failed += 1
        if self._failed < _FAILURES:
            return False
        self._failed = 0
        return _plainer(destination, error)


def elsewhere(destination: Destination, error: SlackError) -> None:
    """The next way to the asker; raises `error` where there is none, or where the bot may do
    nothing any more: a `response_url` would still take an answer, and Grok be paid for it."""
    if error.code in TOKEN_GONE:
        raise error
    try:
        destination.reroute(PostingDenied(UNSHOWABLE, str(error)))
    except PostingDenied:
        raise error from None


def _fails_by_url(error: SlackError, destination: Destination) -> bool:
    answered = isinstance(error, OutcomeUnknown) and error.status >= 500
    return answered and destination.route.way is Way.RESPONSE


def _tighten_once(destination: Destination) -> bool:
    """Slack says that blocks are invalid also where one holds too much, or there are too many."""
    return not destination.chain.tight and destination.chain.tighten()


def _plainer(destination: Destination, error: SlackError) -> bool:
    """Other blocks; then a sentence where everybody reads the question, or the direct message of
    who alone reads the answer; then the other of the two."""
    if destination.chain.plainer():
        return True
    told_alone = destination.route.way not in (Way.SHOWN, Way.DIRECT)
    if not told_alone and destination.chain.give_up():
        return True
    try:
        destination.reroute(PostingDenied(UNSHOWABLE, str(error)))
    except PostingDenied:
        if not destination.chain.give_up():
            raise
    return True
