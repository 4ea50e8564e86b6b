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
from collections.abc import Iterable, Iterator, Sequence

from bot.markdown.code_spans import (
    BEHIND_ANGLE,
    ESCAPED,
    NO_CODE,
    REST_OF_TAG,
    Code,
    within,
)
from bot.markdown.links.brackets import MOST_NAMED, Brackets, Crossings, NamesInBrackets
from bot.markdown.links.places import Name, may_name, names_in
from bot.markdown.links.targets import (
    MARK_OF_NOTE,
    Definition,
    LinkAddress,
    LinkReferences,
    Target,
    definitions,
    is_honest,
    key_at,
    key_of,
    target_at,
)
from bot.markdown.seen import Seen, decoded

JOINER = "\u2060"

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
_NOTE = re.compile(
    rf"[\\\[](?:(?<=\\).|(?<=\[)(?P<mark>{MARK_OF_NOTE})(?=[:\[]|\((?!https?://)))",
    re.DOTALL | re.IGNORECASE,
)
"""The mark of a footnote before what would make a reference or a link of it; one that leads
somewhere is a link."""

_NO_ADDRESS = re.compile(r"\([^()\[\]]{1,80}+\[")
"""An address that never ends, and a label in it: markdown-it takes that for the label of the text
before."""

_FOLLOWING = ("(", "[")

_new = tuple.__new__
"""Makes `Brackets` at once: there may be thousands in a text."""


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
        if _hides([*names_in(address)], target_at(address, 0)):
            yield link.start() + 1


def may_hide(leaf: str) -> bool:
    """Whether there may be anything in `leaf` that `hiding_brackets` looks at."""
    if "]:" in leaf:
        return True
    return ("](" in leaf or "][" in leaf) and ("[^" in leaf or may_name(leaf))


def hiding_brackets(
    leaf: str, code: Code = NO_CODE, known: LinkReferences | None = None
) -> Iterator[int]:
    """Where joiners take apart what hides its target behind `]`, outside of `code`.

    `known` are the references read before; those of `leaf` are added to them.
    """
    if "[^" in leaf:
        yield from _behind_notes(leaf, code)
    known = known or LinkReferences()
    paired = ("](" in leaf or "][" in leaf) and may_name(leaf)
    pairs = [*_pairs(leaf, code)] if paired else []
    found = [*definitions(leaf)] if "]:" in leaf else []
    if not (pairs or found):
        return
    names = NamesInBrackets(leaf, pairs)
    defined = [each for each in found if not within(each.end - 1, code.certain)][::-1]
    for pair in pairs:
        while defined and defined[-1].end <= pair.end:
            yield from _hiding_definition(leaf, defined.pop(), known)
        if _hiding_pair(leaf, pair, names, known):
            names.show_address(pair)
            yield pair.end + 1
    for definition in reversed(defined):
        yield from _hiding_definition(leaf, definition, known)


def _behind_notes(leaf: str, code: Code) -> Iterator[int]:
    """Where joiners keep the marks of footnotes what they are: no references, whose notes a reader
    would take for addresses and not show."""
    certain = code.certain
    for note in _NOTE.finditer(leaf):
        if note["mark"] and not (certain and within(note.start(), certain)):
            yield note.end()


def _hiding_pair(leaf: str, pair: Brackets, names: NamesInBrackets, known: LinkReferences) -> bool:
    at = pair.end + 1
    if leaf[at] == "(":
        target = target_at(leaf, at + 1)
        if target is not None and _hides(names.between(pair), target):
            return True
        broken = _NO_ADDRESS.match(leaf, at)
        if broken is None:
            return False
        at = broken.end() - 1
    if not known.any_defined:
        known.name_any_later(names, pair, at)
        return False
    key = key_at(leaf, at)
    if key is None:
        return False
    addresses = [*known.defined(key)]
    if not addresses:
        known.name_later(key, names, pair)
        return False
    named = names.between(pair)
    new = named if len(named) > MOST_NAMED else known.unnamed(key, named)
    if new and any(_hides(new, address.target) for address in addresses):
        return True
    known.name(key, new)
    return False


def _hiding_definition(leaf: str, definition: Definition, known: LinkReferences) -> Iterator[int]:
    address = LinkAddress(leaf, definition.end)
    key = key_of(definition.label)
    named = [*names_in(definition.label), *known.named(key)]
    if named and _hides(named, address.target):
        yield definition.end - 1
    else:
        known.define(key, address)


def _hides(names: Sequence[Name], target: Target | None) -> bool:
    if target is None:
        return False
    return len(names) > MOST_NAMED or not all(is_honest(name, target) for name in names)


def _pairs(leaf: str, code: Code) -> Iterator[Brackets]:
    """The pairs of brackets in `leaf`, by their ends. Where readers see other brackets than one
    another, or pair them otherwise, any of them may have been opened where the leaf begins."""
    if code.certain or code.doubtful or "\\" in leaf or "<" in leaf:
        marks, doubtful = _marks(leaf, code)
    else:
        marks, doubtful = [mark.start() for mark in _IN_TAG.finditer(leaf)], False
    opened: list[int] = []
    crossings = Crossings(leaf, marks)
    for number, at in enumerate(marks):
        if leaf[at] == "[":
            opened.append(at + 1)
            continue
        begin = opened.pop() if opened else -1
        if leaf[at + 1 : at + 2] in _FOLLOWING and (doubtful or begin >= 0):
            yield _new(Brackets, (0 if doubtful else begin, at))
        if not doubtful and leaf[at + 1 : at + 2] == "(":
            doubtful = crossings.behind(number)


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
