"""Questions asked in messages: by a mention, by a reply in a thread, in a direct message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import structlog
from attrs import frozen

from bot import metrics, words
from bot.acks import Reaction
from bot.asking.admission import Admission
from bot.asking.asking import Asking, Refused, Taken
from bot.completion.ask import Place, Surface
from bot.completion.flags import Flags, parse_text
from bot.doors.hearing import Heard, completed, context_of, hear, people_in, with_more
from bot.doors.messages_tab import MessagesTab
from bot.doors.mistyped import Mistyped
from bot.errors import OutcomeUnknown, RateLimited, SlackError
from bot.jobs.queue import Queue
from bot.patience import soon
from bot.rules.commands import Form, Help, help_text, may_be_slip, parse
from bot.rules.nearly import meant
from bot.slack.blocks import Message, offer
from bot.slack.inbound.payloads import MessageEvent, mentioned, shown
from bot.slack.people.person import Person
from bot.slack.reading.thread import WholeMessages
from bot.slack.side import SlackSide
from bot.store.side import StoreSide
from bot.words import admin as admin_words
from bot.words import files as files_words
from bot.words import talk

log = structlog.get_logger(__name__)

LOOK_UP_SECONDS = 0.6
"""What looking things up may take of the 3 s in which Slack wants an ack: accepting takes 2."""

REFUSALS_PER_MINUTE = 1
"""How often somebody who may not ask is told so."""

REFUSE_SECONDS = 0.4
"""How long letting a question come to nothing may take, of an ack's 3 s: accepting takes 2."""

FORGET_SECONDS = 2.0

ToTell = str | Message | Callable[[], Awaitable[str | Message | None]]
"""What there is to tell, or what makes it once it is to be told."""


@dataclass(frozen=True, slots=True)
class _Thread:
    """What is known of the place that a message is in.

    `ours`: a message there is for the bot. `known`: it is in a thread whose conversation is
    remembered. `own`: the thread begins with an answer of the bot's or a question to it, so that
    all that is said there is said to it.
    """

    ours: bool
    known: bool = False
    own: bool = False


