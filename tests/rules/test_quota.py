from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import Fault
from bot.rules.quota import (
    EACH_USER,
    MICRO,
    QUOTAS,
    WORKSPACE,
    Quota,
    Scope,
    ScopeKind,
    find_quota,
    nearest_quota,
    read_amount,
    read_limits,
    unknown_quota,
)
from bot.words import usage as said

TOKENS = QUOTAS["tokens-per-day"]
DOLLARS = QUOTAS["usd-per-month"]


def amount_of(quota: Quota, typed: str) -> int:
    amount = read_amount(quota, typed)
    assert isinstance(amount, int), amount
    return amount


def fault_of(quota: Quota, typed: str) -> Fault:
    fault = read_amount(quota, typed)
    assert isinstance(fault, Fault), fault
    assert fault.parameter == quota.name
    assert fault.allowed == quota.allowed
    return fault


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("0", 0),
        ("200", 200),
        ("200k", 200_000),
        ("1.5M", 1_500_000),
        ("2b", 2_000_000_000),
        (".5k", 500),
        ("2.0", 2),
        ("2,000", 2_000),
        ("1,234,567", 1_234_567),
        ("2_000", 2_000),
        ("2,000k", 2_000_000),
        ("200.000", 200_000),
        ("1.234.567", 1_234_567),
        ("2’000", 2_000),
        ("1,5m", 1_500_000),
        ("1.500k", 1_500),
        ("２００ｋ", 200_000),
        ("٣", 3),
        ("«200k»", 200_000),
        ("+7", 7),
        ("007", 7),
        ("“200k”", 200_000),
        (" 5 ", 5),
    ],
)
def test_a_count_is_read_as_it_is_typed(typed: str, amount: int) -> None:
    assert amount_of(TOKENS, typed) == amount


@pytest.mark.parametrize(
    ("typed", "micro"),
    [
        ("20", 20_000_000),
        ("$20", 20_000_000),
        ("20$", 20_000_000),
        ("20usd", 20_000_000),
        ("USD20", 20_000_000),
        ("US$20", 20_000_000),
        ("20dollars", 20_000_000),
        ("$1,250.50", 1_250_500_000),
        ("0.000001", 1),
        ("$2k", 2_000_000_000),
        ("$0", 0),
        ("20,50", 20_500_000),
        ("$1.250,50", 1_250_500_000),
        ("＄２０", 20_000_000),
        ("$1,000,000", 1_000_000 * MICRO),
    ],
)
def test_dollars_become_micro_dollars(typed: str, micro: int) -> None:
    assert amount_of(DOLLARS, typed) == micro


@pytest.mark.parametrize(
    "typed",
    [
        "many",
        "2,5",
        "1,00",
        "20,0000",
        "1.5",
        "$20",
        "k",
        "+",
        ".",
        "1e3",
        "2k2",
        "1.2.3",
        "＄5",
    ],
)
def test_what_is_no_whole_number_is_a_fault(typed: str) -> None:
    assert "is not a whole number" in fault_of(TOKENS, typed).problem


@pytest.mark.parametrize(
    "typed", ["much", "€20", "$", "$1.000", "usd", "0.0000001", "20 eur", "$$5"]
)
def test_what_is_no_money_is_a_fault(typed: str) -> None:
    assert "is not an amount of money" in fault_of(DOLLARS, typed).problem


@pytest.mark.parametrize(
    ("quota", "typed", "problem"),
    [
        (TOKENS, "-1", "-1 is too small"),
        (TOKENS, "−1", "−1 is too small"),
        (DOLLARS, "-$5", "-$5 is too small"),
        (DOLLARS, "-0", "-0 is too small"),
        (DOLLARS, "–$0.00", "–$0.00 is too small"),
        (TOKENS, "−0k", "−0k is too small"),
        (QUOTAS["concurrent"], "0", "0 is too small"),
        (QUOTAS["answers"], "0", "0 is too small"),
        (QUOTAS["answers"], "129", "129 is too large"),
        (QUOTAS["max-tokens"], "3b", "3b is too large"),
        (TOKENS, "1001b", "1001b is too large"),
        (DOLLARS, "1000000.000001", "1000000.000001 is too large"),
        (TOKENS, "9" * 5000, "is too long a number"),
        (TOKENS, "0." + "0" * 5000 + "1", "is too long a number"),
        (TOKENS, "", "has no value"),
        (TOKENS, "“”", "has no value"),
    ],
)
def test_what_is_out_of_bounds_is_a_fault(quota: Quota, typed: str, problem: str) -> None:
    assert problem in fault_of(quota, typed).problem


@pytest.mark.parametrize("typed", ["none", "OFF", "unlimited"])
def test_who_wants_no_limit_is_told_how(typed: str) -> None:
    assert "/grok quota unset tokens-per-day" in fault_of(TOKENS, typed).problem


def test_what_is_allowed_is_said() -> None:
    assert TOKENS.allowed == "a whole number from 0 to 1,000,000,000,000, such as 20 or 2k"
    assert DOLLARS.allowed == "US dollars, up to $1,000,000, such as $20 or 12.50"
    assert QUOTAS["answers"].allowed == "a whole number from 1 to 128, such as 20"


@pytest.mark.parametrize("quota", QUOTAS.values(), ids=list(QUOTAS))
def test_a_quota_can_be_described(quota: Quota) -> None:
    example = quota.allowed.rsplit("such as ", 1)[1].split(" or ")[0]

    assert quota.least <= amount_of(quota, example) <= quota.most
    assert quota.hint
    assert find_quota(quota.name) is quota


