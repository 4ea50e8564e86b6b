"""Text as JSON and Slack can carry it."""

from __future__ import annotations

import re

_LONE_RETURN = re.compile(r"\r(?!\n)")


def printable(text: str) -> str:
    """`text` without what JSON or Slack cannot carry, lone surrogates and NUL, and without
    line ends that are no newlines: the fences of code were followed line by line."""
    if not text.isascii():
        text = _without_surrogates(text)
    text = text.replace("\0", "\ufffd")
    return with_newlines(text)


def with_whole_characters(text: str) -> str:
    """`text` without lone surrogates, so that they need not be taken from each of its leaves; as it
    was where that moves what stands behind them."""
    whole = text if text.isascii() else _without_surrogates(text)
    return whole if len(whole) == len(text) else text


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def with_newlines(text: str) -> str:
    """`text` with no line ends but newlines, as Slack is given it: which is enough to read its
    lines."""
    return _LONE_RETURN.sub(" ", text) if "\r" in text else text
