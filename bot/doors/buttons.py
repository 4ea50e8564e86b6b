"""The buttons of an answer: Stop, Continue, Retry, Edit and Details. Their value names the job.

The value is only a claim: it counts where that job's answer is shown, to whoever sees it there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from attrs import frozen

from bot.asking.admission import Permission, Presence
from bot.asking.asking import Asking, Refused
from bot.completion.excerpt import excerpt
from bot.doors.binding import is_about
from bot.doors.continuing import Continuing, is_one_click
from bot.doors.stopping import right_to_stop
from bot.errors import UserError
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.patience import soon
from bot.reply.final import left_out
from bot.reply.route import is_private
from bot.slack.blocks import Message, named_by, offer
from bot.slack.inbound.payloads import Click
from bot.slack.inbound.reaction import Reaction, begun
from bot.slack.people.person import Person
from bot.slack.reading.message_text import name_of
from bot.slack.side import SlackSide
from bot.slack.views import ViewJson
from bot.views import details_view
from bot.views.form_fields import sentence_view
from bot.words import form as form_words
from bot.words import talk

STORE_SECONDS = 2.5
"""How long a click may take until it is acked, of Slack's 3 s: it is stored by then."""

NAMES_SECONDS = 3.0
"""How long finding out what files are called may hold up the details."""

ACT_SECONDS = 6.0
"""How long a click may wait for Redis, before the person is told that it came to nothing."""

MOST_RETRIES = 20
"""Retries of one answer by one person within the time that their clicks are remembered."""

_STOPPED = (talk.STOPPED_ALONE, talk.NOTHING_TO_STOP)
"""Behind which there is nothing left to stop."""

Find = Callable[[], Awaitable[Job | None]]
Said = str | Message
"""What there is to tell; empty: nothing."""
Act = Callable[[Click, Job], Awaitable[Said]]


class EditForms(Protocol):
    """What opens the form that the Edit button is for."""

    async def on_edit(self, click: Click, find: Find) -> Reaction:
        """Open the form at once, and fill it with what `find` finds, or with the sentence of the
        `UserError` that it raises."""


