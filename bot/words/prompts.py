"""What is said about prompts that are saved under a name.

Slack's mrkdwn. What others wrote is passed in already made safe.
"""

from __future__ import annotations

NO_NAME = "there is no name"
ALLOWED_NAME = "up to 30 small letters, digits, - and _, and no word that means something here"
NOTHING_TO_SAVE = "there is no prompt behind the name"
ALLOWED_TO_SAVE = "a prompt, such as `Say it in one line: {text}`"
NONE_SAVED = (
    "No prompts are saved yet. `/grok prompts save brief Say it in one line: {text}` saves one."
)
HOW_TO_USE = "`/grok prompts use NAME` asks one; what follows the name stands in place of `{text}`."
FULL = "So many prompts are saved there that no more fits. Delete one first."
YOURS = "*Yours*"
OF_CHANNEL = "*Of this channel*"
OF_WORKSPACE = "*Of the workspace*"


def not_a_name(name: str) -> str:
    return f"“{name}” is no name for a prompt"


def too_long(chars: int) -> str:
    return f"{chars:,} characters are too many"


def up_to(chars: int) -> str:
    return f"up to {chars:,} characters"


def row(name: str, beginning: str) -> str:
    return f"• `{name}`: {beginning}"


def saved(name: str) -> str:
    return f"Saved. `/grok prompts use {name}` asks it; `/grok prompts share {name}` lets others."


def unknown(name: str) -> str:
    return f"No prompt is called `{name}` here. `/grok prompts` lists those that there are."


def none_of_yours(name: str) -> str:
    """To whoever shares what is not theirs."""
    return f"No prompt of yours is called `{name}`. Save it first: `/grok prompts save {name} …`"


def needs_text(name: str) -> str:
    return f"`{name}` has a place to fill in: write your text behind `/grok prompts use {name}`."


def shown(name: str, whose: str) -> str:
    return f"`{name}`, of {whose}:"


def shared(name: str, whose: str) -> str:
    return f"Done. In {whose} it is asked by `/grok prompts use {name}` now."


def told_shared(who: str, name: str) -> str:
    """To everybody in the channel."""
    return f"{who} shares a prompt here: `/grok prompts use {name}` asks it."


def deleted(name: str, whose: str) -> str:
    return f"Done. `{name}` is no prompt of {whose} any more."
