"""What a question reserves."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bot.completion.ask import Ask, Begun, Effort, Said, most_tokens
from bot.completion.request import CompletionRequest
from bot.completion.result import Prices, ToolUse
from bot.completion.search import search_in
from bot.completion.tools import READ_OF_EACH_CALL, cost_of
from bot.completion.transcript import Past, most_read, shared, texts_of
from bot.rules.hold import (
    LEAST_ROOM,
    MOST,
    Counted,
    Denied,
    Hold,
    Shortage,
    context_text,
    hold_for,
    may_fit,
    prompt_text,
)
from bot.rules.policy import Paused, Policy, Rules, UnreadField
from bot.rules.quota import EACH_USER, WORKSPACE, QuotaName, Scope, windows_at
from bot.settings import Settings

NOW = 1_795_000_000.0
CHANNEL, PERSON = Scope("channel", "C1"), Scope("user", "U1")
SETTINGS = Settings(
    _env_file=None,
    grok_max_tokens=1_000,
    grok_reasoning_tokens=300,
    grok_prompt_overhead_tokens=700,
)
MARKS = 24
"""Tokens for what marks a system text, a question and a suffix."""
NO_OVERHEAD = SETTINGS.model_copy(update={"grok_prompt_overhead_tokens": 0})
FRAME = 512
"""Bytes around what goes along."""


def make_ask(**fields: Any) -> Ask:
    usual = Ask(
        dedupe="d",
        surface="command",
        team="T1",
        channel="C1",
        user="U1",
        request=CompletionRequest(model="grok-4.3", prompt="Hi"),
        asked_at=NOW,
    )
    return usual.model_copy(update=fields)


def reserved(
    prompt: str | list[str] = "x" * 100,
    *,
    policy: Policy | None = None,
    prices: Prices | None = None,
    reasons: bool = False,
    effort: Effort | None = None,
    settings: Settings = SETTINGS,
    place: dict[str, Any] | None = None,
    counted: Counted | None = None,
    **parameters: Any,
) -> Hold:
    """By default a prompt of 100 bytes, without a past."""
    request = CompletionRequest(model="grok-4.3", prompt=prompt, **parameters)
    ask = make_ask(request=request, **(place or {}))
    return hold_for(
        ask,
        policy or Policy(),
        prices=prices,
        reasons=reasons,
        effort=effort,
        settings=settings,
        now=NOW,
        counted=counted,
    )


def test_prompt_and_output_cap_are_reserved() -> None:
    hold = reserved(max_tokens=50)

    assert hold.prompt == hold.input == 100 + MARKS + 700
    assert (hold.tokens, hold.output, hold.beside) == (hold.prompt + 50, 50, 700)
    assert hold.windows == windows_at(NOW, UTC)


def test_without_an_output_cap_that_of_the_settings_counts() -> None:
    assert reserved().tokens - reserved(max_tokens=1).tokens == 999


@pytest.mark.parametrize(
    ("effort", "thoughts"),
    [(None, 300), ("none", 0), ("low", 300), ("medium", 600), ("high", 1200), ("xhigh", 2400)],
)
def test_thoughts_are_reserved_by_how_long_there_is_to_think(
    effort: Effort | None, thoughts: int
) -> None:
    hold = reserved(max_tokens=50, n=2, reasons=True, effort=effort)

    assert hold.reasoning == 2 * thoughts
    assert hold.tokens == hold.prompt + 2 * (50 + thoughts)
    assert reserved(max_tokens=50, effort=effort).reasoning == 0


@pytest.mark.parametrize(
    ("parameters", "answers"),
    [({"n": 3}, 3), ({"best_of": 5}, 5), ({"n": 2, "best_of": 5}, 5), ({"n": 1}, 1)],
)
def test_each_answer_is_reserved(parameters: dict[str, Any], answers: int) -> None:
    hold = reserved(max_tokens=50, reasons=True, **parameters)

    assert hold.tokens == hold.prompt + answers * (50 + 300)
    assert hold.reasoning == answers * 300


def test_each_prompt_is_reserved_with_its_answers_and_what_stands_beside_it() -> None:
    one = reserved("x" * 100, max_tokens=50, n=2, suffix="y" * 10, place={"system": "z" * 20})
    three = reserved(
        ["x" * 100] * 3, max_tokens=50, n=2, suffix="y" * 10, place={"system": "z" * 20}
    )

    assert one.prompt == 100 + 10 + 20 + MARKS + 700
    assert one.tokens == one.prompt + 100
    assert three.prompt - 700 == 3 * (one.prompt - 700)
    assert (three.tokens, three.copies) == (three.prompt + 300, 3)


def test_cost_is_by_the_prices_and_unknown_without() -> None:
    hold = reserved(max_tokens=50, reasons=True, prices=Prices(1.25, 2.5))

    assert hold.micro_dollars == 824 * 1.25 + 350 * 2.5
    assert reserved().micro_dollars is None


def test_what_a_search_may_come_to_is_reserved_besides() -> None:
    plain = reserved(max_tokens=50, prices=Prices(1, 2))
    search = search_in({"search": "web,x", "max_turns": 2})
    hold = reserved(max_tokens=50, prices=Prices(1, 2), place={"search": search})
    use = ToolUse(web_calls=20, x_calls=20, posts=200, profiles=10)

    assert (plain.rounds, plain.found, plain.searches) == (1, 0, 0)
    assert (hold.searches, hold.posts, hold.profiles) == (40, 200, 10)
    assert hold.search_micro_dollars == cost_of(use) == 1_200_000
    assert (hold.rounds, hold.found) == (3, (20 + 40) * READ_OF_EACH_CALL)
    assert hold.tokens == 3 * hold.input + hold.found + 50 == hold.read + hold.output
    assert hold.micro_dollars == hold.read + 2 * 50 + 1_200_000


@pytest.mark.parametrize(
    ("caps", "searches", "posts", "profiles", "dollars"),
    [
        ({}, 30, 300, 15, 1_650_000),
        ({"search-calls": 5}, 5, 300, 15, 1_650_000),
        ({"search-posts": 44}, 30, 44, 15, 370_000),
        ({"search-posts": 44, "search-profiles": 1, "search-calls": 90}, 30, 44, 1, 230_000),
    ],
)
def test_caps_of_searching_bound_what_is_reserved(
    caps: dict[QuotaName, int], searches: int, posts: int, profiles: int, dollars: int
) -> None:
    policy = Policy(0, {CHANNEL: Rules(limits=caps)})
    hold = reserved(policy=policy, place={"search": search_in({"search": "x", "max_turns": 3})})

    assert (hold.searches, hold.posts, hold.profiles) == (searches, posts, profiles)
    assert hold.search_micro_dollars == dollars


def test_the_turns_of_the_settings_are_reserved_where_nobody_said() -> None:
    hold = reserved(place={"search": search_in({"search": "web"})})

    assert hold.searches == 10 * SETTINGS.grok_search_turns
    assert hold.rounds == SETTINGS.grok_search_turns + 1


def test_what_an_earlier_version_has_reserved_searches_nothing() -> None:
    hold = reserved(max_tokens=50)
    known = hold.model_dump(
        exclude={"rounds", "found", "searches", "posts", "profiles", "search_micro_dollars"}
    )

    assert Hold.model_validate(known) == hold


def test_a_thread_that_may_go_along_is_reserved_for_each_turn() -> None:
    place = {"conversation": "C1:1.1", "search": search_in({"search": "web", "max_turns": 2})}
    hold = reserved(place=place, prices=Prices(1, 0))

    assert hold.read == 3 * (hold.prompt + hold.room) + hold.found


def test_what_a_thread_may_take_is_reserved() -> None:
    settings = SETTINGS.model_copy(update={"thread_tokens": 4_000})
    hold = reserved(place={"conversation": "C1:1.1"}, settings=settings, prices=Prices(1, 0))

    assert (hold.room, hold.least_room, hold.rate) == (FRAME + 3 * 4_000, FRAME, 3)
    assert hold.input == hold.prompt + hold.room == hold.tokens - 1_000 == hold.micro_dollars


def test_thread_that_is_to_be_read_takes_all_its_room() -> None:
    hold = reserved(place={"conversation": "C1:1.1", "reads_thread": "1.1", "question_ts": "2.2"})

    assert hold.room == hold.least_room == FRAME + 3 * SETTINGS.thread_tokens


def test_shared_message_takes_what_it_needs_as_it_goes_along() -> None:
    said = (Said(author="Ana", text="y" * 3_000),)
    needed = FRAME + len(shared(said, SETTINGS.thread_tokens))

    alone = reserved(place={"context": said})
    continued = reserved(place={"context": said, "conversation": "D1"})

    assert needed > 3_000
    assert (alone.room, alone.least_room) == (needed, needed)
    assert (continued.room, continued.least_room) == (FRAME + 3 * SETTINGS.thread_tokens, needed)


def test_little_room_is_as_much_as_recall_takes_at_least() -> None:
    settings = SETTINGS.model_copy(update={"thread_tokens": 10})
    room = reserved(place={"conversation": "D1"}, settings=settings).room

    assert room == FRAME + 3 * LEAST_ROOM


def test_what_was_counted_is_reserved_instead_of_the_bound() -> None:
    said = (Said(author="Ana", text="y" * 3_000),)
    place = {"context": said, "conversation": "D1", "system": "z" * 60}
    hold = reserved(place=place, counted=Counted(prompt=40, context=800))

    assert hold.prompt == 40 + MARKS + 700
    assert (hold.least_room, hold.room) == (170 + 800, 170 + SETTINGS.thread_tokens)
    assert hold.rate == 1


def test_text_to_be_counted_is_all_that_is_sent() -> None:
    said = (Said(author="Ana", text="y" * 30),)
    request = CompletionRequest(model="m", prompt=["a", "b"], suffix="c")
    ask = make_ask(request=request, system="s", context=said)

    assert sorted(prompt_text(ask).split()) == ["a", "b", "c", "c", "s", "s"]
    assert context_text(ask, SETTINGS) == shared(said, SETTINGS.thread_tokens)
    assert context_text(make_ask(reads_thread="1.1", context=said), SETTINGS) == ""


@pytest.mark.parametrize(
    ("name", "settled", "wanted", "fits"),
    [
        ("tokens-per-day", 500, 1_000, True),
        ("tokens-per-month", 800, 1_000, True),
        ("tokens-per-day", 900, 1_000, False),
        ("usd-per-month", 900, 1_000, True),
        ("usd-per-month", 500, None, False),
        ("requests-per-day", 1_000, 1, False),
        ("concurrent", 1_000, 1, False),
    ],
)
def test_what_may_fit_once_it_is_counted(
    name: QuotaName, settled: int, wanted: int | None, fits: bool
) -> None:
    """A prompt of 820 bytes with 180 tokens that are surely used."""
    hold = reserved("x" * 796, max_tokens=180, prices=Prices(1, 1), settings=NO_OVERHEAD)
    short = Shortage(WORKSPACE, name, 1_000, settled, 0, wanted, None)

    assert may_fit(hold, Denied("No.", (short,))) is fits
    assert not may_fit(hold, Denied("Closed.", ()))


@given(
    text=st.text(alphabet=st.sampled_from("a1 \n=[]:A\u1234𒀀é"), max_size=200),
    system=st.text(max_size=40),
    prompts=st.integers(1, 3),
)
def test_no_form_on_the_wire_is_more_than_is_reserved(text: str, system: str, prompts: int) -> None:
    """At a token for each byte, and eight for each message."""
    request = CompletionRequest(model="m", prompt=[text or "x"] * prompts, suffix=text or "x")
    hold = reserved([text or "x"] * prompts, suffix=text or "x", place={"system": system})

    assert most_read(texts_of(request, system)) + hold.beside <= hold.prompt


@given(
    text=st.text(alphabet=st.sampled_from("a1 \n=[]:A\u1234𒀀é"), min_size=1, max_size=200),
    system=st.text(max_size=40),
)
def test_what_goes_on_with_an_answer_reserves_that_too(text: str, system: str) -> None:
    begun = Begun(job_id="job1", text=text, turn="job1", user="U1", context="read along")
    hold = reserved(text, place={"system": system, "begun": begun})
    request = CompletionRequest(model="m", prompt=text)

    assert most_read(texts_of(request, system, Past(begun=text))) + hold.beside <= hold.prompt
    assert hold.room >= len("read along")


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
    unread = (UnreadField("channel:C1", "limits.concurrent"),)
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

    assert hold.input >= sum(map(most_tokens, prompts))
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

    assert hold.windows.ends(name) == getattr(hold.windows, ends)
    assert hold.windows.ends("concurrent") is None


def test_what_is_left_is_never_less_than_nothing() -> None:
    shortage = Shortage(WORKSPACE, "tokens-per-day", 100, 60, 30, 20, None)

    assert shortage.left == 10
    assert Shortage(WORKSPACE, "tokens-per-day", 100, 160, 30, 20, None).left == 0
