"""Runs the cells of the table, several side by side, each in a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.pictures import DOCS, TABLE, keep, with_table
from bench.streaming.cell import COMPARED, OURS, Measured
from bench.streaming.rows import ROWS, Row
from bench.streaming.table import Cell, cell_of, print_table

ROOT = Path(__file__).parents[2]
ABREAST = 100
"""Answers that stream at the same time, of all cells: more would make the machine lag."""

START_SECONDS = 2.0
"""What a process takes to start, of a whole core: they start one after the other."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, how often (`runs` of ours, others once), and where the results go and the
    plot, with its figures beside it."""

    rows: Sequence[str] = tuple(row.name for row in ROWS)
    systems: Sequence[str] = tuple(COMPARED)
    runs: int = 3
    abreast: int = ABREAST
    results: Path = ROOT / "bench/out/streaming.json"
    plot: Path | None = DOCS / "streaming.svg"


def run(plan: Plan) -> list[Cell]:
    """Measure, print the table, and write what `plan` says."""
    started = time.monotonic()
    measured = asyncio.run(_measure(plan))
    _progress("computing the bound …")
    cells = [
        cell_of(row, found)
        for row in ROWS
        for system in plan.systems
        if (found := [each for each in measured if (each.row, each.system) == (row.name, system)])
    ]
    print_table(cells)
    plan.results.parent.mkdir(parents=True, exist_ok=True)
    written = {
        "cells": [cell.as_json() for cell in cells],
        "runs": [each.model_dump() for each in measured],
    }
    plan.results.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(f"\n{time.monotonic() - started:.0f} s; every answer of every run: {plan.results}")
    if plan.plot is not None:
        keep(plan.plot, "streaming", [cell.as_json() for cell in cells])
        if plan.plot == DOCS / "streaming.svg":
            TABLE.write_text(with_table(TABLE.read_text(encoding="utf-8")), encoding="utf-8")
    return cells


async def _measure(plan: Plan) -> list[Measured]:
    measuring = asyncio.current_task()
    assert measuring is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, measuring.cancel)
    room = _Room(plan.abreast)
    rows = [row for row in ROWS if row.name in plan.rows]
    wanted = [
        (row, system)
        for row in sorted(rows, key=lambda row: -row.at_once)
        for system in plan.systems
        for _ in range(plan.runs if system == OURS else 1)
    ]
    done = 0
    found: list[Measured] = []

    async def one(row: Row, system: str) -> None:
        nonlocal done
        async with room.hold(row.at_once) as free:
            streaming = asyncio.get_running_loop().call_later(row.streams + START_SECONDS, free)
            measured = await _cell(row, system)
            streaming.cancel()
        done += 1
        _progress(f"[{done}/{len(wanted)}] {row.title}: {system}, {_outcome(measured)}")
        if measured is not None:
            found.append(measured)

    async with asyncio.TaskGroup() as group:
        for row, system in wanted:
            group.create_task(one(row, system))
    return found


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _outcome(measured: Measured | None) -> str:
    if measured is None:
        return "FAILED"
    late = f"woken late by {measured.late * 1000:.0f} ms (p99)"
    return f"{measured.seconds:.0f} s, {measured.refused} 429s, {late}"


async def _cell(row: Row, system: str) -> Measured | None:
    """None when measuring failed; why is on stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.streaming.one", row.name, system),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        return None
    return Measured.model_validate_json(output)


class _Room:
    """So many answers at the same time, first come, first served; a larger cell waits until it
    is alone."""

    def __init__(self, answers: int) -> None:
        self._all = answers
        self._free = answers
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def hold(self, answers: int) -> AsyncIterator[Callable[[], None]]:
        """Room for so many answers until the end, or until what is given is called."""
        held = min(answers, self._all)

        def free() -> None:
            nonlocal held
            self._free, held = self._free + held, 0
            self._changed.set()

        async with self._turn:
            while self._free < held:
                self._changed.clear()
                await self._changed.wait()
            self._free -= held
            await asyncio.sleep(START_SECONDS)
        try:
            yield free
        finally:
            free()
