"""What may be searched in a place: admins allow and forbid tools, domains and handles by name.

In the policy a tool is called `web` or `x`, a domain is itself, and a handle has its `@`. `domains`
and `handles` are those that are not named. A domain stands for those below it too, unless one of
them is named itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.characters import narrow
from bot.completion.search import (
    MAX_DOMAINS,
    MAX_HANDLES,
    SOURCES,
    Search,
    SearchBounds,
    domain_in,
    handle_in,
)
from bot.completion.tools import Searched
from bot.errors import Fault
from bot.words import request as words
from bot.words import search as search_words
from bot.words.sentences import one_of

Named = Mapping[str, bool]
"""Whether what has a name may be searched."""

DOMAINS, HANDLES = "domains", "handles"
"""Those that are not named."""

READ_BY: Mapping[Searched, str] = {"web": DOMAINS, "x": HANDLES}
"""What each tool reads."""

_MOST = {DOMAINS: MAX_DOMAINS, HANDLES: MAX_HANDLES}


def searched_name(typed: str) -> str:
    """What `typed` is called in the policy; empty when it is nothing that can be searched."""
    typed = narrow(typed)
    word = typed.strip().lower()
    if word in {"x", "twitter"}:
        return "x"
    if word in {"web", DOMAINS, HANDLES}:
        return word
    if word.startswith("@"):
        handle = handle_in(typed)
        return f"@{handle}" if handle else ""
    return domain_in(typed)


def kind_of(name: str) -> str:
    """Whether a name in the policy is one of `DOMAINS` or of `HANDLES`; empty for a tool."""
    if name in {DOMAINS, HANDLES}:
        return name
    if name.startswith("@"):
        return HANDLES
    return "" if name in SOURCES else DOMAINS


@dataclass(frozen=True, slots=True)
class Listed:
    """Which domains or handles a search may read: those in `only` (None: all), but not those in
    `forbidden`, of which none stands in `only`, though some may be below those."""

    only: tuple[str, ...] | None = None
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Searchable:
    """What may be searched by the rules of each place that the question is in."""

    rules: tuple[Named, ...] = ()

    @property
    def sources(self) -> tuple[Searched, ...]:
        """The tools that may be used."""
        return tuple(
            source
            for source in SOURCES
            if all(each.get(source, True) for each in self.rules)
            and self.listed(READ_BY[source]).only != ()
        )

    def allows(self, kind: str, name: str) -> bool:
        """Whether a domain or a handle may be read."""
        return all(_says(each, kind, name) for each in self.rules)

    def listed(self, kind: str) -> Listed:
        """The domains that may be read, or the handles whose posts may be."""
        named = sorted({name for each in self.rules for name in each if kind_of(name) == kind})
        names = [name.removeprefix("@") for name in named if name != kind]
        if all(each.get(kind, True) for each in self.rules):
            return Listed(forbidden=tuple(n for n in names if not self.allows(kind, n)))
        only = tuple(name for name in names if self.allows(kind, name))
        covers = _covers(kind)
        within = (n for n in names if n not in only and any(covers(each, n) for each in only))
        return Listed(only, tuple(within))


def _says(named: Named, kind: str, name: str) -> bool:
    """What one place says of a name: of the nearest that it names, if any."""
    if kind == HANDLES:
        return named.get(f"@{name}", named.get(kind, True))
    labels = name.split(".")
    nearest = (".".join(labels[at:]) for at in range(len(labels) - 1))
    return next((named[each] for each in nearest if each in named), named.get(kind, True))


def bounded(search: Search, may: Searchable) -> tuple[Search, tuple[Fault, ...]]:
    """`search` within what may be searched, and what of it may not, once per option."""
    faults: list[Fault] = []
    if denied := [source for source in search.sources if source not in may.sources]:
        allowed = one_of([*may.sources, "off"])
        places = [search_words.PLACES[source] for source in denied]
        faults.append(Fault("search", words.NOT_SEARCHED_HERE(places), allowed))
    bounds: dict[str, tuple[str, ...]] = {}
    for source in search.sources:
        kind = READ_BY[source]
        lists = _Lists(may, kind, getattr(search, kind), getattr(search, f"not_{kind}"))
        faults += [] if denied else lists.faults()
        bounds |= lists.bounds
    return search.model_copy(update={"bounds": SearchBounds(**bounds)}), tuple(faults)


@dataclass(frozen=True, slots=True)
class _Lists:
    """The domains or handles of a search: those that it says itself, and those of the rules."""

    may: Searchable
    kind: str
    own: tuple[str, ...]
    own_not: tuple[str, ...]

    @property
    def listed(self) -> Listed:
        return self.may.listed(self.kind)

    @property
    def bounds(self) -> dict[str, tuple[str, ...]]:
        """What the rules add to it."""
        listed = self.listed
        if listed.only is None:
            return {f"not_{self.kind}": listed.forbidden}
        return {self.kind: listed.only}

    def faults(self) -> list[Fault]:
        return [*(self._wrong() if self.own else self._beside())][:1]

    def _not_kept(self, only: tuple[str, ...]) -> Iterator[Fault]:
        for forbidden in self.listed.forbidden:
            name = next(each for each in only if _covers(self.kind)(each, forbidden))
            yield Fault(
                "search",
                words.INCLUDES_FORBIDDEN(name=name, forbidden=forbidden),
                words.ASK_AN_ADMIN,
            )

    def _wrong(self) -> Iterator[Fault]:
        """What of its own may not be read."""
        allowed, covers = self._allowed(), _covers(self.kind)
        for name in self.own:
            if not self.may.allows(self.kind, name):
                yield Fault(self.kind, words.NOT_ALLOWED(name), allowed)
        for name in self.own:
            for forbidden in self.listed.forbidden:
                if forbidden != name and covers(name, forbidden) and forbidden not in self.own:
                    yield Fault(
                        self.kind, words.INCLUDES_FORBIDDEN(name=name, forbidden=forbidden), allowed
                    )

    def _beside(self) -> Iterator[Fault]:
        """What it leaves out, and cannot beside what the rules do."""
        name, only, covers = f"not_{self.kind}", self.listed.only, _covers(self.kind)
        most = _MOST[self.kind]
        if only is None:
            out = {*self.own_not, *self.listed.forbidden}
            if len(out) > most:
                problem = words.TOO_MANY_BESIDE(
                    count=len(out), forbidden=len(self.listed.forbidden)
                )
                yield Fault(name if self.own_not else "search", problem, words.UP_TO(most))
            return
        yield from self._not_kept(only)
        left = [each for each in only if not any(covers(own, each) for own in self.own_not)]
        within = [own for own in self.own_not if any(covers(e, own) and e != own for e in only)]
        if self.own_not and (not left or within):
            yield Fault(name, words.LEAVES_NOTHING, self._allowed())
        elif len(only) > most:
            problem = words.TOO_MANY_ALLOWED(len(only))
            yield Fault("search", problem, words.UP_TO(most))

    def _allowed(self) -> str:
        listed = self.listed
        return words.ANY_BUT(listed.forbidden) if listed.only is None else words.any_of(listed.only)


def _covers(kind: str) -> Callable[[str, str], bool]:
    """Whether the first name stands for the second, too."""
    if kind == HANDLES:
        return str.__eq__
    return lambda name, other: other == name or other.endswith(f".{name}")


def not_kept(may: Searchable) -> Iterator[Fault]:
    """What the API cannot keep to: it takes one short list of each."""
    for kind, most in _MOST.items():
        listed = may.listed(kind)
        count = len(listed.forbidden if listed.only is None else listed.only)
        if count > most:
            yield Fault(kind, words.TOO_MANY_STOPS(count), words.UP_TO(most))
        for name in listed.only or ():
            for forbidden in listed.forbidden:
                if _covers(kind)(name, forbidden):
                    yield Fault(kind, words.INCLUDES_FORBIDDEN(name=name, forbidden=forbidden))


def to_allow(names: Sequence[str], named: Named) -> dict[str, bool | None]:
    """The names as they are to be set (None: taken away) so that these may be searched.

    To allow a tool takes back that it was forbidden. To allow domains that are forbidden by name
    does, too; else only those named may be read. So it is with handles.
    """
    changes: dict[str, bool | None] = {n: None for n in names if not kind_of(n)}
    for kind in (DOMAINS, HANDLES):
        of_kind = [name for name in names if kind_of(name) == kind]
        if kind in of_kind:
            changes |= {name: None for name in named if kind_of(name) == kind}
        elif named.get(kind, True) and all(named.get(name) is False for name in of_kind):
            changes |= dict.fromkeys(of_kind)
        else:
            changes |= {kind: False, **dict.fromkeys(of_kind, True)}
    return changes
