"""The table of rights in `docs/security.md`: every cell of it is tried over the real door."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from bot.doors import messages
from bot.slack import ephemeral, pacing
from bot.slack import views as slack_views
from bot.slack.people import membership
from tests.e2e.rights import answers, commands, keys, questions, typed, views
from tests.e2e.rights.table import DRIVERS, PAGE, Row, rows_in
from tests.e2e.rights.world import PEOPLE, World, world

ROWS = rows_in(PAGE.read_text(encoding="utf-8"))
SETTINGS: dict[str, dict[str, Any]] = {
    "": {},
    "`ASKING_OPEN_TO=members`": {"asking_open_to": "members"},
    "`DEFAULTS_EDITABLE_BY=members`": {"defaults_editable_by": "members"},
    "`SLACK_CLIENT_ID`": {"shared": True},
}
GROUPS = (questions, answers, commands, typed, views, keys)
"""Whose drivers share a bot and a workspace."""


def rows_of(setting: str, group: ModuleType) -> list[Row]:
    """The rows that are tried together."""
    return [
        row
        for row in ROWS
        if row.setting == setting and DRIVERS[row.act].__module__ == group.__name__
    ]


TOGETHER = [
    pytest.param(setting, group, id=f"{group.__name__.rpartition('.')[2]}-{setting or 'default'}")
    for setting in SETTINGS
    for group in GROUPS
    if rows_of(setting, group)
]


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


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody may do as much in a minute as the table has cells."""
    monkeypatch.setattr(pacing, "POST_BURST", 1_000)
    monkeypatch.setattr(ephemeral, "TOLD_PER_MINUTE", 1_000)
    monkeypatch.setattr(messages, "REFUSALS_PER_MINUTE", 1_000)
    monkeypatch.setattr(membership, "MOST_LOOKS", 1_000)
    monkeypatch.setattr(slack_views, "VIEWS_PER_MINUTE_EACH", 1_000)


@pytest.mark.timeout(150)  # up to 38 rows by nine people, one after another
@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(("setting", "group"), TOGETHER)
async def test_what_the_table_says_is_so(redis_url: str, setting: str, group: ModuleType) -> None:
    wrong = []
    async with world(redis_url, **SETTINGS[setting]) as at:
        for row in rows_of(setting, group):
            for who, user in PEOPLE.items():
                found = await tried(at, row.act, user)
                if found != row.cells[who]:
                    wrong.append(f"{row.act}, {who}: {found}")
        await at.workspace.settled()

    assert not wrong, "\n".join(wrong)
    assert not at.workspace.problems


@pytest.mark.parametrize("cell", ["maybe", "", "Yes"])
def test_a_cell_that_says_nothing_is_a_fault(cell: str) -> None:
    page = PAGE.read_text(encoding="utf-8").replace(" yes |", f" {cell} |", 1)

    with pytest.raises(ValueError, match="not a row"):
        rows_in(page)
