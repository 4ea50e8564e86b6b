"""What is said about prompts that are saved under a name.

Slack's mrkdwn. What others wrote is passed in already made safe.
"""

from __future__ import annotations

from bot.words.sentences import Sentence

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
ALLOWED_NAME = Sentence("up to 30 small letters, digits, - and _, but not {reserved:or}")
ALLOWED_SAVED = "write one that `/grok prompts` lists"
NOT_A_NAME = Sentence("“{name}” is no name for a prompt")
TOO_LONG = Sentence("{chars:,} characters are too many")
UP_TO_CHARS = Sentence("up to {chars:,} characters")
NAMES = Sentence("• {whose}: {shown:list}[ and {more} more]")
ROW = Sentence("• `{name}`: {beginning}")


def how_asked(name: str, *, place: bool) -> str:
    """The command; `place`: there is one to fill in, without which it is not asked."""
    return f"`/grok prompts use {name}{' …' if place else ''}`"


_REPLACED = "[, in place of the one that was `{replaced}` before]"
SAVED_AS = Sentence(
    "Saved" + _REPLACED + ". {how} asks it, `/grok prompts share {name}` shares it.[ `{other}` "
    "stays in it as it is: what you type takes the place of `{{text}}` alone.]"
)
"""`how` is what `how_asked` says; `replaced` the name where it took the place of another one; in
`SHARED` as well."""

_MEANT = "[ Did you mean `{nearest}`?]"
"""`nearest`: a name that is like what was typed; in `NONE_THERE` and `NONE_OF_YOURS` as well."""

UNKNOWN = Sentence(
    "No prompt is called `{name}` here." + _MEANT + " `/grok prompts` lists those that there are."
)
NONE_THERE = Sentence(
    "No prompt of {whose} is called `{name}`."
    + _MEANT
    + " `/grok prompts` lists all that there are; `/grok prompts delete {name} channel` deletes "
    "one of the channel."
)
NONE_OF_YOURS = Sentence(
    "No prompt of yours is called `{name}`."
    + _MEANT
    + " Save it first: `/grok prompts save {name} …`"
)
NOT_BOTH = "is asked by itself: choose it or something that is ready to ask, not both"
GONE = "is no prompt here any more: choose another one"
PLACE_LEFT = "still says {text}: write your own words in its place"
PLACE_EMPTY = "is empty, and the saved prompt has a place to fill in: write what stands there"
NEEDS_TEXT = Sentence(
    "`{name}` has a place to fill in: write your text behind `/grok prompts use {name}`."
)

NEEDS_WORDS = Sentence(
    "`{name}` has a place to fill in. Send it with your own words in place of {{text}}."
)
"""To whoever sends it as it was suggested."""

SHOWN = Sentence("`{name}`, of {whose}:")

SHARED = Sentence("Done" + _REPLACED + ". In {whose} it is asked by {how} now.")
TOLD_SHARED = Sentence("{who} shares a prompt here: {how} asks it.")
DELETED = Sentence("Done. `{name}` is no prompt of {whose} any more.")
