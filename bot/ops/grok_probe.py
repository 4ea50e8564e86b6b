"""Asks the Grok API about the key and the default model, and for an answer where that is wanted."""

from __future__ import annotations

from contextlib import aclosing, suppress

import httpx

from bot.completion.collect import Collector
from bot.completion.request import CompletionRequest
from bot.errors import GrokFailed, RequestRefused, Trouble
from bot.grok.client import GrokClient
from bot.ops import words

_URL_CHARS = 200


async def key_state(grok: GrokClient, base_url: str) -> str | Trouble:
    """What the API at `base_url` says about the key, or what is wrong with either."""
    try:
        found = await grok.reach()
    except GrokFailed:
        return Trouble(words.GROK_AWAY, words.REMEDY_GROK_AWAY)
    if found.key is None:
        return _no_api(base_url.rstrip("/"), found.onward, found.added, found.status)
    text = words.KEY_STATES[found.key]
    return text if found.key in ("ok", "unknown") else Trouble(text, words.REMEDY_GROK_KEY)


def _no_api(base_url: str, onward: str, added: str, status: int) -> Trouble:
    if onward:
        return Trouble(words.GROK_MOVED, words.REMEDY_ADDRESS(_base(onward)))
    if added:
        return Trouble(words.GROK_NO_API, words.REMEDY_ADDRESS(base_url + added))
    if status:
        return Trouble(words.GROK_OUT_OF_ORDER(status), words.REMEDY_GROK_AWAY)
    return Trouble(words.GROK_NO_API, words.REMEDY_GROK_ADDRESS)


def _base(onward: str) -> str:
    """The address of the API to whose list of models somebody was sent."""
    url = httpx.URL(onward).copy_with(query=None, fragment=None, userinfo=b"")
    plain = str(url)[:_URL_CHARS].rstrip("/")
    return plain.removesuffix("/models").removesuffix("/api-key")


async def model_state(grok: GrokClient, model: str) -> str | Trouble:
    """Which endpoint serves the default model, or that there is no such model."""
    catalogue = grok.catalogue
    await catalogue.refresh()
    if not catalogue.models:
        return words.MODEL_NOT_COMPARED(model)
    if catalogue.find(model) is None:
        nearest = ", ".join(catalogue.nearest(model))
        return Trouble(words.MODEL_UNKNOWN(model=model, nearest=nearest), words.REMEDY_GROK_MODEL)
    with suppress(GrokFailed):
        await grok.look_for_newest()
    call = grok.plan(CompletionRequest(model=model, prompt="?"))
    return words.MODEL_KNOWN(model=model, endpoint=call.endpoint)


async def answer_state(grok: GrokClient, model: str) -> str | Trouble:
    """Whether the default model answers: a word, after what it thinks; that is paid for."""
    request = CompletionRequest(model=model, prompt="Say OK.", max_tokens=1)
    collector = Collector(request)
    try:
        completion = grok.complete(grok.plan(request, nobodys_cap=True))  # where questions go
        async with aclosing(completion) as chunks:
            async for chunk in chunks:
                collector.add(chunk)
    except (GrokFailed, RequestRefused) as failed:
        return Trouble(failed.sentence, words.REMEDY_GROK_ANSWER)
    tokens = collector.usage.total_tokens if collector.usage else 0
    return words.ANSWERED(model=collector.model, endpoint=completion.call.endpoint, tokens=tokens)
