"""What is said about what was used: bars, what is left, and who must wait.

Slack's mrkdwn. What others wrote is passed in already made safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.words import cost, counted
from bot.words import quota as quota_words
from bot.words.admin import each
from bot.words.form import EFFORT, EFFORTS
from bot.words.search import CHOICES, LABELS

# --- a question that does not fit -----------------------------------------------------------

DENIED = "Grok was not asked, since that would be more than is allowed here:"
DENIED_FOR_NOW = "• What may be asked here is used up for now."
"""To whom it is none of their business what others may use, and used."""
_OWNERS: Mapping[str, str] = {
    "user": "your",
    "channel": "this channel’s",
    "workspace": "the workspace’s",
}
_SUBJECTS: Mapping[str, str] = {
    "user": "You",
    "channel": "This channel",
    "workspace": "The workspace",
}


def used_up(kind: str, limit: str, when: str) -> str:
    """Nothing is left of a limit such as `50 questions a day`; `kind` of the scope."""
    return f"• Nothing is left of {_OWNERS[kind]} {limit}. It resets {when}."


def used_up_for_now(when: str) -> str:
    """The same to whom it is none of their business; `when` it resets, or empty."""
    return f"{DENIED_FOR_NOW} It resets {when}." if when else DENIED_FOR_NOW


def too_little(
    kind: str, limit: str, left: str, wanted: str, when: str, *, under_way: bool = False
) -> str:
    """Less is left than one question may need; `under_way`: others hold some of it for now."""
    meanwhile = " while others are under way" if under_way else ""
    owner = _OWNERS[kind]
    return (
        f"• {owner[:1].upper()}{owner[1:]} {limit}: {left} left{meanwhile}, and this question may "
        f"need up to {wanted}. It resets {when}."
    )


def all_busy(kind: str, number: int) -> str:
    """Only so many questions are answered at once."""
    return (
        f"• {_SUBJECTS[kind]} may have {counted(number, 'question')} under way at once, and so it "
        "is now. Ask again when one of them is done."
    )


def unknown_cost(kind: str, limit: str, model: str) -> str:
    """There is a limit in dollars, and nobody knows what the model costs."""
    return (
        f"• {_SUBJECTS[kind]} may use {limit}, and I do not know what {model} costs. Ask with "
        "another model: `/grok models` lists them with their prices."
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
        fits = f"{what[:1].upper()}{what[1:]} would fit now"
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


ALLOW_MORE = "`/grok quota set` allows more."
"""To somebody who may do it, behind a refusal."""


CLOSED = "Grok was not asked, since no questions were taken here. Please try again."

# --- what was used and what is left ---------------------------------------------------------

NO_QUOTAS = "Nothing is limited here: ask as much as you like."
NO_QUOTAS_OF_YOURS = "There is no quota of your own."
NO_SUCH_QUOTAS = "There are no quotas for {}."
TODAY = "Today"
THIS_MONTH = "This month"
NOTHING_USED = "nothing yet"
_HEADINGS: Mapping[str, str] = {
    "user": "*You*",
    "channel": "*This channel*",
    "workspace": "*The workspace*",
}

AND_VOTES = "What people think of answers: `/grok feedback`."


def heading(kind: str, name: str = "") -> str:
    """Above what somebody used; `name` mentions whoever it is, when it is not the reader."""
    return f"*{name}*" if name else _HEADINGS[kind]


def quotas_of(whose: str) -> str:
    return f"*Quotas of {whose}:*"


def no_quotas(whose: str) -> str:
    return NO_SUCH_QUOTAS.format(whose)


def amount(unit: str, value: int) -> str:
    """An amount of what was used: money to the cent, or closer when it is little."""
    return cost(value / 1_000_000) if unit == "usd" else quota_words.amount(unit, value)


def limit_line(bar: str, used: str, limit: str, left: str, when: str) -> str:
    """How much of a limit is used; `when` it begins anew, or empty."""
    line = f"{bar}  {used} of {limit} · {left} left"
    return f"{line} · resets {when}" if when else line


def limit_only(limit: str) -> str:
    return f"• {limit}"


def caps(caps: Sequence[str]) -> str:
    """What one question may ask for."""
    said = ", ".join(caps)
    return f"{said[:1].upper()}{said[1:]}."


def used(window: str, requests: str, tokens: str, money: str, searched: str = "") -> str:
    """`searched`: what of it was searching, or empty."""
    line = f"{window}: {requests} · {tokens} · {money}"
    return f"{line} · {searched}" if searched else line


def searched(searches: str, posts: str, money: str) -> str:
    """What was searched, and what of the money it cost; `posts` is empty without any."""
    return f"{' and '.join(filter(None, (searches, posts)))} for {money} of it"


def used_nothing(window: str) -> str:
    return f"{window}: {NOTHING_USED}"


def unpriced(money: str, questions: int) -> str:
    """`money`, and so many questions whose cost nobody knows."""
    return f"{money} (the cost of {counted(questions, 'question')} is not known)"


def under_way(questions: int) -> str:
    if questions == 1:
        return "One question is under way; what it may need counts as used until it is done."
    return (
        f"{questions:,} questions are under way; what they may need counts as used until they are "
        "done."
    )


def most(people: Sequence[str]) -> str:
    """Who used most, the most first."""
    return f"Used most this month: {', '.join(people)}."


def one_of_most(who: str, tokens: str) -> str:
    return f"{who} ({tokens})"


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


def no_export(month: str) -> str:
    return f"Nothing was used in {month}."


def exported(month: str, rows: int) -> str:
    """To whoever asked for it."""
    return f"I have sent you {month} as a table, in our messages: {counted(rows, 'row')}."


def export_title(month: str, part: int, parts: int) -> str:
    """The notification of one message of it."""
    return f"Usage in {month}" if parts == 1 else f"Usage in {month}, part {part} of {parts}"


def export_summed(rows: int) -> str:
    """Below a table that is too long for Slack."""
    return f"The last row adds up {counted(rows, 'row')} with the least use."


EXPORT_FAILED = "Slack did not let me send you the table just now. Please try again in a minute."

# --- told to admins -------------------------------------------------------------------------


def alarm(whose: str, bar: str, limit: str, left: str, when: str) -> str:
    """To admins, when most of a quota is used."""
    return (
        f"⚠️ Most of what {whose} may use is used up: {bar} of {limit}. {left} left; it resets "
        f"{when}. Questions that do not fit are refused until then. `/grok quota set` allows more."
    )
