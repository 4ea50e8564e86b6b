"""Between the values that people type and JSON, both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from pydantic import JsonValue

from bot.completion.lexer import STRAIGHT_QUOTES, narrow

_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:([.,'’_٬])[0-9]{3})(?:\1[0-9]{3}){0,100}+")
"""A whole number as people write a large one: `200.000`, `1,500`, `2’000’000`."""

_THIN_SPACES = str.maketrans(dict.fromkeys("\u2009\u202f", "'"))
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*[,٫][0-9]+")
_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*")
_NO_DIGIT = re.compile(r"[^0-9+-]")

_ON = ("on", "true", "yes", "ja", "oui", "sí", "sim", "да", "开", "オン")
_OFF = ("off", "false", "no", "aus", "nein", "non", "não", "нет", "关", "オフ")
_SWITCH = {**dict.fromkeys((*_ON, "1"), True), **dict.fromkeys((*_OFF, "0"), False)}

NEVER_BEGINS = frozenset({"off", "オン", "オフ"})
"""Words for a switch that a question hardly begins with in small letters."""


def typed(kind: str, text: str) -> JsonValue:
    """`text` as a parameter of this kind wants it.

    What cannot be read stays text, so that the model of a request says what is wrong with it.
    """
    match kind:
        case "integer":
            return _integer(text)
        case "number":
            return _number(text)
        case "boolean":
            value = switched(text)
            return text if value is None else value
        case "bias":
            return _bias(text)
        case _:
            return text


def switched(word: str) -> bool | None:
    """Whether `word` turns a switch on or off; None when it does neither."""
    return _SWITCH.get(narrow(word).lower())


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


def _integer(text: str) -> JsonValue:
    """A whole number, its thousands parted or not."""
    plain = narrow(text.translate(_THIN_SPACES))
    if _THOUSANDS.fullmatch(plain):
        return int(_NO_DIGIT.sub("", plain))
    return text if _DECIMAL_COMMA.fullmatch(plain) else _number(text)


def _number(text: str) -> JsonValue:
    """A number whose point may be a comma; the parameters that have one are all small."""
    plain = narrow(text)
    if _INTEGER.fullmatch(plain):
        return int(plain)
    if _DECIMAL_COMMA.fullmatch(plain):
        plain = plain.replace(",", ".").replace("٫", ".")
    return float(plain) if _NUMBER.fullmatch(plain) else text


def _bias(text: str) -> JsonValue:
    """`50256=-100,198=5`, or a JSON object."""
    plain = text.translate(STRAIGHT_QUOTES)
    if plain.startswith("{"):
        return _json(plain, text)
    bias: dict[str, JsonValue] = {}
    for pair in narrow(plain).split(","):
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
