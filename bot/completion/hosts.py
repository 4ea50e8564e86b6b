"""Names of hosts with letters of any script, as they are looked up."""

from __future__ import annotations

from yarl import URL

LONGEST = 253
"""Characters of a name (RFC 1035)."""


def in_ascii(host: str) -> str:
    """`host` in ASCII as browsers look it up (UTS #46, not transitional): `ß` stays a letter of its
    own, where Python's own codec makes another host of it. Raises `ValueError` for no name."""
    if len(host) > LONGEST:
        raise ValueError("too long")
    if host.isascii():
        return host.encode("idna").decode().lower()
    return URL.build(host=host).raw_host or ""
