"""Reads no certificates of the system that nobody asks for, as a bot starts."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

_READ = "set_default_verify_paths"


@contextmanager
def spare_certificates() -> Iterator[None]:
    """While entered, a context that verifies nobody reads no certificates. aiohttp makes one as it
    is imported, and to read those of the system takes 20 ms."""
    read = ssl.SSLContext.set_default_verify_paths

    def read_to_verify(context: ssl.SSLContext) -> None:
        if context.verify_mode is not ssl.CERT_NONE:
            read(context)

    setattr(ssl.SSLContext, _READ, read_to_verify)
    try:
        yield
    finally:
        delattr(ssl.SSLContext, _READ)  # it has what it inherits again
