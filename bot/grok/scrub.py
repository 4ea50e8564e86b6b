"""Makes what an API wrote fit to be shown: no keys, teams, addresses or markup, and no character in
halves (JSON may escape each half of an emoji on its own)."""

from __future__ import annotations

import re

from bot.completion.excerpt import short

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

_HALF = re.compile("[\ud800-\udfff]")
_FIRST_HALF = ("\ud800", "\udbff")


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


def as_text(text: str) -> str:
    """`text` with its halves joined; a half alone becomes U+FFFD, for it can be sent nowhere."""
    if text.isascii() or _HALF.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Halves:
    """One text that comes in pieces, with the halves joined that two of them hold."""

    def __init__(self) -> None:
        self._held = ""

    def follow(self, piece: str) -> str:
        """What is sure, now that `piece` came."""
        text, self._held = self._held + piece, ""
        if text and _FIRST_HALF[0] <= text[-1] <= _FIRST_HALF[1]:
            text, self._held = text[:-1], text[-1]
        return as_text(text)

    def rest(self) -> str:
        """A first half to which no second came."""
        held, self._held = self._held, ""
        return as_text(held)
