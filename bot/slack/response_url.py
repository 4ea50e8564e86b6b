"""Where a `response_url` may lead: to Slack's own host, or to the sandbox's, and nowhere else.

A `response_url` comes with a payload and is stored with a job. Who could forge one would have
the bot send answers, and requests out of its network, to any place they like.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from yarl import URL

_HOOKS = {"slack.com": "hooks.slack.com", "slack-gov.com": "hooks.slack-gov.com"}
"""The host of `response_url`s beside each of Slack's own ("Handling user interaction",
"GovSlack")."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Names of one and the same sandbox."""


@dataclass(frozen=True, slots=True)
class ResponseUrls:
    """Tells a `response_url` of the Slack behind `api_url` (`SLACK_API_URL`) from another."""

    origins: frozenset[tuple[str, str, int]]

    @classmethod
    def of(cls, api_url: str) -> ResponseUrls:
        """Beside Slack itself its hooks alone; beside the sandbox the sandbox alone; beside
        a gateway to Slack both."""
        api = URL(api_url)
        host = api.raw_host or ""
        own = _HOOKS.get(_domain(host))
        if own is not None:
            return cls(frozenset({("https", own, 443)}))
        names = {host, *_LOOPBACK} if host in _LOOPBACK else {host}
        origins = {(api.scheme, name, api.port or 0) for name in names}
        if not _is_loopback(host):
            origins.add(("https", _HOOKS["slack.com"], 443))
        return cls(frozenset(origins))

    def checked(self, response_url: str) -> URL | None:
        """The address to send to, as the client reads it; None when it leads elsewhere."""
        try:
            url = URL(response_url)
            origin = (url.scheme, url.raw_host or "", url.port or 0)
        except ValueError:
            return None
        if url.raw_user is not None or url.raw_password is not None:
            return None
        return url if origin in self.origins else None


def _domain(host: str) -> str:
    """`slack.com` for each host below it."""
    return ".".join(host.split(".")[-2:])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
