"""What Grok's refusals and failures mean to the person who asked."""

from __future__ import annotations

from collections.abc import Sequence

from bot.words.search import PLACES
from bot.words.sentences import Sentence, one_of

GROK_SENTENCES: dict[str, str] = {
    "bad_key": (
        "Grok does not accept this bot’s key. Please ask whoever runs the bot to check XAI_API_KEY."
    ),
    "no_credit": (
        "This bot’s Grok account has no credit left or has reached its spending limit. Please "
        "tell whoever runs the bot."
    ),
    "not_permitted": (
        "This bot’s Grok account is not allowed to do that. Try another model, or ask whoever "
        "runs the bot to check the permissions of its key."
    ),
    "refused": (
        "Grok’s safety rules, or those of the server before it, refuse this question. Please ask "
        "in other words."
    ),
    "too_long": (
        "That is more than the model can take at once. Shorten the prompt or lower "
        "`--max-tokens`, and ask again."
    ),
    "rate_limited": "Grok has too much to do at the moment. Please ask again in a minute.",
    "unavailable": "Grok is out of order at the moment. Please ask again in a few minutes.",
}
"""What a refusal means to the person who asked, by the `kind` of `GrokFailed`."""

_SET_KEY = "Please tell an admin of this workspace: `/grok key` sets another, or removes it."
OWN_KEY: dict[str, str] = {
    "bad_key": f"Grok does not accept this workspace’s own key. {_SET_KEY}",
    "no_credit": (
        "The Grok account of this workspace’s own key has no credit left or has reached its "
        "spending limit. Please tell an admin of this workspace: credit can be bought at xAI, and "
        "`/grok key` sets another key, or removes it."
    ),
    "not_permitted": (
        "This workspace’s own Grok key is not allowed to do that. Try another model, or ask an "
        "admin of this workspace: `/grok key` sets another key, or removes it."
    ),
}
"""The same where admins of the workspace have set its key, which nobody else can mend."""

GROK_UNREACHABLE = "Grok cannot be reached at the moment. Please ask again in a few minutes."
GROK_CUT = "The connection to Grok broke before the answer was complete. Please ask again."
GROK_STRANGE = (
    "What came back was not an answer from Grok. Please ask again; if it stays like this, tell "
    "whoever runs the bot."
)
GROK_GARBLED = (
    "A part of Grok’s answer came garbled, so it breaks off here. Please ask again; if it stays "
    "like this, tell whoever runs the bot."
)
GROK_NOTHING = "Nothing came back from Grok. Please ask again in a few minutes."
GROK_TOO_MUCH = (
    "Far more came from Grok than was asked for, so it is cut off here. Please ask again; if it "
    "stays like this, tell whoever runs the bot."
)
GROK_NO_API = (
    "There is no Grok at the configured address. Please ask whoever runs the bot to check "
    "XAI_BASE_URL."
)
GROK_BUSY = Sentence("Grok has too much to do at the moment. Please ask again in {seconds:about}.")
GROK_OUT_OF_ORDER = Sentence(
    "Grok is out of order at the moment. Please ask again in {seconds:about}."
)
GROK_LATE = Sentence(
    "Grok has not begun to answer within {seconds:duration}. Please ask again, perhaps with "
    "another model."
)
GROK_LOST_IN_SEARCH = Sentence(
    "Grok has searched for {seconds:duration} without a word. Please ask again, perhaps with a "
    "lower `--max-turns`."
)
GROK_SILENT = Sentence("Grok fell silent for {seconds:duration} in the middle. Please ask again.")
GROK_TOO_SLOW = Sentence(
    "Grok was not done after {seconds:duration}. Ask for less at once, or set a lower "
    "`--max-tokens`."
)
GROK_UNKNOWN_MODEL = Sentence(
    "Grok has no model called {model}.[ Did you mean {nearest:or}?] Choose another with `--model`."
)
GROK_UNLISTED = Sentence("Grok has no model called {model}")
GROK_MISSPELT = Sentence(
    "Grok has no model called {model}; `/grok models` lists all. Did you mean {nearest:or}?"
)

GROK_LISTED = "a model that `/grok models` lists"
"""`allowed` of the same fault, where none looks like it."""

GROK_NOT_SERVED = Sentence("{model} cannot be asked this way. Choose another model with `--model`.")
GROK_PARAMETER = Sentence(
    "{model} does not take `{parameter}` as it was given. Ask again without it."
)
GROK_INVALID = Sentence(
    "Grok could not make sense of this request.[ It said: “{excerpt}”.] Please change it and ask "
    "again."
)
GROK_NO_EYES = Sentence("{model} does not look at pictures")
GROK_FOUND_BLIND = Sentence(
    "{model} does not look at pictures. Ask without them, or another model: `/grok models`."
)
GROK_NO_EYES_HERE = Sentence(
    "no pictures can go along to the {endpoint} endpoint, where this has to go"
)
GROK_CANNOT = Sentence("{model} cannot do this")
GROK_CANNOT_HERE = Sentence("this bot is set to GROK_ENDPOINT={endpoint}, which cannot do this")


def grok_able_at(parameter: str, endpoint: str) -> str:
    """`allowed` of the same fault; `endpoint` is the newest that could."""
    able = f"with GROK_ENDPOINT={endpoint} or auto"
    return f"one prompt, or several {able}" if parameter == "prompt" else able


NO_SEARCH_HERE = "the server that this bot asks cannot search"
"""`problem` of a fault about a search."""

NOT_WITH_SEARCH = "cannot go together with --search"
"""`problem` of a fault about a parameter."""


def grok_not_searched(model: str, places: Sequence[str]) -> str:
    """`problem` of a fault about a search; `places` are keys of `PLACES`."""
    return f"{model} cannot search {one_of([PLACES[place] for place in places])} here"


def grok_ask_without_search(model: str, places: Sequence[str]) -> str:
    """The API rejects the tools that search; nothing was spent."""
    problem = grok_not_searched(model, places)
    return f"{problem}. Ask again with `--search off`, or with another model."


GROK_NO_LOGPROBS = Sentence(
    "{model} does not say how likely its tokens are, so `--logprobs` brings nothing. The answer "
    "comes all the same."
)
GROK_NO_EFFORT = Sentence("{model} does not take {effort}")


def grok_able(parameter: str, model: str) -> str:
    """`allowed` of the same fault; `model` is one that could, or empty."""
    if parameter == "prompt":
        return f"one prompt, or several with a model such as {model}" if model else "one prompt"
    return f"with a model such as {model}" if model else ""
