"""Hosts: how one is written, and which belong together."""

from __future__ import annotations

import re
import socket
from functools import cache, lru_cache
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

from bot.markdown.characters import latin, normalized
from bot.markdown.seen import UNSEEN

_SPECIAL = frozenset(
    ("example", "test", "invalid", "localhost", "local", "internal", "onion", "lan", "home", "corp")
)
"""Ends of names that no registry gives away, and that people take for addresses (RFC 6761)."""

_ONE_HOUSE = tuple(
    frozenset(names.split())
    for names in (
        "youtube.com youtu.be",
        "bbc.co.uk bbc.com",
        "twitter.com x.com",
        "facebook.com fb.com",
        "instagram.com instagr.am",
        "reddit.com redd.it",
        "telegram.org t.me telegram.me",
        "whatsapp.com wa.me",
        "discord.com discord.gg discordapp.com",
        "golang.org go.dev",
        "angular.io angular.dev",
        "reactjs.org react.dev",
        "theguardian.com guardian.co.uk",
        "openai.com chatgpt.com",
        "amazon.com amzn.to",
        "flickr.com flic.kr",
        "wordpress.com wp.me",
        "spotify.com spoti.fi",
        "travis-ci.org travis-ci.com",
    )
)
"""Names of one owner, as people know them, under which nobody else can put anything."""

_IN_HOUSES = frozenset().union(*_ONE_HOUSE)

_DOTS = dict.fromkeys(map(ord, "\u3002\uff0e\uff61\u2024\u00b7\u2027\u06d4\u0701\u0702\ua4f8"), ".")
_SHAPES = {
    first + number: chr(ord("a") + number)
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for number in range(26)
}
"""Letters on a dark ground and those of flags, which are letters to nobody but the eye."""

_AS_SEEN = _DOTS | _SHAPES | dict.fromkeys(map(ord, "\u2010\u2011\ufe63\uff0d"), "-")
_PORT = re.compile(r":[0-9]*\Z")
_CANONICAL = re.compile(r"(?:(?!xn--)[a-z][a-z0-9-]*+\.)*+(?!xn--)[a-z][a-z0-9-]*+")
"""What is a host as it is written, and no number."""

_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]*|[0-9]+)){0,3}")


def looks(text: str) -> str:
    """`text` in its plainest form: compatible letters, lower case, dots that are dots."""
    return text.lower() if text.isascii() else _looks(text)


@lru_cache(maxsize=1_024)
def _looks(text: str) -> str:
    plain = normalized(UNSEEN.sub("", text).translate(_AS_SEEN), "NFKC")
    return normalized(plain.lower(), "NFKC").translate(_AS_SEEN)


def canonical(authority: str) -> str:
    """The host in `authority`, as it can be compared; empty when there is none."""
    if _CANONICAL.fullmatch(authority):
        return authority
    return _canonical(authority)


@lru_cache(maxsize=1_024)
def _canonical(authority: str) -> str:
    host = looks(unquote(authority)).rpartition("@")[2]
    if host.startswith("["):
        return host.partition("]")[0].strip("[]")
    host = (_PORT.sub("", host) if ":" in host else host).rstrip(".")
    if host[:1].isdigit() and _NUMBER.fullmatch(host):
        return _as_numbers(host)
    return ".".join(map(_decoded, host.split("."))) if "xn--" in host else host


def is_end(label: str) -> bool:
    """Whether `label` ends names of hosts, or looks like one that does."""
    if label.isascii():
        return label in _SPECIAL or label in _ends()
    return _is_end(label) or _is_end(latin(label))


def is_shared(name: str, host: str) -> bool:
    """Whether `host`, which stands below `name`, belongs to others, as below `github.io`."""
    if _suffixes().is_public(name, accept_unknown=False):
        return True
    end = _suffixes().publicsuffix(host, accept_unknown=False) or ""
    return end.endswith(f".{name}")


@lru_cache(maxsize=1_024)
def of_one_house(name: str, host: str) -> bool:
    """Whether `host` is `name`, or a place of those who have `name`."""
    name, host = name.removeprefix("www."), host.removeprefix("www.")
    if name == host or (host.endswith(f".{name}") and not is_shared(name, host)):
        return True
    if not (_looks_owned(name) and _looks_owned(host)):
        return False
    owned = {_owned(name), _owned(host)}
    return any(owned <= house for house in _ONE_HOUSE)


def _looks_owned(host: str) -> bool:
    """Whether `host` ends like one of the names of a house."""
    labels = host.rsplit(".", 3)
    return ".".join(labels[-2:]) in _IN_HOUSES or ".".join(labels[-3:]) in _IN_HOUSES


def _owned(host: str) -> str:
    return _suffixes().privatesuffix(host) or host


def _is_end(label: str) -> bool:
    return label in _SPECIAL or label in _ends()


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _ends() -> frozenset[str]:
    """Top-level domains, in letters and in Punycode."""
    rules = _suffixes()._publicsuffix  # noqa: SLF001
    return frozenset(rule.lstrip("*!.") for rule in rules if "." not in rule.lstrip("*."))


def _as_numbers(host: str) -> str:
    """An IPv4 address of any notation in the usual one, as browsers read it."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return host


def _decoded(label: str) -> str:
    """One label of a host, with Punycode in letters."""
    if not label.startswith("xn--"):
        return label
    try:
        return looks(label[4:].encode("ascii").decode("punycode"))
    except UnicodeError:
        return label
