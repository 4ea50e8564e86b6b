"""What somebody reads whose question was not taken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asking.denied import LEAST_ANSWER, Recipient, denied, fitting, fitting_max_tokens
from bot.completion import CompletionRequest
from bot.completion.ask import EFFORTS, Effort
from bot.completion.result import Prices
from bot.completion.search import NO_SEARCH, search_in
from bot.rules.hold import Denied, Hold, Shortage, hold_for
from bot.rules.policy import Paused, Policy, Rules, UnreadField
from bot.rules.quota import WORKSPACE, QuotaName, Scope
from bot.settings import Settings
from bot.words import usage as words
from bot.words.admin import admins_can
from sandbox.workspace import ANA, BEN, GENERAL
from tests.doors.jobs import an_ask

CHANNEL, PERSON = Scope("channel", GENERAL), Scope("user", ANA)
PRICES = Prices(input=1.0, output=2.0)
DAY_ENDS = 1_763_942_400
ASK = an_ask(request=CompletionRequest(model="grok-4.3", prompt="Name a river", max_tokens=1000))


def hold_of(ask: Any = ASK, prices: Prices | None = PRICES) -> Hold:
    settings = Settings(_env_file=None)
    return hold_for(
        ask, Policy(), prices=prices, reasons=False, settings=settings, now=1_763_892_000.0
    )


def shortage(name: QuotaName = "tokens-per-day", **fields: Any) -> Shortage:
    usual: dict[str, Any] = {
        "scope": CHANNEL,
        "name": name,
        "limit": 10_000,
        "settled": 9_000,
        "held": 0,
        "wanted": 2_000,
        "resets_at": DAY_ENDS,
    }
    return Shortage(**(usual | fields))


def told(*shortages: Shortage, ask: Any = ASK, recipient: Recipient | None = None) -> str:
    error = Denied("not asked", shortages)
    return denied(error, ask, hold_of, recipient or Recipient(), Policy())


def test_it_says_which_quota_what_is_left_and_when_it_resets() -> None:
    text = told(shortage(), recipient=Recipient(tz_offset=3600))

    assert text.startswith(words.DENIED)
    for part in ("This channel’s 10k tokens a day", "1,000 tokens left", "up to 2,000 tokens"):
        assert part in text
    assert f"<!date^{DAY_ENDS}^" in text
    assert "|Nov 24, 01:00 UTC+1>" in text


@pytest.mark.parametrize(
    ("scope", "owner"),
    [(WORKSPACE, "The workspace’s"), (CHANNEL, "This channel’s"), (PERSON, "Your")],
)
def test_it_says_whose_quota_it_is(scope: Scope, owner: str) -> None:
    assert f"{owner} 10k tokens a day" in told(shortage(scope=scope))


def test_every_quota_in_the_way_is_told() -> None:
    text = told(shortage(), shortage("requests-per-day", limit=5, settled=5, wanted=1))

    assert text.count("•") == 2
    assert words.USED_UP(whose="this channel’s", limit="5 questions a day", when="")[:30] in text


def test_what_others_have_reserved_is_told() -> None:
    text = told(shortage(settled=1_000, held=8_500))

    assert "500 tokens left while others are under way, and this question may need" in text


def test_too_many_at_once_is_a_matter_of_waiting() -> None:
    busy = shortage(
        "concurrent", scope=PERSON, limit=3, settled=0, held=3, wanted=1, resets_at=None
    )

    assert words.ALL_BUSY(who="You", number=3) in told(busy)
    assert "--max-tokens" not in told(busy)


def test_a_model_of_unknown_cost_is_named() -> None:
    unknown = shortage("usd-per-month", limit=20_000_000, settled=0, wanted=None)

    text = told(unknown)

    assert words.UNKNOWN_COST(who="This channel", limit="$20.00 a month", model="grok-4.3") in text
    assert "--max-tokens" not in text


def test_the_admins_of_the_settings_are_named() -> None:
    assert f"<@{BEN}>" in told(shortage(), recipient=Recipient(admins=(BEN,)))
    assert admins_can("allow more") in told(shortage())


def test_an_admin_is_not_sent_to_an_admin() -> None:
    text = told(shortage(), recipient=Recipient(admins=(BEN,), is_admin=True))

    assert text.endswith(words.ALLOW_MORE(name="tokens-per-day", whose="channel"))
    assert "can allow more" not in text
    assert f"<@{BEN}>" not in text


def test_how_an_admin_allows_somebody_more_can_be_typed() -> None:
    text = told(shortage(scope=Scope("user", BEN)), recipient=Recipient(is_admin=True))

    assert text.endswith(f"`/grok quota set tokens-per-day=NUMBER user {BEN}` allows more.")


# What would fit


def test_a_shorter_answer_that_would_fit_is_proposed() -> None:
    text = told(shortage(limit=10_000, settled=9_000, wanted=1_404))

    assert words.would_fit({"max_tokens": 590}) in text


def test_none_is_proposed_when_the_question_itself_is_too_long() -> None:
    assert "--max-tokens" not in told(shortage(settled=10_000))
    assert "--max-tokens" not in told(shortage(limit=10_000, settled=9_900, wanted=5_000))


def test_none_is_proposed_when_something_else_is_in_the_way() -> None:
    no_more = shortage("requests-per-day", limit=5, settled=5, wanted=1)

    assert "--max-tokens" not in told(shortage(wanted=1_404), no_more)


SEARCHING = an_ask(
    request=ASK.request, search=search_in({"search": "web,x", "max_turns": 3, "domains": ["a.co"]})
)


def left_for(left: int, name: QuotaName = "usd-per-month", ask: Any = SEARCHING) -> Shortage:
    hold = hold_of(ask)
    wanted = {"usd-per-month": hold.micro_dollars, "searches-per-day": hold.searches}[name]
    return shortage(name, limit=left, settled=0, wanted=wanted)


@pytest.mark.parametrize(
    ("name", "left", "proposed"),
    [
        ("usd-per-month", 1_600_000, "`--max-turns 2`"),
        ("usd-per-month", 700_000, "`--max-turns 1`"),
        ("usd-per-month", 500_000, "`--search web`"),
        ("usd-per-month", 100_000, "`--search web --max-turns 1`"),
        ("usd-per-month", 10_000, "Without searching it would fit now: ask with `--search off`"),
        ("searches-per-day", 59, "`--max-turns 2`"),
        ("searches-per-day", 19, "`--search web --max-turns 1`"),
    ],
)
def test_a_smaller_search_that_would_fit_is_proposed(
    name: QuotaName, left: int, proposed: str
) -> None:
    text = told(left_for(left, name), ask=SEARCHING)

    assert proposed in text
    assert "--max-tokens" not in text


@given(st.integers(0, 4_000_000), st.sampled_from(["web", "x", "web,x"]), st.integers(1, 20))
def test_a_search_that_is_proposed_fits(left: int, sources: str, turns: int) -> None:
    search = search_in({"search": sources, "max_turns": turns})
    ask = an_ask(request=ASK.request, search=search)
    short = left_for(left, ask=ask)
    proposed = fitting([short], ask, hold_of)

    if proposed:
        (smaller,) = proposed
        assert (hold_of(smaller).micro_dollars or 0) <= left
    else:
        assert (hold_of(ASK).micro_dollars or 0) > left


def test_who_searches_x_by_its_people_is_not_sent_to_the_web() -> None:
    search = search_in({"search": "web,x", "max_turns": 1, "handles": ["xai"]})
    ask = an_ask(request=ASK.request, search=search)

    assert "`--search off`" in told(left_for(300_000, ask=ask), ask=ask)


def test_a_smaller_search_is_proposed_in_the_words_of_the_form() -> None:
    ask = SEARCHING.model_copy(update={"surface": "form"})

    assert "set “How often to search” to 2" in told(left_for(1_600_000, ask=ask), ask=ask)
    assert "set “What to search” to The web" in told(left_for(500_000, ask=ask), ask=ask)


def test_a_smaller_search_with_a_shorter_answer_is_proposed_where_only_both_fit() -> None:
    request = CompletionRequest(model="m", prompt="Hi", max_tokens=5_000)
    ask = an_ask(request=request, search=search_in({"search": "web,x", "max_turns": 2}))
    form = ask.model_copy(update={"surface": "form"})
    hold = hold_of(ask.model_copy(update={"search": NO_SEARCH}))
    short = shortage(limit=hold.tokens - 1_000, settled=0, wanted=hold_of(ask).tokens)

    proposed = told(short, ask=ask)
    assert "Without searching and with a shorter answer, it would fit now" in proposed
    assert "`--search off --max-tokens 4000`" in proposed
    in_form = told(short, ask=form)
    assert "set “What to search” to Nothing and “Longest answer” to 4000." in in_form
    assert "--" not in in_form


LOWER: tuple[Effort, ...] = ("medium", "low", "none")


def thinking(ask: Any) -> Hold:
    """What is reserved where the model thinks as long as it is told to, else a little."""
    settings = Settings(_env_file=None)
    return hold_for(
        ask,
        Policy(),
        prices=PRICES,
        reasons=True,
        effort=ask.effort or "low",
        settings=settings,
        now=1_763_892_000.0,
    )


def told_of_thinking(left: int, *, ask: Any, efforts: Sequence[Effort] = LOWER) -> str:
    short = shortage(limit=left, settled=0, wanted=thinking(ask).tokens)
    return denied(Denied("no", (short,)), ask, thinking, Recipient(), Policy(), efforts=efforts)


THINKING = ASK.model_copy(update={"effort": "high"})


def beyond(effort: Effort, more: int = 0, ask: Any = THINKING) -> int:
    """Tokens that are enough for `ask` with that effort, and `more`."""
    return thinking(ask.model_copy(update={"effort": effort})).tokens + more


@pytest.mark.parametrize(
    ("left", "proposed"),
    [
        (beyond("high", -100), "A shorter answer would fit now: ask with `--max-tokens 900`."),
        (beyond("medium"), "Less thinking would fit now: ask with `--effort medium`."),
        (beyond("low", 10), "Less thinking would fit now: ask with `--effort low`."),
        (beyond("low", -300), "Less thinking would fit now: ask with `--effort none`."),
        (beyond("none", -300), "ask with `--effort none --max-tokens 700`."),
    ],
)
def test_less_thinking_that_would_fit_is_proposed(left: int, proposed: str) -> None:
    assert proposed in told_of_thinking(left, ask=THINKING)


def test_both_a_shorter_answer_and_less_thinking_are_proposed_where_either_would_fit() -> None:
    text = told_of_thinking(beyond("high", -100), ask=THINKING)

    assert "ask with `--max-tokens 900`.\nLess thinking would fit now: ask with `--effort" in text


def test_none_is_proposed_that_the_model_is_not_told() -> None:
    assert "--effort" not in told_of_thinking(beyond("low"), ask=THINKING, efforts=())
    assert "`--effort none`" in told_of_thinking(beyond("low"), ask=THINKING, efforts=("none",))


def test_less_thinking_is_proposed_to_a_form_in_its_words() -> None:
    form = THINKING.model_copy(update={"surface": "form"})

    assert "set “How long to think” to Medium." in told_of_thinking(beyond("medium"), ask=form)
    told = told_of_thinking(beyond("none", -100), ask=form)
    assert "set “How long to think” to Not at all and “Longest answer” to 900." in told


def test_less_thinking_without_a_search_is_proposed_where_only_both_fit() -> None:
    ask = SEARCHING.model_copy(update={"effort": "high"})

    told = told_of_thinking(beyond("low"), ask=ask)

    assert "Without searching and with less thinking, it would fit now" in told
    assert "`--search off --effort low`" in told


@given(st.integers(0, 60_000), st.sampled_from(["none", "low", "medium", "high"]), st.booleans())
def test_whatever_is_proposed_fits(left: int, effort: Effort, searches: bool) -> None:
    ask = (SEARCHING if searches else ASK).model_copy(update={"effort": effort})
    wanted = thinking(ask).tokens
    if wanted <= left:
        return
    lower = EFFORTS[: EFFORTS.index(effort)][::-1]
    short = shortage(limit=left, settled=0, wanted=wanted)

    proposed = fitting([short], ask, thinking, lower)

    for other in proposed:
        assert thinking(other).tokens <= left
    if "none" in lower and not proposed:
        assert beyond("none", ask=ASK) > left


SIZES = st.integers(LEAST_ANSWER, 1_000_000)


@given(SIZES, st.integers(1, 4), st.integers(1, 5), st.integers(0, 3_000_000))
def test_what_is_proposed_fits_to_the_token(most: int, prompts: int, n: int, left: int) -> None:
    request = CompletionRequest(model="m", prompt=["Name a river"] * prompts, max_tokens=most, n=n)
    ask = an_ask(request=request)
    hold = hold_of(ask)
    if hold.tokens <= left:
        return
    short = shortage(limit=left, settled=0, wanted=hold.tokens)

    proposed = fitting_max_tokens([short], request, hold)

    if proposed is None:
        longest = an_ask(request=request.model_copy(update={"max_tokens": LEAST_ANSWER}))
        assert hold_of(longest).tokens > left
    else:
        shorter = an_ask(request=request.model_copy(update={"max_tokens": proposed}))
        assert LEAST_ANSWER <= proposed < most
        assert hold_of(shorter).tokens <= left


@given(SIZES, st.integers(1, 5), st.integers(0, 3_000_000), st.floats(0.01, 90))
def test_what_is_proposed_can_be_paid(most: int, n: int, left: int, price: float) -> None:
    prices = Prices(input=price / 4, output=price)
    request = CompletionRequest(model="m", prompt="Name a river", max_tokens=most, n=n)
    hold = hold_of(an_ask(request=request), prices)
    assert hold.micro_dollars is not None
    if hold.micro_dollars <= left:
        return
    short = shortage("usd-per-month", limit=left, settled=0, wanted=hold.micro_dollars)

    proposed = fitting_max_tokens([short], request, hold)

    if proposed is not None:
        shorter = an_ask(request=request.model_copy(update={"max_tokens": proposed}))
        cost = hold_of(shorter, prices).micro_dollars
        assert LEAST_ANSWER <= proposed < most
        assert cost is not None
        assert cost <= left


# Where no questions are taken


def test_a_pause_is_told_with_whom_to_ask() -> None:
    policy = Policy(scopes={CHANNEL: Rules(paused=Paused(by=BEN, at=1_700_000_000.0))})

    text = denied(Denied("closed", closed=CHANNEL), ASK, hold_of, Recipient(), policy)

    assert f"<@{BEN}>" in text
    assert admins_can("resume it") in text


@pytest.mark.parametrize("scope", [CHANNEL, WORKSPACE])
def test_an_admin_reads_how_to_end_a_pause(scope: Scope) -> None:
    policy = Policy(scopes={scope: Rules(paused=Paused(by=BEN, at=1_700_000_000.0))})

    text = denied(Denied("closed", closed=scope), ASK, hold_of, Recipient(is_admin=True), policy)

    assert f"`/grok resume {scope.kind}`" in text
    assert admins_can("resume it") not in text


def test_a_pause_that_is_over_by_now_is_told_too() -> None:
    text = denied(Denied("closed", closed=CHANNEL), ASK, hold_of, Recipient(), Policy())

    assert text == words.CLOSED


def test_what_cannot_be_read_is_no_pause() -> None:
    policy = Policy(unread=(UnreadField("workspace", "models.*"),))

    text = denied(Denied("closed", closed=WORKSPACE), ASK, hold_of, Recipient(), policy)

    assert "another version" in text
    assert admins_can("resume it") not in text


OUTSIDER = Recipient(knows_rules=False)


@pytest.mark.parametrize("scope", [WORKSPACE, CHANNEL])
@pytest.mark.parametrize("name", ["tokens-per-day", "usd-per-month", "requests-per-day"])
def test_a_guest_is_told_no_number_of_others(scope: Scope, name: QuotaName) -> None:
    text = told(
        shortage(name, scope=scope, limit=7_654_321, settled=1_234_567, wanted=9_876_543),
        recipient=OUTSIDER,
    )

    assert words.USED_UP_FOR_NOW() in text
    assert not set("123456789") & set(re.sub("<[^>]*>", "", text))


def test_a_guest_is_told_of_a_busy_channel_and_of_a_price_as_of_any_limit() -> None:
    busy = shortage("concurrent", scope=CHANNEL, limit=5, resets_at=None)
    unknown = shortage("usd-per-month", scope=WORKSPACE, wanted=None)

    for each in (busy, unknown):
        assert words.USED_UP_FOR_NOW() in told(each, recipient=OUTSIDER)


def test_a_guest_is_told_once_of_several_limits() -> None:
    text = told(shortage(scope=CHANNEL), shortage(scope=WORKSPACE), recipient=OUTSIDER)

    assert text.count(words.USED_UP_FOR_NOW()) == 1


def test_a_guest_is_told_all_of_their_own_limit() -> None:
    assert "1,000 tokens left" in told(shortage(scope=PERSON), recipient=OUTSIDER)


def test_a_guest_is_not_told_who_paused() -> None:
    pause = Paused(by=BEN, at=1_700_000_000.0)
    policy = Policy(scopes={WORKSPACE: Rules(paused=pause)})

    text = denied(Denied("not asked"), ASK, hold_of, OUTSIDER, policy)

    assert text == words.CLOSED
