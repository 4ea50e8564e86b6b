"""What Grok may search for an answer, and how that is written.

All of it is options beside the parameters of a request: `--search web,x --domains example.com`.
Their values in JSON form, as flags give them and as a default is stored, are those that `read`
returns; `Search` is what becomes of them in a question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import get_args

from pydantic import BaseModel, ConfigDict, JsonValue

from bot.characters import excerpt, narrow
from bot.completion.references import LONGEST, in_ascii
from bot.completion.request import flag_of
from bot.completion.tools import TOOLS, Searched
from bot.errors import Fault
from bot.words import request as words
from bot.words import search as said

SOURCES: tuple[Searched, ...] = get_args(Searched)

MAX_DOMAINS = 5
"""Of a list of domains (docs.x.ai, "Web search": at most five)."""

MAX_HANDLES = 20
"""Of a list of handles (docs.x.ai, "X search": at most twenty)."""

MAX_TURNS = 20
"""More turns than anybody advises: 1 or 2 for a quick look, 3 to 5 for more (docs.x.ai)."""

OFF = "off"

EXCLUSIVE = (("domains", "not_domains"), ("handles", "not_handles"))
"""Lists of which the API takes one."""

_SHOWN = 40
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,58}}[a-z0-9])")
_SCHEME = re.compile(r"\Ahttps?://", re.IGNORECASE)
_HANDLE = re.compile(r"[a-z0-9_]{1,15}")
_PROFILE = re.compile(r"\A(?:https?://)?(?:(?:www|mobile)\.)?(?:x|twitter)\.com/", re.IGNORECASE)
_SOMEBODY = re.compile(r"@[UW](?=[A-Z]*[0-9])[A-Z0-9]{7,}")
"""A person in Slack, whom it has put in the place of a handle."""

_DAY = re.compile(r"((?:19|20)[0-9]{2})([-‐‑–/.])([0-9]{1,2})\2([0-9]{1,2})")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_BETWEEN = re.compile(r"[\s,;，、]+")
_ENDS_OPEN = re.compile(r"[,;，、]\s*\Z")
_SEPARATORS = re.compile(r"[\s,;+&，、]+")

_NAMES: Mapping[str, tuple[Searched, ...]] = {
    "web": ("web",),
    "internet": ("web",),
    "x": ("x",),
    "twitter": ("x",),
    "all": SOURCES,
    "both": SOURCES,
}
_OFF = frozenset((OFF, "none", "no", "false"))


class SearchBounds(BaseModel):
    """Which domains and handles admins let a search read, whatever else it says: those of a list
    alone, or all but those of the other."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    domains: tuple[str, ...] = ()
    not_domains: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    """Without `@`, in lower case."""
    not_handles: tuple[str, ...] = ()


NO_BOUNDS = SearchBounds()


class Search(SearchBounds):
    """Where Grok may search, and in what of it.

    `sources` is empty where it may not, though a default says otherwise. Of `domains` and
    `not_domains`, and of `handles` and `not_handles`, one is empty. `since` and `until` are days
    that are searched too. `max_turns`: how often at most it may search, read and think again;
    None: nobody said.
    """

    sources: tuple[Searched, ...] = ()
    since: date | None = None
    until: date | None = None
    max_turns: int | None = None
    bounds: SearchBounds = NO_BOUNDS

    @property
    def before(self) -> date | None:
        """The first day that is not searched any more, as the API wants it."""
        return None if self.until is None else self.until + timedelta(days=1)

    @property
    def filtered(self) -> bool:
        """Whether not all of what is searched counts."""
        said = self.values().keys() - {"search", "max_turns"}
        return bool(said) or self.bounds != NO_BOUNDS

    def but(self, places: Collection[Searched]) -> Search:
        """The same without these places, and what narrows them."""
        dropped = {name for place in places for name in TOOLS[place].filters}
        left = {name: value for name, value in self.values().items() if name not in dropped}
        sources = ",".join(place for place in self.sources if place not in places)
        return search_in({**left, "search": sources or OFF})

    def values(self) -> dict[str, JsonValue]:
        """The same in JSON form, by the names of options, as far as it was said."""
        given: dict[str, JsonValue] = {"search": ",".join(self.sources) or OFF}
        apart = {"sources", "bounds"}
        stored = self.model_dump(mode="json", exclude=apart, exclude_defaults=True)
        return {**given, **stored}

    @property
    def effective(self) -> Search:
        """The same with its bounds within it, as it is to be done."""
        if self.bounds == NO_BOUNDS:
            return self
        bounds = self.bounds
        domains = _effective(
            self.domains, self.not_domains, bounds.domains, bounds.not_domains, below=True
        )
        handles = _effective(self.handles, self.not_handles, bounds.handles, bounds.not_handles)
        names = ("domains", "not_domains", "handles", "not_handles")
        lists = zip(names, domains + handles, strict=True)
        return self.model_copy(update={**dict(lists), "bounds": NO_BOUNDS})


