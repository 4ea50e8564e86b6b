"""Planting faults: each is one change that can be read, and the sample is that of its seed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house import ROOT
from tools.mutants import faults_of, room_tests, sample

PYTHON = """
def most(values: list[int], room: int) -> int | None:
    "Größe — in UTF-8 bytes."
    if not values and room >= 2:
        return None
    values.sort()
    return values[-1] + room
"""
LUA = """-- a == b in a comment stays
if used <= limit then
  redis.call('DEL', key)
end
"""


def planted(name: str, source: str) -> list[str]:
    return [fault.planted(source) for fault in faults_of(Path(name), source)]


def test_faults_of_python() -> None:
    found = planted("bot/a.py", PYTHON)

    assert any("room > 2" in each for each in found)
    assert any("(not values) or (room >= 2)" in each for each in found)
    assert any("if not (not values and room >= 2):" in each for each in found)
    assert any("    pass\n" in each for each in found)
    assert any("values[-1] - room" in each for each in found)
    assert all("Größe — in UTF-8 bytes." in each for each in found)


def test_faults_of_lua() -> None:
    found = planted("bot/a.lua", LUA)

    assert any("used < limit" in each for each in found)
    assert any("-- left out" in each for each in found)
    assert all("-- a == b in a comment stays" in each for each in found)


Way = list[tuple[str, int]]
"""From a module to a statement: in which list of each one around it, and where there."""


def way_to(tree: ast.AST, first: int, last: int) -> Way:
    """The way to the innermost statement that holds all of these lines."""
    for name in ("body", "orelse", "handlers", "finalbody"):
        inside = getattr(tree, name, None)
        for number, each in enumerate(inside if isinstance(inside, list) else []):
            if each.lineno <= first and last <= each.end_lineno:
                return [(name, number), *way_to(each, first, last)]
    return []


def at(tree: ast.AST, way: Way) -> str:
    """What stands at the end of `way`, and nothing where there is no such way: to compare it takes
    less than to compare all of `tree`."""
    for name, number in way:
        inside = getattr(tree, name)[number:]
        if not inside:
            return ""
        tree = inside[0]
    return ast.dump(tree)


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "bot/jobs").glob("*.py")), ids=lambda p: p.name)
def test_every_fault_can_be_read_and_changes_something(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    as_written = ast.parse(source)

    for fault in faults_of(path.relative_to(ROOT), source):
        way = way_to(as_written, fault.line, source.count("\n", 0, fault.end) + 1)
        assert at(ast.parse(fault.planted(source)), way) != at(as_written, way), fault


@pytest.mark.slow
def test_the_sample_is_that_of_its_seed_and_from_every_room() -> None:
    one, again, other = sample(1, 30, ""), sample(1, 30, ""), sample(2, 30, "")

    assert one == again != other
    assert {fault.path.parts[1] for fault in one} >= {"jobs", "reply", "grok", "markdown"}


@pytest.mark.parametrize("kind", ["*.py", "*.lua"])
def test_every_room_has_tests(kind: str) -> None:
    paths = [path.relative_to(ROOT) for path in (ROOT / "bot").rglob(kind)]

    assert paths
    for path in paths:
        assert all((ROOT / name).exists() for name in room_tests(path)), path
