"""Reserving more for an answer that searches more than was thought."""

from __future__ import annotations

import time
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from pydantic import JsonValue

from bot.completion.result import Prices, ToolUse
from bot.completion.search import search_in
from bot.files.file import PDF_TURNS, FileRef
from bot.rules.charge import exceeds, extended, more_for
from bot.rules.hold import Hold, hold_for
from bot.rules.policy import Policy, Rules
from bot.rules.quota import QuotaName, Scope
from bot.settings import Settings
from tests.jobs.asks import make_ask

SEARCH = search_in({"search": "web,x", "max_turns": 1})


SETTINGS = Settings(_env_file=None)


def hold_of(
    turns: int = 1,
    caps: dict[QuotaName, int] | None = None,
    settings: Settings = SETTINGS,
    files: tuple[FileRef, ...] = (),
    **fields: Any,
) -> Hold:
    policy = Policy(0, {Scope("channel", "C1"): Rules(limits=caps or {})})
    ask = make_ask(search=SEARCH.model_copy(update={"max_turns": turns}), files=files)
    hold = hold_for(
        ask,
        policy,
        prices=Prices(1, 2),
        reasons=False,
        settings=settings,
        now=time.time(),
    )
    return hold.model_copy(update=fields)


def test_it_is_as_if_one_turn_more_had_been_asked_for() -> None:
    once = extended(hold_of(1), SEARCH)

    assert once is not None
    assert once == hold_of(2)
    assert extended(once, SEARCH) == hold_of(3)


def test_prices_stay_those_that_were_reserved_by() -> None:
    dear = hold_of(settings=SETTINGS.model_copy(update={"grok_tool_prices": "web=500,posts=7.5"}))
    more = extended(dear, SEARCH)

    assert dear.search_micro_dollars == 10 * 500_000 + 100 * 7_500 + 5 * 10_000
    assert more is not None
    assert more.search_micro_dollars == 2 * dear.search_micro_dollars


def test_looking_into_a_pdf_stays_reserved() -> None:
    plain, with_pdf = hold_of(), hold_of(files=(FileRef(id="F1", turns=PDF_TURNS),))
    more = extended(with_pdf, SEARCH)

    assert with_pdf.file_micro_dollars == 50_000
    assert more is not None
    assert more.micro_dollars is not None
    of_tokens = Prices(1, 2).cost(more.read, more.output)
    assert more.micro_dollars == of_tokens + more.search_micro_dollars + 50_000
    assert plain.file_micro_dollars == 0


def test_what_nobody_knows_the_price_of_stays_so() -> None:
    more = extended(hold_of(prices=None, micro_dollars=None), SEARCH)

    assert more is not None
    assert more.micro_dollars is None


def test_caps_allow_no_more() -> None:
    assert extended(hold_of(caps={"search-calls": 20, "search-posts": 100}), SEARCH) is None
    assert extended(hold_of(caps={"search-calls": 20}), SEARCH) is not None
    some = extended(hold_of(caps={"search-calls": 25, "search-posts": 50}), SEARCH)
    assert some is not None
    assert (some.searches, some.posts) == (25, 50)
    assert extended(some, SEARCH) is None


@pytest.mark.parametrize(
    ("use", "reached", "exceeded"),
    [
        (ToolUse(), False, False),
        (ToolUse(web_calls=9, x_calls=10), False, False),
        (ToolUse(web_calls=10, x_calls=10), True, False),
        (ToolUse(web_calls=11, x_calls=10), True, True),
        (ToolUse(x_calls=3, posts=119), False, False),
        (ToolUse(x_calls=3, posts=120), True, False),
        (ToolUse(x_calls=3, posts=121), True, True),
        (ToolUse(web_calls=10, x_calls=3, posts=100, profiles=5), True, False),
        (ToolUse(web_calls=10, x_calls=3, posts=100, profiles=6), True, True),
        (ToolUse(x_calls=3, posts=None, profiles=None), False, False),
    ],
)
def test_what_is_used_is_held_against_what_is_reserved(
    use: ToolUse, reached: bool, exceeded: bool
) -> None:
    hold = hold_of()

    assert (more_for(hold, SEARCH, use) is not None, exceeds(hold, use)) == (reached, exceeded)


@pytest.mark.parametrize(
    ("caps", "use", "more", "exceeded"),
    [
        ({"search-posts": 40}, ToolUse(x_calls=3, posts=40), False, False),
        ({"search-posts": 40}, ToolUse(x_calls=3, posts=41), False, True),
        ({"search-posts": 40}, ToolUse(x_calls=20, posts=40), True, False),
        ({"search-profiles": 2}, ToolUse(x_calls=3, profiles=3), False, True),
        ({"search-posts": 400}, ToolUse(x_calls=3, posts=101), False, False),
        ({"search-calls": 5}, ToolUse(web_calls=5), False, False),
        ({"search-calls": 5}, ToolUse(web_calls=6), False, True),
        ({"search-posts": 9, "search-profiles": 1}, ToolUse(posts=30), False, True),
        (
            {"search-posts": 9, "search-profiles": 1, "search-calls": 5},
            ToolUse(posts=9),
            False,
            False,
        ),
    ],
)
def test_a_cap_holds_by_itself_and_nothing_is_reserved_beyond_it(
    caps: dict[QuotaName, int], use: ToolUse, more: bool, exceeded: bool
) -> None:
    hold = hold_of(caps=caps)

    assert (more_for(hold, SEARCH, use) is not None, exceeds(hold, use)) == (more, exceeded)


@pytest.mark.parametrize("search", [{"search": "web"}, {"search": "x"}, {"search": "web,x"}])
@given(
    caps=st.dictionaries(
        st.sampled_from(["search-calls", "search-posts", "search-profiles"]), st.integers(1, 60)
    ),
    use=st.builds(
        ToolUse,
        web_calls=st.integers(0, 99),
        x_calls=st.integers(0, 99),
        posts=st.integers(0, 999) | st.none(),
        profiles=st.integers(0, 99) | st.none(),
    ),
)
def test_reserving_more_comes_to_an_end(
    search: dict[str, JsonValue], caps: dict[QuotaName, int], use: ToolUse
) -> None:
    wanted = search_in(search)
    hold = hold_of(caps=caps)
    for _ in range(100):
        more = more_for(hold, wanted, use)
        if more is None:
            break
        hold = more
    else:
        pytest.fail("more and more was reserved")
    assert exceeds(hold, use) or use.web_calls + use.x_calls <= hold.searches
