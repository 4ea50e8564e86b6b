"""Continue: an answer that its output cap has cut goes on, for whoever clicks and at their cost.

An answer is continued once, whoever clicks and how often: it goes on in its own thread, and what
goes on with it can be retried, or continued in its turn.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from attrs import frozen

from bot.asking.asking import Asking, Refused
from bot.completion.ask import Ask, Begun, written
from bot.completion.request import CompletionRequest
from bot.completion.result import Answer
from bot.doors.clicks import Clicks
from bot.jobs.job import ROOT, Job
from bot.jobs.sequels import Sequel, Sequels
from bot.reply.route import Way, route_of
from bot.slack.blocks import Message, named_by
from bot.slack.inbound.payloads import Click
from bot.slack.reading.message_text import with_reasons
from bot.words import talk

_NOT_AGAIN = ("prompt", "n", "echo")
"""Parameters of the question that are not those of what goes on with one of its answers."""


@frozen
class Continuing:
    """Has answers continued."""

    _asking: Asking
    _clicks: Clicks

    async def __call__(self, click: Click, job: Job) -> str | Message:
        """What there is to tell whoever clicked, who may ask about `job`. Raises
        `StoreUnavailable`."""
        _, section = named_by(click.action.value)
        answer = job.answer
        if answer is None or job.given_up or not answer.goes_on(section):
            return talk.NOTHING_TO_CONTINUE
        sequels = Sequels(self._clicks.queue)
        sequel = await sequels.find(job.id, section)
        if sequel.holder:
            return _was_first(click, sequel)
        own = {"dedupe": sequel.dedupe, "asked_at": time.time(), **await self._clicks.asker(click)}
        ask = continued(job, answer, section).model_copy(update=own)
        asked = await self._asking.anew(ask)
        if isinstance(asked, Refused):
            return asked.count()
        if asked.accepted.duplicate:
            return _was_first(click, await sequels.find(job.id, section))
        return asked.promise(await self._asking.ahead(asked)) or ""


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
            "request": _request(ask.request, section),
            "retry_of": "" if several else turn,
            "begun": begun,
            "context": (),
            "files": with_reasons((*ask.files, *answer.files)),
            "reads_thread": "",
            **_place(job),
        }
    )


def _request(request: CompletionRequest, section: int) -> CompletionRequest:
    prompt = request.prompts[section // (request.n or 1)]
    given = {name: each for name, each in request.given().items() if name not in _NOT_AGAIN}
    return CompletionRequest.model_validate({**given, "prompt": prompt})


def _place(job: Job) -> Mapping[str, str | None]:
    """Where the answer goes on: in its thread, or for its asker alone."""
    ask, route, root = job.ask, route_of(job.ask, job.posts), job.posts.get(ROOT)
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
