"""Reads values of JSON that nobody vouches for: each as what it should be, or as nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from bot.completion.result import TokenLogprob
from bot.grok.said import as_text

_LARGEST = 1e300
"""JSON has numbers that no float holds; they are as good as none."""

_MOST_ENTRIES = 5_000
"""Parts of a message, or tokens with their chances, in one event or body."""

_NAME_CHARS = 200
"""Of a model, or of a reason to end."""


def chance(token: object, logprob: object, top: list[tuple[str, Any]]) -> Iterator[TokenLogprob]:
    if not isinstance(token, str) or not is_number(logprob):
        return
    likeliest = sorted(
        ((as_text(name), float(number)) for name, number in top if is_number(number)),
        key=lambda each: -each[1],
    )
    yield TokenLogprob(as_text(token), float(logprob), tuple(likeliest))


def listed_chances(listed: object) -> Iterator[TokenLogprob]:
    """The chances of tokens that are listed one by one, as chats and responses do."""
    for entry in maps_of(listed):
        top = [
            (as_text(text_of(each.get("token"))), each.get("logprob"))
            for each in maps_of(entry.get("top_logprobs"))
        ]
        yield from chance(entry.get("token"), entry.get("logprob"), top)


def is_number(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -_LARGEST < value < _LARGEST
    )


def count_of(value: object, otherwise: int = 0) -> int:
    return int(value) if is_number(value) and value >= 0 else otherwise


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def name_of(value: object) -> str:
    return as_text(text_of(value)[:_NAME_CHARS])


def list_of(value: object) -> list[Any]:
    return value[:_MOST_ENTRIES] if isinstance(value, list) else []


def map_of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def maps_of(value: object) -> list[Mapping[str, Any]]:
    return [each for each in list_of(value) if isinstance(each, Mapping)]
