"""Which job a click or a message may be about, by what is stored of the job and what Slack says.

Slack vouches for who clicked and in which conversation. The value of a button it passes on as it
came, and ids of jobs are no secret: they stand in the metadata of messages.
"""

from __future__ import annotations

from pydantic import JsonValue

from bot.jobs.job import Job
from bot.reply.route import Way, route_of
from bot.slack.blocks import BUTTONS_BLOCK
from bot.slack.inbound.payloads import Click, SlackMessage
from bot.slack.slack import METADATA_EVENT, job_of_mark


def is_about(click: Click, job: Job) -> bool:
    """Whether the answer of `job` is shown where the click was made, to whoever made it."""
    ask = job.ask
    route = route_of(ask, job.posts)
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
