"""The vocabulary of quotas: their names, whose they are, how an amount is typed, and the days and
months that they are counted in.

Inside, every amount is an int: questions, tokens, answers, or micro-dollars.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, get_args

from bot.completion.excerpt import excerpt, shown_value
from bot.completion.lexer import DASHES
from bot.completion.request import MAX_ANSWERS, MAX_INT32
from bot.completion.typed import narrow
from bot.errors import Fault
from bot.words import quota as said
from bot.words import request as words

QuotaName = Literal[
    "requests-per-day",
    "tokens-per-day",
    "tokens-per-month",
    "usd-per-month",
    "searches-per-day",
    "concurrent",
    "max-tokens",
    "answers",
    "search-calls",
    "search-posts",
    "search-profiles",
]
Unit = Literal["requests", "tokens", "usd", "answers", "searches", "posts", "profiles"]
Window = Literal["day", "month"]
ScopeKind = Literal["user", "each-user", "channel", "workspace"]

SCOPE_KINDS: tuple[ScopeKind, ...] = get_args(ScopeKind)
"""From the narrowest to the widest."""

MICRO = 1_000_000
"""Micro-dollars in a dollar."""

_LONGEST_NAME = 40
_LONGEST_AMOUNT = 30
_NAMED: tuple[ScopeKind, ...] = ("user", "channel")
_SHARED: tuple[ScopeKind, ...] = ("channel", "workspace")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose a quota, a default or a list of models is.

    `id` is Slack's id of the channel or the person, and empty for `workspace` and `each-user`.
    Raises `ValueError` when it is not so. `str(scope)` is its stable form: `channel:C1`.
    """

    kind: ScopeKind
    id: str = ""

    def __post_init__(self) -> None:
        if self.kind not in SCOPE_KINDS or (self.kind in _NAMED) != bool(self.id):
            raise ValueError(f"no scope: {self.kind}:{self.id}")

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @classmethod
    def parse(cls, text: str) -> Scope:
        """The scope whose stable form is `text`; raises `ValueError` when there is none."""
        name, colon, id_ = text.partition(":")
        kind = next((kind for kind in SCOPE_KINDS if kind == name), None)
        if kind is None or bool(colon) != bool(id_):
            raise ValueError(f"no scope: {text}")
        return cls(kind, id_)


WORKSPACE = Scope("workspace")
EACH_USER = Scope("each-user")


@dataclass(frozen=True, slots=True)
class Quota:
    """One kind of limit, from `least` to `most`, in its unit (`usd`: micro-dollars).

    With a `window` it limits what is used within each day or month. Without one it limits what
    is under way at once (`concurrent`), or what a single question may ask for (`caps`).
    """

    name: QuotaName
    unit: Unit
    window: Window | None
    most: int
    least: int = 0
    caps: bool = False
    scopes: tuple[ScopeKind, ...] = SCOPE_KINDS

    @property
    def hint(self) -> str:
        """What it limits, in words."""
        return said.QUOTAS[self.name].hint

    @property
    def label(self) -> str:
        """Its field in the form."""
        return said.QUOTAS[self.name].label

    @property
    def allowed(self) -> str:
        """Which amounts are allowed, in words."""
        if self.unit == "usd":
            return said.allowed_money(self.most)
        return said.allowed_count(self.least, self.most)

    def limit(self, amount: int) -> str:
        """A limit in words: `200k tokens a day`."""
        return said.limit(self.name, self.unit, amount)

    def typed(self, amount: int) -> str:
        """An amount as `read_amount` reads it: `200k`, `$20.00`."""
        if self.unit != "usd":
            return said.count(amount)
        money = said.money(amount)
        # three digits behind a dot may be thousands to who typed them
        return f"{money}0" if money[-4] == "." else money


