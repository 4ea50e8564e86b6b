"""Quotas: what there is of them, whose they are, and the days and months that they are counted in.

Inside, every amount is an int: questions, tokens, answers, or micro-dollars. How people type them:
`bot.rules.amounts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial
from types import MappingProxyType
from typing import Literal, get_args

from bot.completion.request import MAX_ANSWERS, MAX_INT32
from bot.words import quota as said

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
            return said.allowed_money(self.most)
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
_MOST_DOLLARS = 1_000_000
_MOST_OF_SEARCH = 10_000
_DOLLARS = "US dollars in a month"
_cap = partial(Quota, window=None, least=1, caps=True, scopes=_SHARED)
_cap_of_search = partial(_cap, most=_MOST_OF_SEARCH, phrase="up to {} for a question")

_TABLE = (
    Quota(
        "requests-per-day",
        "requests",
        "day",
        _MOST_REQUESTS,
        hint="questions in a day",
        phrase="{} a day",
        label="Questions in a day",
    ),
    Quota(
        "tokens-per-day",
        "tokens",
        "day",
        _MOST_TOKENS,
        hint="tokens in a day, read and written together",
        phrase="{} a day",
        label="Tokens in a day",
    ),
    Quota(
        "tokens-per-month",
        "tokens",
        "month",
        _MOST_TOKENS,
        hint="tokens in a month",
        phrase="{} a month",
        label="Tokens in a month",
    ),
    Quota(
        "usd-per-month",
        "usd",
        "month",
        _MOST_DOLLARS * MICRO,
        hint=_DOLLARS,
        phrase="{} a month",
        label=_DOLLARS,
    ),
    Quota(
        "searches-per-day",
        "searches",
        "day",
        _MOST_REQUESTS,
        hint="searches of the web and of X in a day, and pages that are opened",
        phrase="{} a day",
        label="Searches in a day",
    ),
    Quota(
        "concurrent",
        "requests",
        None,
        10_000,
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
