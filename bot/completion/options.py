"""Every flag there is: the 17 parameters of a request, and those that are the bot's own; and their
values between what people type and JSON, both ways."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, NoReturn, Union, get_args, get_origin

from pydantic import JsonValue
from pydantic.fields import FieldInfo

from bot.characters import excerpt, narrow
from bot.completion.ask import EFFORTS, ReplyTo
from bot.completion.lexer import STRAIGHT_QUOTES
from bot.completion.request import (
    MAX_ANSWERS,
    MAX_INT32,
    CompletionRequest,
    Kind,
    Option,
    is_text,
)
from bot.completion.search import MAX_TURNS, OPTION_NAMES, is_value
from bot.errors import Fault
from bot.words import form as form_words
from bot.words import request as words
from bot.words import search as search_words

REPLY_TO: tuple[ReplyTo, ...] = get_args(ReplyTo)

_KINDS: Mapping[object, Kind] = {
    int: "integer",
    float: "number",
    bool: "boolean",
    str: "text",
    dict: "bias",
}

_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:([.,'’_٬])[0-9]{3})(?:\1[0-9]{3}){0,100}+")
"""A whole number as people write a large one: `200.000`, `1,500`, `2’000’000`."""

_LONGEST_NUMBER = 10**20
_THIN_SPACES = str.maketrans(dict.fromkeys("\u2009\u202f", "'"))
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*[,٫][0-9]+")
_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*")
_NO_DIGIT = re.compile(r"[^0-9+-]")

_ON = ("on", "true", "yes", "ja", "oui", "sí", "sim", "да", "开", "オン")
_OFF = ("off", "false", "no", "aus", "nein", "non", "não", "нет", "关", "オフ")
_SWITCH = {**dict.fromkeys((*_ON, "1"), True), **dict.fromkeys((*_OFF, "0"), False)}

NEVER_BEGINS = frozenset({"off", "オン", "オフ"})
"""Words for a switch that a question hardly begins with in small letters."""


_MOST = {"max_tokens": MAX_INT32, "n": MAX_ANSWERS, "best_of": MAX_ANSWERS}


def _parameter(name: str, field: FieldInfo) -> Option:
    """What the field says, and so its schema: to make that takes as long as to load a library."""
    (option,) = (item for item in field.metadata if isinstance(item, Option))
    types = set(_types_in(field.annotation))
    return replace(
        option,
        name=name,
        kind="texts" if list in types else _KINDS[types.pop()],
        minimum=_bound(field, "ge"),
        maximum=_bound(field, "le"),
        above=_bound(field, "gt"),
        most=_MOST.get(name),
    )


def _bound(field: FieldInfo, name: str) -> int | None:
    return next((getattr(item, name) for item in field.metadata if hasattr(item, name)), None)


def _types_in(annotation: Any) -> Iterator[object]:
    """The types of which a value may be, but for None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _types_in(annotation.__origin__)
    elif origin in {Union, UnionType}:
        for each in get_args(annotation):
            yield from _types_in(each)
    elif annotation is not NoneType:
        yield origin or annotation


PARAMETERS: Mapping[str, Option] = MappingProxyType(
    {name: _parameter(name, field) for name, field in CompletionRequest.model_fields.items()}
)
"""Every parameter by name, in the order in which people are shown them."""

_OWN = (
    Option(
        name="system",
        kind="text",
        label=form_words.SYSTEM,
        hint=words.HINT_SYSTEM,
        example="Be brief",
        short="s",
    ),
    Option(
        name="effort",
        kind="effort",
        label=form_words.EFFORT,
        hint=words.HINT_EFFORT,
        choices=EFFORTS,
        example="low",
    ),
    *(
        Option(
            name=name,
            kind="search",
            label=search_words.LABELS[name],
            hint=search_words.HINTS[name],
            example=search_words.EXAMPLES[name],
            minimum=1 if name == "max_turns" else None,
            maximum=MAX_TURNS if name == "max_turns" else None,
        )
        for name in OPTION_NAMES
    ),
    Option(
        name="reply",
        kind="reply",
        label=form_words.REPLY,
        hint=words.HINT_REPLY,
        choices=REPLY_TO,
        example="thread",
    ),
    Option(name="private", kind="boolean", label="", hint=words.HINT_PRIVATE, example="true"),
)

OPTIONS: Mapping[str, Option] = MappingProxyType(
    {**PARAMETERS, **{option.name: option for option in _OWN}}
)
"""Every flag by name, in the order in which people are shown them."""

SHORT: Mapping[str, Option] = MappingProxyType({o.short: o for o in OPTIONS.values() if o.short})
"""Those with a short flag, by its letter."""


def suits(option: Option, value: JsonValue) -> bool:
    """Whether one of the bot's own may have this value in JSON form; those of a request are checked
    by its model."""
    match option.name:
        case "system":
            return isinstance(value, str) and is_text(value)
        case "private":
            return isinstance(value, bool)
        case name if option.kind == "search":
            return is_value(name, value)
        case _:
            return not option.choices or value in option.choices


def usage_of(option: Option) -> str:
    """The flag with an example of a value, ready to be typed."""
    if option.kind == "boolean":
        return option.flag if option.example == "true" else option.off_flag
    example = option.example if option.kind == "search" else written(option.example)
    return f"{option.flag} {example}"


def as_typed(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The same faults, of what whoever types calls so."""
    return tuple(
        replace(fault, parameter=OPTIONS[fault.parameter].typed_name)
        if fault.parameter in OPTIONS
        else fault
        for fault in faults
    )


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


def shown_value(value: object) -> str:
    """The value of a parameter, much as its author wrote it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= _LONGEST_NUMBER:
            digits = math.floor((value.bit_length() - 1) * math.log10(2)) + 1
            return words.NUMBER_OF_DIGITS(digits + (abs(value) >= 10**digits))
        case list():
            return words.A_LIST
        case dict():
            return words.AN_OBJECT
        case _:
            return excerpt(str(value)) or '""'


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
    if not _NUMBER.fullmatch(plain):
        return text
    number = float(plain)
    return number if math.isfinite(number) else text


def beyond_numbers(typed: object) -> int:
    """1 where `typed` is a number that is larger than any that can be reckoned with, -1 where it
    is smaller than any; else 0."""
    if not isinstance(typed, str) or not _NUMBER.fullmatch(plain := narrow(typed)):
        return 0
    number = float(plain)
    return 0 if math.isfinite(number) else int(math.copysign(1, number))


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
        value: JsonValue = json.loads(plain, parse_constant=_refuse, parse_float=_number)
    except (ValueError, RecursionError):
        return text
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
