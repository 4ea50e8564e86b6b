"""What is said about quotas: their amounts and whose they are, what was used and what is left, and
who must wait. What each limits stands with it, in `rules/quota.py`.

Slack's mrkdwn. What others wrote is passed in already made safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.words.form import EFFORT, EFFORTS
from bot.words.search import CHOICES, LABELS
from bot.words.sentences import Sentence, capital, cost, counted, each, plural

# --- amounts, and whose they are -----------------------------------------------------------

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
TAKES_NONE = "No questions are taken here at the moment."
DOES_NOT_FIT = (
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


ALLOWED_MONEY = Sentence("US dollars, up to ${most:,}, such as $20 or 12.50")
WITHOUT_LIMIT = Sentence("{value} is no amount; `/grok quota unset {name}` takes the limit away")


def not_for(kind: str) -> str:
    """`problem` of a fault: a quota that this scope does not have."""
    return f"cannot be set for {'one person' if kind == 'user' else whose(kind)}"


UNKNOWN = Sentence("there is no such quota[; did you mean {nearest}?]")

# --- a question that does not fit -----------------------------------------------------------

DENIED = "Grok was not asked, since that would be more than is allowed here:"
OWNERS: Mapping[str, str] = {
    "user": "your",
    "channel": "this channel’s",
    "workspace": "the workspace’s",
}
SUBJECTS: Mapping[str, str] = {
    "user": "You",
    "channel": "This channel",
    "workspace": "The workspace",
}
"""Whose a limit is, and who may use what it allows, by the kind of its scope."""

USED_UP = Sentence("• Nothing is left of {whose} {limit}. It resets {when}.")
"""Of a limit such as `50 questions a day`."""

USED_UP_FOR_NOW = Sentence("• What may be asked here is used up for now.[ It resets {when}.]")
"""The same to whom it is none of their business; `when` it resets, or empty."""

TOO_LITTLE = Sentence(
    "• {whose:capital} {limit}: {left} left{under_way: while others are under way|}, and this "
    "question may need up to {wanted}. It resets {when}."
)
"""Less is left than one question may need; `under_way`: others hold some of it for now."""

ALL_BUSY = Sentence(
    "• {who} may have {number:count question} under way at once, and so it is now. Ask again when "
    "one of them is done."
)
UNKNOWN_COST = Sentence(
    "• {who} may use {limit}, and I do not know what {model} costs. Ask with another model: `/grok "
    "models` lists them with their prices."
)


def would_fit(changed: Mapping[str, object], *, field: str = "") -> str:
    """What fits instead; `changed` is what is to be said otherwise, by the names of options.
    `field` is what the form calls the longest answer, where that was filled in."""
    unsearched = changed.get("search") == "off"
    searched = changed.keys() - {"effort", "max_tokens"} and not unsearched
    less = ["a smaller search"] if searched else []
    less += ["less thinking"] if "effort" in changed else []
    less += ["a shorter answer"] if "max_tokens" in changed else []
    what = each(less)
    if unsearched:
        fits = f"Without searching{f' and with {what},' if what else ''} it would fit now"
    else:
        fits = f"{capital(what)} would fit now"
    if field:
        labels = {**LABELS, "effort": EFFORT, "max_tokens": field}
        fields = [f"“{labels.get(n, n)}” to {_chosen(n, v)}" for n, v in changed.items()]
        return f"{fits}: set {each(fields)}."
    flags = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in changed.items())
    return f"{fits}: ask with `{flags}`."


def _chosen(name: str, value: object) -> str:
    """What a form calls that value of a field."""
    choices = EFFORTS if name == "effort" else CHOICES
    return choices.get(str(value), str(value))


ALLOW_MORE = Sentence("`/grok quota set {name}=NUMBER {whose}` allows more.")
"""To somebody who may do it, behind a refusal."""

CLOSED = "Grok was not asked, since no questions were taken here. Please try again."

# --- what was used and what is left ---------------------------------------------------------

NO_QUOTAS = "No quota is set here: ask as much as you like."
NO_QUOTAS_OF_YOURS = "There is no quota of your own."
TODAY = "Today"
THIS_MONTH = "This month"
_HEADINGS: Mapping[str, str] = {
    "user": "*You*",
    "channel": "*This channel*",
    "workspace": "*The workspace*",
}

AND_VOTES = "What people think of answers: `/grok feedback`."


def heading(kind: str, name: str = "") -> str:
    """Above what somebody used; `name` mentions whoever it is, when it is not the reader."""
    return f"*{name}*" if name else _HEADINGS[kind]


QUOTAS_OF = Sentence("*Quotas of {whose}:*")
NO_QUOTAS_THERE = Sentence("There are no quotas for {whose}.")


def amount_used(unit: str, value: int) -> str:
    """An amount of what was used: money to the cent, or closer when it is little."""
    return cost(value / 1_000_000) if unit == "usd" else amount(unit, value)


LIMIT_LINE = Sentence("{bar}  {stands}[ · resets {when}]")
WITHIN = Sentence("{used} of {limit} · {left} left")
OVER = Sentence("{used} used: {over} more than {limit}")
"""How it stands with a limit such as `50 questions a day`."""
LIMIT_ONLY = Sentence("• {limit}")


def caps(caps: Sequence[str]) -> str:
    """What one question may ask for."""
    return f"{capital(', '.join(caps))}."


USED = Sentence("{window}: {requests} · {tokens} · {money}[ · {searched}]")


SEARCHED = Sentence("{searches}[ and {posts}] for {money} of it")
"""What was searched, and what of the money it cost."""

USED_NOTHING = Sentence("{window}: nothing yet")
UNPRICED = Sentence("{money} (the cost of {questions:count question} is not known)")
UNDER_WAY = Sentence(
    "{questions:One question is under way; what it may need counts as used until it "
    "is|{questions:,} questions are under way; what they may need counts as used until they are} "
    "done."
)
MOST = Sentence("Used most this month: {people:list}.")
ONE_OF_MOST = Sentence("{who} ({tokens})")

# --- a month as a table ---------------------------------------------------------------------

COLUMNS = (
    "month",
    "channel",
    "channel_name",
    "user",
    "name",
    "questions",
    "tokens",
    "usd",
    "unpriced_questions",
    "model",
    "searches",
    "posts",
    "search_usd",
)
OTHERS = "others"
NO_EXPORT = Sentence("Nothing was used in {month}.")
EXPORTED = Sentence("I have sent you {month} as a table, in our messages: {rows:count row}.")
EXPORT_TITLE = Sentence("Usage in {month}{parts:|, part {part} of {parts}}")
EXPORT_SUMMED = Sentence("The last row adds up {rows:count row} with the least use.")
EXPORT_FAILED = "Slack did not let me send you the table just now. Please try again in a minute."

# --- told to admins -------------------------------------------------------------------------

ALARM = Sentence(
    "⚠️ Most of what {whose} may use is used up: {bar} of {limit}. {left} left; it resets {when}. "
    "Questions that do not fit are refused until then. `/grok quota set` allows more."
)
