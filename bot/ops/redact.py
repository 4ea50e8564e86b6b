"""Keeps secrets out of what is written: configured values, and whatever looks like a key."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import SecretStr

from bot.settings import Settings

HIDDEN = "***"

_SHORTEST_SECRET = 6
"""A shorter value would be found in ordinary words."""

_SECRET_FIELDS = frozenset(
    {
        "api_key",
        "app_token",
        "authorization",
        "bot_token",
        "cookie",
        "password",
        "response_url",
        "secret",
        "signing_secret",
        "slack_app_token",
        "slack_bot_token",
        "slack_signing_secret",
        "token",
        "xai_api_key",
    }
)

_WORDS = r"(?-i:[A-Za-z][a-z]{0,15}|[A-Z]{1,16}|[0-9]{1,4})"
"""What sentences and names of things are made of, and keys are not."""
_NAME = rf"{_WORDS}(?:[-_]{_WORDS}){{0,20}}(?![\w-])"
_SENTENCE = rf"{_WORDS}(?:[-/.,:;]{{1,2}}{_WORDS}){{0,20}}[.,:;]{{0,3}}(?![\w.~+/=-])"

_HEADER = (
    r"(\b(?:proxy-)?authorization\b(?:['\"]?\s{0,9}[:=]|['\"]\s{0,9},)\s{0,9}b?['\"]?)"
    r"(?:(\w{2,20}[ \t]{1,9})(?=[^\s'\"]))?[^\s'\",;)}\]]{2,}"
)
"""Whatever its scheme, as HTTP writes it, or as a mapping or a pair is shown."""

_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\b(xox[a-z])[.-][\w.-]{6,}", rf"\1-{HIDDEN}"),
        (r"\b(xapp|xwfp)-[\w-]{6,}", rf"\1-{HIDDEN}"),
        (rf"\b(xai|sk)-(?!{_NAME})[\w-]{{16,}}", rf"\1-{HIDDEN}"),
        (_HEADER, rf"\1\2{HIDDEN}"),
        (rf"\b(bearer) +(?!{_SENTENCE})[\w.~+/=-]{{8,}}", rf"\1 {HIDDEN}"),
        (r"(://[^\s:/@]*):[^\s/@]+@", rf"\1:{HIDDEN}@"),
        (r"(https://hooks\.slack(?:-gov)?\.com/)[^\s'\"<>|]+", rf"\1{HIDDEN}"),
        (r"(\bresponse_url\b['\"]?\s*[:=]\s*['\"]?)[^\s'\",&}]+", rf"\1{HIDDEN}"),
        (r"([?&](?:ticket|token|api_key|secret)=)[^\s&'\"]+", rf"\1{HIDDEN}"),
    )
)

_LONGEST_WORD = 30
_BASIC = re.compile(r"\b(basic) +([A-Za-z0-9+/]{8,}={0,2})", re.IGNORECASE)


def _without_credentials(found: re.Match[str]) -> str:
    """A name and a password behind `Basic` (RFC 7617) hidden, an ordinary word left."""
    whole = found[2].rstrip("=")
    decoded = base64.b64decode(whole[: len(whole) // 4 * 4])
    is_pair = b":" in decoded and (decoded.isascii() or not found[2].isalpha())
    return f"{found[1]} {HIDDEN}" if is_pair or len(whole) > _LONGEST_WORD else found[0]


class Redactor:
    """Replaces secrets in texts and in the fields of log events."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    @classmethod
    def of(cls, settings: Settings) -> Redactor:
        """A redactor that knows every secret in `settings`; a store's address keeps its host."""
        values = (getattr(settings, name) for name in type(settings).model_fields)
        secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        return cls(_password(secret) if "://" in secret else secret for secret in secrets)

    def text(self, text: str) -> str:
        """`text` without its secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return _BASIC.sub(_without_credentials, text)

    def value(self, value: Any) -> Any:
        """`value` without its secrets, at any depth; what is not plain data becomes text."""
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {
                self.text(str(name)): self.field(str(name), each) for name, each in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(each) for each in value]
        return self.text(repr(value))

    def field(self, name: str, value: Any) -> Any:
        """The value of a named field; a name such as `authorization` hides it whole."""
        return HIDDEN if name.lower() in _SECRET_FIELDS and value else self.value(value)


def _password(url: str) -> str:
    authority = url.partition("://")[2].partition("/")[0]
    userinfo, at, _ = authority.rpartition("@")
    return userinfo.partition(":")[2] if at else ""
