"""Where a link leads, and whether who reads a name on it gets there.

A name of a file, or in code, is taken for what it is where the link leads to a place that keeps
such things.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from bot.markdown.links.hosts import (
    FILE_ENDS,
    FILE_STEMS,
    THING_ENDS,
    canonical,
    keeps_code,
    keeps_documents,
    looks,
    of_one_house,
)
from bot.markdown.links.places import AUTHORITY, SHORT_LABEL, Name, host_named_by, is_dot_net
from bot.markdown.seen import UNSEEN

LONGEST_TARGET = 1_000
"""So much of an address is read, in characters; the host of a longer one is nobody's."""

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SPACE = re.compile(r"[\x00-\x20\x7f]")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]{0,31}):(.*)", re.DOTALL)
_BARE = re.compile(r"[\w.\-%\u3002\uff0e\uff61]{1,253}(?=[:/\\?#]|\Z)")
_SPECIAL_SCHEMES = frozenset(("http", "https", "ftp", "ws", "wss"))
_MAIL = re.compile(r"[^@\s]*@([^?\s,]*)")
_BEFORE_TARGET = re.compile(r"[\s>]*+(<?)")
_TARGET = re.compile(r"[^\s()]*+(?:\([^\s()]*+\)[^\s()]*+)*+")
_ANGLED = re.compile(r"[^<>\n]*+")


class Target(NamedTuple):
    """Where a link leads; `host` is empty for what is no place in the network."""

    host: str
    rest: str = ""
    mail: bool = False


@lru_cache(maxsize=1_024)
def target_of(destination: str) -> Target | None:
    """Where `destination`, as it is written in markdown, leads; None: within the same place."""
    address = _ESCAPE.sub(r"\1", destination) if "\\" in destination else destination
    if "&" in address:
        address = _ENTITY.sub(lambda found: html.unescape(found[0]), address)
    if not address.isascii() or not address.isprintable() or " " in address:
        address = UNSEEN.sub("", _SPACE.sub("", address))
    if found := _ADDRESS.match(address):
        scheme, rest = found[1].lower(), found[2]
        if scheme == "mailto":
            mail = _MAIL.match(rest)
            return Target(canonical(mail[1]) if mail else "", mail=True)
        if scheme in _SPECIAL_SCHEMES or rest.startswith(("//", "\\\\", "/\\", "\\/")):
            return _in_network(rest.lstrip("/\\"))
        if "." not in scheme:
            return Target("")
    if address[:1] in ("/", "\\") and address[1:2] in ("/", "\\"):
        return _in_network(address.lstrip("/\\"))
    bare = _BARE.match(address)
    written = unquote(bare[0]) if bare else ""
    host = host_named_by(written) if "." in looks(written) else None
    return Target(host, address[bare.end() :]) if host and bare else None


def target_at(text: str, at: int) -> Target | None:
    """Where the link leads whose address is written in `text` from `at` on."""
    before = _BEFORE_TARGET.match(text, at)
    begin = before.end() if before else at
    form = _ANGLED if before and before[1] else _TARGET
    written = form.match(text, begin, begin + LONGEST_TARGET)
    return target_of(written[0]) if written else None


def is_honest(name: Name, target: Target) -> bool:
    """Whether who reads `name` on a link to `target` gets where they think."""
    if target.host in name.hosts:
        return True
    if len(name.shown) + len(target.rest) > SHORT_LABEL:
        return _leads_there(name, target)
    return _leads_there_kept(name[1:], target)


def _leads_there(name: Name, target: Target) -> bool:
    if target.mail and not name.mail:
        return True
    for host in name.hosts:
        if of_one_house(host, target.host):
            return True
    if keeps_documents(target.host) and _stands_in(name.shown, target.rest):
        return True
    return not name.sure and _is_thing(name, target)


@lru_cache(maxsize=1_024)
def _leads_there_kept(name: tuple[Any, ...], target: Target) -> bool:
    """The same of a name without its place."""
    return _leads_there(Name(0, *name), target)


def _is_thing(name: Name, target: Target) -> bool:
    """Whether `name` is one of a file, or in code, at a place that keeps such things."""
    stem, _, end = name.shown.rpartition(".")
    kept = keeps_documents(target.host) or keeps_code(target.host)
    if end in FILE_ENDS:
        usual = stem.isupper() or "_" in stem or stem.lower() in FILE_STEMS
        last = re.split(r"[?#]", target.rest, maxsplit=1)[0].rpartition("/")[2]
        return usual or (kept and _stands_in(name.shown, last or target.rest))
    documents = keeps_documents(target.host)
    if documents and (end.lower() in THING_ENDS or is_dot_net(name.shown)):
        return True
    thing = documents or end.lower() in THING_ENDS or end.isdecimal()
    return kept and thing and _stands_in(name.shown, target.rest)


def _stands_in(name: str, rest: str) -> bool:
    words = re.split(r"[^a-z0-9]+", rest.lower())
    named = re.split(r"[^a-z0-9]+", name.lower())
    return any(words[i : i + len(named)] == named for i in range(len(words)))


def _in_network(rest: str) -> Target:
    authority = AUTHORITY.match(rest)
    end = authority.end() if authority else 0
    return Target(canonical(rest[:end]), rest[end:])
