"""What a question is charged."""

from __future__ import annotations

import math
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bot.completion.ask import Ask, show_echo
from bot.completion.request import CompletionRequest
from bot.completion.result import Answer, Prices, Section, ToolUse, Usage
from bot.completion.search import search_in
from bot.rules.charge import NOTHING, Charge, all_of, charge_for, narrowed
from bot.rules.hold import MOST, Hold, hold_for
from bot.rules.policy import Policy
from bot.settings import Settings
from tests.rules.holds import make_hold

PRICES = Prices(1.25, 2.5, 0.25)
HOLD = make_hold(1_100, 2_625, prompt=100, reasoning=200, prices=PRICES)
"""100 tokens to read, 800 to write and 200 for thoughts."""


def charged(hold: Hold = HOLD, *, answer: dict[str, Any], **parameters: Any) -> Charge:
    ask = Ask(
        dedupe="d",
        surface="command",
        team="T1",
        channel="C1",
        user="U1",
        request=CompletionRequest(**{"model": "m", "prompt": "Hi"} | parameters),
        asked_at=0,
    )
    usual = Answer(model_asked="m", model="m", endpoint="chat")
    return charge_for(hold, ask, usual.model_copy(update=answer))


def wrote(text: str, **fields: Any) -> dict[str, Any]:
    return {"sections": (Section(text=text),), **fields}


USAGE = Usage(
    prompt_tokens=80,
    cached_tokens=40,
    completion_tokens=20,
    reasoning_tokens=30,
    total_tokens=130,
)
PRICED = int(40 * 1.25 + 40 * 0.25 + 50 * 2.5)


def test_cost_that_the_api_says() -> None:
    usage = USAGE.model_copy(update={"cost_in_usd_ticks": 37_756_000})

    assert charged(answer={"usage": usage}) == Charge(1, 130, 3_776)


def test_searches_cost_what_they_were_reserved_by_where_the_api_does_not_say() -> None:
    answer = {"usage": USAGE, "tools": ToolUse(web_calls=2, x_calls=1, posts=4)}
    dear = HOLD.model_copy(update={"tool_prices": {"web_calls": 7_000, "posts": 1}})

    assert charged(answer=answer).search_micro_dollars == 2 * 5_000 + 4 * 5_000
    assert charged(dear, answer=answer).search_micro_dollars == 2 * 7_000 + 4
    assert charged(dear, answer=answer).micro_dollars == PRICED + 14_004


def test_cost_by_the_prices_when_the_api_does_not_say() -> None:
    assert charged(answer={"usage": USAGE}) == Charge(1, 130, PRICED)


def test_cost_that_nobody_knows() -> None:
    unpriced = make_hold(1_100, None)

    assert charged(unpriced, answer={"usage": USAGE}) == Charge(1, 130, None)
    assert charged(unpriced, answer=wrote("x" * 30)) == Charge(1, 10 + 30, None)


def test_what_the_api_says_counts_also_when_it_is_more_than_was_reserved() -> None:
    usage = Usage(prompt_tokens=2_000, completion_tokens=500, total_tokens=2_500)

    assert charged(answer={"usage": usage}) == Charge(1, 2_500, 3_750)


def test_total_that_the_api_leaves_out_is_added_up() -> None:
    usage = USAGE.model_copy(update={"total_tokens": 0})

    assert charged(answer={"usage": usage}).tokens == 130


