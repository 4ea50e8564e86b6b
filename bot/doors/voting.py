"""Votes on answers: by the thumbs below them, by reactions, and what went wrong behind a 👎.

The value of a thumb is only a claim, as that of any button. Of one person on one answer the last
vote by Slack's clock counts. So many are stored at a time: when very many come at once, Slack is
acked before some of them are, and whoever voted is told once theirs is.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import tzinfo
from functools import partial
from typing import TypeVar

import structlog
from attrs import field, frozen

from bot.acks import Reaction
from bot.characters import excerpt
from bot.doors.clicks import STORE_SECONDS, Clicks, is_about, job_named_by
from bot.errors import SlackError
from bot.jobs.job import Job
from bot.patience import begun, soon
from bot.reply.ledger import stands
from bot.rules.policy import InForce
from bot.rules.votes import COMMENT_CHARS, REASONS, Choice, Reason, Vote, judged_of
from bot.settings import Settings, zone_of
from bot.slack.blocks import small, voted
from bot.slack.inbound.interactions import Click, ReactionEvent, Submission, View
from bot.slack.reading.thread import WholeMessages
from bot.slack.side import SlackSide
from bot.slack.views import ViewJson
from bot.store.side import StoreSide
from bot.views.form_fields import held, held_text, input_block, modal, option
from bot.words import talk
from bot.words import votes as words

log = structlog.get_logger(__name__)

T = TypeVar("T")

ACK_SECONDS = 1.0
"""How long Slack, which gives 3 s, waits for the ack of a vote that has to wait for others."""

AT_ONCE = 16
"""Votes that are being stored at a time: of hundreds at once each would take as long as all."""

LONGEST_SECONDS = 30.0
"""How long a vote waits for others before it comes to nothing, which is told."""

LOOK_UP_SECONDS = 1.0
"""How long Slack may take of that to say which message somebody reacted to."""

PER_MINUTE = 30
"""Votes that one person may cast in any minute."""

REACTIONS_PER_MINUTE = 9
"""Reactions of one person that are looked into in any minute: fewer than messages may be looked up
for them, lest Slack hears of many events that they were not taken."""

MOST_KNOWN = 1_000
"""Messages of which it is remembered whose answers they are."""

_REACTIONS: Mapping[str, Choice] = {
    "+1": "up",
    "thumbsup": "up",
    "-1": "down",
    "thumbsdown": "down",
}
"""By the name of an emoji, without its skin tone."""


FEEDBACK_FORM = "feedback_form"
"""`callback_id` of the form behind a 👎."""

_TICKED, _COMMENT = "reasons", "comment"


@frozen
class Voting:
    """Counts votes of those who may look into an answer, each once."""

    _clicks: Clicks
    _whole: WholeMessages
    _slack: SlackSide
    _store: StoreSide
    _settings: Settings
    _known: OrderedDict[tuple[str, str], str] = field(factory=OrderedDict, init=False)
    _turns: asyncio.Semaphore = field(factory=partial(asyncio.Semaphore, AT_ONCE), init=False)

    async def on_vote(self, click: Click) -> Reaction:
        """To a thumb: the vote is counted, and behind a 👎 it is asked what was wrong."""
        job_id, choice = voted(click.action.value)
        if choice is None:
            return Reaction(then=partial(self._slack.ephemeral.answer, click, words.NO_SUCH_VOTE))
        counting = await begun(self._counted(click, job_id, choice), ACK_SECONDS)
        failed = counting.done() and counting.result() is None
        then = partial(self._conclude, click, job_id, choice, counting)
        return Reaction(then=then, again=failed)

    async def on_reason(self, submission: Submission) -> Reaction:
        """To the form: what went wrong is kept with the vote of whoever sends it, if there is one
        of theirs. The job that the view names is a claim, and counts for nothing else."""
        reasons, comment = _filled_in(submission.view)
        if not (reasons or comment):
            return Reaction()
        vote = Vote(choice="down", at=time.time(), reasons=reasons, comment=comment)
        explaining = self._explain(submission, vote)
        sentence = await soon(explaining, STORE_SECONDS, words.NOT_STORED, "reasons not stored")
        return Reaction.marks({_COMMENT: sentence}) if sentence else Reaction()

    async def on_reaction(self, event: ReactionEvent) -> Reaction:
        """To a 👍 or 👎 on a message of the bot's. Whatever does not count is nobody's to be
        told: a reaction asks for nothing."""
        choice = _REACTIONS.get(event.reaction.partition("::")[0])
        ours = event.item_user == self._slack.installation.bot_user
        if choice is None or not (ours and event.channel and event.ts):
            return Reaction()
        counting = self._in_turn(partial(self._react, event, choice))
        failed = await soon(counting, STORE_SECONDS, True, "reaction not counted yet")
        return Reaction(again=bool(failed))

    async def _counted(self, click: Click, job_id: str, choice: Choice) -> tuple[str, bool] | None:
        """What `_cast` says, once it is the turn of this vote; None: it came to nothing."""
        casting = self._in_turn(partial(self._cast, click, job_id, choice))
        return await soon(casting, LONGEST_SECONDS, None, "vote not stored")

    async def _in_turn(self, work: Callable[[], Awaitable[T]]) -> T:
        async with self._turns, asyncio.timeout(STORE_SECONDS):
            return await work()

    async def _conclude(
        self,
        click: Click,
        job_id: str,
        choice: Choice,
        counting: asyncio.Task[tuple[str, bool] | None],
    ) -> None:
        """Tell what came of a vote, or ask what was wrong behind a 👎."""
        said, counts = await counting or (talk.BUTTON_FAILED, False)
        if counts and choice == "down":
            await self._ask_why(click, job_id)
        elif said:
            await self._slack.ephemeral.answer(click, said)

    async def _cast(self, click: Click, job_id: str, choice: Choice) -> tuple[str, bool]:
        """What there is to tell whoever clicked, and whether their vote counts now."""
        if await self._store.allowances.take(f"votes:{click.user}", PER_MINUTE):
            return words.OFTEN, False
        job = await self._clicks.queue.look(job_id)
        if job is None or not is_about(click, job):
            return talk.ANSWER_FORGOTTEN, False
        if job.answer is None or job.answer.failure:
            return words.NO_ANSWER, False
        if sentence := await self._kept_from(click.user, job):
            return sentence, False
        vote, judged = Vote(choice=choice, at=click.at), judged_of(job.ask, job.answer)
        outcome = await self._store.votes.cast(job.id, click.user, vote, judged, self._zone)
        if outcome == "full":
            return words.FULL, False
        said = {"new": words.COUNTED, "changed": words.CHANGED}.get(outcome)
        told = said(words.SIGNS[choice]) if said else ""
        return told, outcome in ("new", "changed", "same")

    async def _explain(self, submission: Submission, vote: Vote) -> str:
        """Why it came to nothing; empty when it was kept."""
        job = await self._clicks.queue.look(submission.view.private_metadata)
        if job is None:
            return words.FORM_FORGOTTEN
        outcome = await self._store.votes.amend(
            job.id, submission.user, vote, needs="down", at=job.ask.asked_at, zone=self._zone
        )
        return "" if outcome in ("changed", "same") else words.FORM_FORGOTTEN

    async def _react(self, event: ReactionEvent, choice: Choice) -> None:
        if await self._store.allowances.take(f"reactions:{event.user}", REACTIONS_PER_MINUTE):
            return
        job_id = await self._job_at(event)
        job = await self._clicks.queue.look(job_id) if job_id else None
        answer = job.answer if job else None
        if (
            job is None
            or answer is None
            or answer.failure
            or not stands(job.posts, event.channel, event.ts)
        ):
            self._known.pop((event.channel, event.ts), None)
            return
        person = await self._slack.people.find(event.user)
        if person.bot or await self._kept_from(event.user, job):
            return
        added, zone, votes = event.type == "reaction_added", self._zone, self._store.votes
        vote = Vote(choice=choice if added else "none", way="reaction", at=event.at)
        if added:
            await votes.cast(job.id, event.user, vote, judged_of(job.ask, answer), zone)
        else:
            needs = f"{choice} reaction"
            await votes.amend(job.id, event.user, vote, needs=needs, at=job.ask.asked_at, zone=zone)

    async def _job_at(self, event: ReactionEvent) -> str:
        """The job that the message names; empty for none. When many react to one message, Slack is
        asked about it for the first of them."""
        place = (event.channel, event.ts)
        if place not in self._known:
            message = await self._whole.find(
                *(event.channel, event.ts, event.ts), asker=event.user, within=LOOK_UP_SECONDS
            )
            job_id = job_named_by(message) if message else ""
            if not job_id:
                return ""
            self._known[place] = job_id
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return self._known[place]

    async def _kept_from(self, user: str, job: Job) -> str:
        """Why `user` may not vote on it; empty when they may. One's own is everybody's."""
        policy = await self._store.policies.current()
        if not (self._settings.feedback and InForce(policy, job.ask.channel).feedback):
            return words.SWITCHED_OFF
        return await self._clicks.refusal(user, job)

    async def _ask_why(self, click: Click, job_id: str) -> None:
        """The trigger of a click lives for 3 s: where those are over, the vote counts without."""
        try:
            view = _why_view(job_id)
            await self._slack.views.open(click.trigger_id, view, user=click.user)
        except SlackError as error:
            log.warning("not asked why", error=str(error))
            await self._slack.ephemeral.answer(click, words.FORM_LATE)

    @property
    def _zone(self) -> tzinfo:
        return zone_of(self._settings)


def _why_view(job_id: str) -> ViewJson:
    """The form, about the answer of a job."""
    options = [option(words.REASONS[each], each) for each in REASONS]
    reasons = {"type": "checkboxes", "options": options}
    comment = {"type": "plain_text_input", "max_length": COMMENT_CHARS}
    blocks = [
        small(words.FORM_COUNTS),
        input_block(_TICKED, words.FORM_REASONS, reasons),
        input_block(_COMMENT, words.FORM_COMMENT, comment),
    ]
    return modal(
        words.FORM_TITLE,
        blocks,
        callback_id=FEEDBACK_FORM,
        submit=words.FORM_SEND,
        close=words.FORM_CLOSE,
        metadata=job_id,
    )


def _filled_in(view: View) -> tuple[tuple[Reason, ...], str]:
    """The reasons that were ticked, and the comment; whatever else a view may hold is nothing."""
    ticked = held(view.values, _TICKED).get("selected_options")
    named = {
        option.get("value")
        for option in (ticked if isinstance(ticked, list) else [])
        if isinstance(option, dict)
    }
    comment = excerpt(held_text(view.values, _COMMENT), COMMENT_CHARS)
    return tuple(each for each in REASONS if each in named), comment
