"""What is said about searching."""

from __future__ import annotations

from collections.abc import Mapping

PLACES: Mapping[str, str] = {"web": "the web", "x": "X"}

ALLOWED: Mapping[str, str] = {
    "search": "web, x, web,x or off",
    "domains": "up to 5 domains such as example.com, with commas between them",
    "not_domains": "up to 5 domains such as example.com, with commas between them",
    "handles": "up to 20 handles on X such as xai, with commas between them",
    "not_handles": "up to 20 handles on X such as xai, with commas between them",
    "since": "a day such as 2026-11-01",
    "until": "a day such as 2026-11-30",
    "max_turns": "a whole number from 1 to 20",
}
"""By the name of the option."""

ENDS_OPEN = "ends with a comma: write the list without spaces, or in quotes"
NOTHING_SEARCHED = "counts only where something is searched"
ONE_OF_THE_TWO = "one of the two"


def no_source(typed: str) -> str:
    return f"{typed} is nothing that can be searched"


def no_domain(typed: str) -> str:
    return f"{typed} is not a domain"


def no_handle(typed: str) -> str:
    return f"{typed} is not a handle on X"


def no_day(typed: str) -> str:
    return f"{typed} is not a day of the calendar"


def exclusive(one: str, other: str) -> str:
    return f"{other} cannot go together with {one}"


def since_after_until(since: str, until: str) -> str:
    return f"{since} is after {until}, so no day is left"


def not_after(until: str) -> str:
    return f"a day up to {until}"


def not_searched(place: str) -> str:
    """`problem` of a fault about what narrows a search; `place` is a key of `PLACES`."""
    return f"counts only where {PLACES[place]} is searched"