@pytest.mark.parametrize(
    ("usage", "tokens", "cost"),
    [
        (Usage(), 100 + 300 + 200, 125 + 750 + 500),
        (Usage(total_tokens=505), 505, 5 * 1.25 + 500 * 2.5),
        (Usage(total_tokens=150), 150, 150 * 2.5),
        (Usage(prompt_tokens=80), 80 + 300 + 200, 100 + 1_250),
        (Usage(prompt_tokens=80, total_tokens=80), 80 + 300 + 200, 100 + 1_250),
        (Usage(prompt_tokens=80, total_tokens=130), 130, 100 + 125),
        (Usage(completion_tokens=60), 100 + 60, 125 + 150),
        (Usage(completion_tokens=60, total_tokens=130), 130, 70 * 1.25 + 150),
        (Usage(prompt_tokens=80, completion_tokens=60), 140, 100 + 150),
        (Usage(prompt_tokens=80, completion_tokens=60, total_tokens=200), 200, 100 + 300),
        (Usage(prompt_tokens=80, completion_tokens=1, total_tokens=81), 81 + 499, 100 + 1_250),
        (Usage(total_tokens=3), 100 + 300 + 200, 125 + 750 + 500),
    ],
)
def test_what_usage_does_not_say_is_estimated(usage: Usage, tokens: int, cost: float) -> None:
    """300 bytes were written, and 200 tokens for thoughts are reserved."""
    charge = charged(answer=wrote("x" * 300, usage=usage))

    assert charge == Charge(1, tokens, math.ceil(cost))


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (Usage(total_tokens=1), 100 + 20),
        (Usage(total_tokens=7), 100 + 20),
        (Usage(prompt_tokens=7, completion_tokens=5, total_tokens=12), 100 + 5),
        (Usage(prompt_tokens=1, total_tokens=1), 100 + 20),
        (Usage(prompt_tokens=8, completion_tokens=5, total_tokens=13), 13),
        (Usage(total_tokens=9), 9),
        (Usage(reasoning_tokens=3, total_tokens=3), 100 + 3),
    ],
)
def test_fewer_tokens_than_the_prompt_can_be_are_nobodys_word(usage: Usage, tokens: int) -> None:
    """1,024 bytes were sent and 20 written: no token of today has more than 128."""
    answer = wrote("x" * 20, usage=usage, endpoint="completions")
    hold = make_hold(1_100, 2_625, prompt=100, prices=PRICES)

    assert charged(hold, answer=answer, prompt="y" * 1_024).tokens == tokens


def test_echo_was_not_written() -> None:
    text = show_echo("Hi", "Hi " + "x" * 60, done=True)
    usage = Usage(prompt_tokens=80, completion_tokens=3, total_tokens=83)
    echoed = charged(answer=wrote(text, usage=usage), echo=True)

    assert echoed.tokens == 83
    assert charged(answer=wrote(text), echo=True).tokens == 100 + 61 + 200


def test_best_of_several_was_written_without_being_seen() -> None:
    answer = wrote("x" * 3)

    assert charged(answer=answer, best_of=4, n=2).tokens == HOLD.tokens
    assert charged(answer=answer, best_of=2, n=2).tokens == 100 + 3 + 200


def test_refusal_that_says_what_it_used_is_charged_that() -> None:
    assert charged(answer={"asked": False, "failure": "No.", "usage": USAGE}).tokens == 130


def test_number_that_cannot_be_is_bounded() -> None:
    usage = Usage(total_tokens=10**200, cost_in_usd_ticks=10**200)

    assert charged(answer={"usage": usage}) == Charge(1, MOST, MOST)


def test_question_that_grok_was_not_asked_is_charged_nothing() -> None:
    assert charged(answer={"asked": False, "failure": "No."}) == NOTHING


def test_stopped_answer_is_estimated_by_what_had_come() -> None:
    seen = wrote("x" * 300, reasoning="y" * 60, stopped=True)

    assert charged(answer=seen) == Charge(1, 100 + 300 + 60, 125 + 900)


def test_thoughts_that_were_not_seen_are_those_that_were_reserved() -> None:
    assert charged(answer=wrote("x" * 300, failure="Cut.")).tokens == 100 + 300 + 200


def test_answer_that_is_longer_than_it_may_be_is_charged_what_was_reserved() -> None:
    assert charged(answer=wrote("x" * 100_000, failure="Cut.")) == Charge(1, 1_100, 2_625)


