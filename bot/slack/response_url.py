"""Where a `response_url` or the address of a file may lead: to Slack's own host, or to the
sandbox's, and nowhere else.

A `response_url` comes with a payload and is stored with a job. Who could forge one would have
the bot send answers, and requests out of its network, to any place they like. Files are held to the
same.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar, Self

from yarl import URL

_SLACK = "slack.com"
_DOMAINS = frozenset({_SLACK, "slack-gov.com"})
"""Slack's own ("GovSlack")."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Names of one and the same sandbox."""


@dataclass(frozen=True, slots=True)
class _OwnUrls:
    """Tells an address of the Slack behind `api_url` (`SLACK_API_URL`) from another."""

    host: ClassVar[str]
    """What stands before the domain."""

    origins: frozenset[tuple[str, str, int]]

    @classmethod
    def of(cls, api_url: str) -> Self:
        """Beside Slack itself its `host` alone; beside the sandbox the sandbox alone; beside
        a gateway to Slack both."""
        api = URL(api_url)
        host = api.raw_host or ""
        domain = _domain(host)
        if domain in _DOMAINS:
            return cls(frozenset({("https", f"{cls.host}.{domain}", 443)}))
        names = {host, *_LOOPBACK} if host in _LOOPBACK else {host}
        origins = {(api.scheme, name, api.port or 0) for name in names}
        if not _is_loopback(host):
            origins.add(("https", f"{cls.host}.{_SLACK}", 443))
        return cls(frozenset(origins))

    def checked(self, address: str) -> URL | None:
        """The address to send to, as the client reads it; None when it leads elsewhere."""
        try:
            url = URL(address)
            origin = (url.scheme, url.raw_host or "", url.port or 0)
        except ValueError:
            return None
        if url.raw_user is not None or url.raw_password is not None:
            return None
        return url if origin in self.origins else None


class ResponseUrls(_OwnUrls):
    """Where answers go ("Handling user interaction")."""

    __slots__ = ()
    host = "hooks"


class FileUrls(_OwnUrls):
    """Where files go ("files.getUploadURLExternal"), and where they lie ("File object")."""

    __slots__ = ()
    host = "files"


def _domain(host: str) -> str:
    """`slack.com` for each host below it."""
    return ".".join(host.split(".")[-2:])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
