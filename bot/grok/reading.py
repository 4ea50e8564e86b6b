"""Reads what either endpoint answers, event by event or whole, and forgives what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from bot.completion.endings import NO_REASON, plain_reason
from bot.completion.result import Chunk, TokenLogprob
from bot.completion.rules import MAX_ANSWERS
from bot.grok.halves import as_text
from bot.grok.usage import read_usage

_LARGEST = 1e300
"""JSON has numbers that no float holds; they are as good as none."""

_MOST_ENTRIES = 5_000
"""Parts of a message, or tokens with their chances, in one event or body."""

_MOST_CHOICES = 4 * MAX_ANSWERS

_NAME_CHARS = 200
"""Of a model, or of a reason to end."""


def read(answer: Mapping[str, Any]) -> list[Chunk]:
    """One chunk for each choice that moved, then one for the usage.

    Where several choices of one event have the same index, their places tell them apart.
    """
    model = _name(answer.get("model")) or None
    choices = _maps(answer.get("choices"))[:_MOST_CHOICES]
    indices = [_count(choice.get("index"), place) for place, choice in enumerate(choices)]
    if len(set(indices)) < len(indices):
        indices = list(range(len(indices)))
    chunks = [_choice(*each, model) for each in zip(choices, indices, strict=True)]
    usage = read_usage(answer)
    if usage is not None:
        chunks.append(Chunk(model=model, usage=usage))
    return chunks


def _choice(choice: Mapping[str, Any], index: int, model: str | None) -> Chunk:
    delta, message = _map(choice.get("delta")), _map(choice.get("message"))
    text = _text(choice.get("text")) or _content(delta)
    reasoning = _reasoning(delta) or _text(choice.get("reasoning"))
    whole = bool(message) and not text and not reasoning
    reason = _name(choice.get("finish_reason"))
    return Chunk(
        choice=index,
        text=_content(message) if whole else text,
        reasoning=_reasoning(message) if whole else reasoning,
        logprobs=tuple(_logprobs(_map(choice.get("logprobs")))),
        finish_reason=None if plain_reason(reason) in NO_REASON else reason,
        model=model,
        whole=whole,
    )


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    parts = [content] if isinstance(content, Mapping) else content
    if isinstance(parts, list):
        return "".join(each if isinstance(each, str) else _part(each) for each in _list(parts))
    return _text(content) or _text(message.get("refusal"))


def _part(part: Any) -> str:
    return "" if _thinks(_map(part)) else _text(_map(part).get("text"))


def _reasoning(message: Mapping[str, Any]) -> str:
    """Under any of its names, or as parts of the content (Mistral's `thinking`)."""
    for name in ("reasoning_content", "reasoning", "thinking"):
        if thought := _text(message.get(name)):
            return thought
    parts = [part for part in _maps(message.get("content")) if _thinks(part)]
    return "".join(_thought(part) for part in parts)


def _thinks(part: Mapping[str, Any]) -> bool:
    return _text(part.get("type")) in {"thinking", "reasoning"}


def _thought(part: Mapping[str, Any]) -> str:
    thought = part.get("thinking") or part.get("text")
    return _text(thought) or "".join(_text(each.get("text")) for each in _maps(thought))


def _logprobs(logprobs: Mapping[str, Any]) -> Iterator[TokenLogprob]:
    """Either form; a token without a number (the first of an echo) is left out."""
    if isinstance(logprobs.get("content"), list):
        for entry in _maps(logprobs["content"]):
            top = [
                (as_text(_text(each.get("token"))), each.get("logprob"))
                for each in _maps(entry.get("top_logprobs"))
            ]
            yield from _token(entry.get("token"), entry.get("logprob"), top)
        return
    tokens, numbers, tops = (
        _list(logprobs.get(name)) for name in ("tokens", "token_logprobs", "top_logprobs")
    )
    for place, (token, number) in enumerate(zip(tokens, numbers, strict=False)):
        top = list(_map(tops[place]).items()) if place < len(tops) else []
        yield from _token(token, number, top)


def _token(token: object, logprob: object, top: list[tuple[str, Any]]) -> Iterator[TokenLogprob]:
    if not isinstance(token, str) or not _is_number(logprob):
        return
    likeliest = sorted(
        ((as_text(name), float(number)) for name, number in top if _is_number(number)),
        key=lambda each: -each[1],
    )
    yield TokenLogprob(as_text(token), float(logprob), tuple(likeliest))


def _is_number(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -_LARGEST < value < _LARGEST
    )


def _count(value: object, otherwise: int = 0) -> int:
    return int(value) if _is_number(value) and value >= 0 else otherwise


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _name(value: object) -> str:
    return as_text(_text(value)[:_NAME_CHARS])


def _list(value: object) -> list[Any]:
    return value[:_MOST_ENTRIES] if isinstance(value, list) else []


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[Mapping[str, Any]]:
    return [each for each in _list(value) if isinstance(each, Mapping)]
