"""Quotas: what there is of them, whose they are, the days and months that they are counted in, and
how their names and amounts are typed: nearly right, and as numbers are written on phones, and in
the languages that people speak.

Inside, every amount is an int: questions, tokens, answers, or micro-dollars.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Literal, get_args

from bot.characters import excerpt, keyword, narrow
from bot.completion.lexer import QUOTES
from bot.completion.options import shown_value
from bot.completion.request import MAX_ANSWERS, MAX_INT32
from bot.errors import Fault
from bot.words import request as words
from bot.words import usage as said
from bot.words.sentences import one_of

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
    hint: str
    """What it limits, in words."""
    phrase: str
    """A limit in words; `{}` is the amount."""
    label: str
    """Its field in the form."""
    least: int = 0
    caps: bool = False
    scopes: tuple[ScopeKind, ...] = SCOPE_KINDS

    @property
    def allowed(self) -> str:
        """Which amounts are allowed, in words."""
        if self.unit == "usd":
            return said.ALLOWED_MONEY(self.most // 1_000_000)
        return said.allowed_count(self.least, self.most)

    def limit(self, amount: int) -> str:
        """A limit in words: `200k tokens a day`."""
        return self.phrase.format(said.amount(self.unit, amount))

    def typed(self, amount: int) -> str:
        """An amount as `read_amount` reads it: `200k`, `$20.00`."""
        if self.unit != "usd":
            return said.count(amount)
        money = said.money(amount)
        # three digits behind a dot may be thousands to who typed them
        return f"{money}0" if money[-4] == "." else money


_MOST_REQUESTS = 1_000_000_000
_MOST_TOKENS = 1_000_000_000_000
_DOLLARS = "US dollars in a month"
_a_day = partial(Quota, window="day", phrase="{} a day")
_a_month = partial(Quota, window="month", phrase="{} a month")
_cap = partial(Quota, window=None, least=1, caps=True, scopes=_SHARED)
_cap_of_search = partial(_cap, most=10_000, phrase="up to {} for a question")

_TABLE = (
    _a_day(
        "requests-per-day",
        "requests",
        most=_MOST_REQUESTS,
        hint="questions in a day",
        label="Questions in a day",
    ),
    _a_day(
        "tokens-per-day",
        "tokens",
        most=_MOST_TOKENS,
        hint="tokens in a day, read and written together",
        label="Tokens in a day",
    ),
    _a_month(
        "tokens-per-month",
        "tokens",
        most=_MOST_TOKENS,
        hint="tokens in a month",
        label="Tokens in a month",
    ),
    _a_month("usd-per-month", "usd", most=1_000_000 * MICRO, hint=_DOLLARS, label=_DOLLARS),
    _a_day(
        "searches-per-day",
        "searches",
        most=_MOST_REQUESTS,
        hint="searches of the web and of X in a day, and pages that are opened",
        label="Searches in a day",
    ),
    Quota(
        "concurrent",
        "requests",
        window=None,
        most=10_000,
        hint="questions that are answered at the same time",
        phrase="{} at once",
        label="Questions at the same time",
        least=1,
    ),
    _cap(
        "max-tokens",
        "tokens",
        most=MAX_INT32,
        hint="the longest answer that one may ask for, in tokens",
        phrase="up to {} an answer",
        label="Longest answer, in tokens",
    ),
    _cap(
        "answers",
        "answers",
        most=MAX_ANSWERS,
        hint="how many answers one may ask for at once (`--n`, `--best-of`)",
        phrase="up to {} to a question",
        label="Answers to one question",
    ),
    _cap_of_search(
        "search-calls",
        "searches",
        hint="how often Grok may search for one question, opened pages included",
        label="Searches for one question",
    ),
    _cap_of_search(
        "search-posts",
        "posts",
        hint="how many posts of X it may read for one question",
        label="Posts of X for one question",
    ),
    _cap_of_search(
        "search-profiles",
        "profiles",
        hint="how many profiles of X it may read for one question",
        label="Profiles of X for one question",
    ),
)
QUOTAS: Mapping[QuotaName, Quota] = MappingProxyType({quota.name: quota for quota in _TABLE})
"""Every quota by name, in the order in which people are shown them."""


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

_NO_LIMIT = frozenset(("none", "off", "no", "never", "unlimited", "infinite", "∞"))

_MINUS = ("-", "−", "–")
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
    problem = said.UNKNOWN(nearest_quota(name) or "")
    return Fault(excerpt(name, _LONGEST_NAME), problem, one_of(tuple(QUOTAS)))


def read_limits(
    pairs: Iterable[tuple[str, str]], kind: ScopeKind
) -> tuple[dict[QuotaName, int], tuple[Fault, ...]]:
    """Names with amounts as they were typed, for a scope of this kind, as far as they can be read,
    and everything wrong with the others. Never raises."""
    values: dict[QuotaName, int] = {}
    faults: dict[str, Fault] = {}
    for name, typed in pairs:
        quota = find_quota(name)
        if quota is None:
            faults.setdefault(keyword(name), unknown_quota(name))
            continue
        amount = read_amount(quota, typed)
        if kind not in quota.scopes:
            amount = Fault(quota.name, said.not_for(kind), one_of(quota.scopes))
        if quota.name in values:
            amount = Fault(quota.name, words.FLAG_TWICE)
        if isinstance(amount, Fault):
            faults.setdefault(quota.name, amount)
        else:
            values[quota.name] = amount
    sound = {name: amount for name, amount in values.items() if name not in faults}
    return sound, tuple(faults.values())


def read_amount(quota: Quota, typed: str) -> int | Fault:
    """The amount that was typed: `200`, `2,000`, `2.000`, `1.5m`; of `usd` also `$20`, `20usd`,
    `20,50`.

    Of `usd` it is in micro-dollars. What the quota does not allow is a fault.
    """
    wrong = partial(Fault, quota.name, allowed=quota.allowed)
    text = typed.strip().strip(QUOTES).strip()
    if not text:
        return wrong(words.FLAG_NO_VALUE)
    if text.lower() in _NO_LIMIT:
        return wrong(said.WITHOUT_LIMIT(name=quota.name, value=excerpt(text)))
    money = quota.unit == "usd"
    found = (_MONEY if money else _COUNT).fullmatch(_pointed(narrow(text), money=money))
    if found is None or not (found["whole"] or found["part"]):
        return wrong(_no_number(text, money=money))
    if len(text) > _LONGEST_AMOUNT:
        return wrong(words.TOO_LONG_A_NUMBER(excerpt(text)))
    amount = _number(found) * (MICRO if money else 1)
    if found["sign"] in _MINUS or amount < quota.least:
        return wrong(words.TOO_SMALL(shown_value(text)))
    if amount > quota.most:
        return wrong(words.TOO_LARGE(shown_value(text)))
    if amount.denominator != 1:
        return wrong(_no_number(text, money=money))
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
    return number * _FACTORS[found["factor"].lower()]
