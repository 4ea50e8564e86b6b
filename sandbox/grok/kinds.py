"""What kinds of values fields take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_INT32 = range(-(2**31), 2**31)
_TOP_LOGPROBS = range(9)

Kind = Callable[[Any], bool]


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in _INT32


def is_top(value: Any) -> bool:
    return is_int(value) and value in _TOP_LOGPROBS


def is_count(value: Any) -> bool:
    return is_int(value) and value > 0


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_text_or_texts(value: Any) -> bool:
    return is_text(value) or is_texts(value)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def between(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: is_number(value) and low <= value <= high


def is_bias(value: Any) -> bool:
    return isinstance(value, dict) and all(
        key.isdecimal() and between(-100, 100)(bias) for key, bias in value.items()
    )


def is_stream_options(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("include_usage"), bool)
