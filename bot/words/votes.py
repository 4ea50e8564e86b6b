"""What is said about votes on answers: to those who vote, and to admins who read them.

Slack's mrkdwn. What others wrote is passed in already made safe.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.words.sentences import Sentence, capital, cost

GOOD = "Good answer"
BAD = "Bad answer"

SIGNS: Mapping[str, str] = {"up": "👍", "down": "👎"}

SWITCHED_OFF = "Votes on answers are switched off here. Yours was not counted."
NO_ANSWER = "There is no whole answer there to vote on. Please vote on one that is complete."
OFTEN = "You have voted very often within a minute. Please try again in a minute."
FULL = "So many votes were cast this month that no more are counted. Yours was not."
NO_SUCH_VOTE = "That is no vote that I know. Please press one of the thumbs below the answer."
FORM_LATE = "Your 👎 counts. What was wrong I could not ask you just now."
FORM_FORGOTTEN = "I no longer know which answer that was about. Your 👎 still counts."
NOT_STORED = "I could not store that just now. Please send it again in a minute."

FORM_TITLE = "What went wrong?"
FORM_SEND = "Send"
FORM_CLOSE = "Skip"
FORM_COUNTS = "Your 👎 counts already. Only admins see who voted, and what you write here."
FORM_REASONS = "The answer is"
FORM_COMMENT = "In your words"
REASONS: Mapping[str, str] = {
    "wrong": "Wrong",
    "too_long": "Too long",
    "too_short": "Too short",
    "off_question": "Beside the question",
    "unsafe": "Unsafe",
    "slow": "Too slow in coming",
}


COUNTED = Sentence(
    "Thank you for your {sign}. Of your votes on an answer the last one counts, and only admins "
    "see who voted."
)
"""To whoever has voted; it stands there for good, also where they change their mind."""

CHANGED = Sentence("I have put your {sign} in the place of what you said before.")
"""To whoever has changed their mind."""

# --- what admins read -----------------------------------------------------------------------

BY_MODEL = "*By model*"
BY_CHANNEL = "*By channel*"
BY_SURFACE = "*By way in*"
DIRECT = "direct messages"
NOT_GIVEN = "not set"
SURE = (
    "_In brackets: where the true share lies with 95% confidence. Where two such ranges overlap "
    "much, nobody knows yet which is better. Money and time are means, of answers with votes._"
)
TITLE = "What people think of answers"
CHART_OF_SETTINGS = "👍 in % by model and parameters"
CHART_OF_PLACES = "👍 in % by channel and way in"
AT_LEAST = "at least (95% sure)"
LIKED = "share of 👍"
AT_MOST = "at most (95% sure)"
NO_CHARTS = "Slack draws no charts here"
PICTURES_SENT = f"{NO_CHARTS}, so I have sent you pictures of them, in our messages."
PICTURES_NEED_SCOPE = (
    f"{NO_CHARTS}. I could send you pictures: for that the app needs the scope files:write, and "
    "has to be installed again."
)
PICTURES_FAILED = (
    f"{NO_CHARTS}, and I could not send you pictures just now. All that they show is said above."
)
DOT = "share of thumbs up"
RANGE = "where the true share lies with 95% confidence"
HOW_TO_EXPORT = "`/grok feedback export` sends you each vote."
HOW_TO_SEE = "`/grok feedback` draws it and says more, `/grok feedback export` sends you each vote."
_SURFACES: Mapping[str, str] = {
    "command": "`/grok`",
    "form": "form",
    "shortcut": "shortcut",
    "thread": "thread",
    "mention": "mention",
    "direct": "direct message",
    "retry": "Retry",
    "continue": "Continue",
}


def surface(name: str) -> str:
    """A way in, as people call it."""
    return _SURFACES.get(name, name)


def title(month: str) -> str:
    return f"*{TITLE}, {month}*"


NONE_YET = Sentence("Nobody has voted on answers to what was asked in {month}.")
BY_PARAMETER = Sentence("*By `--{name}`*")


def first_used(when: str, *, system: bool) -> str:
    """In the place of a value that is not kept."""
    return f"{'instructions' if system else 'a long value'} first used {when}"


ROW = Sentence("• {name}: {facts}")
MORE_ROWS = Sentence("• {number:,} more: `/grok feedback export`")


def facts(
    ups: int,
    votes: int,
    *,
    share: float,
    least: float,
    most: float,
    dollars: float | None,
    first: float | None,
    last: float | None,
) -> str:
    """`share`, from 0 to 1, lies between `least` and `most`; money and seconds are those of the
    mean answer."""
    parts = [f"👍 {SO_MANY_OF(ups=ups, votes=votes)} · {share:.0%} ({100 * least:.0f}–{most:.0%})"]
    parts += [cost(dollars)] if dollars is not None else []
    parts += [f"first text {_seconds(first)}"] if first is not None else []
    parts += [f"last {_seconds(last)}"] if last is not None else []
    return " · ".join(parts)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


SO_MANY_OF = Sentence("{ups:,} of {votes:,}")


def without_signs(title: str) -> str:
    """A title of a chart for where no emoji can be drawn."""
    spelled = title.replace("👍", "thumbs up")
    return capital(spelled)


SHARE_IN_WORDS = Sentence("{name}: {value}% ({least}–{most}%)")
MORE_SHARES = Sentence("{number:,} more")
NUMBERED = Sentence("({number})")


def legend(title: str, names: Mapping[int, str]) -> str:
    """Which the names are that a picture has numbers for."""
    told = ", ".join(f"{NUMBERED(number)} is `{name}`" for number, name in names.items())
    return f"{title}: {told}"


def because(reason: str, count: int) -> str:
    """How often that was wrong."""
    return f"{REASONS[reason].lower()} {count:,}"


WHY = Sentence("👎 because: {reasons:list}")

# --- an export ------------------------------------------------------------------------------

COLUMNS = (
    "asked_at",
    "answer",
    "channel",
    "channel_name",
    "voter",
    "vote",
    "way",
    "reasons",
    "comment",
    "model",
    "endpoint",
    "surface",
    "parameters",
    "tokens",
    "usd",
    "first_seconds",
    "seconds",
    "system",
    "prompt",
    "text",
)


EXPORTED = Sentence(
    "I have sent you {votes:count vote} of {month}, as CSV and as JSONL, in our messages"
    "{texts:. None has its question and answer: those go along where an admin has typed `/grok "
    "feedback texts on`, for as long as answers are remembered"
    "|; one with its question and answer|; {texts:,} with their questions and answers}."
)
"""To whoever asked for it; `texts`: so many of them with what was asked and answered."""

EXPORT_TITLE = Sentence("Votes of {month}{parts:|, part {part} of {parts}}")
LEFT_OUT = (
    "There is more than messages can hold. Give the app the scope files:write, and it comes as a "
    "file."
)
