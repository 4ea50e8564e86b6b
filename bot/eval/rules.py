"""Whether an answer is good by exact rules, which hold for all who read them."""

from __future__ import annotations

import json
import math
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

import regex
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from bot.eval.dataset import Item

REGEX_SECONDS = 1.0
"""How long an expression may be looked for in one answer: after that, it is not in it."""

SCHEMA_SECONDS = 10.0
"""How long an answer may be held against a schema in all: after that, it does not fit. Some
keywords (`unevaluatedProperties`) look for expressions by themselves, and schemas can branch."""

_MARGIN = 0.5
"""Seconds."""

_FENCED = re.compile(r"```(?:json)?[ \t\r]*+\n(?P<inside>[^`]*+(?:`(?!``)[^`]*+)*+)```")


def is_good(item: Item, text: str) -> bool:
    """Whether all rules of `item` hold for an answer. Texts are compared without regard to case
    and to how much space there is; JSON may stand in a block of code."""
    plain = _plain(text)
    wanted = [*item.contains, *([item.expected] if item.expected else [])]
    return (
        all(_plain(each) in plain for each in wanted)
        and (item.max_chars is None or len(text) <= item.max_chars)
        and (item.min_chars is None or len(text) >= item.min_chars)
        and (not item.regex or _found(item.regex, text))
        and (item.json_schema is None or _valid(item.json_schema, text))
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _found(expression: str, text: str) -> bool:
    try:
        return regex.search(expression, text, timeout=REGEX_SECONDS) is not None
    except TimeoutError:
        return False


def _matches(validator: Any, pattern: str, value: Any, _: Any) -> Iterator[Any]:
    """`pattern`, for no longer than any other expression."""
    if validator.is_type(value, "string") and not _found(pattern, value):
        yield ValidationError(pattern)


def _named_so(validator: Any, patterns: Any, value: Any, _: Any) -> Iterator[Any]:
    """`patternProperties`, the same."""
    for pattern, schema in patterns.items() if validator.is_type(value, "object") else ():
        for name in value:
            if _found(pattern, name):
                yield from validator.descend(value[name], schema, path=name, schema_path=pattern)


def _others(validator: Any, schema: Any, value: Any, beside: Any) -> Iterator[Any]:
    """`additionalProperties`, the same."""
    known, patterns = beside.get("properties", {}), beside.get("patternProperties", {})
    for name in value if validator.is_type(value, "object") else ():
        if name not in known and not any(_found(each, name) for each in patterns):
            yield from validator.descend(value[name], schema, path=name)


def _timed(keyword: Any) -> Any:
    """`keyword`, while there is time."""

    def look(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if time.monotonic() > _until.get():
            raise _TooLongError
        yield from keyword(validator, value, instance, schema) or ()

    return look


_until = ContextVar("_until", default=math.inf)
"""When an answer has been held against a schema for long enough, by the monotonic clock."""

_extended: Any = extend  # it has no types
_own = {"pattern": _matches, "patternProperties": _named_so, "additionalProperties": _others}
_Bounded = _extended(
    Draft202012Validator,
    {name: _timed(each) for name, each in (Draft202012Validator.VALIDATORS | _own).items()},
)


def _valid(schema: dict[str, Any] | bool, text: str) -> bool:
    fenced = _FENCED.search(text)
    try:
        value = json.loads(fenced["inside"] if fenced else text)
        with _within(SCHEMA_SECONDS):
            return bool(_Bounded(schema, registry=Registry()).is_valid(value))
    except (ValueError, ArithmeticError, RecursionError, Unresolvable, _TooLongError):
        return False


class _TooLongError(Exception):
    """It was held against a schema for as long as it may be."""


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise `_TooLongError` in what takes longer: from one keyword to the next, and a little later
    in the midst of looking for an expression, which asks for signals from time to time (what those
    raise is lost where Python throws a generator away). Only the main thread may. An alarm that was
    set before comes when it is due, or behind this."""

    def over(*_: object) -> NoReturn:
        raise _TooLongError

    began, before = time.monotonic(), signal.signal(signal.SIGALRM, over)
    left, again = signal.setitimer(signal.ITIMER_REAL, seconds + _MARGIN)
    limit = _until.set(began + seconds)
    try:
        yield
    finally:
        _until.reset(limit)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            rest = max(0.001, left - (time.monotonic() - began))
            signal.setitimer(signal.ITIMER_REAL, rest, again)
