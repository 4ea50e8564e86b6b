"""Each mutant of `make chaos-mutants` still breaks what it says."""

from __future__ import annotations

import ast

import pytest

from tests.chaos.mutants import MUTANTS, ROOT, Mutant
from tests.chaos.plan import plan


def test_there_are_enough_and_each_has_a_name() -> None:
    assert len({mutant.guard for mutant in MUTANTS}) == len(MUTANTS) >= 15


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.guard)
def test_a_mutant_can_be_planted(mutant: Mutant) -> None:
    source = (ROOT / mutant.path).read_text(encoding="utf-8")
    planted = mutant.planted(source)

    assert planted != source
    if mutant.path.endswith(".py"):
        ast.parse(planted)
    assert {fault.kind for fault in plan(1, mutant.focus).faults} == {
        each.partition("/")[0] for each in mutant.focus
    }


def test_a_guard_that_stands_there_no_more_is_told() -> None:
    with pytest.raises(ValueError, match="does not say once"):
        Mutant("none", "bot/app.py", "import never", "").planted("import asyncio")
