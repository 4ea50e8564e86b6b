"""How a sentence is written down: one text, with places for what it is about."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

OPTIONAL = re.compile(r"\[([^][]*)\]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, said by calling it with a value for each of its places: by name, unless there is
    only one place.

    `{name}` is a place, `{number:,}` one with a format of Python. Beside those there are the names
    of `FORMATS` (`{models:or}`), `{tokens:count token}` (`1 token`, `1,234 tokens`), and what
    depends on a number, or on how many there are: `{turns:the question|the {turns:,} questions}`,
    or with three forms, of which the first is that of none. What stands in [brackets] is left out
    where a value in it is empty, 0 or not given. Values are never looked into for any of this.
    """

    template: str

    def __call__(self, value: object = None, /, **values: object) -> str:
        if not values:
            (place,) = places(self.template)
            values = {place: value}

        def kept(part: re.Match[str]) -> str:
            return part[1] if all(map(values.get, places(part[1]))) else ""

        return _FORMATTER.vformat(OPTIONAL.sub(kept, self.template), (), values)


def places(template: str) -> tuple[str, ...]:
    """The names of the places in it, each once."""
    found: dict[str, None] = {}
    for _, name, form, _ in _FORMATTER.parse(template):
        if name:
            found |= dict.fromkeys([name, *places(form or "")])
    return tuple(found)


class _Formatter(string.Formatter):
    def format_field(self, value: object, form: str) -> str:
        if form in FORMATS:
            return FORMATS[form](value)
        if form.startswith("count "):
            return counted(_number(value), form.removeprefix("count "))
        if "|" in form:
            *none, one, many = form.split("|")
            number = _number(value)
            return none[0] if none and number == 0 else one if number == 1 else many
        return str(super().format_field(value, form))


_FORMATTER = _Formatter()


def _number(value: object) -> int:
    return len(value) if isinstance(value, Collection) else int(value)  # type: ignore[call-overload]


# --- numbers --------------------------------------------------------------------------------


def counted(number: int, thing: str) -> str:
    """`1 token`, `1,234 tokens`."""
    return f"{number:,} {thing if number == 1 else plural(thing)}"


def plural(thing: str) -> str:
    """`tokens`, `searches`."""
    return f"{thing}es" if thing.endswith("ch") else f"{thing}s"


def cost(dollars: float) -> str:
    """`$0.0042`, `$0.22`, `$1.25`."""
    if 0 < dollars < 0.0001:
        return "under $0.0001"
    return f"${dollars:,.2f}" if dollars >= 0.1 or dollars == 0 else f"${dollars:.4f}"


def dollars(price: float) -> str:
    """A price: `$2.50`, `$0.0125`."""
    return f"${price:,.2f}" if round(price, 2) == price else f"${price:,.4f}"


def price(read: float | None, written: float | None, cached: float | None = None) -> str:
    """What a million tokens cost in US dollars, as far as it is known; empty where it is not."""
    repeated = f" ({dollars(cached)} when repeated)" if cached is not None else ""
    known = [f"{dollars(read)} in{repeated}"] if read is not None else []
    known += [f"{dollars(written)} out"] if written is not None else []
    return " · ".join(known)


_MEGABYTE = 1024 * 1024


def size(number: int) -> str:
    """Bytes, rounded up: what is a little more than may be is not told to be as much."""
    return f"{-(-number // _MEGABYTE):,} MB" if number >= _MEGABYTE else f"{number:,} bytes"


# --- seconds --------------------------------------------------------------------------------


def took(seconds: float) -> str:
    """`3.2 s`, `1 min 5 s`."""
    return f"{seconds:.1f} s" if seconds < 59.95 else clock(round(seconds))


def clock(seconds: float) -> str:
    """Whole seconds: `3 s`, `1 min 5 s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def duration(seconds: float) -> str:
    """`90 seconds`, `3 minutes`."""
    if seconds < 120:
        return "1 second" if seconds == 1 else f"{seconds:g} seconds"
    return f"{seconds / 60:.0f} minutes"


def about(seconds: float) -> str:
    """`about 3 minutes`, `about 1 day`."""
    for length, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds > 1.5 * length:
            return f"about {math.ceil(seconds / length - 0.1)} {unit}s"
        if seconds > 0.9 * length:
            return f"about 1 {unit}"
    return f"about {counted(math.ceil(seconds), 'second')}"


# --- texts ----------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """What somebody wrote, or what a field is called."""
    return f"“{text}”"


def one_of(names: Sequence[str]) -> str:
    """`a, b or c`."""
    return _listed(names, " or ")


def each(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return _listed(names, " and ")


def capital(text: str) -> str:
    """`text` as it begins a sentence."""
    return f"{text[:1].upper()}{text[1:]}"


def _listed(names: Sequence[str], last: str) -> str:
    return last.join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


FORMATS: Mapping[str, Callable[..., str]] = {
    "or": one_of,
    "and": each,
    "list": ", ".join,
    "apart": "; ".join,
    "capital": capital,
    "dollars": dollars,
    "size": size,
    "clock": clock,
    "duration": duration,
    "about": about,
}
"""How a value can be shown, by the name that stands behind the colon."""
