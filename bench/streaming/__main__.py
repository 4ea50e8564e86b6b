"""`python -m bench.streaming [options]`: the same as `python -m bench streaming`, in parts."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from bench.streaming.cell import COMPARED, OURS, SYSTEMS
from bench.streaming.measuring import Plan, run
from bench.streaming.rows import ROWS

QUICK = ("1", "5", "20", "100", "after")


def plan(argv: list[str] | None = None) -> Plan:
    """What the options ask for."""
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(
        prog="python -m bench.streaming", description="Measure how answers stream."
    )
    parser.add_argument("--rows", type=_list_of(names), default=names, help=f"of {','.join(names)}")
    parser.add_argument(
        "--systems",
        type=_list_of(list(SYSTEMS), ";"),
        default=list(COMPARED),
        help=f"of {', '.join(SYSTEMS)}, with ; in between",
    )
    parser.add_argument("--runs", type=int, default=3, help="of ours; the table has medians")
    parser.add_argument("--abreast", type=int, help="answers at once, of all that runs together")
    parser.add_argument(
        "--quick", action="store_true", help="ours alone, once, without the row of 3 minutes"
    )
    parser.add_argument("--json", type=Path, help="where the results go")
    parser.add_argument("--plot", type=Path, help="where the plot goes")
    given = parser.parse_args(argv)
    usual = Plan()
    return Plan(
        rows=tuple(name for name in given.rows if not given.quick or name in QUICK),
        systems=(OURS,) if given.quick else tuple(given.systems),
        runs=1 if given.quick else given.runs,
        abreast=given.abreast or usual.abreast,
        results=given.json or usual.results,
        plot=given.plot,
    )


def _list_of(known: list[str], between: str = ",") -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        names = text.split(between)
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"no such thing: {', '.join(unknown)}")
        return names

    return read


if __name__ == "__main__":
    run(plan())
