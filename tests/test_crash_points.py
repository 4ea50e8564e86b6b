"""Crash points: nothing without an order, the order at the passing it is for, and no other."""

from __future__ import annotations

import dis
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot import tracing
from bot.crash_points import (
    SCRIPTS,
    VARIABLE,
    Armed,
    CrashPointReached,
    arm_process,
    arrive,
)
from bot.tracing import passing

_ROOT = Path(__file__).parents[1]
_USES = re.compile(r"^-- uses (\w+)\.lua", re.MULTILINE)


def test_every_script_has_its_points() -> None:
    sources = {path.stem: path.read_text() for path in (_ROOT / "bot/store/scripts").glob("*.lua")}
    included = {name for text in sources.values() for name in _USES.findall(text)}

    assert set(SCRIPTS) == set(sources) - included


def test_nothing_happens_where_nothing_is_armed() -> None:
    """One look at one name, and no text is made."""
    passing("before", "deliver")
    arm_process({})
    passing("before", "deliver")

    first = [each.opname for each in dis.get_instructions(passing)]
    jump = next(number for number, name in enumerate(first) if "JUMP" in name)
    assert not [name for name in first[:jump] if name.startswith(("CALL", "FORMAT", "BUILD"))]


def test_who_watches_is_told_of_every_point_in_order() -> None:
    seen: list[str] = []
    with arrive(seen.append):
        passing("before", "deliver")
        passing("after", "deliver")
    passing("after", "deliver")

    assert seen == ["before:deliver", "after:deliver"]


def test_an_order_is_carried_out_at_its_passing_alone() -> None:
    with arrive(Armed("after:chunk=raise@2 before:deliver=raise")):
        passing("after", "chunk")
        with pytest.raises(CrashPointReached, match="after:chunk"):
            passing("after", "chunk")
        passing("after", "chunk")
        with pytest.raises(CrashPointReached, match="before:deliver"):
            passing("before", "deliver")


@pytest.mark.parametrize(
    "orders",
    [
        "after:delivery=kill",
        "deliver=kill",
        "after:deliver",
        "after:deliver=stop",
        "after:deliver=kill@0",
        "after:deliver=kill@x",
        "after:deliver=kill,before:take=kill",
    ],
)
def test_an_order_that_means_nothing_is_an_error(orders: str) -> None:
    with pytest.raises(ValueError, match=VARIABLE):
        arm_process({VARIABLE: orders})
    assert tracing._arrive is None


@pytest.mark.integration
@pytest.mark.parametrize(("act", "status"), [("kill", -9), ("raise", 1)])
def test_a_process_is_armed_by_its_environment(act: str, status: int) -> None:
    code = (
        "import os; from bot.crash_points import arm_process; from bot.tracing import passing; "
        "arm_process(os.environ); "
        "passing('after', 'take'); print('once', flush=True); passing('after', 'take')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={VARIABLE: f"after:take={act}@2", "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == status
    assert run.stdout.splitlines()[-1] == "once"
