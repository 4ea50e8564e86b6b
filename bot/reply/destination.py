"""The way that one answer takes at the moment, and all that is needed to go it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

import structlog

from bot.completion.ask import Ask
from bot.errors import PostingDenied, SlackError
from bot.reply.apology import Apology
from bot.reply.chain import Chain
from bot.reply.chains import chain_of
from bot.reply.ephemeral import Ephemeral
from bot.reply.ledger import Ledger
from bot.reply.messages import Messages
from bot.reply.native import Native
from bot.reply.route import WAY, Route, Way, detour, notice_of, route_of
from bot.reply.session import Session
from bot.slack.blocks import Message
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack, passes

GIVEN_UP = "given up"
"""What names the part of a job that tells its asker alone that it was given up."""

log = structlog.get_logger(__name__)


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
