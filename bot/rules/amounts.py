"""How quotas and their amounts are typed: names that are nearly right, and numbers as they are
written on phones, and in the languages that people speak."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from bot.completion.excerpt import excerpt, shown_value
from bot.completion.lexer import keyword
from bot.completion.typed import narrow
from bot.errors import Fault
from bot.rules.quota import MICRO, QUOTAS, Quota, QuotaName, ScopeKind
from bot.words import quota as said
from bot.words import request as words
from bot.words.sentences import one_of

_LONGEST_NAME = 40
_LONGEST_AMOUNT = 30

_ALIASES: Mapping[str, QuotaName] = {
    "n": "answers",
    "best-of": "answers",
    "usd": "usd-per-month",
    "tokens": "tokens-per-day",
    "requests": "requests-per-day",
    "questions": "requests-per-day",
    "questions-per-day": "requests-per-day",
    "searches": "searches-per-day",
    "calls": "search-calls",
    "posts": "search-posts",
    "profiles": "search-profiles",
}
"""What is suggested for names that `difflib` finds too far away."""

QUOTES = "\"'“”„‘’`«»‹›"
"""What people may put around a word: phones make curly ones."""

_NO_LIMIT = frozenset(("none", "off", "no", "never", "unlimited", "infinite", "∞"))

_DIGITS = r"(?P<whole>[0-9]{1,3}(?:[,_][0-9]{3})+|[0-9]*)(?P<part>\.[0-9]+)?(?P<factor>[kmb]?)"
_COUNT = re.compile(rf"(?P<sign>[-−–+]?){_DIGITS}", re.IGNORECASE)
_MONEY = re.compile(
    rf"(?P<sign>[-−–+]?)(?:(?:us)?\$|usd)?{_DIGITS}(?:\$|usd|dollars?)?", re.IGNORECASE
)
_DIGITS_PARTED = re.compile(r"[0-9][0-9.,'’]*")
_GROUPED_BY_POINT = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]{1,2})?")
_GROUPED_BY_MARK = re.compile(r"[1-9][0-9]{0,2}(?:['’][0-9]{3})+(?:\.[0-9]+)?")
_COMMA_FOR_POINT = re.compile(r"[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})")
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


def find_quota(name: str) -> Quota | None:
    """The quota with this name, in any case and with any dash."""
    key = keyword(name)
    return next((quota for quota in QUOTAS.values() if quota.name == key), None)


def nearest_quota(name: str) -> QuotaName | None:
    """The quota that somebody who typed `name` is likely to mean."""
    key = keyword(name[:_LONGEST_NAME])
    if key in _ALIASES:
        return _ALIASES[key]
    counted = key.partition("-")[0]
    alike = [name for name in QUOTAS if name.partition("-")[0] == counted]
    near = get_close_matches(key, alike, n=1) or get_close_matches(key, QUOTAS, n=1)
    return next((name for name in QUOTAS if name in near), None)


def unknown_quota(name: str) -> Fault:
    """The fault of a name that no quota has."""
    return Fault(
        excerpt(name, _LONGEST_NAME),
        said.UNKNOWN(nearest_quota(name) or ""),
        one_of(tuple(QUOTAS)),
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits as far as they could be read, and everything wrong with the others."""

    values: Mapping[QuotaName, int]
    faults: tuple[Fault, ...] = ()


def read_limits(pairs: Iterable[tuple[str, str]], kind: ScopeKind) -> Limits:
    """Names with amounts as they were typed, for a scope of this kind. Never raises."""
    values: dict[QuotaName, int] = {}
    faults: dict[str, Fault] = {}
    for name, typed in pairs:
        quota = find_quota(name)
        if quota is None:
            faults.setdefault(keyword(name), unknown_quota(name))
            continue
        amount = _read(quota, typed, kind)
        if quota.name in values:
            amount = Fault(quota.name, words.FLAG_TWICE)
        if isinstance(amount, Fault):
            faults.setdefault(quota.name, amount)
        else:
            values[quota.name] = amount
    sound = {name: amount for name, amount in values.items() if name not in faults}
    return Limits(sound, tuple(faults.values()))


def _read(quota: Quota, typed: str, kind: ScopeKind) -> int | Fault:
    if kind not in quota.scopes:
        return Fault(quota.name, said.not_for(kind), one_of(quota.scopes))
    return read_amount(quota, typed)


def read_amount(quota: Quota, typed: str) -> int | Fault:
    """The amount that was typed: `200`, `2,000`, `2.000`, `1.5m`; of `usd` also `$20`, `20usd`,
    `20,50`.

    Of `usd` it is in micro-dollars. What the quota does not allow is a fault.
    """
    text = typed.strip().strip(QUOTES).strip()
    if not text:
        return Fault(quota.name, words.FLAG_NO_VALUE, quota.allowed)
    if text.lower() in _NO_LIMIT:
        return Fault(
            quota.name, said.WITHOUT_LIMIT(name=quota.name, value=excerpt(text)), quota.allowed
        )
    money = quota.unit == "usd"
    found = (_MONEY if money else _COUNT).fullmatch(_pointed(narrow(text), money=money))
    if found is None or not (found["whole"] or found["part"]):
        return Fault(quota.name, _no_number(text, money=money), quota.allowed)
    if len(text) > _LONGEST_AMOUNT:
        return Fault(quota.name, words.TOO_LONG_A_NUMBER(excerpt(text)), quota.allowed)
    amount = _number(found) * (MICRO if money else 1)
    if amount < quota.least:
        return Fault(quota.name, words.TOO_SMALL(shown_value(text)), quota.allowed)
    if amount > quota.most:
        return Fault(quota.name, words.TOO_LARGE(shown_value(text)), quota.allowed)
    if amount.denominator != 1:
        return Fault(quota.name, _no_number(text, money=money), quota.allowed)
    return int(amount)


def _pointed(text: str, *, money: bool) -> str:
    """`text` with its point and its thousands written as they are in English.

    `2.000` is two thousand of what is counted, and of money either: that stays as it is, and is
    no amount.
    """
    found = _DIGITS_PARTED.search(text)
    if found is None or len(text) > _LONGEST_AMOUNT:
        return text
    number, rest = found[0], text[found.end() :]
    if _GROUPED_BY_POINT.fullmatch(number):
        unsure = number.count(".") == 1 and "," not in number and (money or rest[:1].isalpha())
        if unsure:
            return text if not money else f"{text[: found.start()]}?{rest}"
        number = number.replace(".", "").replace(",", ".")
    elif _COMMA_FOR_POINT.fullmatch(number) and (money or rest[:1].isalpha()):
        number = number.replace(",", ".")
    elif _GROUPED_BY_MARK.fullmatch(number):
        number = number.replace("’", "").replace("'", "")
    return f"{text[: found.start()]}{number}{rest}"


def _no_number(text: str, *, money: bool) -> str:
    value = shown_value(text)
    return f"{value} {said.NOT_MONEY}" if money else words.not_of_kind("integer", value)


def _number(found: re.Match[str]) -> Fraction:
    digits = found["whole"].replace(",", "").replace("_", "")
    number = Fraction((digits or "0") + (found["part"] or ""))
    return (
        number * _FACTORS[found["factor"].lower()] * (-1 if found["sign"] in ("-", "−", "–") else 1)
    )
