"""Where a link leads, by its address or by the label of a reference, and whether who reads a name
on it gets there.

A name of a file, or in code, is taken for what it is where the link leads to a place that keeps
such things.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from bot.markdown.links.brackets import MOST_NAMED, TOO_MANY, Brackets, NamesInBrackets
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

_MOST_UNREAD = 8_192
"""Of so many references, or of so many to one label, the text is kept until it matters what they
name."""

_LONGEST_LABEL = 999
"""Characters (CommonMark, "Link reference definitions"), an escaped one for one."""

_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){1,999})\]", re.DOTALL)
MARK_OF_NOTE = r"\^[^\[\]\s]{1,60}\]"
"""What stands behind the bracket that opens the mark of a footnote."""

_NOTE = re.compile(MARK_OF_NOTE)
_LABELLED = re.compile(r"\[((?:[^\[\]\\]|\\.)*+)(\]:)?", re.DOTALL)
"""All up to the next bracket. One that is escaped opens no label by CommonMark; to some reader it
may."""
_CHARACTER = re.compile(r"\\.|[^\\]", re.DOTALL)
_BEGUN_LINE = re.compile(r"\n[ \t>]*")


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


class Definition(NamedTuple):
    """The `label`, and the `end` of its colon in the text."""

    label: str
    end: int


def definitions(leaf: str) -> Iterator[Definition]:
    """Those in `leaf`, none within another: of brackets that may open one label, the first that is
    near enough and opens no mark of a footnote."""
    for found in _LABELLED.finditer(leaf):
        if found[2]:
            begin, end = found.span(1)
            opened = _opened(leaf, begin, end)
            if opened < end:
                yield Definition(leaf[opened:end], found.end())


def _opened(leaf: str, begin: int, end: int) -> int:
    """Where the label begins that ends at `end`, and at `begin` at the earliest; `end`: nowhere."""
    if end - begin <= _LONGEST_LABEL:
        if not _NOTE.match(leaf, begin):
            return begin
        if leaf.find("\\[", begin, end) < 0:
            return end  # the usual note
    characters = [found.span() for found in _CHARACTER.finditer(leaf, begin, end)]
    for at, behind in [(begin, begin), *characters][-_LONGEST_LABEL - 1 :]:
        opens = at == behind or leaf.startswith("\\[", at)
        if opens and behind < end and not _NOTE.match(leaf, behind):
            return behind
    return end


def key_at(text: str, at: int) -> str | None:
    """What the label in the brackets that open at `at` has in common with those of the same
    reference; None: there is no label."""
    end = text.find("]", at, at + _LONGEST_LABEL + 2)
    label = text[at + 1 : max(end, 0)]
    if label and "[" not in label and "\\" not in label:
        return key_of(label)
    found = _LABEL.match(text, at)
    return key_of(found[1]) if found else None


def key_of(label: str) -> str:
    """What labels of one reference have in common ("matches")."""
    words = " ".join((_BEGUN_LINE.sub(" ", label) if "\n" in label else label).split())
    return words.lower() if words.isascii() else words.lower().upper().casefold()


class LinkAddress:
    """Where a link leads, as it is written in `text` from `at` on, read when it is needed."""

    __slots__ = ("_at", "_target", "_text")

    def __init__(self, text: str, at: int) -> None:
        self._text: str | None = text
        self._at = at
        self._target: Target | None = None

    @property
    def target(self) -> Target | None:
        """None: within the same place."""
        if self._text is not None:
            self._target, self._text = target_at(self._text, self._at), None
        return self._target


_NOWHERE = LinkAddress("nowhere:", 0)
_ANY_OTHER = Name(0, ("",), "")[1:]
_OTHERS: dict[tuple[Any, ...], None] = dict.fromkeys(
    Name(0, (str(number),), "")[1:] for number in range(TOO_MANY)
)
"""Stand for names that are too many, each of which hides where a link leads."""


@dataclass(slots=True)
class LinkReferences:
    """What references name, and where their labels lead, as far as a text was read.

    Those of a part that still grows are kept apart from `above`, what stands before it.
    """

    above: LinkReferences | None = None
    _named: dict[str, dict[tuple[Any, ...], None]] = field(default_factory=dict)
    """Names without their places."""
    _defined: dict[str, list[LinkAddress]] = field(default_factory=dict)
    _unread: dict[str, list[tuple[NamesInBrackets, Brackets]]] = field(default_factory=dict)
    """Where the text of references stands whose names nobody has asked for."""
    _any: list[tuple[NamesInBrackets, Brackets, int]] = field(default_factory=list)
    """The same of those of which nobody has asked what label they have, and where that begins."""

    @property
    def any_defined(self) -> bool:
        """Whether it is known of any label where it leads."""
        return bool(self._defined) or (self.above is not None and self.above.any_defined)

    def name_any_later(self, names: NamesInBrackets, pair: Brackets, at: int) -> None:
        """The reference whose label opens `at` names what is between `pair`; what it refers to,
        too, is read once it matters."""
        self._any.append((names, pair, at))
        if len(self._any) == _MOST_UNREAD:
            self._read_labels()

    def _read_labels(self) -> None:
        pairs, self._any = self._any, []
        for names, pair, at in pairs:
            key = key_at(names.leaf, at)
            if key is not None:
                self.name_later(key, names, pair)

    def name(self, label: str, names: Sequence[Name]) -> None:
        """A reference to `label` names `names`."""
        if len(names) > MOST_NAMED:
            self._named[label] = _OTHERS
            return
        known = self._named.setdefault(label, {})
        for name in names:
            if len(known) == TOO_MANY:
                return
            known[name[1:] if len(known) < MOST_NAMED else _ANY_OTHER] = None

    def name_later(self, label: str, names: NamesInBrackets, pair: Brackets) -> None:
        """A reference to `label` names what is between `pair`, which is read once it matters."""
        if self._named.get(label) is _OTHERS:
            return
        unread = self._unread.setdefault(label, [])
        unread.append((names, pair))
        if len(unread) == _MOST_UNREAD:
            self._read(label)

    def _read(self, label: str) -> None:
        if self._any:
            self._read_labels()
        for names, pair in self._unread.pop(label, ()):
            named = names.between(pair)
            self.name(label, named if len(named) > MOST_NAMED else self.unnamed(label, named))

    def define(self, label: str, address: LinkAddress) -> None:
        """References to `label` may lead to `address`."""
        if self._any:
            self._read_labels()
        known = self._defined.setdefault(label, [])
        if len(known) <= MOST_NAMED:
            known.append(address if len(known) < MOST_NAMED else _NOWHERE)

    def named(self, label: str) -> Iterator[Name]:
        """What references to `label` name."""
        if self.above:
            yield from self.above.named(label)
        self._read(label)
        for name in self._named.get(label, ()):
            yield Name(0, *name)

    def unnamed(self, label: str, names: Sequence[Name]) -> Sequence[Name]:
        """Those of `names` that no reference to `label` names: of the others it is known that they
        are honest."""
        self._read(label)
        known = self._named.get(label, {})
        left = [name for name in names if name[1:] not in known]
        return self.above.unnamed(label, left) if self.above else left

    def defined(self, label: str) -> Iterator[LinkAddress]:
        """Where references to `label` may lead."""
        if self.above:
            yield from self.above.defined(label)
        yield from self._defined.get(label, ())
