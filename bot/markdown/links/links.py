"""Links that show where they go.

A link whose text names another place than the one it leads to is taken apart by an invisible word
joiner, so that Slack shows its text and its address as they were written. So is `<address|text>`,
Slack's own form, which is no markdown.

Brackets are paired as CommonMark pairs them; what is between a pair and what follows it are
compared whether or not all of it turns out to be a link, since a joiner in what is none does no
harm. Of a reference and the definition it means, the later one is taken apart: what was shown
before stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any, NamedTuple

from bot.markdown.code_spans import (
    BEHIND_ANGLE,
    ESCAPED,
    NO_CODE,
    REST_OF_TAG,
    Code,
    within,
)
from bot.markdown.links.places import (
    LONGEST_TARGET,
    Name,
    Target,
    is_honest,
    may_name,
    names_in,
    names_of_all,
    target_of,
)
from bot.markdown.seen import Seen, decoded

JOINER = "\u2060"

_MOST_NAMED = 16
"""What names more places than that hides where it leads."""
_TOO_MANY = _MOST_NAMED + 1

_MOST_UNREAD = 8_192
"""Of so many references to one label the text is kept until it matters what they name."""

_MARK = re.compile(
    rf"[\[\]\\<](?:(?P<bracket>(?<=[\[\]]))|{ESCAPED}|{BEHIND_ANGLE}|(?P<tag>{REST_OF_TAG}))"
)
_IN_TAG = re.compile(r"[\[\]]")
_AUTOLINK = re.compile(f"<{BEHIND_ANGLE}")
_WITH_USER = re.compile(
    r"(?:https?|ftp|wss?):[^@]*@|[A-Za-z][A-Za-z0-9+.-]*:/[^@]*@", re.IGNORECASE
)
"""Of addresses in angles: there, what stands before the `@` of an address is no place."""

_OWN_FORM = re.compile(r"<(?=[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>|]*\|)")
_BEFORE_TARGET = re.compile(r"[\s>]*+(<?)")
_TARGET = re.compile(r"[^\s()]*+(?:\([^\s()]*+\)[^\s()]*+)*+")
_ANGLED = re.compile(r"[^<>\n]*+")
_WHOLE_TARGET = re.compile(
    r"\([ \t]*+(?:<[^<>\\\n`]*+>|[^\s()<>\\\[\]`]*+)(?:[ \t]++\"[^\"\\`]*+\")?[ \t]*+\)"
)
"""One of which there is no doubt."""

_LONGEST_LABEL = 999
_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){1,999})\]", re.DOTALL)
_MARK_OF_NOTE = r"\^[^\[\]\s]{1,60}\]"
_DEFINITION = re.compile(rf"\[(?!{_MARK_OF_NOTE})((?:[^\[\]\\]|\\.){{1,999}})\]:", re.DOTALL)
_NOTE = re.compile(
    rf"[\\\[](?:(?<=\\).|(?<=\[)(?P<mark>{_MARK_OF_NOTE})(?=[:\[]|\((?!https?://)))",
    re.DOTALL | re.IGNORECASE,
)
"""The mark of a footnote before what would make a reference or a link of it; one that leads
somewhere is a link."""

_FOLLOWING = ("(", "[")
_BEGUN_LINE = re.compile(r"\n[ \t>]*")


class _Address:
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
            self._target, self._text = _target_at(self._text, self._at), None
        return self._target


def _target_at(text: str, at: int) -> Target | None:
    before = _BEFORE_TARGET.match(text, at)
    begin = before.end() if before else at
    form = _ANGLED if before and before[1] else _TARGET
    written = form.match(text, begin, begin + LONGEST_TARGET)
    return target_of(written[0]) if written else None


_NOWHERE = _Address("nowhere:", 0)
_ANY_OTHER = Name(0, ("",), "")[1:]
_OTHERS: dict[tuple[Any, ...], None] = dict.fromkeys(
    Name(0, (str(number),), "")[1:] for number in range(_TOO_MANY)
)
"""Stand for names that are too many, each of which hides where a link leads."""


@dataclass(slots=True)
class References:
    """What references name, and where their labels lead, as far as a text was read.

    Those of a part that still grows are kept apart from `above`, what stands before it.
    """

    above: References | None = None
    _named: dict[str, dict[tuple[Any, ...], None]] = field(default_factory=dict)
    """Names without their places."""
    _defined: dict[str, list[_Address]] = field(default_factory=dict)
    _unread: dict[str, list[tuple[_Names, _Pair]]] = field(default_factory=dict)
    """Where the text of references stands whose names nobody has asked for."""

    def name(self, label: str, names: Sequence[Name]) -> None:
        """A reference to `label` names `names`."""
        if len(names) > _MOST_NAMED:
            self._named[label] = _OTHERS
            return
        known = self._named.setdefault(label, {})
        for name in names:
            if len(known) == _TOO_MANY:
                return
            known[name[1:] if len(known) < _MOST_NAMED else _ANY_OTHER] = None

    def name_later(self, label: str, names: _Names, pair: _Pair) -> None:
        """A reference to `label` names what is between `pair`, which is read once it matters."""
        if self._named.get(label) is _OTHERS:
            return
        unread = self._unread.setdefault(label, [])
        unread.append((names, pair))
        if len(unread) == _MOST_UNREAD:
            self._read(label)

    def _read(self, label: str) -> None:
        for names, pair in self._unread.pop(label, ()):
            named = names.between(pair)
            self.name(label, named if len(named) > _MOST_NAMED else self.unnamed(label, named))

    def define(self, label: str, address: _Address) -> None:
        """References to `label` may lead to `address`."""
        known = self._defined.setdefault(label, [])
        if len(known) <= _MOST_NAMED:
            known.append(address if len(known) < _MOST_NAMED else _NOWHERE)

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

    def defined(self, label: str) -> Iterator[_Address]:
        """Where references to `label` may lead."""
        if self.above:
            yield from self.above.defined(label)
        yield from self._defined.get(label, ())


class _Pair(NamedTuple):
    """Brackets that an address or a label follows: the text between them."""

    begin: int
    end: int


_new = tuple.__new__
"""Makes a `_Pair` at once: there may be thousands in a text."""


def with_joiners(text: str, places: Iterable[int]) -> str:
    """`text` with a joiner at each of `places`."""
    cuts = sorted(set(places))
    if len(cuts) <= 1:
        return f"{text[: cuts[0]]}{JOINER}{text[cuts[0] :]}" if cuts else text
    starts, ends = [0, *cuts], [*cuts, len(text)]
    return JOINER.join(text[start:end] for start, end in zip(starts, ends, strict=True))


def hiding_angles(leaf: str, code: Code = NO_CODE, seen: Seen | None = None) -> Iterator[int]:
    """Where joiners take apart what hides its target between `<` and `>`, outside of `code`;
    `seen` is `leaf` decoded, if that is known."""
    if "|" in leaf or "&" in leaf:
        if seen is None and "&" in leaf:
            seen = decoded(leaf)
        for form in _OWN_FORM.finditer(seen.text if seen else leaf):
            place = seen.written(form.end()) if seen else form.end()
            if not within(place - 1, code.certain):
                yield place
    if "@" not in leaf:
        return
    for link in _AUTOLINK.finditer(leaf):
        address = link[0][1:-1]
        if not _WITH_USER.match(address) or within(link.start(), code.certain):
            continue
        if _hides([*names_in(address)], _target_at(address, 0)):
            yield link.start() + 1


def may_hide(leaf: str) -> bool:
    """Whether there may be anything in `leaf` that `hiding_brackets` looks at."""
    if "]:" in leaf:
        return True
    return ("](" in leaf or "][" in leaf) and ("[^" in leaf or may_name(leaf))


def hiding_brackets(
    leaf: str, code: Code = NO_CODE, known: References | None = None
) -> Iterator[int]:
    """Where joiners take apart what hides its target behind `]`, outside of `code`.

    `known` are the references read before; those of `leaf` are added to them.
    """
    if "[^" in leaf:
        yield from _behind_notes(leaf, code)
    known = known or References()
    pairs = [*_pairs(leaf, code)] if "](" in leaf or "][" in leaf else []
    found = [*_DEFINITION.finditer(leaf)] if "]:" in leaf else []
    if not (pairs or found):
        return
    names = _Names(leaf, pairs)
    definitions = [each for each in found if not within(each.end() - 1, code.certain)][::-1]
    for pair in pairs:
        while definitions and definitions[-1].end() <= pair.end:
            yield from _hiding_definition(leaf, definitions.pop(), known)
        if _hiding_pair(leaf, pair, names, known):
            names.show_address(pair)
            yield pair.end + 1
    for definition in reversed(definitions):
        yield from _hiding_definition(leaf, definition, known)


def _behind_notes(leaf: str, code: Code) -> Iterator[int]:
    """Where joiners keep the marks of footnotes what they are: no references, whose notes a reader
    would take for addresses and not show."""
    for note in _NOTE.finditer(leaf):
        if note["mark"] and not within(note.start(), code.certain):
            yield note.end()


def _hiding_pair(leaf: str, pair: _Pair, names: _Names, known: References) -> bool:
    if leaf[pair.end + 1] == "(":
        named = names.between(pair)
        return bool(named) and _hides(named, _target_at(leaf, pair.end + 2))
    label = _label_at(leaf, pair.end + 1)
    if label is None:
        return False
    key = _key(label)
    addresses = [*known.defined(key)]
    if not addresses:
        known.name_later(key, names, pair)
        return False
    named = names.between(pair)
    new = named if len(named) > _MOST_NAMED else known.unnamed(key, named)
    if new and any(_hides(new, address.target) for address in addresses):
        return True
    known.name(key, new)
    return False


def _label_at(leaf: str, at: int) -> str | None:
    """What stands between the bracket at `at` and the one that closes it."""
    end = leaf.find("]", at, at + _LONGEST_LABEL + 2)
    label = leaf[at + 1 : max(end, 0)]
    if label and "[" not in label and "\\" not in label:
        return label
    found = _LABEL.match(leaf, at)
    return found[1] if found else None


def _hiding_definition(leaf: str, definition: re.Match[str], known: References) -> Iterator[int]:
    address = _Address(leaf, definition.end())
    key = _key(definition[1])
    names = [*names_in(definition[1]), *known.named(key)]
    if names and _hides(names, address.target):
        yield definition.end() - 1
    else:
        known.define(key, address)


def _hides(names: Sequence[Name], target: Target | None) -> bool:
    if target is None:
        return False
    return len(names) > _MOST_NAMED or not all(is_honest(name, target) for name in names)


def _key(label: str) -> str:
    """What labels of one reference have in common ("matches")."""
    words = " ".join((_BEGUN_LINE.sub(" ", label) if "\n" in label else label).split())
    return words.lower() if words.isascii() else words.lower().upper().casefold()


def _pairs(leaf: str, code: Code) -> Iterator[_Pair]:
    """The pairs of brackets in `leaf`, by their ends. Where readers see other brackets than one
    another, any of them may have been opened where the leaf begins."""
    if code.certain or code.doubtful or "\\" in leaf or "<" in leaf:
        marks, doubtful = _marks(leaf, code)
    else:
        marks, doubtful = [mark.start() for mark in _IN_TAG.finditer(leaf)], False
    opened: list[int] = []
    for at in marks:
        if leaf[at] == "[":
            opened.append(at + 1)
            continue
        begin = opened.pop() if opened else -1
        if leaf[at + 1 : at + 2] in _FOLLOWING and (doubtful or begin >= 0):
            yield _new(_Pair, (0 if doubtful else begin, at))


def _marks(leaf: str, code: Code) -> tuple[Sequence[int], bool]:
    """Where brackets stand in the text of `leaf`, and whether any of them is doubtful."""
    marks: list[int] = []
    doubtful = False
    start = 0
    for end, behind in (*code.certain, (len(leaf), 0)):
        for found in _MARK.finditer(leaf, start, end):
            kind = found.lastgroup
            if kind == "bracket":
                marks.append(found.start())
            elif kind:
                inside = [mark.start() for mark in _IN_TAG.finditer(leaf, *found.span())]
                marks += inside
                doubtful = doubtful or bool(inside)
        start = behind
    unsure = code.doubtful
    return marks, doubtful or (bool(unsure) and any(within(at, unsure) for at in marks))


class _Names:
    """What is named between brackets; each part of the text is read once, when it is asked for. An
    address between brackets is not seen, unless what it belongs to was taken apart."""

    __slots__ = ("_addresses", "_apart", "_at", "_leaf", "_names", "_outer", "_pairs")

    def __init__(self, leaf: str, pairs: Sequence[_Pair]) -> None:
        self._leaf = leaf
        self._pairs = pairs
        self._apart: bool | None = None if len(pairs) > 1 else True
        """None of `pairs` is in another; None: that was not looked at yet."""
        self._addresses: dict[_Pair, tuple[int, int]] = {}
        self._names: list[Name] = []

    def _read(self) -> bool:
        leaf, pairs = self._leaf, self._pairs
        if all(pair.end < after.begin for pair, after in pairwise(pairs)):
            return True
        wholes = ((pair, _WHOLE_TARGET.match(leaf, pair.end + 1)) for pair in pairs)
        self._addresses = {pair: whole.span() for pair, whole in wholes if whole}
        self._outer = [*_joined(pairs)]
        parts = _without(self._outer, [*self._addresses.values()])
        # Where all begin at one place nothing is asked of further names.
        most = _TOO_MANY if len({pair.begin for pair in pairs}) == 1 else None
        named = names_of_all(((begin, leaf[begin:end]) for begin, end in parts), most)
        self._names = sorted(named, key=_at)
        self._at = [name.at for name in self._names]
        return False

    def between(self, pair: _Pair) -> Sequence[Name]:
        """What is named between `pair`, or enough of it to see that it is too much."""
        if self._apart is None:
            self._apart = self._read()
        if self._apart:
            label = self._leaf[pair.begin : pair.end]
            return [*islice(names_in(label, pair.begin), _TOO_MANY)]
        first = bisect_left(self._at, pair.begin)
        last = bisect_left(self._at, pair.end, first)
        return self._names[first : min(last, first + _TOO_MANY)]

    def show_address(self, pair: _Pair) -> None:
        """The address of `pair` is seen."""
        if pair not in self._addresses:
            return
        begin, end = self._addresses[pair]
        outer = bisect_left(self._outer, (begin, 0)) - 1
        if outer >= 0 and end <= self._outer[outer][1]:
            for name in names_in(self._leaf[begin:end], begin):
                place = bisect_right(self._at, name.at)
                self._at.insert(place, name.at)
                self._names.insert(place, name)


def _at(name: Name) -> int:
    return name.at


def _joined(pairs: Sequence[_Pair]) -> Iterator[tuple[int, int]]:
    """The parts of the text that are between brackets."""
    spans = sorted((pair.begin, pair.end) for pair in pairs)
    begin = end = 0
    for start, stop in spans:
        if start > end:
            yield begin, end
            begin = start
        end = max(end, stop)
    yield begin, end


def _without(
    spans: Iterable[tuple[int, int]], addresses: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """`spans` without `addresses` in the midst of them."""
    number = 0
    for start, end in spans:
        at = start
        while number < len(addresses) and addresses[number][0] < end:
            if addresses[number][0] >= at:
                yield at, addresses[number][0]
                at = addresses[number][1]
            number += 1
        if at < end:
            yield at, end