_MOST_REQUESTS = 1_000_000_000
_MOST_TOKENS = 1_000_000_000_000
_MOST_DOLLARS = 1_000_000
_MOST_OF_SEARCH = 10_000
_OF_SEARCH: tuple[tuple[QuotaName, Unit], ...] = (
    ("search-calls", "searches"),
    ("search-posts", "posts"),
    ("search-profiles", "profiles"),
)

QUOTAS: Mapping[QuotaName, Quota] = MappingProxyType(
    {
        quota.name: quota
        for quota in (
            Quota("requests-per-day", "requests", "day", _MOST_REQUESTS),
            Quota("tokens-per-day", "tokens", "day", _MOST_TOKENS),
            Quota("tokens-per-month", "tokens", "month", _MOST_TOKENS),
            Quota("usd-per-month", "usd", "month", _MOST_DOLLARS * MICRO),
            Quota("searches-per-day", "searches", "day", _MOST_REQUESTS),
            Quota("concurrent", "requests", None, 10_000, least=1),
            Quota("max-tokens", "tokens", None, MAX_INT32, least=1, caps=True, scopes=_SHARED),
            Quota("answers", "answers", None, MAX_ANSWERS, least=1, caps=True, scopes=_SHARED),
            *(
                Quota(name, unit, None, _MOST_OF_SEARCH, least=1, caps=True, scopes=_SHARED)
                for name, unit in _OF_SEARCH
            ),
        )
    }
)
"""Every quota by name, in the order in which people are shown them."""

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

_DASHES = str.maketrans(dict.fromkeys(f"_{DASHES}", "-"))
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


def keyword(word: str) -> str:
    """`word` as the grammar spells it: in lower case, with plain dashes."""
    return word.lower().translate(_DASHES)


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
        said.unknown(nearest_quota(name) or ""),
        said.one_of(tuple(QUOTAS)),
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
        return Fault(quota.name, said.not_for(kind), said.one_of(quota.scopes))
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
        return Fault(quota.name, said.without_limit(quota.name, excerpt(text)), quota.allowed)
    money = quota.unit == "usd"
    found = (_MONEY if money else _COUNT).fullmatch(_pointed(narrow(text), money=money))
    if found is None or not (found["whole"] or found["part"]):
        return Fault(quota.name, _no_number(text, money=money), quota.allowed)
    if len(text) > _LONGEST_AMOUNT:
        return Fault(quota.name, words.too_long_a_number(excerpt(text)), quota.allowed)
    amount = _number(found) * (MICRO if money else 1)
    if amount < quota.least:
        return Fault(quota.name, words.too_small(shown_value(text)), quota.allowed)
    if amount > quota.most:
        return Fault(quota.name, words.too_large(shown_value(text)), quota.allowed)
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


@dataclass(frozen=True, slots=True)
class Windows:
    """A day (`2026-11-22`) and the month that it is in (`2026-11`), with the Unix times in seconds
    at which they end."""

    day: str
    month: str
    day_ends: int
    month_ends: int

    def ends(self, name: QuotaName) -> int | None:
        """When what counts against a quota begins anew, Unix time in seconds; None: it is no
        matter of time."""
        window = QUOTAS[name].window
        return self.of(window)[1] if window else None

    def of(self, window: Window) -> tuple[str, int]:
        """The name of one of them, and its end."""
        match window:
            case "day":
                return self.day, self.day_ends
            case "month":
                return self.month, self.month_ends


def windows_at(at: float, zone: tzinfo) -> Windows:
    """The day and the month in `zone` that the Unix time `at` is in."""
    today = datetime.fromtimestamp(at, zone).date()
    next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Windows(
        day=f"{today:%Y-%m-%d}",
        month=f"{today:%Y-%m}",
        day_ends=_begin(today + timedelta(days=1), zone),
        month_ends=_begin(next_month, zone),
    )


def _begin(day: date, zone: tzinfo) -> int:
    """When a day begins, in seconds of Unix time."""
    return int(datetime.combine(day, time(), zone).timestamp())
