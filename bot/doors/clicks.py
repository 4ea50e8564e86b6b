"""Which job a click or a message may be about, by what is stored of the job and what Slack says;
and what is done with that job for whoever clicked.

Slack vouches for who clicked and in which conversation. The value of a button it passes on as it
came, and ids of jobs are no secret: they stand in the metadata of messages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from attrs import frozen
from pydantic import JsonValue

from bot.acks import Reaction
from bot.asking.admission import Permission, Presence
from bot.characters import excerpt
from bot.completion.ask import Ask
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.patience import begun, soon
from bot.reply import destination
from bot.reply.ledger import Way
from bot.slack.blocks import BUTTONS_BLOCK, Message, named_by, offer
from bot.slack.inbound.interactions import Click
from bot.slack.inbound.payloads import SlackMessage
from bot.slack.reading.message_text import name_of
from bot.slack.side import SlackSide
from bot.slack.slack import METADATA_EVENT, job_of_mark
from bot.words import talk

STORE_SECONDS = 2.5
"""How long a click may take until it is acked, of Slack's 3 s: it is stored by then."""

ACT_SECONDS = 6.0
"""How long a click may wait for Redis, before the person is told that it came to nothing."""

_STOPPED = (talk.STOPPED_ALONE, talk.NOTHING_TO_STOP)
"""Behind which there is nothing left to stop."""

Told = str | Message
"""What there is to tell; empty: nothing."""
ActOnJob = Callable[[Click, Job], Awaitable[Told]]


@frozen
class Clicks:
    """Does what is clicked with the job that is meant, as far as whoever clicked may."""

    permission: Permission
    presence: Presence
    queue: Queue
    slack: SlackSide

    async def job(self, click: Click) -> Job | None:
        """The job that the click is about; None when it is not known, or is not of that place."""
        job = await self.queue.look(named_by(click.action.value)[0])
        return job if job and is_about(click, job) else None

    async def acted(self, click: Click, act: ActOnJob, seconds: float = ACT_SECONDS) -> Reaction:
        """Do what `act` does with the job, and tell what it returns, if anything. What is not
        stored in time is not acked; it goes on, for so many `seconds`, and is told about."""
        action, failed = click.action.action_id, talk.BUTTON_FAILED
        done = soon(self._done(click, act), seconds, failed, "click came to nothing", action=action)
        acting = await begun(done, STORE_SECONDS)
        if acting.done() and not acting.result():
            return Reaction()
        in_time = acting.done() and acting.result() != talk.BUTTON_FAILED
        return Reaction(then=partial(self._tell, click, acting), again=not in_time)

    async def refusal(self, user: str, job: Job) -> str:
        """Why `user` may not look into the answer; empty when they may. One's own is
        everybody's."""
        if user == job.ask.user:
            return ""
        return self.permission.refusal("answer", await self.slack.people.find(user))

    async def kept_from(self, click: Click, job: Job) -> str:
        """Why whoever clicked may not ask for more of the answer; empty when they may."""
        sentence = await self.refusal(click.user, job)
        if sentence or click.channel == job.ask.channel:
            return sentence
        return await self.presence.refusal(click.user, job.ask.channel, was_there=True)

    async def right_to_stop(self, user: str, ask: Ask) -> str:
        """Why `user` may stop the answer; empty when they may not."""
        if user == ask.user:
            return "asker"
        return "admin" if self.permission.is_admin(await self.slack.people.find(user)) else ""

    async def not_theirs(self, ask: Ask) -> str:
        """What is told to whoever may not stop the answer."""
        return talk.not_yours_to_stop(
            excerpt(ask.name or await name_of(ask.user, self.slack.people))
        )

    async def tell(self, click: Click, told: Told) -> None:
        """Tell only whoever clicked. What becomes of a promise that is to be seen by them alone
        takes its place: it has only the button to stop."""
        replaces = click.ephemeral and click.action.action_id == "stop" and told in _STOPPED
        message = offer(told) if isinstance(told, str) else told
        await self.slack.ephemeral.answer(click, message, replaces=replaces)

    async def asker(self, click: Click) -> dict[str, str | float | None]:
        """The fields of a question that whoever clicked asks by it."""
        return {
            "team": self.slack.installation.team,
            "user": click.user,
            "user_team": click.user_team,
            "name": await name_of(click.user, self.slack.people),
            "response_url": click.response_url or None,
            "clicked_at": click.at,
        }

    async def _done(self, click: Click, act: ActOnJob) -> Told:
        job = await self.job(click)
        return await act(click, job) if job else talk.ANSWER_FORGOTTEN

    async def _tell(self, click: Click, acting: Awaitable[Told]) -> None:
        if told := await acting:
            await self.tell(click, told)


def is_about(click: Click, job: Job) -> bool:
    """Whether the answer of `job` is shown where the click was made, to whoever made it."""
    ask = job.ask
    route = destination.route_of(ask, job.posts)
    if route.way is Way.SHOWN:
        return bool(click.channel) and click.channel == route.channel
    places = {ask.channel, route.channel, *(post.channel for post in job.posts.values())}
    return click.user == ask.user and bool(click.channel) and click.channel in places


def job_named_by(message: SlackMessage) -> str:
    """The job that a message of the bot's belongs to, as far as it says so.

    Of the metadata Slack sends only the type (python-slack-sdk issue 1501), unless the app is
    subscribed to it; the buttons, which are there while an answer grows, name the job too, and
    so does what is there while it streams.
    """
    payload = message.metadata.get("event_payload")
    if message.metadata.get("event_type") == METADATA_EVENT and isinstance(payload, dict):
        named = payload.get("job_id")
        if isinstance(named, str):
            return named
    return next(filter(None, map(_job_of_block, message.blocks)), "")


def _job_of_block(block: JsonValue) -> str:
    match block:
        case {"block_id": str(block_id), "elements": [{"value": str(job_id)}, *_]}:
            return job_id if block_id == BUTTONS_BLOCK else ""
        case {"block_id": str(block_id)}:
            return job_of_mark(block_id)
        case _:
            return ""
