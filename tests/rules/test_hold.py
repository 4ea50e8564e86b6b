"""What a question reserves."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bot.completion.ask import Ask, Said
from bot.completion.conversation import estimate_tokens
from bot.completion.request import CompletionRequest
from bot.completion.transcript import shared
from bot.rules.hold import LEAST_ROOM, MOST, Hold, Shortage, hold_for
from bot.rules.policy import Paused, Policy, Rules, Unread
from bot.rules.prices import Prices
from bot.rules.quota import EACH_USER, WORKSPACE, QuotaName, Scope
from bot.rules.windows import windows_at
from bot.settings import Settings

NOW = 1_795_000_000.0
CHANNEL, PERSON = Scope("channel", "C1"), Scope("user", "U1")
SETTINGS = Settings(_env_file=None, grok_max_tokens=1_000, grok_reasoning_tokens=300)
MARKS = 120


def reserved(
    prompt: str | list[str] = "x" * 300,
    *,
    policy: Policy | None = None,
    prices: Prices | None = None,
    reasons: bool = False,
    settings: Settings = SETTINGS,
    place: dict[str, Any] | None = None,
    **parameters: Any,
) -> Hold:
    """By default a prompt of 100 tokens, without a past."""
    ask = Ask(
        dedupe="d",
        surface="command",
        team="T1",
        channel="C1",
        user="U1",
        request=CompletionRequest(model="grok-4.3", prompt=prompt, **parameters),
        asked_at=NOW,
    ).model_copy(update=place or {})
    return hold_for(
        ask, policy or Policy(), prices=prices, reasons=reasons, settings=settings, now=NOW
    )


def test_prompt_and_output_cap_are_reserved() -> None:
    hold = reserved(max_tokens=50)

    assert (hold.tokens, hold.prompt, hold.input) == (100 + MARKS + 50, 100 + MARKS, 100 + MARKS)
    assert hold.windows == windows_at(NOW, UTC)


def test_without_an_output_cap_that_of_the_settings_counts() -> None:
    assert reserved().tokens - reserved(max_tokens=1).tokens == 999


@pytest.mark.parametrize(
    ("parameters", "answers"),
    [({"n": 3}, 3), ({"best_of": 5}, 5), ({"n": 2, "best_of": 5}, 5), ({"n": 1}, 1)],
)
def test_each_answer_is_reserved(parameters: dict[str, Any], answers: int) -> None:
    hold = reserved(max_tokens=50, reasons=True, **parameters)

    assert hold.tokens == hold.prompt + answers * (50 + 300)
    assert hold.reasoning == answers * 300


def test_each_prompt_is_reserved_with_its_answers_and_what_stands_beside_it() -> None:
    one = reserved("x" * 300, max_tokens=50, n=2, suffix="y" * 30, place={"system": "z" * 60})
    three = reserved(
        ["x" * 300] * 3, max_tokens=50, n=2, suffix="y" * 30, place={"system": "z" * 60}
    )

    assert one.prompt == 100 + 10 + 20 + MARKS
    assert one.tokens == one.prompt + 100
    assert (three.prompt, three.tokens, three.copies) == (3 * one.prompt, 3 * one.tokens, 3)


def test_cost_is_by_the_prices_and_unknown_without() -> None:
    hold = reserved(max_tokens=50, reasons=True, prices=Prices(1.25, 2.5))

    assert hold.micro_dollars == 220 * 1.25 + 350 * 2.5
    assert reserved().micro_dollars is None


def test_what_a_thread_may_take_is_reserved() -> None:
    settings = SETTINGS.model_copy(update={"thread_tokens": 4_000})
    hold = reserved(place={"conversation": "C1:1.1"}, settings=settings, prices=Prices(1, 0))

    assert (hold.room, hold.least_room) == (4_000, 0)
    assert hold.input == hold.prompt + 4_000 == hold.tokens - 1_000 == hold.micro_dollars


def test_thread_that_is_to_be_read_takes_all_its_room() -> None:
    hold = reserved(place={"conversation": "C1:1.1", "reads_thread": "1.1", "question_ts": "2.2"})

    assert hold.room == hold.least_room == SETTINGS.thread_tokens


def test_shared_message_takes_what_it_needs_as_it_goes_along() -> None:
    said = (Said(author="Ana", text="y" * 3_000),)
    needed = estimate_tokens(shared(said, SETTINGS.thread_tokens))

    alone = reserved(place={"context": said})
    continued = reserved(place={"context": said, "conversation": "D1"})

    assert needed > 1_000
    assert (alone.room, alone.least_room) == (needed, needed)
    assert (continued.room, continued.least_room) == (SETTINGS.thread_tokens, needed)


def test_little_room_is_as_much_as_recall_takes_at_least() -> None:
    settings = SETTINGS.model_copy(update={"thread_tokens": 10})

    assert reserved(place={"conversation": "D1"}, settings=settings).room == LEAST_ROOM


def test_limits_of_all_whom_it_concerns() -> None:
    policy = Policy(
        version=7,
        scopes={
            WORKSPACE: Rules(limits={"usd-per-month": 9, "max-tokens": 5}),
            CHANNEL: Rules(limits={"tokens-per-day": 8}),
            Scope("channel", "C2"): Rules(limits={"tokens-per-day": 1}),
            EACH_USER: Rules(limits={"requests-per-day": 3, "concurrent": 2}),
            PERSON: Rules(limits={"requests-per-day": 30}),
        },
    )
    hold = reserved(policy=policy)

    assert hold.policy_version == 7
    assert [(share.scope, share.limits) for share in hold.shares] == [
        (WORKSPACE, {"usd-per-month": 9}),
        (CHANNEL, {"tokens-per-day": 8}),
        (PERSON, {"requests-per-day": 30, "concurrent": 2}),
    ]


def test_where_no_questions_are_taken() -> None:
    paused = Rules(paused=Paused(by="U9", at=NOW))

    assert reserved(policy=Policy()).closed is None
    assert reserved(policy=Policy(scopes={CHANNEL: paused})).closed == CHANNEL
    assert reserved(policy=Policy(scopes={Scope("channel", "C2"): paused})).closed is None
    unread = (Unread("channel:C1", "limits.concurrent"),)
    assert reserved(policy=Policy(unread=unread)).closed == CHANNEL


def test_no_question_is_more_than_the_scripts_can_count() -> None:
    hold = reserved(["x"] * 60_000, max_tokens=2**31 - 1, n=128, prices=Prices(1e6, 1e6))

    assert (hold.tokens, hold.micro_dollars) == (MOST, MOST)


@given(
    prompts=st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=3),
    max_tokens=st.integers(1, 2_000),
    n=st.integers(1, 4),
    reasons=st.booleans(),
    goes_on=st.booleans(),
)
def test_it_is_never_less_than_its_parts(
    prompts: list[str], max_tokens: int, n: int, reasons: bool, goes_on: bool
) -> None:
    hold = reserved(
        prompts,
        max_tokens=max_tokens,
        n=n,
        reasons=reasons,
        prices=Prices(1, 1),
        place={"conversation": "D1" if goes_on else None},
    )

    assert hold.input >= sum(map(estimate_tokens, prompts))
    assert hold.tokens == hold.input + len(prompts) * n * (max_tokens + 300 * reasons)
    assert hold.micro_dollars == hold.tokens
    assert Hold.model_validate_json(hold.model_dump_json()) == hold


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("requests-per-day", "day_ends"),
        ("tokens-per-day", "day_ends"),
        ("tokens-per-month", "month_ends"),
        ("usd-per-month", "month_ends"),
    ],
)
def test_when_a_quota_begins_anew(name: QuotaName, ends: str) -> None:
    hold = reserved()

    assert hold.ends(name) == getattr(hold.windows, ends)
    assert hold.ends("concurrent") is None


def test_what_is_left_is_never_less_than_nothing() -> None:
    shortage = Shortage(WORKSPACE, "tokens-per-day", 100, 60, 30, 20, None)

    assert shortage.left == 10
    assert Shortage(WORKSPACE, "tokens-per-day", 100, 160, 30, 20, None).left == 0
