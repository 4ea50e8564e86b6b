"""The table of rights, as `docs/security.md` has it, and whoever tries its rows."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import get_args

from tests.e2e.rights.world import Outcome, World
from tests.house import ROOT

PAGE = ROOT / "docs" / "security.md"

Driver = Callable[[World, str], Awaitable[Outcome]]

DRIVERS: dict[str, Driver] = {}
"""What tries each act of the table, for one person: whether it was done."""


def drives(act: str) -> Callable[[Driver], Driver]:
    """Register a driver for the rows of this act."""

    def register(driver: Driver) -> Driver:
        assert act not in DRIVERS, act
        DRIVERS[act] = driver
        return driver

    return register


@dataclass(frozen=True, slots=True)
class Row:
    """What everybody may of one act; `setting` is the one that has to be as it says."""

    act: str
    setting: str
    cells: dict[str, Outcome]


def rows_in(page: str) -> tuple[Row, ...]:
    """The rows of the one table that begins with "What". Raises `ValueError` for a cell that says
    neither yes, no nor own."""
    header, *body = _table(page)
    people = header[2:]
    return tuple(Row(act, setting, _cells(people, cells)) for act, setting, *cells in body)


def _table(page: str) -> Iterator[list[str]]:
    (found,) = re.findall(r"^\| What \|.*\n(?:\|.*\n)+", page, re.MULTILINE)
    for line in found.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not all(re.fullmatch(":?-+:?", cell) for cell in cells):
            yield cells


def _cells(people: list[str], cells: list[str]) -> dict[str, Outcome]:
    allowed: tuple[Outcome, ...] = get_args(Outcome)
    found = [next((each for each in allowed if each == cell), None) for cell in cells]
    if len(found) != len(people) or None in found:
        raise ValueError(f"not a row: {cells}")
    return {who: cell for who, cell in zip(people, found, strict=True) if cell}
