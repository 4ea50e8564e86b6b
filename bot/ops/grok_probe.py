"""Asks the Grok API about the key and the default model; nothing is spent."""

from __future__ import annotations

from bot.completion.request import CompletionRequest
from bot.errors import GrokFailed
from bot.grok.client import GrokClient
from bot.ops import words
from bot.ops.trouble import Trouble


async def key_state(grok: GrokClient) -> str | Trouble:
    """What the API says about the key, or what is wrong with it."""
    try:
        state = await grok.key_state()
    except GrokFailed:
        return Trouble(words.GROK_AWAY, words.REMEDY_GROK_AWAY)
    text = words.KEY_STATES[state]
    return text if state in ("ok", "unknown") else Trouble(text, words.REMEDY_GROK_KEY)


async def model_state(grok: GrokClient, model: str) -> str | Trouble:
    """Which endpoint serves the default model, or that there is no such model."""
    catalogue = grok.catalogue
    await catalogue.refresh()
    if not catalogue.models:
        return words.model_not_compared(model)
    if catalogue.find(model) is None:
        nearest = ", ".join(catalogue.nearest(model))
        return Trouble(words.model_unknown(model, nearest), words.REMEDY_GROK_MODEL)
    call = grok.plan(CompletionRequest(model=model, prompt="?"))
    return words.model_known(model, call.endpoint)