@frozen
class Buttons:
    """Answers clicks, and tells what there is to tell only to whoever clicked. A click that
    changes anything is acked once that is stored."""

    _asking: Asking
    _forms: EditForms
    _permission: Permission
    _presence: Presence
    _queue: Queue
    _slack: SlackSide

    async def on_stop(self, click: Click) -> Reaction:
        """Stop the answer; what it has shown is kept."""
        return await self._acted(click, self._stop)

    async def on_retry(self, click: Click) -> Reaction:
        """Ask the same again, for whoever clicked; the old answer is kept."""
        return await self._acted(click, self._retry)

    async def on_continue(self, click: Click) -> Reaction:
        """Let an answer that its cap has cut go on, for whoever clicked."""
        return await self._acted(click, self._continue)

    async def on_edit(self, click: Click) -> Reaction:
        """Open the form with what was asked in it."""
        return await self._forms.on_edit(click, partial(self._to_edit, click))

    async def on_details(self, click: Click) -> Reaction:
        """Show what was sent, what it took, and how the model came to its answer."""
        return Reaction(then=partial(self._show_details, click))

    async def _meant(self, click: Click) -> Job | None:
        """The job that the click is about; None when it is not known, or is not of that place."""
        job = await self._queue.look(named_by(click.action.value)[0])
        return job if job and is_about(click, job) else None

    async def _to_edit(self, click: Click) -> Job | None:
        """The same, for whoever may look into it. Raises `UserError`."""
        job = await self._meant(click)
        if job and (sentence := await self._refusal(click, job)):
            raise UserError(sentence)
        return job

    async def _refusal(self, click: Click, job: Job) -> str:
        """Why whoever clicked may not look into the answer, or ask for it again; empty when
        they may. One's own is everybody's."""
        if click.user == job.ask.user:
            return ""
        return self._permission.refusal("answer", await self._slack.people.find(click.user))

    async def _acted(self, click: Click, act: Act) -> Reaction:
        """Do what `act` does with the job, and tell what it returns, if anything. What is not
        stored in time is not acked; it goes on, and is told about."""
        acting = await begun(self._act(click, act), STORE_SECONDS)
        if acting.done() and not acting.result():
            return Reaction()
        in_time = acting.done() and acting.result() != talk.BUTTON_FAILED
        return Reaction(then=partial(self._tell_of, click, acting), again=not in_time)

    async def _act(self, click: Click, act: Act) -> Said:
        """What `act` has to say of the job, once it has done what it does."""
        acting, failed = self._acting(click, act), talk.BUTTON_FAILED
        action = click.action.action_id
        return await soon(acting, ACT_SECONDS, failed, "click came to nothing", action=action)

    async def _acting(self, click: Click, act: Act) -> Said:
        job = await self._meant(click)
        return await act(click, job) if job else talk.ANSWER_FORGOTTEN

    async def _tell_of(self, click: Click, acting: Awaitable[Said]) -> None:
        if said := await acting:
            await self._tell(click, said)

    async def _stop(self, click: Click, job: Job) -> str:
        reason = await right_to_stop(click.user, job.ask, self._permission, self._slack)
        if not reason:
            asker = job.ask.name or await name_of(job.ask.user, self._slack.people)
            return talk.not_yours_to_stop(excerpt(asker))
        state = await self._queue.stop(job.id, reason)
        if state in ("queued", "running"):
            return talk.STOPPED_ALONE if is_private(job.ask) or click.ephemeral else ""
        # Whoever clicked twice has stopped it already.
        stopped = job.answer is not None and job.answer.stopped
        return "" if stopped or job.stop else talk.NOTHING_TO_STOP

    async def _continue(self, click: Click, job: Job) -> Said:
        go_on = Continuing(asking=self._asking, queue=self._queue, slack=self._slack)
        return await self._kept_from(click, job) or await go_on(click, job)

    async def _retry(self, click: Click, job: Job) -> Said:
        return await self._kept_from(click, job) or await self._ask_again(click, job)

    async def _kept_from(self, click: Click, job: Job) -> str:
        """Why whoever clicked may not ask for more of the answer; empty when they may."""
        sentence = await self._refusal(click, job)
        if sentence or click.channel == job.ask.channel:
            return sentence
        return await self._presence.refusal(click.user, job.ask.channel, was_there=True)

    async def _ask_again(self, click: Click, job: Job) -> Said:
        dedupe = await self._dedupe(click, job.id)
        if not dedupe:
            return talk.RETRIED_OFTEN
        asked = await self._asking.again(
            job,
            dedupe,
            team=self._slack.installation.team,
            user=click.user,
            user_team=click.user_team,
            name=await name_of(click.user, self._slack.people),
            response_url=click.response_url or None,
            clicked_at=click.at,
        )
        if isinstance(asked, Refused):
            return asked.count()
        if asked.accepted.duplicate:
            return ""
        return asked.promise(await self._asking.ahead(asked)) or ""

    async def _dedupe(self, click: Click, job_id: str) -> str:
        """What makes clicks one retry: all until its answer is there; later ones are another.

        Slack may deliver a click again: one made no later than that of the last retry is no other.
        Empty when there were too many.
        """
        first = dedupe = f"retry:{job_id}:{click.user}"
        for _ in range(MOST_RETRIES):
            holder = await self._queue.holder_of(dedupe)
            if holder is None:
                return dedupe
            retry = await self._queue.look(holder)
            if retry and (retry.answer is None or is_one_click(click, retry.ask)):
                return dedupe
            dedupe = f"{first}:{holder}"
        return ""

    async def _show_details(self, click: Click) -> None:
        details, loading = partial(self._details, click), _sentence(form_words.LOADING)
        if not await self._slack.views.fill(click.trigger_id, loading, details, user=click.user):
            await self._tell(click, talk.DETAILS_LATE)

    async def _details(self, click: Click) -> ViewJson:
        found = await soon(
            self._seen(click), ACT_SECONDS, talk.BUTTON_FAILED, "details not looked up"
        )
        if isinstance(found, str):
            return _sentence(found)
        job, person = found
        return details_view.details_view(
            job,
            knows_rules=self._permission.knows_rules(person),
            rest=left_out(job.answer, job.posts) if job.answer else "",
            files=await self._files_of(job),
        )

    async def _seen(self, click: Click) -> tuple[Job, Person] | str:
        """The job, and who looks into it; or why nothing is shown."""
        job = await self._meant(click)
        if job is None:
            return talk.ANSWER_FORGOTTEN
        sentence = await self._refusal(click, job)
        return sentence or (job, await self._slack.people.find(click.user))

    async def _files_of(self, job: Job) -> tuple[str, ...]:
        """What the files are called that were to go along."""
        refs = (*job.ask.files, *(job.answer.files if job.answer else ()))
        read = [ref for ref in refs if not ref.unread]
        return await self._slack.files.names(read, within=NAMES_SECONDS)

    async def _tell(self, click: Click, said: Said) -> None:
        """Tell only whoever clicked. What becomes of a promise that is to be seen by them alone
        takes its place: it has only the button to stop."""
        replaces = click.ephemeral and click.action.action_id == "stop" and said in _STOPPED
        message = offer(said) if isinstance(said, str) else said
        await self._slack.ephemeral.answer(click, message, replaces=replaces)


def _sentence(text: str) -> ViewJson:
    """Details that are but one sentence."""
    return sentence_view(text, talk.DETAILS)
