"""A click is about a job only where its answer is shown, for those whom it is shown to."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bot.doors.clicks import is_about
from bot.jobs.job import ROOT, Job
from bot.reply.destination import AnswerRoute
from bot.reply.ledger import WAY, Post, Way
from bot.slack.inbound.interactions import Click
from sandbox.workspace import ANA, BEN, GENERAL, LEADERSHIP, dm_of
from tests.doors.jobs import a_job, an_ask


def click(user: str, channel: str) -> Click:
    payload: dict[str, Any] = {"user": {"id": user}, "actions": [{"action_id": "stop"}]}
    if channel:
        payload["channel"] = {"id": channel}
    return Click.model_validate(payload)


def job(way: Way | None, shown_in: str = GENERAL, **ask: Any) -> Job:
    """A job of Ana's in #general, whose answer took that way to `shown_in`."""
    posts = {ROOT: Post(ROOT, shown_in, 1.0, "1.0")}
    if way:
        posts[WAY] = Post(
            WAY, shown_in, 1.0, route=AnswerRoute(way, shown_in, "not_in_channel").record
        )
    return dataclasses.replace(a_job(an_ask(**ask), None), posts=posts)


PRIVATE = {"reply": "private"}


@pytest.mark.parametrize(
    ("of", "user", "channel", "about"),
    [
        (job(None), BEN, GENERAL, True),
        (job(None), BEN, LEADERSHIP, False),
        (job(None), ANA, LEADERSHIP, False),  # her own, and yet not there
        (job(None), ANA, dm_of(ANA), False),
        (job(None), ANA, "", False),  # from a view, which is nowhere
        (job(None, LEADERSHIP, channel=LEADERSHIP), BEN, GENERAL, False),
        (job(None, **PRIVATE), ANA, GENERAL, True),
        (job(None, **PRIVATE), BEN, GENERAL, False),
        (job(None, **PRIVATE), ANA, LEADERSHIP, False),
        (job(Way.DIRECT, dm_of(ANA)), ANA, dm_of(ANA), True),
        (job(Way.DIRECT, dm_of(ANA)), BEN, GENERAL, False),  # it is not shown there
        (job(Way.DIRECT, dm_of(ANA)), BEN, dm_of(BEN), False),
        (job(Way.RESPONSE), ANA, GENERAL, True),
        (job(Way.RESPONSE), BEN, GENERAL, False),
        (job(Way.EPHEMERAL), BEN, GENERAL, False),
        (job(None, dm_of(ANA), channel=dm_of(ANA)), ANA, dm_of(ANA), True),
        (job(None, dm_of(ANA), channel=dm_of(ANA), **PRIVATE), BEN, GENERAL, False),
    ],
)
def test_what_a_click_is_about(of: Job, user: str, channel: str, about: bool) -> None:
    assert is_about(click(user, channel), of) is about


def test_before_anything_is_posted_the_place_is_where_it_was_asked() -> None:
    waiting = a_job(an_ask(), None)

    assert is_about(click(BEN, GENERAL), waiting)
    assert not is_about(click(BEN, LEADERSHIP), waiting)
