"""The buttons of an answer: Stop, Continue, Retry, Edit and Details. Their value names the job.

The value is only a claim: it counts where that job's answer is shown, to whoever sees it there.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from attrs import frozen

from bot.acks import Reaction
from bot.asking.asking import Asking, Refused, Taken
from bot.completion.ask import Ask, Begun, written
from bot.completion.request import CompletionRequest
from bot.completion.result import Answer
from bot.doors.clicks import ACT_SECONDS, Clicks, Told
from bot.doors.forms import Find
from bot.errors import UserError
from bot.jobs.job import ROOT, Job
from bot.jobs.sequels import Sequel, Sequels
from bot.patience import soon
from bot.reply import chain, destination
from bot.reply.ledger import Way
from bot.slack.blocks import named_by
from bot.slack.inbound.interactions import Click
from bot.slack.people.person import Person
from bot.slack.reading.message_text import with_reasons
from bot.slack.views import ViewJson
from bot.views import details_view
from bot.views.form_fields import sentence_view
from bot.words import form as form_words
from bot.words import talk

NAMES_SECONDS = 3.0
"""How long finding out what files are called may hold up the details."""

MOST_RETRIES = 20
"""Retries of one answer by one person within the time that their clicks are remembered."""

_NOT_AGAIN = ("prompt", "n", "echo")
"""Parameters of the question that are not those of what goes on with one of its answers."""

EditForm = Callable[[Click, Find], Awaitable[Reaction]]
"""Opens the form of the Edit button at once, and fills it with what is found, or with the sentence
of the `UserError` that is raised."""


@frozen
class Buttons:
    """Answers clicks, and tells what there is to tell only to whoever clicked. A click that
    changes anything is acked once that is stored."""

    _asking: Asking
    _edit: EditForm
    _clicks: Clicks

    async def on_stop(self, click: Click) -> Reaction:
        """Stop the answer; what it has shown is kept."""
        return await self._clicks.acted(click, self._stop)

    async def on_retry(self, click: Click) -> Reaction:
        """Ask the same again, for whoever clicked; the old answer is kept."""
        return await self._clicks.acted(click, self._retry)

    async def on_continue(self, click: Click) -> Reaction:
        """Let an answer that its cap has cut go on, for whoever clicked."""
        return await self._clicks.acted(click, self._continue)

    async def on_edit(self, click: Click) -> Reaction:
        """Open the form with what was asked in it."""
        return await self._edit(click, partial(self._to_edit, click))

    async def on_details(self, click: Click) -> Reaction:
        """Show what was sent, what it took, and how the model came to its answer."""
        return Reaction(then=partial(self._show_details, click))

    async def _to_edit(self, click: Click) -> Job | None:
        """The job, for whoever may look into it. Raises `UserError`."""
        job = await self._clicks.job(click)
        if job and (sentence := await self._clicks.refusal(click.user, job)):
            raise UserError(sentence)
        return job

    async def _stop(self, click: Click, job: Job) -> str:
        reason = await self._clicks.right_to_stop(click.user, job.ask)
        if not reason:
            return await self._clicks.not_theirs(job.ask)
        state = await self._clicks.queue.stop(job.id, reason)
        if state in ("queued", "running"):
            return talk.STOPPED_ALONE if job.ask.is_private or click.ephemeral else ""
        # Whoever clicked twice has stopped it already.
        stopped = job.answer is not None and job.answer.stopped
        return "" if stopped or job.stop else talk.NOTHING_TO_STOP

    async def _continue(self, click: Click, job: Job) -> Told:
        """An answer is continued once, whoever clicks and how often, at the cost of whoever did: it
        goes on in its own thread, and what goes on with it can be retried, or continued."""
        if sentence := await self._clicks.kept_from(click, job):
            return sentence
        _, section = named_by(click.action.value)
        answer = job.answer
        if answer is None or job.given_up or not answer.goes_on(section):
            return talk.NOTHING_TO_CONTINUE
        sequels = Sequels(self._clicks.queue)
        sequel = await sequels.find(job.id, section)
        if sequel.holder:
            return _was_first(click, sequel)
        own = {"dedupe": sequel.dedupe, "asked_at": time.time(), **await self._clicks.asker(click)}
        asked = await self._asking.anew(continued(job, answer, section).model_copy(update=own))
        if isinstance(asked, Taken) and asked.accepted.duplicate:
            return _was_first(click, await sequels.find(job.id, section))
        return await self._promise(asked)

    async def _retry(self, click: Click, job: Job) -> Told:
        if sentence := await self._clicks.kept_from(click, job):
            return sentence
        dedupe = await self._dedupe(click, job.id)
        if not dedupe:
            return talk.RETRIED_OFTEN
        asked = await self._asking.again(job, dedupe, **await self._clicks.asker(click))
        return await self._promise(asked)

    async def _promise(self, asked: Taken | Refused) -> Told:
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
            holder = await self._clicks.queue.holder_of(dedupe)
            if holder is None:
                return dedupe
            retry = await self._clicks.queue.look(holder)
            if retry and (retry.answer is None or is_one_click(click, retry.ask)):
                return dedupe
            dedupe = f"{first}:{holder}"
        return ""

    async def _show_details(self, click: Click) -> None:
        details, loading = partial(self._details, click), _sentence(form_words.LOADING)
        if not await self._clicks.slack.views.fill(
            click.trigger_id, loading, details, user=click.user
        ):
            await self._clicks.tell(click, talk.DETAILS_LATE)

    async def _details(self, click: Click) -> ViewJson:
        found = await soon(
            self._seen(click), ACT_SECONDS, talk.BUTTON_FAILED, "details not looked up"
        )
        if isinstance(found, str):
            return _sentence(found)
        job, person = found
        return details_view.details_view(
            job,
            knows_rules=self._clicks.permission.knows_rules(person),
            rest=chain.left_out(job.answer, job.posts) if job.answer else "",
            files=await self._files_of(job),
        )

    async def _seen(self, click: Click) -> tuple[Job, Person] | str:
        """The job, and who looks into it; or why nothing is shown."""
        job = await self._clicks.job(click)
        if job is None:
            return talk.ANSWER_FORGOTTEN
        sentence = await self._clicks.refusal(click.user, job)
        return sentence or (job, await self._clicks.slack.people.find(click.user))

    async def _files_of(self, job: Job) -> tuple[str, ...]:
        """What the files are called that were to go along."""
        refs = (*job.ask.files, *(job.answer.files if job.answer else ()))
        read = [ref for ref in refs if not ref.unread]
        return await self._clicks.slack.files.names(read, within=NAMES_SECONDS)


def _sentence(text: str) -> ViewJson:
    """Details that are but one sentence."""
    return sentence_view(text, talk.DETAILS)


def is_one_click(click: Click, ask: Ask) -> bool:
    """Whether `click` is no later than the one that asked `ask`: that one, delivered again, or one
    before it. By Slack's clock, for this machine's may be ahead of it; by this one's for an `ask`
    of an earlier version."""
    if ask.clicked_at:
        return click.at <= ask.clicked_at
    return click.at < ask.asked_at


def continued(job: Job, answer: Answer, section: int) -> Ask:
    """The question that goes on with one of the answers to that of `job`: with the same parameters,
    and with what went along. It is answered where that answer stands."""
    ask, several = job.ask, len(answer.sections) > 1
    turn = ask.retry_of or job.id
    text = written(ask, answer)[section]
    if ask.begun:
        update = {"job_id": job.id, "section": section, "turn": turn}
        begun = ask.begun.model_copy(update={**update, "text": ask.begun.text + text})
    else:
        begun = Begun(
            job_id=job.id,
            section=section,
            answer=section + 1,
            of=len(answer.sections),
            text=text,
            turn=turn,
            user=ask.user,
            name=ask.name,
            context=answer.context,
        )
    return ask.model_copy(
        update={
            "surface": "continue",
            "request": _request_of(ask.request, section),
            "retry_of": "" if several else turn,
            "begun": begun,
            "context": (),
            "files": with_reasons((*ask.files, *answer.files)),
            "reads_thread": "",
            **_place_of(job),
        }
    )


def _request_of(request: CompletionRequest, section: int) -> CompletionRequest:
    prompt = request.prompts[section // (request.n or 1)]
    given = {name: each for name, each in request.given().items() if name not in _NOT_AGAIN}
    return CompletionRequest.model_validate({**given, "prompt": prompt})


def _place_of(job: Job) -> Mapping[str, str | None]:
    """Where the answer goes on: in its thread, or for its asker alone."""
    ask, route, root = job.ask, destination.route_of(job.ask, job.posts), job.posts.get(ROOT)
    if route.way in (Way.EPHEMERAL, Way.RESPONSE):
        return {"reply": "private"}
    if route.way is Way.SHOWN and ask.thread_ts:
        return {}
    thread_ts = root.ts if root else None
    return {"channel": route.channel, "thread_ts": thread_ts, "conversation": job.conversation}


def _was_first(click: Click, sequel: Sequel) -> str:
    """What to tell whoever clicks later; nothing of clicks that are one."""
    job = sequel.job
    own = job is not None and job.ask.user == click.user
    if job and own and (job.answer is None or is_one_click(click, job.ask)):
        return ""
    return talk.CONTINUED_ALREADY