def test_answer_that_does_not_stream_was_written_though_nothing_came() -> None:
    assert charged(answer={"failure": "Timeout."}, stream=False) == Charge(1, 1_100, 2_625)
    assert charged(answer={"stopped": True}).tokens == 100 + 200


def test_answer_that_was_lost_on_its_way_may_have_been_written() -> None:
    assert charged(answer={"failure": "Cut."}) == Charge(1, 1_100, 2_625)
    assert charged(answer={"failure": "Cut.", "reasoning": "y" * 60}).tokens == 100 + 60


@pytest.mark.parametrize("text", ["", "x", "x" * 1_600])
def test_answer_that_says_what_it_used_is_not_estimated(text: str) -> None:
    assert charged(answer=wrote(text, usage=USAGE, stopped=True)).tokens == 130


@given(text=st.text(max_size=4_000), thoughts=st.text(max_size=2_000), prices=st.booleans())
def test_estimate_is_never_more_than_was_reserved(text: str, thoughts: str, prices: bool) -> None:
    hold = make_hold(
        1_100,
        PRICES.cost(100, 1_000) if prices else None,
        prompt=100,
        reasoning=200,
        prices=PRICES if prices else None,
    )
    charge = charged(hold, answer=wrote(text, reasoning=thoughts))

    assert 100 <= charge.tokens <= hold.tokens
    assert charge.requests == 1
    if hold.micro_dollars is None:
        assert charge.micro_dollars is None
    else:
        assert charge.micro_dollars is not None
        assert charge.micro_dollars <= hold.micro_dollars


def searching(turns: int = 3, sources: str = "web,x", **parameters: Any) -> tuple[Ask, Hold]:
    """A question that searches, and what it reserves."""
    ask = Ask(
        dedupe="d",
        surface="command",
        team="T1",
        channel="C1",
        user="U1",
        request=CompletionRequest(model="m", prompt="Hi", max_tokens=100, **parameters),
        search=search_in({"search": sources, "max_turns": turns}),
        asked_at=0,
    )
    return ask, hold_for(
        ask,
        Policy(),
        prices=PRICES,
        reasons=False,
        settings=Settings(_env_file=None),
        now=1_700_000_000,
    )


def test_what_was_searched_of_a_turn_is_less_than_all_that_is_reserved() -> None:
    ask, hold = searching(turns=10)

    one = all_of(narrowed(hold, ask, ToolUse(web_calls=1, posts=0, profiles=0)))

    whole = all_of(hold)
    assert (one.searches, one.posts) == (1 + 20, 100)
    assert 0 < one.tokens < whole.tokens / 2
    assert one.micro_dollars is not None
    assert whole.micro_dollars is not None
    assert 0 < one.search_micro_dollars < one.micro_dollars < whole.micro_dollars / 2


@given(
    turns=st.integers(1, 20),
    sources=st.sampled_from(["web", "x", "web,x"]),
    calls=st.integers(0, 300),
    posts=st.none() | st.integers(0, 500),
)
def test_what_was_searched_so_far_grows_up_to_what_is_reserved(
    turns: int, sources: str, calls: int, posts: int | None
) -> None:
    ask, hold = searching(turns, sources)

    def most(more: int) -> tuple[int, ...]:
        use = ToolUse(web_calls=calls + more, posts=posts, profiles=0)
        charge = all_of(narrowed(hold, ask, use))
        assert charge.micro_dollars is not None
        return (charge.tokens, charge.micro_dollars, charge.searches, charge.posts)

    whole = all_of(hold)
    assert whole.micro_dollars is not None
    bounds = (whole.tokens, whole.micro_dollars, whole.searches, whole.posts)
    for less, more, bound in zip(most(0), most(1), bounds, strict=True):
        assert less <= more <= bound
    assert most(0)[0] >= hold.input + hold.output


def test_question_that_does_not_search_is_reserved_as_it_was() -> None:
    ask, _ = searching(sources="off")

    assert narrowed(HOLD, ask, ToolUse()) == HOLD
