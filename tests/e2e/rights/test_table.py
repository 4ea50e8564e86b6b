"""The table of rights in `docs/security.md`: every cell of it is tried over the real door."""

from __future__ import annotations

import pytest

from bot.slack import pacing
from tests.e2e.rights import answers, commands, questions, views
from tests.e2e.rights.table import DRIVERS, PAGE, rows_in
from tests.e2e.rights.world import PEOPLE, World, world

DRIVING = (answers, commands, questions, views)
"""Whose drivers are registered."""

ROWS = rows_in(PAGE.read_text(encoding="utf-8"))
SETTINGS = {
    "": {},
    "`ASKING_OPEN_TO=members`": {"asking_open_to": "members"},
    "`DEFAULTS_EDITABLE_BY=members`": {"defaults_editable_by": "members"},
}


def test_each_act_has_a_driver_and_each_driver_an_act() -> None:
    assert DRIVERS.keys() == {row.act for row in ROWS}


def test_each_row_is_there_once_and_names_everybody() -> None:
    assert len({(row.act, row.setting) for row in ROWS}) == len(ROWS)
    assert all(list(row.cells) == list(PEOPLE) for row in ROWS)
    assert {row.setting for row in ROWS} == SETTINGS.keys()


async def tried(at: World, act: str, user: str) -> str:
    """What became of `act`; a fault of one cell leaves the others to be tried."""
    try:
        return await DRIVERS[act](at, user)
    except (AssertionError, TimeoutError) as error:
        return repr(error)


@pytest.mark.parametrize("setting", SETTINGS)
async def test_what_the_table_says_is_so(
    redis_url: str, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "POST_BURST", 1_000)  # hundreds of answers, in few channels
    found: dict[tuple[str, str], str] = {}
    async with world(redis_url, **SETTINGS[setting]) as at:
        rows = [row for row in ROWS if row.setting == setting]
        for row in rows:
            for who, user in PEOPLE.items():
                found[row.act, who] = await tried(at, row.act, user)
        await at.workspace.settled()

    written = {(row.act, who): cell for row in rows for who, cell in row.cells.items()}
    wrong = {cell: said for cell, said in found.items() if said != written[cell]}
    assert not wrong, "\n".join(f"{act}, {who}: {said}" for (act, who), said in wrong.items())
    assert not at.workspace.problems


@pytest.mark.parametrize("cell", ["maybe", "", "Yes"])
def test_a_cell_that_says_nothing_is_a_fault(cell: str) -> None:
    page = PAGE.read_text(encoding="utf-8").replace(" yes |", f" {cell} |", 1)

    with pytest.raises(ValueError, match="not a row"):
        rows_in(page)
