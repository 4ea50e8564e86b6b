"""What is answered to the commands that look after Grok: what holds, what changed, who may.

Slack's mrkdwn. What others wrote is passed in already made safe.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bot.words.sentences import Sentence, counted, one_of

# --- who may --------------------------------------------------------------------------------

ONLY_ADMINS = {
    "defaults": "Only admins can change what Grok does here when you say nothing else.",
    "prompts": "Only admins can share prompts with others, and delete those that are shared.",
    "quota": "Only admins can set quotas.",
    "models": "Only admins can choose which models may be asked.",
    "search": "Only admins can choose what may be searched.",
    "pause": "Only admins can pause and resume Grok.",
    "audit": "Only admins can see who changed what.",
    "key": "Only admins can set the Grok key of this workspace.",
    "usage": "Only admins can see what the whole workspace used.",
    "export": "Only admins can export what was used.",
    "votes": "Only admins can see votes on answers, and choose in which channels people vote.",
    "person": "Only admins can see the quotas of somebody else.",
}
"""By what was wanted."""

WHERE_ADMINS = (
    "Slack lists the workspace’s owners and admins under *About this workspace*, in the menu that "
    "opens at its name."
)
_MOST_ADMINS = 3


def only_admins(matter: str, admins: Sequence[str] = ()) -> str:
    """To who is none, and whom to ask; `admins` mention some, where the bot knows any by itself."""
    ask = f"Please ask {one_of(admins[:_MOST_ADMINS])}." if admins else WHERE_ADMINS
    return f"{ONLY_ADMINS[matter]} {ask}"


def admins_can(what: str, admins: Sequence[str] = ()) -> str:
    """Who can do what the reader cannot; `admins` as above."""
    if admins:
        return f"{one_of(admins[:_MOST_ADMINS])} can {what}."
    return f"An admin can {what}. {WHERE_ADMINS}"


ONLY_MEMBERS = {
    "rules": (
        "Only members of this workspace can see what is set here and what others used. "
        "`/grok usage` and `/grok quota` show your own part."
    ),
    "answer": (
        "Guests and people of other organisations can continue, retry, edit, vote on and look "
        "into only what they asked themselves. Please ask your own question."
    ),
}
"""By what was wanted."""

NOT_FOR_GUESTS = (
    "Guests and people of other organisations cannot change what Grok does here. Please ask a "
    "member of this workspace."
)
WHO_ARE_YOU = "Slack did not tell me just now who you are. Please try again in a minute."

SLACK_SILENT = (
    "Slack did not tell me just now whether you are in that conversation. Please try again in a "
    "minute."
)
NOT_SEEN_THERE = (
    "I cannot see that you are in that conversation. If you are, invite me there (`/invite @Grok`) "
    "and try again."
)

# --- when nothing comes of it ---------------------------------------------------------------

NOT_CHANGED = (
    "I cannot reach my memory just now, so nothing was changed. Please try again in a minute."
)
MAYBE_CHANGED = (
    "I cannot reach my memory just now, so I cannot tell whether this was changed. Look again in "
    "a minute: `/grok audit` says so."
)
FAILED = "Something went wrong on my side. Please try again."

# --- whose ----------------------------------------------------------------------------------

THIS_CHANNEL = "this channel"
SOMEBODY = "somebody"
"""In the place of a person who was forgotten."""

A_CONVERSATION = "another conversation"
THE_WORKSPACE = "the workspace"
THE_BOT = "how the bot is set up"
SOURCES: Mapping[str, str] = {
    "own": "your own",
    "channel": THIS_CHANNEL,
    "workspace": THE_WORKSPACE,
    "settings": THE_BOT,
}
"""Where a value comes from."""

# --- one value ------------------------------------------------------------------------------

NOT_SET = "not set"
NO_LIMIT = "no limit"
ON = "on"
OFF = "off"
ALLOWED = "may be asked"
FORBIDDEN = "may not be asked"
NOT_NAMED = "no rule"
QUESTIONS = "new questions"
OTHER_MODELS = "all other models"
VOTES = "thumbs below answers"
TEXTS = "questions and answers go along"
GROK_KEY = "Grok key"
KEYS = {None: "that of the bot", "own": "the workspace’s own", "another": "another of its own"}
TAKEN = "taken"
NOT_TAKEN = "not taken"


def flag(name: str) -> str:
    """A parameter, as it is typed."""
    return f"`--{name.replace('_', '-')}`"


CHANGE = Sentence("• {what}: {before} → {after}")


def code(text: str) -> str:
    """An id, or what is typed."""
    return f"`{text}`"


# --- what changed ---------------------------------------------------------------------------

CHANGED = {
    "defaults": Sentence("Done. Defaults of {whose}:"),
    "limits": Sentence("Done. Quotas of {whose}:"),
    "models": Sentence("Done. Models of {whose}:"),
    "search": Sentence("Done. What may be searched in {whose}:"),
    "feedback": Sentence("Done. Votes on answers in {whose}:"),
    "texts": Sentence("Done. When votes of {whose} are exported:"),
}
"""To whoever changed it."""

YOURS_CHANGED = "Done. Your own defaults:"
UNCHANGED = "Nothing to change: that is how it was already."
FORBIDDEN_EVERYWHERE = "What the workspace forbids stays forbidden here."
NOT_ANNOUNCED = (
    "I may not write in this channel, so nobody else was told. Invite me (`/invite @Grok`), and "
    "I will tell them next time."
)
STILL_PAUSED = "The whole workspace is still paused: `/grok resume workspace` ends that."
NO_MODEL_LEFT = (
    "⚠️ No model may be asked now. Allow some with `/grok models allow`, or all with "
    "`/grok models allow all`."
)
ALL_MODELS = "Every model may be asked now."


_RESUME = "`/grok resume {kind}` ends the pause."
HOW_TO_RESUME = Sentence(_RESUME)
"""To an admin; `kind` of the scope that is paused, as it is typed."""

PAUSED = Sentence(
    "Done. No new questions are taken in {whose}. Answers that are being written go on. " + _RESUME
)
PAUSED_ALREADY = Sentence("Grok is paused already: {who} did that, {when}. " + _RESUME)

RESUMED = Sentence("Done. Questions are taken again in {whose}.")
NOT_ON_LIST = Sentence(
    "Not on Grok’s list: {models}. `/grok models` shows how the others are spelled."
)
NOTHING_LISTED_LEFT = (
    "⚠️ No model on Grok’s list may be asked now: unless Grok has one that it does not list, nobody "
    "can ask anything. `/grok models allow all` allows all again."
)
DEFAULT_REFUSED = Sentence(
    "⚠️ Whoever says nothing else is refused now, for a default of {whose}: {flag} ({problem}). "
    "`{command}`{elsewhere:, typed there,|} takes it back."
)


def take_back(name: str, source: str) -> str:
    """The command that takes the default `name` back, where it was set."""
    command = f"/grok defaults unset {name.replace('_', '-')}"
    return f"{command} workspace" if source == "workspace" else command


ALLOWED_ONLY = Sentence("Only these may be asked now: {models}.")
ALLOWED_BUT = Sentence("Every model may be asked now, except {models}.")

# --- told to a channel ----------------------------------------------------------------------

TOLD_DEFAULTS = Sentence(
    "{who} changed what Grok does here when you say nothing else: {changes}. `/grok defaults` "
    "shows all of it."
)
TOLD_SET = Sentence("{what} {value}")
TOLD_UNSET = Sentence("{what} is no longer set")
TOLD_SEARCH = Sentence("{who} changed what may be searched here. {sentence}")
TOLD_MODELS = Sentence("{who} changed which models may be asked here. {sentence}")


TOLD_TEXTS = {
    True: Sentence(
        "{who} lets questions and answers of this channel go along when admins export how people "
        "voted on them."
    ),
    False: Sentence(
        "{who} keeps questions and answers of this channel out of exports from now on."
    ),
}
"""By whether admins can export them from now on."""

TOLD_PAUSED = Sentence("⏸️ {who} paused Grok in this channel: no new questions are taken for now.")
TOLD_RESUMED = Sentence("▶️ {who} resumed Grok in this channel: ask away.")
TOLD_MORE = Sentence("{number} more")

# --- what holds -----------------------------------------------------------------------------

DEFAULTS_HERE = "*When you say nothing else, this holds here:*"
HOW_TO_SET = (
    "Change them with `/grok defaults set --temperature 0.5`, or for one question with flags."
)
HOW_TO_SAY = "For one question you can say otherwise with flags, such as `--temperature 0.5`."
FIRST_ALLOWED = "the first that may be asked here"

LOWERED = Sentence("the most that is allowed here, set to {value}")
"""Where a default comes from that was set to `value`, which is above its cap."""

IN_PLACE_OF = Sentence("{source}, in place of {model} ({other}), which may not be asked here")
"""Where a default model comes from, while `model`, which comes from `other`, is not allowed."""

NONE_SET = Sentence(
    "No defaults are set for {whose}. `/grok defaults set --temperature 0.5` sets one."
)
NONE_OF_YOURS = (
    "You have no defaults of your own. `/grok defaults set --temperature 0.5 me` sets one."
)
YOURS = "your own"
TOO_MANY_SAVED = (
    "You have saved so much that there is no room for more. Take some of it back first."
)


DEFAULTS_OF = Sentence("*Defaults of {whose}:*")
YOUR_DEFAULTS = "*Your own defaults:*"
DEFAULT = Sentence("• {name} {value}[ ({explained})][ · _{source}_]")
"""One line: what holds, what that means where `name` does not say, and where it comes from."""

PAUSED_SINCE = Sentence("⏸️ No questions are taken in {whose}: {who} paused Grok, {when}.")

CLOSED_HERE = "⏸️ No questions are taken here for now."
"""To whom the rest is none of their business."""

UNREAD = Sentence(
    "⚠️ No questions are taken here: another version of this bot has set {fields}, and I cannot "
    "read it. An admin can set it again, or take it away."
)

# --- the list of changes --------------------------------------------------------------------

AUDIT = "*The latest changes:*"
NO_CHANGES = "Nobody has changed anything yet."
AUDIT_ENTRY = Sentence("• {when} · {who} · {whose}")
AUDIT_CHANGE = Sentence("      {what}: {before} → {after}")

# --- the models -----------------------------------------------------------------------------

MODELS = "*Models:*"
MODELS_ALLOWED = "*Models that may be asked here:*"
MODELS_FORBIDDEN = "*These may not be asked here:*"
DEFAULT_HERE = "the default here"
NOT_LISTED = "not on Grok’s list"
SEES = "looks at pictures"
READS_FILES = "reads PDFs"
SEARCHES = "searches"


def abilities(
    *, reasons: bool | None, efforts: Sequence[str], does: Sequence[str], blind: bool
) -> tuple[str, ...]:
    """What a model can do, as far as it is known: `efforts` is how long it can be told to think,
    `does` what else it does. `blind`: it is known to look at no pictures."""
    thinks = f"thinks (`--effort` {', '.join(efforts)})" if efforts else "thinks"
    known = [thinks] if reasons else ["does not think"] if reasons is False else []
    return (*known, *does, *(["looks at no pictures"] if blind else []))


LONG_PROMPT = Sentence("from {tokens:,} tokens on {read:dollars} in, {written:dollars} out")


BELOW = Sentence("{line}[\n      {facts}]")
"""A line of a list with facts below it."""

RETIRED = Sentence(
    "{names:and} no longer {names:exists|exist}: `{model}` answers in {names:its|their} place, at "
    "its own price."
)
EVERY_MODEL_FORBIDDEN = "None. An admin can allow some with `/grok models allow`."
UNKNOWN_MODEL = Sentence(
    "there is no model called {model}; `/grok models` lists all.[ Did you mean {nearest}?]"
)
NOT_IN_THIS_CHANNEL = (
    "Questions are not taken in this channel. Ask an admin of Grok in which ones they are."
)
MEMBERS_ONLY = "Only members of this workspace may ask Grok. Please ask a member to do it for you."


def asked_too_often(most: int, seconds: float) -> str:
    """Told to somebody who has asked `most` questions in a minute, and may again in `seconds`."""
    return (
        f"You have asked {counted(most, 'question')} within a minute, and nobody may ask more at a "
        f"time. Please ask again in {max(1, math.ceil(seconds))} s."
    )
