"""Encryption of what is kept of an installation: its tokens would open a whole workspace."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

LEAST_CHARACTERS = 32
"""Of a key, which is any text that nobody guesses: `openssl rand -hex 32` makes one."""


class SealBroken(Exception):
    """None of the keys opens it."""


class Seal:
    """Encrypts by the first of `keys` and opens by any, so that a new one can be put first.

    Each key is a text of 32 characters or more (Fernet: AES-128-CBC with HMAC-SHA256).
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([_fernet(key) for key in keys])

    def close(self, text: str) -> str:
        """`text`, encrypted."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str, *, seconds: int | None = None) -> str:
        """What was encrypted, no longer ago than so many seconds. Raises `SealBroken`."""
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=seconds).decode()
        except InvalidToken:
            raise SealBroken from None


def keys_in(setting: SecretStr) -> tuple[str, ...]:
    """The keys in `INSTALLATION_KEYS`."""
    return tuple(filter(None, (key.strip() for key in setting.get_secret_value().split(","))))


def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))
