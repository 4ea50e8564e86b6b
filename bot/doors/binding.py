"""Which job a click may be about, by what is stored of the job and what Slack says of the click.

Slack vouches for who clicked and in which conversation. The value of a button it passes on as it
came, and ids of jobs are no secret: they stand in the metadata of messages.
"""

from __future__ import annotations

from bot.jobs.job import Job
from bot.reply.route import Way, route_of
from bot.slack.payloads import Click


def is_about(click: Click, job: Job) -> bool:
    """Whether the answer of `job` is shown where the click was made, to whoever made it."""
    ask = job.ask
    route = route_of(ask, job.posts)
    if route.way is Way.SHOWN:
        return bool(click.channel) and click.channel == route.channel
    places = {ask.channel, route.channel, *(post.channel for post in job.posts.values())}
    return click.user == ask.user and bool(click.channel) and click.channel in places
