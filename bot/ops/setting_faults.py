"""Settings whose values cannot be read: what stands there, and what may."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.ops import words
from bot.settings import Settings

_SHOWN = re.compile(r"[-+]?[0-9.,_]{1,15}|[A-Za-z]{1,12}")
"""No token or key looks like this, whatever setting it was put into."""

_RANGE = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"})
_NUMBER = frozenset(
    {"int_parsing", "int_parsing_size", "int_from_float", "float_parsing", "finite_number"}
)


def setting_faults(error: ValidationError) -> list[str]:
    """A sentence for each; a value is shown where it can be no secret."""
    return [_sentence(detail) for detail in error.errors(include_url=False)]


def _sentence(detail: ErrorDetails) -> str:
    field = str(detail["loc"][0]) if detail["loc"] else ""
    given = str(detail["input"])
    shown = given if _SHOWN.fullmatch(given) else ""
    return words.setting_wrong(field.upper(), shown, _why(field, detail))


def _why(field: str, detail: ErrorDetails) -> str:
    """What the setting takes, as a clause."""
    kind, known = detail["type"], Settings.model_fields.get(field)
    if known is not None and (kind in _RANGE or kind in _NUMBER):
        return words.takes_number(_bounds(known.metadata), whole=known.annotation is int)
    if known is not None and kind == "literal_error":
        return words.takes_one_of([str(each) for each in get_args(known.annotation)])
    if kind.startswith("bool_"):
        return words.takes_one_of(["true", "false"])
    if kind == "string_unicode":
        return words.TAKES_TEXT
    problem = detail["msg"].removeprefix("Value error, ")
    return problem[:1].lower() + problem[1:]


def _bounds(metadata: list[object]) -> Mapping[str, float]:
    names = ("gt", "ge", "lt", "le")
    return {name: getattr(each, name) for each in metadata for name in names if hasattr(each, name)}
