"""What Grok's refusals and failures mean to the person who asked."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.words import counted
from bot.words.quota import one_of
from bot.words.search import PLACES

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


def grok_busy(seconds: float) -> str:
    """It takes questions again in so many seconds, which is longer than anybody waits."""
    return f"Grok has too much to do at the moment. Please ask again in {_about(seconds)}."


def grok_out_of_order(seconds: float) -> str:
    """It says itself that it is back in so many seconds."""
    return f"Grok is out of order at the moment. Please ask again in {_about(seconds)}."


def grok_late(seconds: float) -> str:
    """Nothing came within the deadline for the first event."""
    return (
        f"Grok has not begun to answer within {_duration(seconds)}. Please ask again, perhaps "
        "with another model."
    )


def grok_lost_in_search(seconds: float) -> str:
    """Nothing came for so long while it searched."""
    return (
        f"Grok has searched for {_duration(seconds)} without a word. Please ask again, perhaps "
        "with a lower `--max-turns`."
    )


def grok_silent(seconds: float) -> str:
    """The answer stopped growing."""
    return f"Grok fell silent for {_duration(seconds)} in the middle. Please ask again."


def grok_too_slow(seconds: float) -> str:
    """The whole answer took too long."""
    return (
        f"Grok was not done after {_duration(seconds)}. Ask for less at once, or set a lower "
        "`--max-tokens`."
    )


def grok_unknown_model(model: str, nearest: Sequence[str]) -> str:
    """No such model; `nearest` are ids that look like it."""
    names = one_of(nearest)
    meant = f" Did you mean {names}?" if names else ""
    return f"{grok_unlisted(model)}.{meant} Choose another with `--model`."


def grok_unlisted(model: str) -> str:
    """`problem` of a fault: the API lists other models, and not this one."""
    return f"Grok has no model called {model}"


def grok_misspelt(model: str, nearest: Sequence[str]) -> str:
    """The same, where `nearest` look like it: not all that there are."""
    return f"{grok_unlisted(model)}; `/grok models` lists all. Did you mean {one_of(nearest)}?"


GROK_LISTED = "a model that `/grok models` lists"
"""`allowed` of the same fault, where none looks like it."""


def grok_not_served(model: str) -> str:
    """The model exists, but no endpoint that this bot may use serves it."""
    return f"{model} cannot be asked this way. Choose another model with `--model`."


def grok_parameter(model: str, parameter: str) -> str:
    """The API refused one parameter, by its flag."""
    return f"{model} does not take `{parameter}` as it was given. Ask again without it."


def grok_invalid(excerpt: str) -> str:
    """The API refused the request; `excerpt` is what it said, made safe, or empty."""
    said = f" It said: “{excerpt}”." if excerpt else ""
    return f"Grok could not make sense of this request.{said} Please change it and ask again."


def grok_no_eyes(model: str) -> str:
    """`problem` of a fault; `model` is made safe to show."""
    return f"{model} does not look at pictures"


def grok_found_blind(model: str) -> str:
    """The server said so when it was asked; `model` is made safe to show."""
    return f"{model} does not look at pictures. Ask without them, or another model: `/grok models`."


def grok_no_eyes_here(endpoint: str) -> str:
    """`problem` of a fault about an endpoint that takes text alone."""
    return f"no pictures can go along to the {endpoint} endpoint, where this has to go"


def grok_cannot(model: str) -> str:
    """`problem` of a fault: the endpoint that serves `model` does not have this parameter."""
    return f"{model} cannot do this"


def grok_cannot_here(endpoint: str) -> str:
    """`problem` of a fault: the endpoint that the operator chose does not have this parameter."""
    return f"this bot is set to GROK_ENDPOINT={endpoint}, which cannot do this"


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


def grok_no_logprobs(model: str) -> str:
    """Told at once; `model` is made safe to show."""
    return (
        f"{model} does not say how likely its tokens are, so `--logprobs` brings nothing. The "
        "answer comes all the same."
    )


def grok_no_effort(model: str, effort: str) -> str:
    """`problem` of a fault: the model can be told to think for other times only."""
    return f"{model} does not take {effort}"


def grok_able(parameter: str, model: str) -> str:
    """`allowed` of the same fault; `model` is one that could, or empty."""
    if parameter == "prompt":
        return f"one prompt, or several with a model such as {model}" if model else "one prompt"
    return f"with a model such as {model}" if model else ""


def _about(seconds: float) -> str:
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds > 1.5 * size:
            return f"about {math.ceil(seconds / size - 0.1)} {unit}s"
        if seconds > 0.9 * size:
            return f"about 1 {unit}"
    return f"about {counted(math.ceil(seconds), 'second')}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return "1 second" if seconds == 1 else f"{seconds:g} seconds"
    return f"{seconds / 60:.0f} minutes"
