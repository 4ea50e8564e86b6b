"""How many tokens a request can be at most, by what stands in it.

A byte-level tokenizer, as Grok's and those of all open models are, makes at most one token of each
UTF-8 byte (digits, emoji, rare scripts and base64 come near to that; English makes one of four).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.completion.conversation import most_tokens
from bot.completion.enclosed import beside_text, carried
from bot.completion.request import CompletionRequest
from bot.completion.transcript import NO_PAST, Past, chat_messages, frame

PER_MESSAGE = 8
"""Tokens that mark a message of a chat: its role, its beginning and its end. Those of ChatML and
Llama 3 take five, OpenAI's Harmony up to seven (their chat templates)."""


def texts_of(request: CompletionRequest, system: str, past: Past = NO_PAST) -> tuple[str, ...]:
    """What is to be read of a request, in the longer of the two forms in which it can be sent; of a
    PDF what is written in it."""
    past = replace(past, files=carried(past.files, pictures=True, pdfs=False))
    around = frame(system, past)
    suffixes = [request.suffix] * len(request.prompts) if request.suffix else []
    plain = (*map(around.around, request.prompts), *suffixes)
    chat = tuple(
        message["content"] for message in chat_messages(system, past, "\n\n".join(request.prompts))
    )
    return max(plain, chat, key=most_read)


def most_enclosed(request: CompletionRequest, system: str, past: Past) -> int:
    """The most tokens that the files of `past` add to a request."""
    bare = replace(past, files=())
    written = most_read(texts_of(request, system, past)) - most_read(
        texts_of(request, system, bare)
    )
    return written + len(request.prompts) * beside_text(past.files)


def most_read(texts: Sequence[str]) -> int:
    """The most tokens that messages of `texts` can be."""
    return sum(map(most_tokens, texts)) + PER_MESSAGE * len(texts)
