"""Between the values that people type and JSON, both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from pydantic import JsonValue

from bot.completion.lexer import STRAIGHT_QUOTES

_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*")
_MINUS = re.compile(r"\A[−–]")
_SWITCH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def typed(kind: str, text: str) -> JsonValue:
    """`text` as a parameter of this kind wants it.

    What cannot be read stays text, so that the model of a request says what is wrong with it.
    """
    match kind:
        case "integer" | "number":
            return _number(text)
        case "boolean":
            return _SWITCH.get(text.lower(), text)
        case "bias":
            return _bias(text)
        case _:
            return text


def written(value: JsonValue) -> str:
    """A value as it is typed after its flag; not for lists and switches."""
    match value:
        case dict():
            return _written_bias(value)
        case str() if not _BARE.fullmatch(value):
            escaped = value.replace("\\", r"\\").replace('"', r"\"")
            return f'"{escaped}"'
        case _:
            return str(value)


def _written_bias(bias: Mapping[str, JsonValue]) -> str:
    if bias and all(_BARE.fullmatch(token) for token in bias):
        return ",".join(f"{token}={number}" for token, number in bias.items())
    return json.dumps(bias)


def _number(text: str) -> JsonValue:
    plain = _MINUS.sub("-", text)
    if _INTEGER.fullmatch(plain):
        return int(plain)
    return float(plain) if _NUMBER.fullmatch(plain) else text


def _bias(text: str) -> JsonValue:
    """`50256=-100,198=5`, or a JSON object."""
    plain = text.translate(STRAIGHT_QUOTES)
    if plain.startswith("{"):
        return _json(plain, text)
    bias: dict[str, JsonValue] = {}
    for pair in plain.split(","):
        token, equals, number = pair.partition("=")
        if not equals:
            return text
        bias[token.strip()] = _number(number.strip())
    return bias


def _json(plain: str, text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(plain, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
