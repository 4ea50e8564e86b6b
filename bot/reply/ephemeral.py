"""What only the asker sees: an ephemeral message, or one through a `response_url`.

Nothing of it can be edited or found again. So an answer is told at least once: when a worker
dies or a reply is lost in the middle, a message of it may come twice. A note, which is worth
less than that, is told at most once.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from attrs import define, field

from bot import words
from bot.completion.ask import Ask
from bot.errors import PostingDenied, SlackError
from bot.reply.destination import AnswerRoute
from bot.reply.ledger import Ledger, Way
from bot.slack.blocks import Message, Offered, offer
from bot.slack.refusals import THREAD_GONE
from bot.slack.slack import Slack
from bot.slack_limits import RESPONSE_URL_USES
from bot.words import talk

log = structlog.get_logger(__name__)

_USED_UP = "used_url"
_PROMISE = "promise"
"""The part of a job that tells its asker that the answer comes."""

_BARE = "bare"


@define(eq=False)
class EphemeralReply:
    """Tells the asker of one job alone. Every method raises `LeaseLost` and `StoreUnavailable`."""

    _slack: Slack
    _ledger: Ledger
    _ask: Ask
    _sent: dict[str, int] = field(factory=dict, init=False)
    """How many messages were sent, by part."""

    def most(self, route: AnswerRoute) -> int | None:
        """How many messages fit; None: any number.

        Whoever asked by a command was told with its ack that it was taken, which uses no
        address, unless that could only be told later; who asked otherwise was perhaps told
        through theirs. What goes on with an answer takes the button off that by one more.
        """
        if route.way is not Way.RESPONSE:
            return None
        told = self._ask.surface != "command" or _PROMISE in self._ledger.posts
        goes_on = self._ask.surface == "continue"
        return RESPONSE_URL_USES - int(told) - int(goes_on)

    async def tell(self, messages: Sequence[Message], route: AnswerRoute, part: str) -> None:
        """Send those of `messages` that were not sent yet, as `part` of the job; once all are,
        nothing. Raises the errors of `Slack`; call again to go on."""
        known = self._ledger.posts.get(part)
        begun = sent = max(self._sent.get(part, 0), known.sent if known else 0)
        if known is None:
            await self._ledger.intend(part, self._ask.channel)
        for message in messages[begun:]:
            await self._ledger.check()
            try:
                if route.way is Way.RESPONSE:
                    await self._by_url(message)
                else:
                    await self._there(message, in_thread=route.why != THREAD_GONE)
            except PostingDenied as error:
                # The last use may have been that of a worker which died before it could say so.
                if known is None or sent > begun or error.code != _USED_UP:
                    raise
            self._sent[part] = sent = sent + 1
            await self._ledger.note(part, self._ask.channel, sent=sent)

    async def promise(self) -> None:
        """Tell through a `response_url`, at most once, that the answer comes and that the asker
        alone will see it, unless they were told so when they asked."""
        told = self._ask.is_private or not self._ask.request.streams
        if told or not self._ask.response_url or not await self._begins(_PROMISE):
            return
        stop = Offered("stop", talk.BUTTONS["stop"], self._ledger.job_id)
        try:
            await self._by_url(offer(words.TOLD_WHEN_DONE, [stop]))
        except SlackError as error:
            log.warning("promise not told", error=str(error))

    async def note(self, part: str, message: Message) -> None:
        """Tell where it was asked, at most once as `part` of the job. What Slack refuses is left
        untold."""
        if not await self._begins(part):
            return
        try:
            try:
                await self._there(message)
            except PostingDenied:
                if not self._ask.response_url:
                    raise
                await self._by_url(message)
        except SlackError as error:
            log.warning("note not told", part=part, error=str(error))

    async def bare(self, sentence: str) -> None:
        """Tell in text without blocks, at most once, by the first way that Slack leaves: when it
        shows the answer in none."""
        if not await self._begins(_BARE):
            return
        message = Message((), sentence)
        for telling in (self._by_url, self._there, self._directly):
            try:
                await telling(message)
                return
            except SlackError as error:
                log.warning("not told this way", error=str(error))

    async def _begins(self, part: str) -> bool:
        """Whether it was not told before."""
        if part in self._ledger.posts:
            return False
        await self._ledger.intend(part, self._ask.channel)
        return True

    async def _by_url(self, message: Message) -> None:
        await self._slack.respond(self._ask.response_url or "", message)

    async def _there(self, message: Message, *, in_thread: bool = True) -> None:
        """In the thread that was asked in, once somebody has replied there: in one that nobody has
        begun, Slack shows nothing to one person alone ("chat.postEphemeral")."""
        ask = self._ask
        root = ask.thread_ts if in_thread else None
        begun = root and ask.question_ts and ask.question_ts != root
        if root and not begun and not await self._slack.is_thread(ask.channel, root):
            root = None
        await self._slack.ephemeral(ask.channel, ask.user, message, thread_ts=root)

    async def _directly(self, message: Message) -> None:
        channel = await self._slack.direct(self._ask.user)
        await self._slack.post(channel, message, job_id="", part=_BARE)