@settings(max_examples=300)
@given(st.data())
def test_an_amount_that_is_written_is_read_again(data: st.DataObject) -> None:
    quota = data.draw(st.sampled_from(list(QUOTAS.values())))
    round_numbers = st.integers(quota.least, 999).map(lambda n: min(n * 10**6, quota.most))
    amount = data.draw(st.integers(quota.least, quota.most) | round_numbers)

    assert amount_of(quota, quota.typed(amount)) == amount


@settings(max_examples=300)
@given(st.sampled_from(list(QUOTAS.values())), st.text(max_size=20) | st.text("$0123456789.,kK-"))
def test_no_amount_raises(quota: Quota, typed: str) -> None:
    amount = read_amount(quota, typed)

    assert isinstance(amount, Fault) or quota.least <= amount <= quota.most


@pytest.mark.parametrize(
    ("name", "amount", "text"),
    [
        ("requests-per-day", 1, "1 question a day"),
        ("requests-per-day", 2_000, "2,000 questions a day"),
        ("tokens-per-day", 200_000, "200k tokens a day"),
        ("tokens-per-month", 1_500_000, "1.5m tokens a month"),
        ("tokens-per-month", 12_345, "12,345 tokens a month"),
        ("usd-per-month", 20 * MICRO, "$20.00 a month"),
        ("concurrent", 3, "3 questions at once"),
        ("max-tokens", 1, "up to 1 token an answer"),
        ("answers", 4, "up to 4 answers to a question"),
    ],
)
def test_a_limit_in_words(name: str, amount: int, text: str) -> None:
    quota = find_quota(name)

    assert quota is not None
    assert quota.limit(amount) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10k"),
        (10_500, "10.5k"),
        (25_390, "25,390"),
        (10_001, "10,001"),
        (1_050_000, "1.05m"),
        (1_234_000, "1,234,000"),
        (1_000_000_000_000, "1,000b"),
    ],
)
def test_a_number_is_short_and_exact(number: int, text: str) -> None:
    assert said.count(number) == text


@pytest.mark.parametrize(
    ("micro", "text"),
    [(0, "$0.00"), (500_000, "$0.50"), (1_234_500_000, "$1,234.50"), (4_200, "$0.0042")],
)
def test_money_is_exact(micro: int, text: str) -> None:
    assert said.money(micro) == text


@pytest.mark.parametrize(
    "name", ["Tokens-Per-Day", "tokens_per_day", "tokens—per–day", "TOKENS_PER_DAY"]
)
def test_a_name_is_found_however_it_is_typed(name: str) -> None:
    assert find_quota(name) is TOKENS


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("token-per-day", "tokens-per-day"),
        ("tokens", "tokens-per-day"),
        ("usd", "usd-per-month"),
        ("request-per-day", "requests-per-day"),
        ("concurency", "concurrent"),
        ("max_token", "max-tokens"),
        ("n", "answers"),
        ("best_of", "answers"),
        ("temperature", None),
        ("requests-per-year", "requests-per-day"),
        ("usd-per-day", "usd-per-month"),
    ],
)
def test_the_nearest_name_is_suggested(name: str, nearest: str | None) -> None:
    assert find_quota(name) is None
    assert nearest_quota(name) == nearest


def test_an_unknown_name_is_answered_with_all_there_are() -> None:
    fault = unknown_quota("<!here>-per-day")

    assert fault.parameter == "‹!here›-per-day"
    assert fault.problem == "there is no such quota; did you mean searches-per-day?"
    assert all(name in fault.allowed for name in QUOTAS)
    assert unknown_quota("zzz").problem == "there is no such quota"


def test_all_faults_of_limits_come_at_once() -> None:
    limits, faults = read_limits(
        [
            ("tokens-per-day", "200k"),
            ("usd-per-month", "lots"),
            ("token-per-month", "5"),
            ("concurrent", "3"),
            ("Concurrent", "4"),
            ("answers", "2"),
        ],
        "each-user",
    )

    assert limits == {"tokens-per-day": 200_000}
    assert {fault.parameter: fault.problem for fault in faults} == {
        "usd-per-month": "lots is not an amount of money",
        "token-per-month": "there is no such quota; did you mean tokens-per-month?",
        "concurrent": "was given twice",
        "answers": "cannot be set for each person",
    }


@pytest.mark.parametrize("kind", ["user", "each-user", "channel", "workspace"])
def test_caps_are_for_places_and_not_for_people(kind: ScopeKind) -> None:
    limits, faults = read_limits([(name, "5") for name in QUOTAS], kind)

    of_people = kind in ("user", "each-user")
    assert {fault.parameter for fault in faults} == (
        {"max-tokens", "answers", "search-calls", "search-posts", "search-profiles"}
        if of_people
        else set()
    )
    assert {name for name in QUOTAS if name not in limits} == {
        name for name, quota in QUOTAS.items() if quota.caps and of_people
    }


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (WORKSPACE, "workspace"),
        (EACH_USER, "each-user"),
        (Scope("channel", "C1"), "channel:C1"),
        (Scope("user", "U1"), "user:U1"),
    ],
)
def test_a_scope_has_a_stable_form(scope: Scope, text: str) -> None:
    assert str(scope) == text
    assert Scope.parse(text) == scope


@pytest.mark.parametrize(
    "text", ["", "channel", "channel:", "user:", "workspace:W1", "each-user:", "team:T1", "C1"]
)
def test_what_is_no_scope_raises(text: str) -> None:
    with pytest.raises(ValueError, match="no scope"):
        Scope.parse(text)


@settings(max_examples=100)
@given(st.sampled_from(["channel", "user"]), st.text(min_size=1, max_size=12))
def test_a_scope_is_read_as_it_was_written(kind: ScopeKind, id_: str) -> None:
    assert Scope.parse(str(Scope(kind, id_))) == Scope(kind, id_)
