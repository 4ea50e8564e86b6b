"""What is said about quotas: their amounts, and whose they are. What each limits stands with it, in
`rules/quota.py`."""

from __future__ import annotations

from bot.words.sentences import Sentence, counted, plural

_THINGS = {
    "requests": "question",
    "tokens": "token",
    "answers": "answer",
    "searches": "search",
    "posts": "post",
    "profiles": "profile",
}

_SHORT_FROM = 10_000
_FACTORS = ((1_000_000_000, "b", 10_000_000), (1_000_000, "m", 10_000), (1_000, "k", 100))
"""By its letter, and what a number that is said with it has to be a multiple of."""

NOT_MONEY = "is not an amount of money"
CLOSED = "No questions are taken here at the moment."
DENIED = (
    "This question does not fit in what may be used here at the moment. `/grok usage` shows what "
    "is left, and when it resets."
)

NOT_AGAIN = (
    "The answer broke off before it was whole, and what that used leaves too little to ask Grok "
    "again. `/grok usage` shows what is left, and when it resets."
)


def amount(unit: str, value: int) -> str:
    """An amount, to the last digit: `200k tokens`, `1 question`; of `usd` it is micro-dollars."""
    if unit == "usd":
        return money(value)
    if value < _SHORT_FROM:
        return counted(value, _THINGS[unit])
    return f"{count(value)} {plural(_THINGS[unit])}"


def count(number: int) -> str:
    """A number to the last digit: round ones as people type them (`200k`, `1.5m`), others in full
    (`2,000`, `25,390`)."""
    for factor, letter, step in _FACTORS:
        if number < max(factor, _SHORT_FROM):
            continue
        if number % step:
            break
        whole, part = divmod(number, factor)
        digits = f"{part * 100 // factor:02}".rstrip("0")
        return f"{whole:,}.{digits}{letter}" if digits else f"{whole:,}{letter}"
    return f"{number:,}"


def money(micro_dollars: int) -> str:
    """`$20.00`, `$0.0042`: to the last digit, and at least to the cent."""
    dollars, part = divmod(micro_dollars, 1_000_000)
    return f"${dollars:,}.{f'{part:06}'.rstrip('0'):0<2}"


def whose(kind: str, name: str = "") -> str:
    """Whose quota or default it is; `name` is that of a channel or a person."""
    match kind:
        case "workspace":
            return "the workspace"
        case "each-user":
            return "each person"
        case _:
            return name or "this channel"


def allowed_count(least: int, most: int) -> str:
    example = "20 or 2k" if most >= 2_000 else "20"
    return f"a whole number from {least} to {most:,}, such as {example}"


def allowed_money(most: int) -> str:
    return f"US dollars, up to ${most // 1_000_000:,}, such as $20 or 12.50"


WITHOUT_LIMIT = Sentence("{value} is no amount; `/grok quota unset {name}` takes the limit away")


def not_for(kind: str) -> str:
    """`problem` of a fault: a quota that this scope does not have."""
    return f"cannot be set for {'one person' if kind == 'user' else whose(kind)}"


UNKNOWN = Sentence("there is no such quota[; did you mean {nearest}?]")
