"""What an API said, fit to be shown: no keys, teams, addresses or markup. What an error says is
found whatever its shape: flat, nested, in a list, as JSON in a text, as a page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.completion.excerpt import as_text, short

EXCERPT_CHARS = 200
_READ_CHARS = 4_000
"""How much of a text is looked at for an excerpt."""

NAME_CHARS = 80

_SECRETS = (
    re.compile(r"<[^<>]*>"),
    re.compile(r"https?://\S+"),
    re.compile(r"\b(?:xai|sk|pk|gsk|key)-[\w*.-]+", re.IGNORECASE),
    re.compile(r"\bbearer\s++\S+", re.IGNORECASE),
    re.compile(r"(?<![\w-])[\w-]*+\*{2,}+[\w.*-]*+"),
    re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE),
    re.compile(r"(?<=\bteam )(?!and\b|does\b|has\b|is\b|or\b)[\w-]*\d[\w-]*", re.IGNORECASE),
    re.compile(r"\[WKE=[^\]]{0,200}\]"),
    re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}"),
)
_MARKUP = re.compile(r"[<>@`*~|\[\]\\]|[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HTML = re.compile(r"^\s*(?:<!doctype|<html|<head|<body|<\?xml)", re.IGNORECASE)

READ_CHARS = 2000
"""How much of an error is looked at."""

_MOST_LEVELS = 6
_MOST_PARTS = 20

_TEXTS = (
    "message",
    "error",
    "errors",
    "detail",
    "details",
    "msg",
    "error_message",
    "error_msg",
    "error_description",
    "errormessage",
    "description",
    "reason",
    "title",
    "fault",
    "faultstring",
    "metadata",
    "raw",
    "innererror",
    "inner_error",
    "cause",
)
"""Where a server puts its words, the likeliest first."""

_CODES = ("code", "type", "status", "error_code", "errorcode", "error_type", "provider_code")
_PARAMETERS = ("param", "parameter", "field")
_GENERIC = re.compile(r"provider returned error|upstream error|bad request|error", re.IGNORECASE)
"""Says nothing: what the provider itself said stands further in (OpenRouter's `metadata.raw`)."""


def is_page(text: str) -> bool:
    """Whether `text` is an HTML page, as gateways send them."""
    return bool(_HTML.match(text))


def scrub(text: str, secret: str = "") -> str:
    """A short, harmless excerpt of `text`; empty for a page of HTML.

    `secret` is taken out wherever it stands, whatever it looks like.
    """
    if is_page(text):
        return ""
    if secret:  # before it is cut, which could leave the beginning of it
        text = text.replace(secret, "…")
    text = text[:_READ_CHARS]
    for pattern in _SECRETS:
        text = pattern.sub("…", text)
    return _short(text, EXCERPT_CHARS)


def safe_name(name: str) -> str:
    """The id of a model as it may be shown."""
    return _short(name, NAME_CHARS)


def _short(text: str, limit: int) -> str:
    text = " ".join(_MARKUP.sub(" ", text).split())
    return short(text, limit)


@dataclass(frozen=True, slots=True)
class Said:
    """What an error body says: its words, its code and the parameter that it blames; `every` holds
    all of its words and codes, to look for what they mean."""

    text: str = ""
    code: str = ""
    parameter: str = ""
    every: str = ""
    codes: tuple[str, ...] = ()


def read_error(body: str) -> Said:
    """Read an error body: JSON of any shape, plain text, a page, or nothing."""
    try:
        return say(json.loads(body, strict=False))
    except (ValueError, RecursionError):
        return Said() if is_page(body) else say(body[:READ_CHARS])


def say(data: Any) -> Said:
    """What an error says that came as `data`."""
    found = _Found()
    found.read(data, 0)
    texts = [text for text in found.texts if not _GENERIC.fullmatch(text.rstrip(" .!"))]
    text = next(iter(texts or found.texts), "")
    every = " ".join((*found.codes, *found.texts))
    return Said(
        as_text(text[:READ_CHARS]),
        as_text(next(iter(found.codes), "")[:READ_CHARS]),
        as_text(next(iter(found.parameters), "")[:READ_CHARS]),
        as_text(every[:READ_CHARS]),
        tuple(found.codes),
    )


@dataclass(slots=True)
class _Found:
    """What has been found in an error, in the order in which it was."""

    texts: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    parts: int = 0

    def read(self, value: Any, level: int) -> None:
        """Take what `value` says, and what stands in it."""
        self.parts += 1
        if level > _MOST_LEVELS or self.parts > _MOST_PARTS:
            return
        if isinstance(value, str):
            self._read_text(value.strip(), level)
        elif isinstance(value, Mapping):
            self._read_map(value, level)
        elif isinstance(value, list):
            for each in value[:_MOST_PARTS]:
                self.read(each, level + 1)

    def _read_text(self, text: str, level: int) -> None:
        inner = _inner(text)
        if inner is not None:
            self.read(inner, level + 1)
        elif text:
            self.texts.append(text[:READ_CHARS])

    def _read_map(self, value: Mapping[str, Any], level: int) -> None:
        plain = {str(name).lower(): each for name, each in value.items()}
        nested = plain.get("error")
        if isinstance(nested, Mapping):  # its words and its code are the nearest to the fault
            self.read(plain.pop("error"), level + 1)
        self.codes += [
            str(plain[name])[:READ_CHARS]
            for name in _CODES
            if isinstance(plain.get(name), str | int) and not isinstance(plain[name], bool)
        ]
        for name in _PARAMETERS:
            if isinstance(plain.get(name), str):
                self.parameters.append(plain[name])
        place = plain.get("loc")
        if isinstance(place, list) and place and isinstance(place[-1], str):
            self.parameters.append(place[-1])
            self.texts.append(f"{place[-1]}: {plain.pop('msg', '')}"[:READ_CHARS])
        for name in _TEXTS:
            if name in plain:
                self.read(plain[name], level + 1)


def _inner(text: str) -> Any:
    """The map or list that a text is, written as JSON; None for any other text."""
    if not text.startswith(("{", "[")):
        return None
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, Mapping | list) else None