def _effective(
    own: tuple[str, ...],
    own_not: tuple[str, ...],
    only: tuple[str, ...],
    forbidden: tuple[str, ...],
    *,
    below: bool = False,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The one list that is sent, and the other, which is empty. `below`: a name stands for those
    below it, too."""
    if own:
        return own, ()
    if not only:
        return (), tuple(dict.fromkeys((*own_not, *forbidden)))
    left_out = tuple(f".{name}" for name in own_not) if below else ()
    kept = (each for each in only if each not in own_not and not each.endswith(left_out))
    return tuple(kept), ()


NO_SEARCH = Search()

Read = JsonValue | Fault


def read(name: str, typed: str) -> Read:
    """The value of the option `name` that somebody typed, in JSON form, or what is wrong with it.
    Never raises."""
    if not typed.strip():
        return Fault(name, words.FLAG_NO_VALUE, said.ALLOWED.get(name, ""))
    if name in LISTS and _ENDS_OPEN.search(typed):
        return Fault(name, said.ENDS_OPEN, said.ALLOWED.get(name, ""))
    reader = _READERS.get(name)
    if reader is None:
        return Fault(name, words.UNKNOWN_PARAMETER())
    return reader(name, narrow(typed).strip())


def _sources(name: str, typed: str) -> Read:
    named = [word for word in _SEPARATORS.split(typed.lower()) if word]
    if len(named) == 1 and named[0] in _OFF:
        return OFF
    wanted = {source for word in named for source in _NAMES.get(word, ())}
    if not named or any(word not in _NAMES for word in named):
        return Fault(name, said.NO_SOURCE(excerpt(typed, _SHOWN)), said.ALLOWED.get(name, ""))
    return ",".join(source for source in SOURCES if source in wanted)


def _listed(
    name: str, typed: str, most: int, plain: Callable[[str], str], problem: Callable[[str], str]
) -> Read:
    """A list whose members `plain` spells as they are sent; empty for one that is none."""
    found: dict[str, JsonValue] = {}
    for word in filter(None, _BETWEEN.split(typed)):
        if not (spelled := plain(word)):
            return Fault(name, problem(excerpt(word, _SHOWN) or '""'), said.ALLOWED.get(name, ""))
        found[spelled] = None
    if not found:
        return Fault(name, words.FLAG_NO_VALUE, said.ALLOWED.get(name, ""))
    if len(found) > most:
        return Fault(name, words.TOO_MANY_STOPS(len(found)), words.UP_TO(most))
    return [*found]


def domain_in(typed: str) -> str:
    """The domain that `typed` is, as it is sent; empty when it is none. `https://` before it, and
    a `/` behind it, say nothing more."""
    host = _SCHEME.sub("", typed[: 2 * LONGEST].strip().lower())
    host = host.removesuffix("/").removesuffix(".")
    if not host.isascii():
        try:
            host = in_ascii(host)
        except ValueError:
            return ""
    return host if len(host) <= LONGEST and _DOMAIN.fullmatch(host) else ""


def handle_in(typed: str) -> str:
    """The handle on X that `typed` is, with `@` or without, or as the address of a profile; empty
    when it is none."""
    handle = _PROFILE.sub("", typed[:LONGEST].strip()).removesuffix("/")
    if _SOMEBODY.fullmatch(handle):
        return ""
    handle = handle.removeprefix("@").lower()
    return handle if _HANDLE.fullmatch(handle) else ""


def _day(name: str, typed: str) -> Read:
    found = _DAY.fullmatch(typed)
    try:
        day = date(int(found[1]), int(found[3]), int(found[4])) if found else None
    except ValueError:
        day = None
    if day is None:
        return Fault(name, said.NO_DAY(excerpt(typed, _SHOWN)), said.ALLOWED.get(name, ""))
    return day.isoformat()


def _turns(name: str, typed: str) -> Read:
    shown = excerpt(typed, _SHOWN)
    if not _WHOLE.fullmatch(typed):
        return Fault(name, words.not_of_kind("integer", shown), said.ALLOWED.get(name, ""))
    turns = int(typed[:_SHOWN])
    if turns < 1:
        return Fault(name, words.TOO_SMALL(shown), said.ALLOWED.get(name, ""))
    if turns > MAX_TURNS:
        return Fault(name, words.TOO_LARGE(shown), said.ALLOWED.get(name, ""))
    return turns


_domains = partial(_listed, most=MAX_DOMAINS, plain=domain_in, problem=said.NO_DOMAIN)
_handles = partial(_listed, most=MAX_HANDLES, plain=handle_in, problem=said.NO_HANDLE)
_READERS: Mapping[str, Callable[[str, str], Read]] = {
    "search": _sources,
    "domains": _domains,
    "not_domains": _domains,
    "handles": _handles,
    "not_handles": _handles,
    "since": _day,
    "until": _day,
    "max_turns": _turns,
}

OPTION_NAMES: tuple[str, ...] = tuple(_READERS)
"""The options that a search is made of, in the order in which people are shown them."""

LISTS = frozenset(("search", "domains", "not_domains", "handles", "not_handles"))
"""Those that may be given several times: all of it counts."""


def read_all(typed: Mapping[str, str]) -> tuple[dict[str, JsonValue], tuple[Fault, ...]]:
    """The values that were typed, by the names of options, and everything wrong with them."""
    values: dict[str, JsonValue] = {}
    faults: list[Fault] = []
    for name, text in typed.items():
        value = read(name, text)
        if isinstance(value, Fault):
            faults.append(value)
        else:
            values[name] = value
    return values, (*faults, *clashes(values))


def written(value: JsonValue) -> str:
    """A value in JSON form as it is typed."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def typed_search(values: Mapping[str, JsonValue]) -> dict[str, str]:
    """Values in JSON form as they are typed."""
    return {name: written(value) for name, value in values.items()}


def is_value(name: str, value: JsonValue) -> bool:
    """Whether the option `name` may have this value in JSON form."""
    return name in _READERS and value == read(name, written(value))


def search_in(values: Mapping[str, JsonValue]) -> Search:
    """The search that values in JSON form are, of which each may be had by its option."""
    searched = values.get("search", OFF)
    sources = () if searched == OFF else str(searched).split(",")
    rest = {name: value for name, value in values.items() if name in _READERS and name != "search"}
    return Search.model_validate({"sources": sources, **rest})


def clashes(values: Mapping[str, JsonValue]) -> Iterator[Fault]:
    """Which of these values cannot stand together, wherever is searched."""
    for one, other in EXCLUSIVE:
        if one in values and other in values:
            yield Fault(
                other, said.EXCLUSIVE(one=flag_of(one), other=flag_of(other)), said.ONE_OF_THE_TWO
            )
    since, until = values.get("since"), values.get("until")
    if isinstance(since, str) and isinstance(until, str) and since > until:
        yield Fault(
            "since", said.SINCE_AFTER_UNTIL(since=since, until=until), said.NOT_AFTER(until)
        )


def without_source(values: Mapping[str, JsonValue]) -> Iterator[Fault]:
    """What narrows a search of what is not searched."""
    sources = search_in({"search": values.get("search", OFF)}).sources
    for tool in TOOLS.values():
        if tool.name not in sources:
            for name in tool.filters:
                if name in values:
                    wanted = ",".join(each for each in SOURCES if each in {tool.name, *sources})
                    yield Fault(name, said.not_searched(tool.name), said.BY_SEARCHING(wanted))
    if not sources and "max_turns" in values:
        yield Fault("max_turns", said.NOTHING_SEARCHED, said.BY_SEARCHING(",".join(SOURCES)))


def settled(
    given: Mapping[str, JsonValue], defaults: Iterable[tuple[str, JsonValue]]
) -> dict[str, JsonValue]:
    """`given` with `defaults` for what it leaves open, the nearest first. One that cannot stand
    beside what is there already, or narrows what is not searched, gives way: nobody asked for
    it."""
    values = {**given}
    for name, value in defaults:
        if name not in values and not any(clashes({**values, name: value})):
            values[name] = value
    idle = {fault.parameter for fault in without_source(values)}
    return {name: value for name, value in values.items() if name in given or name not in idle}
