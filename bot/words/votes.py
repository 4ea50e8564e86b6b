"""What is said about votes on answers: to those who vote, and to admins who read them.

Slack's mrkdwn. What others wrote is passed in already made safe.
"""

from __future__ import annotations

from collections.abc import Mapping

GOOD = "Good answer"
BAD = "Bad answer"

_SIGNS: Mapping[str, str] = {"up": "👍", "down": "👎"}

SWITCHED_OFF = "Votes on answers are switched off here. Yours was not counted."
NOT_YET = "This answer is not complete yet. Please vote when it is."
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


def counted(choice: str) -> str:
    """To whoever has voted."""
    return f"{_SIGNS[choice]} counts, thank you. Only admins see who voted."


def changed(choice: str) -> str:
    """To whoever has changed their mind."""
    return f"{_SIGNS[choice]} counts now, in place of what you said before."
