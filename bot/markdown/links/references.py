"""References and their definitions, `[label]: address`: what they name, and where labels lead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.markdown.links.brackets import MOST_NAMED, TOO_MANY, Brackets, NamesInBrackets
from bot.markdown.links.places import Name
from bot.markdown.links.targets import Target, target_at

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
    if end - begin <= _LONGEST_LABEL and not _NOTE.match(leaf, begin):
        return begin
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
