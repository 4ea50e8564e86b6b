"""A request as it is typed, to be read again."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from bot.completion.lexer import starts_like_flag
from bot.completion.options import OPTIONS, switched, written
from bot.completion.request import CompletionRequest, Option

_LONGEST_WORD = 40


def to_flags(request: CompletionRequest) -> str:
    """`request` written as flags and prompt, which `parse_text` reads as the same request.

    A list of one is written as its one element and an empty list not at all: flags have no other
    way to say either, and both mean the same to the API. Numbers must keep the rules
    (`bot.completion.faults`).
    """
    given = request.given()
    if isinstance(request.prompt, str):
        del given["prompt"]
        return f"{written_flags(given)} {_written_prompt(request.prompt)}"
    return written_flags(given)


def written_flags(values: Mapping[str, JsonValue]) -> str:
    """Options by name, those that are the bot's own too, as they are typed."""
    return " ".join(flag for name, v in values.items() for flag in _written(OPTIONS[name], v))


def _written(option: Option, value: JsonValue) -> list[str]:
    if isinstance(value, bool):
        return [option.flag if value else option.off_flag]
    values = value if isinstance(value, list) else [value]
    return [f"{option.flag} {written(one)}" for one in values]


def _written_prompt(prompt: str) -> str:
    first = (*prompt[:_LONGEST_WORD].split(None, 1), "")[0]
    safe = prompt and not prompt[0].isspace() and not starts_like_flag(prompt)
    return prompt if safe and switched(first) is None else f"-- {prompt}"
