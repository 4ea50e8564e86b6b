"""Reads what either endpoint answers, event by event or whole, and forgives what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from bot.completion.result import Chunk, TokenLogprob
from bot.completion.rules import MAX_ANSWERS
from bot.grok.usage import read_usage

_TURN_ENDED = "end_turn"
"""xAI may say this before the last event of a choice, so it ends nothing yet."""

_LARGEST = 1e300
"""JSON has numbers that no float holds; they are as good as none."""

_MOST_ENTRIES = 5_000
"""Parts of a message, or tokens with their chances, in one event or body."""

_MOST_CHOICES = 4 * MAX_ANSWERS

_NAME_CHARS = 200
"""Of a model, or of a reason to end."""


def read(answer: Mapping[str, Any]) -> list[Chunk]:
    """One chunk for each choice that moved, then one for the usage."""
    model = _text(answer.get("model"))[:_NAME_CHARS] or None
    chunks = [
        _choice(choice, position, model)
        for position, choice in enumerate(_maps(answer.get("choices"))[:_MOST_CHOICES])
    ]
    usage = read_usage(answer)
    if usage is not None:
        chunks.append(Chunk(model=model, usage=usage))
    return chunks


def read_whole(answer: Mapping[str, Any]) -> list[Chunk]:
    """The chunks of an answer that came in one body, where every choice has ended."""
    return [
        replace(chunk, finish_reason="stop") if chunk.finish_reason == _TURN_ENDED else chunk
        for chunk in read(answer)
    ]


class Progress:
    """Which choices of a stream have begun and ended."""

    def __init__(self) -> None:
        self.said = False
        """Whether some text or thought has come."""
        self._open: set[int] = set()
        self._finished: set[int] = set()
        self._turn_ended: set[int] = set()

    def follow(self, chunks: list[Chunk]) -> Iterator[Chunk]:
        """Pass the chunks of one event on, with the finish that counts."""
        for chunk in chunks:
            if chunk.usage is not None:
                yield chunk
                continue
            self._open.add(chunk.choice)
            if chunk.finish_reason == _TURN_ENDED:
                self._turn_ended.add(chunk.choice)
                chunk = replace(chunk, finish_reason=None)  # noqa: PLW2901
            elif chunk.finish_reason is not None:
                self._finished.add(chunk.choice)
            self.said = self.said or bool(chunk.text or chunk.reasoning)
            if chunk.text or chunk.reasoning or chunk.logprobs or chunk.finish_reason:
                yield chunk

    @property
    def begun(self) -> bool:
        """Whether any choice has begun."""
        return bool(self._open)

    @property
    def complete(self) -> bool:
        """Whether every choice that began has ended, and one has."""
        ended = self._finished | self._turn_ended
        return bool(ended) and self._open <= ended

    def rest(self) -> Iterator[Chunk]:
        """What is left to say when the stream has ended well."""
        for choice in sorted(self._turn_ended - self._finished):
            yield Chunk(choice=choice, finish_reason="stop")


def _choice(choice: Mapping[str, Any], position: int, model: str | None) -> Chunk:
    index = _count(choice.get("index"), position)
    message = _map(choice.get("delta")) or _map(choice.get("message"))
    return Chunk(
        choice=index,
        text=_text(choice.get("text")) or _content(message),
        reasoning=_text(message.get("reasoning_content")) or _text(message.get("reasoning")),
        logprobs=tuple(_logprobs(_map(choice.get("logprobs")))),
        finish_reason=_text(choice.get("finish_reason"))[:_NAME_CHARS] or None,
        model=model,
    )


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in _maps(content))
    return _text(content) or _text(message.get("refusal"))


def _logprobs(logprobs: Mapping[str, Any]) -> Iterator[TokenLogprob]:
    """Either form; a token without a number (the first of an echo) is left out."""
    if isinstance(logprobs.get("content"), list):
        for entry in _maps(logprobs["content"]):
            top = [
                (_text(each.get("token")), each.get("logprob"))
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
        ((name, float(number)) for name, number in top if _is_number(number)),
        key=lambda each: -each[1],
    )
    yield TokenLogprob(token, float(logprob), tuple(likeliest))


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


def _list(value: object) -> list[Any]:
    return value[:_MOST_ENTRIES] if isinstance(value, list) else []


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[Mapping[str, Any]]:
    return [each for each in _list(value) if isinstance(each, Mapping)]
