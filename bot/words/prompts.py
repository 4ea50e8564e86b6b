"""What is said about prompts that are saved under a name.

Slack's mrkdwn. What others wrote is passed in already made safe.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.words.quota import one_of

NO_NAME = "there is no name"
NOTHING_TO_SAVE = "there is no prompt behind the name"
ALLOWED_TO_SAVE = "a prompt, such as `Say it in one line: {text}`"
NONE_SAVED = (
    "No prompts are saved yet. `/grok prompts save brief Say it in one line: {text}` saves one."
)
HOW_TO_USE = "`/grok prompts use NAME` asks one; what follows the name stands in place of `{text}`."
FULL = (
    "So many prompts are saved there that there is no room for another. Delete one first: "
    "`/grok prompts delete NAME`."
)
SAVED = "*Saved prompts*, the nearest first: `/grok prompts use NAME` asks one."
YOURS = "*Yours*"
OF_CHANNEL = "*Of this channel*"
OF_WORKSPACE = "*Of the workspace*"


def allowed_name(reserved: Sequence[str]) -> str:
    """`reserved`: what would be a name, and means something else there."""
    return f"up to 30 small letters, digits, - and _, but not {one_of(reserved)}"


def not_a_name(name: str) -> str:
    return f"“{name}” is no name for a prompt"


def too_long(chars: int) -> str:
    return f"{chars:,} characters are too many"


def up_to(chars: int) -> str:
    return f"up to {chars:,} characters"


def names(whose: str, shown: Sequence[str], more: int) -> str:
    """Those of one owner; `more` are not among them."""
    rest = f" and {more} more" if more else ""
    return f"• {whose}: {', '.join(shown)}{rest}"


def row(name: str, beginning: str) -> str:
    return f"• `{name}`: {beginning}"


def how_asked(name: str, *, place: bool) -> str:
    """The command; `place`: there is one to fill in, without which it is not asked."""
    return f"`/grok prompts use {name} …`" if place else f"`/grok prompts use {name}`"


def saved(name: str, *, place: bool) -> str:
    return f"Saved. {how_asked(name, place=place)} asks it, `/grok prompts share {name}` shares it."


def unknown(name: str) -> str:
    return f"No prompt is called `{name}` here. `/grok prompts` lists those that there are."


def none_there(name: str, whose: str) -> str:
    """To whoever deletes what they do not have, or the channel or the workspace has not."""
    return (
        f"No prompt of {whose} is called `{name}`. `/grok prompts` lists all that there are; "
        f"`/grok prompts delete {name} channel` deletes one of the channel."
    )


def none_of_yours(name: str) -> str:
    """To whoever shares what is not theirs."""
    return f"No prompt of yours is called `{name}`. Save it first: `/grok prompts save {name} …`"


NOT_BOTH = "is asked by itself: choose it or something that is ready to ask, not both"
GONE = "is no prompt here any more: choose another one"
PLACE_LEFT = "still says {text}: write your own words in its place"
PLACE_EMPTY = "is empty, and the saved prompt has a place to fill in: write what stands there"


def needs_text(name: str) -> str:
    return f"`{name}` has a place to fill in: write your text behind `/grok prompts use {name}`."


def needs_words(name: str) -> str:
    """To whoever sends it as it was suggested."""
    return f"`{name}` has a place to fill in. Send it with your own words in place of {{text}}."


def shown(name: str, whose: str) -> str:
    return f"`{name}`, of {whose}:"


def shared(name: str, whose: str, *, place: bool) -> str:
    return f"Done. In {whose} it is asked by {how_asked(name, place=place)} now."


def told_shared(who: str, name: str, *, place: bool) -> str:
    """To everybody in the channel."""
    return f"{who} shares a prompt here: {how_asked(name, place=place)} asks it."


def deleted(name: str, whose: str) -> str:
    return f"Done. `{name}` is no prompt of {whose} any more."
