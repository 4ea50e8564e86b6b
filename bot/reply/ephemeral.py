"""What only the asker sees: an ephemeral message, or one through a `response_url`.

Nothing of it can be edited or found again. So an answer is told at least once: when a worker
dies or a reply is lost in the middle, a message of it may come twice. A note, which is worth
less than that, is told at most once.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot import words
from bot.completion.ask import Ask
from bot.errors import PostingDenied, SlackError
from bot.reply.ledger import Ledger
from bot.reply.route import THREAD_GONE, Route, Way, is_private
from bot.slack.blocks import Message, Offered, offer
from bot.slack.slack import Slack
from bot.slack_limits import RESPONSE_URL_USES
from bot.words import talk

log = structlog.get_logger(__name__)

_USED_UP = "used_url"
_PROMISE = "promise"
"""The part of a job that tells its asker that the answer comes."""

_BARE = "bare"


class Ephemeral:
    """One answer told to its asker alone, by one way."""

    def __init__(
        self, slack: Slack, ledger: Ledger, ask: Ask, route: Route, *, part: str = ""
    ) -> None:
        """`route`: by `Way.EPHEMERAL` or `Way.RESPONSE`, which names the part of the job too,
        unless that is another `part`, to be told whatever was told of the first."""
        self._slack = slack
        self._ledger = ledger
        self._ask = ask
        self._route = route
        self._part = part or str(route.way)
        self._sent = 0

    @property
    def most(self) -> int | None:
        """How many messages fit; None: any number.

        Whoever asked by a command was told with its ack that it was taken, which uses no
        address, unless that could only be told later; who asked otherwise was perhaps told
        through theirs. What goes on with an answer takes the button off that by one more.
        """
        if self._route.way is not Way.RESPONSE:
            return None
        told = self._ask.surface != "command" or _PROMISE in self._ledger.posts
        goes_on = self._ask.surface == "continue"
        return RESPONSE_URL_USES - int(told) - int(goes_on)

    async def tell(self, messages: Sequence[Message]) -> None:
        """Send those of `messages` that were not sent yet; once all are, nothing.

        Raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`; call again to go on.
        """
        known = self._ledger.posts.get(self._part)
        begun = self._sent = max(self._sent, known.sent if known else 0)
        if known is None:
            await self._ledger.intend(self._part, self._ask.channel)
        for message in messages[begun:]:
            await self._ledger.check()
            try:
                await self._send(message)
            except PostingDenied as error:
                # The last use may have been that of a worker which died before it could say so.
                if known is None or self._sent > begun or error.code != _USED_UP:
                    raise
            self._sent += 1
            await self._ledger.note(self._part, self._ask.channel, sent=self._sent)

    async def _send(self, message: Message) -> None:
        if self._route.way is Way.RESPONSE:
            await self._slack.respond(self._ask.response_url or "", message)
            return
        thread_ts = None
        if self._route.why != THREAD_GONE:
            thread_ts = await _thread(self._slack, self._ask)
        await self._slack.ephemeral(self._ask.channel, self._ask.user, message, thread_ts=thread_ts)


def _promise(job_id: str) -> Message:
    return offer(words.TOLD_WHEN_DONE, [Offered("stop", talk.BUTTONS["stop"], job_id)])


async def tell_promise(slack: Slack, ledger: Ledger, ask: Ask) -> None:
    """Tell an asker through their `response_url`, at most once, that the answer comes and that
    they alone will see it, unless they were told so when they asked. Raises `LeaseLost` and
    `StoreUnavailable`."""
    told = is_private(ask) or not ask.request.streams
    if told or not ask.response_url or _PROMISE in ledger.posts:
        return
    await ledger.intend(_PROMISE, ask.channel)
    try:
        await slack.respond(ask.response_url, _promise(ledger.job_id))
    except SlackError as error:
        log.warning("promise not told", error=str(error))


async def tell_note(slack: Slack, ledger: Ledger, ask: Ask, part: str, message: Message) -> None:
    """Tell the asker alone, where they asked, at most once as `part` of the job.

    What Slack refuses is left untold. Raises `LeaseLost` and `StoreUnavailable`.
    """
    if part in ledger.posts:
        return
    await ledger.intend(part, ask.channel)
    try:
        try:
            thread_ts = await _thread(slack, ask)
            await slack.ephemeral(ask.channel, ask.user, message, thread_ts=thread_ts)
        except PostingDenied:
            if not ask.response_url:
                raise
            await slack.respond(ask.response_url, message)
    except SlackError as error:
        log.warning("note not told", part=part, error=str(error))


async def tell_bare(slack: Slack, ledger: Ledger, ask: Ask, sentence: str) -> None:
    """Tell the asker alone, in text without blocks, by the first way that Slack leaves: when it
    shows the answer in none. At most once. Raises `LeaseLost` and `StoreUnavailable`."""
    if _BARE in ledger.posts:
        return
    await ledger.intend(_BARE, ask.channel)
    message = Message((), sentence)
    for telling in (_by_url, _there, _directly):
        try:
            await telling(slack, ask, message)
            return
        except SlackError as error:
            log.warning("not told this way", error=str(error))


async def _by_url(slack: Slack, ask: Ask, message: Message) -> None:
    await slack.respond(ask.response_url or "", message)


async def _there(slack: Slack, ask: Ask, message: Message) -> None:
    thread_ts = await _thread(slack, ask)
    await slack.ephemeral(ask.channel, ask.user, message, thread_ts=thread_ts)


async def _directly(slack: Slack, ask: Ask, message: Message) -> None:
    channel = await slack.direct(ask.user)
    await slack.post(channel, message, job_id="", part=_BARE)


async def _thread(slack: Slack, ask: Ask) -> str | None:
    """The thread that was asked in, once somebody has replied there: in one that nobody has
    begun, Slack shows nothing to one person alone ("chat.postEphemeral")."""
    root = ask.thread_ts
    if root is None or (ask.question_ts and ask.question_ts != root):
        return root
    return root if await slack.is_thread(ask.channel, root) else None