@frozen
class Conversing:
    """Answers messages: each question once, however often Slack delivers it."""

    _asking: Asking
    _admission: Admission
    _mistyped: Mistyped
    _queue: Queue
    _messages_tab: MessagesTab
    _whole: WholeMessages
    _slack: SlackSide
    _store: StoreSide
    _retention: int
    """Seconds for which it is remembered that the bot left a thread."""

    async def on_event(self, event: MessageEvent) -> Reaction:
        """To a `message` or an `app_mention` by a person; a mention in a channel comes as both.

        A question is stored before the ack. When it cannot be, or nobody can say whether a
        message is for the bot, Slack is asked to deliver it again. Of the two events of a mention,
        and of all their deliveries, one thing comes: an answer, or why there is none.
        """
        slack = self._slack
        heard = hear(event, slack.installation.bot_user, agent=slack.agent.declared)
        if heard is None:
            return Reaction()
        deadline = asyncio.get_running_loop().time() + LOOK_UP_SECONDS
        thread = await self._thread_of(heard, deadline)
        if thread is None:
            return Reaction(again=True)
        if not thread.ours:
            return Reaction()
        refusal = await self._admission.refusal(
            heard.user, heard.channel, heard.dedupe, within=_left(deadline)
        )
        if refusal == admin_words.WHO_ARE_YOU:
            late = partial(self._admit_late, heard, thread)
            return Reaction(then=late, again=True, at_last=partial(late, last=True))
        if refusal:
            return await self._refusing(heard, refusal)
        return await self._admitted(heard, thread, deadline)

    async def _admit_late(self, heard: Heard, thread: _Thread, *, last: bool = False) -> None:
        """Slack needs more time to say who it is than there is before an ack: what comes of it
        is found out beside the deliveries."""
        refusal = await self._admission.refusal(heard.user, heard.channel, heard.dedupe)
        if refusal:
            reaction = await self._refusing(heard, refusal)
        else:
            deadline = asyncio.get_running_loop().time() + LOOK_UP_SECONDS
            reaction = await self._admitted(heard, thread, deadline)
            if reaction.again:  # which it is too late for: the message itself comes as well
                reaction = await self._admitted(replace(heard, partial=False), thread, deadline)
        follows = reaction.at_last if last and reaction.again else reaction.then
        if follows:
            await follows()

    async def _admitted(self, heard: Heard, thread: _Thread, deadline: float) -> Reaction:
        """To a message of somebody who may ask; people are looked up from here on."""
        author = await self._slack.people.find(heard.user, within=_left(deadline))
        if author.bot:
            return Reaction()
        try:
            heard = await self._completed(heard, deadline)
        except (RateLimited, OutcomeUnknown) as error:
            log.warning("message not looked up", error=str(error))
            return Reaction(again=True)
        except SlackError as error:
            log.warning("message not shown", error=str(error))
        names = await self._names_in(heard, author, deadline)
        heard = await self._messages_tab.hinted(heard, author, within=_left(deadline))
        return await self._react(heard, thread, names)

    async def _completed(self, heard: Heard, deadline: float) -> Heard:
        """All of a message that Slack told but a part of, unless it was taken already. Raises
        `SlackError`."""
        if not heard.partial or await self._is_taken(heard, deadline):
            return heard
        message = await self._whole.find(
            heard.channel, heard.ts, heard.thread_ts, asker=heard.user, within=_left(deadline)
        )
        return completed(heard, message) if message else heard

    async def _is_taken(self, heard: Heard, deadline: float) -> bool:
        """Whether there is nothing to take any more, or nothing can be taken now."""
        finding = self._queue.holder_of(heard.dedupe)
        return await soon(finding, _left(deadline), "", "question not found") is not None

    async def _thread_of(self, heard: Heard, deadline: float) -> _Thread | None:
        """Where the message is; None when that cannot be known now, but must be."""
        if not heard.thread_ts:
            return _Thread(ours=heard.addressed)
        finding = self._store.conversations.role(heard.conversation)
        role = await soon(finding, _left(deadline), None, "conversation not found")
        if role is None:
            ours = heard.addressed or heard.in_own_thread
            return _Thread(ours, own=heard.in_own_thread) if ours else None
        own = heard.direct or heard.in_own_thread or role.own
        ours = heard.addressed or (own and not role.silent)
        return _Thread(ours, role.known, own)

    async def _names_in(self, heard: Heard, author: Person, deadline: float) -> Mapping[str, str]:
        """What the author, the bot and others whom the message mentions are called, as far as it
        is known in time. Whose name is not known stays an id."""
        own = {self._slack.installation.bot_user: talk.GROK}
        if author.known:
            own[author.id] = author.name
        others = [user for user in people_in(heard) if user not in own]
        names = await self._slack.people.names(others, asker=heard.user, within=_left(deadline))
        return {**names, **own}

    async def _react(self, heard: Heard, thread: _Thread, names: Mapping[str, str]) -> Reaction:
        if heard.forgets:
            return await self._forget(heard)
        if heard.leaves:
            return await self._leave(heard)
        text = shown(heard.text, names)
        flags = parse_text(text)
        if heard.addressed:
            match parse(text):
                case Form() if not (heard.files or heard.holds_more):
                    return self._telling(heard, talk.HOW_TO_ASK)
                case Help(topic=topic):
                    return self._telling(heard, help_text(topic))
                case Flags() as asked:
                    flags = asked
        flags = with_more(flags, heard, names)
        if heard.files and not (flags.values.get("prompt") or flags.faults):
            unread = [(file.name, file.unread) for file in heard.files]
            return self._telling(heard, files_words.none_read(unread))
        place = self._place(heard, flags, thread, names)
        alone = heard.addressed and not (heard.files or heard.holds_more)
        slip = alone and may_be_slip(text)
        if slip and (command := meant(text, mentioned(heard.text), written=True)):
            like = partial(self._mistyped.like_command, text, place, command)
            return self._telling(heard, like, "refused")
        if sentence := await self._messages_tab.unfilled(heard, text):
            return await self._said_no(heard, self._given_back(heard, text, place, sentence))
        return await self._ask(heard, flags, text, place)

    def _place(
        self, heard: Heard, flags: Flags, thread: _Thread, names: Mapping[str, str]
    ) -> Place:
        return Place(
            dedupe=heard.dedupe,
            surface=_surface(heard),
            channel=heard.channel,
            user=heard.user,
            name=names.get(heard.user, ""),
            user_team=heard.user_team,
            thread_ts=_thread_ts(heard, flags),
            question_ts=heard.ts,
            conversation=_conversation(heard, flags, thread),
            context=(
                *context_of(heard, names, self._slack.installation.bot_user),
                *heard.hints,
            ),
            files=self._slack.files.kept(heard.files),
            reads_thread="" if thread.known and thread.own else heard.thread_ts,
        )

    def _given_back(self, heard: Heard, text: str, place: Place, sentence: str) -> Reaction:
        """Tell the author what is wrong with a question, and give it back."""
        prefix = f"@{talk.GROK} " if heard.called else ""
        faulty = partial(self._mistyped.faulty, sentence, text, place, prefix=prefix)
        return self._telling(heard, faulty, "refused")

    async def _ask(self, heard: Heard, flags: Flags, text: str, place: Place) -> Reaction:
        asked = await self._asking.ask(flags, place)
        match asked:
            case Refused(outcome="refused", sentence=sentence):
                back = self._given_back(heard, text, place, sentence)
                return await self._said_no(heard, back)
            case Refused(outcome="denied", sentence=sentence):
                return await self._said_no(heard, self._telling(heard, sentence, "denied"))
            case Refused():
                return self._waiting(heard)
        if asked.accepted.refused:
            return self._telling(heard, words.NOT_TAKEN)
        if asked.accepted.duplicate:
            return Reaction()
        return Reaction(then=partial(self._promise, heard, asked))

    async def _promise(self, heard: Heard, taken: Taken) -> None:
        """Tell the author, if nothing is to be seen of the answer for now, that it comes."""
        note = taken.promise(await self._asking.ahead(taken))
        if note:
            await self._tell(heard, note)

    async def _said_no(self, heard: Heard, telling: Reaction) -> Reaction:
        """Let the question come to nothing, and tell why, unless an answer comes of it: that of
        the other event of a mention, say, or of another delivery."""
        refusing = self._queue.refuse(heard.dedupe)
        refused = await soon(refusing, REFUSE_SECONDS, None, "question not refused")
        if refused is None:
            return self._waiting(heard)
        return telling if refused else Reaction()

    def _waiting(self, heard: Heard) -> Reaction:
        """Whether the question is stored cannot be known now: Slack brings it again, and the author
        is told so. When it does not do that any more, they are told that it may be lost."""
        return Reaction(
            then=partial(self._tell, heard, talk.TAKEN_LATER, again=" later"),
            again=True,
            at_last=partial(self._tell, heard, words.MAYBE_NOT_TAKEN, "not_taken"),
        )

    def _telling(self, heard: Heard, told: ToTell, outcome: str = "") -> Reaction:
        return Reaction(then=partial(self._tell, heard, told, outcome))

    async def _tell(
        self, heard: Heard, told: ToTell, outcome: str = "", *, again: str = ""
    ) -> None:
        """Tell the author alone, once, and once `again` by that name; what came of a question is
        counted as its `outcome`. Slack shows nothing to one person alone in a thread that nobody
        has begun, so what is said to a message outside of threads is said beside it."""
        if not await self._store.once.first(f"{heard.dedupe}{again}"):
            return
        if outcome:
            metrics.REQUESTS.labels(_surface(heard), outcome).inc()
        message = told if isinstance(told, str | Message) else await told()
        if message is None:
            return
        await self._slack.ephemeral.tell(
            offer(message) if isinstance(message, str) else message,
            user=heard.user,
            channel=heard.channel,
            thread_ts=heard.thread_ts,
            replied=bool(heard.thread_ts),
        )

    async def _refusing(self, heard: Heard, sentence: str) -> Reaction:
        """To somebody who may not ask."""
        seldom = partial(self._seldom, heard, sentence)
        return await self._said_no(heard, self._telling(heard, seldom, "denied"))

    async def _seldom(self, heard: Heard, sentence: str) -> str | None:
        """`sentence`, unless its author was told one just now: telling takes calls to Slack that
        others need."""
        often = await self._store.allowances.take(f"refusals:{heard.user}", REFUSALS_PER_MINUTE)
        return None if often else sentence

    async def _forget(self, heard: Heard) -> Reaction:
        """Forget the conversation. Only the author is told: what they wrote is seen by all."""
        if heard.direct and heard.by_thread and not heard.thread_ts:
            return self._telling(heard, talk.NOTHING_TO_FORGET_HERE)
        if not (heard.thread_ts or heard.direct):
            return self._telling(heard, talk.NOTHING_TO_FORGET)
        forgetting = self._store.conversations.forget(heard.conversation, heard.dedupe)
        failed = await soon(forgetting, FORGET_SECONDS, talk.NOT_FORGOTTEN, "not forgotten")
        return self._telling(heard, failed or talk.FORGOTTEN)

    async def _leave(self, heard: Heard) -> Reaction:
        """Say nothing more in the thread until somebody names the bot there."""
        if heard.direct or not heard.thread_ts:
            return self._telling(heard, talk.NOTHING_TO_LEAVE)
        conversations, seconds = self._store.conversations, self._retention
        leaving = conversations.leave(heard.conversation, heard.dedupe, seconds)
        failed = await soon(leaving, FORGET_SECONDS, talk.NOT_LEFT, "thread not left")
        return self._telling(heard, failed or talk.LEFT)


def _left(deadline: float) -> float:
    """Seconds until `deadline` of the loop's clock."""
    return max(0.0, deadline - asyncio.get_running_loop().time())


def _surface(heard: Heard) -> Surface:
    if heard.direct:
        return "direct"
    return "mention" if heard.called else "thread"


def _thread_ts(heard: Heard, flags: Flags) -> str | None:
    """The thread that the answer goes to: the one that the message is in, else a new one below
    it; at the top of a direct message, and to the author alone, only when it was asked for."""
    if heard.thread_ts:
        return heard.thread_ts
    seldom = heard.direct and not heard.by_thread
    begins = flags.reply == "thread" if seldom else flags.reply != "private"
    return heard.ts if begins else None


def _conversation(heard: Heard, flags: Flags, thread: _Thread) -> str | None:
    """What the question continues or begins. An answer that goes elsewhere begins nothing in
    the thread: what people say there next is not for the bot."""
    goes_elsewhere = flags.reply in ("channel", "private")
    if goes_elsewhere and not (thread.known or heard.direct):
        return None
    return heard.conversation
