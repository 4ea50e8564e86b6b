"""Which way an answer takes, and which is next."""

from __future__ import annotations

from typing import Any

import pytest

from bot import words
from bot.reply.destination import TOO_LONG, AnswerRoute, detour, notice_of, route_of
from bot.reply.ledger import WAY, Post, Way
from bot.words import talk
from sandbox.workspace import ANA, GENERAL, dm_of
from tests.reply.conftest import ask

URL = "https://hooks.example/response"


def ways(why: str, **fields: Any) -> list[Way]:
    """Every way in turn, while each is refused with `why`."""
    asked = ask(**fields)
    route = route_of(asked, {})
    found = [route.way]
    while following := detour(asked, route, why):
        route = following
        found.append(route.way)
    return found


@pytest.mark.parametrize(
    ("why", "fields", "expected"),
    [
        ("not_in_channel", {}, [Way.SHOWN, Way.DIRECT]),
        ("is_archived", {"response_url": URL}, [Way.SHOWN, Way.RESPONSE, Way.DIRECT]),
        ("thread_not_found", {}, [Way.SHOWN, Way.EPHEMERAL, Way.DIRECT]),
        (
            "thread_not_found",
            {"response_url": URL},
            [Way.SHOWN, Way.RESPONSE, Way.EPHEMERAL, Way.DIRECT],
        ),
        ("not_in_channel", {"reply": "private"}, [Way.EPHEMERAL, Way.DIRECT]),
        (
            "user_not_in_channel",
            {"reply": "private", "response_url": URL},
            [Way.EPHEMERAL, Way.RESPONSE, Way.DIRECT],
        ),
        (TOO_LONG, {"reply": "private"}, [Way.EPHEMERAL, Way.DIRECT]),
        (
            TOO_LONG,
            {"reply": "private", "response_url": URL},
            [Way.EPHEMERAL, Way.DIRECT, Way.RESPONSE],
        ),
        ("not_in_channel", {"reply": "private", "channel": dm_of(ANA)}, [Way.SHOWN, Way.DIRECT]),
    ],
)
def test_each_refusal_has_its_detours(
    why: str, fields: dict[str, Any], expected: list[Way]
) -> None:
    assert ways(why, **fields) == expected


def test_the_first_reason_stands() -> None:
    asked = ask(response_url=URL)
    by_url = detour(asked, route_of(asked, {}), "is_archived")
    assert by_url == AnswerRoute(Way.RESPONSE, GENERAL, "is_archived")

    assert detour(asked, by_url, "expired_url") == AnswerRoute(Way.DIRECT, "", "is_archived")


def test_a_recorded_way_is_gone_on_with() -> None:
    taken = AnswerRoute(Way.DIRECT, dm_of(ANA), "is_archived")
    posts = {WAY: Post(WAY, taken.channel, 1.0, route=taken.record)}

    assert route_of(ask(), posts) == taken


def test_an_answer_in_a_direct_message_is_private_anyway() -> None:
    assert ask(reply="private").is_private
    assert not ask(reply="private", channel=dm_of(ANA)).is_private
    assert not ask().is_private


@pytest.mark.parametrize(
    ("route", "fields", "notice"),
    [
        (AnswerRoute(Way.SHOWN, GENERAL), {}, ""),
        (AnswerRoute(Way.EPHEMERAL, GENERAL), {"reply": "private"}, ""),
        (AnswerRoute(Way.RESPONSE, GENERAL, "not_in_channel"), {}, words.INVITE_ME),
        (
            AnswerRoute(Way.RESPONSE, GENERAL, "not_in_channel"),
            {"reply": "private"},
            talk.INVITE_ME_TOO,
        ),
        (AnswerRoute(Way.RESPONSE, GENERAL, "is_archived"), {}, words.ARCHIVED),
        (AnswerRoute(Way.RESPONSE, GENERAL, TOO_LONG), {"reply": "private"}, ""),
        (AnswerRoute(Way.EPHEMERAL, GENERAL, "thread_not_found"), {}, talk.THREAD_DELETED),
        (
            AnswerRoute(Way.DIRECT, "D1", "is_archived"),
            {},
            talk.asked_in(f"<#{GENERAL}>", "is_archived"),
        ),
        (
            AnswerRoute(Way.DIRECT, "D1", "channel_not_found"),
            {"channel": "D0OTHERS01"},
            talk.asked_in("", "channel_not_found"),
        ),
    ],
)
def test_why_it_is_there_is_said(route: AnswerRoute, fields: dict[str, Any], notice: str) -> None:
    assert notice_of(ask(**fields), route) == notice
