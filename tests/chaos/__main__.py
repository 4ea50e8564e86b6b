"""`make chaos SEEDS=…`: bots, a sandbox and a store of their own, and everything goes wrong.

Each seed is one run of some seconds, the same each time as far as processes allow it. What it
violates is printed with its sequence, without the faults that it fails without. Ctrl-C ends it with
the report of what was done.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from tests.chaos.campaign import Campaign, report, run
from tests.chaos.stores import STORES

SEEDS = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seeds", default=str(SEEDS), help="how many, or one as =N, or N-M")
    parser.add_argument("--report", metavar="FILE", help="write what it came to as a table")
    parser.add_argument("--as-found", action="store_true", help="do not shorten what fails")
    parser.add_argument("--focus", default="", help="kinds of faults, separated by commas")
    parser.add_argument("--first-only", action="store_true", help="end with the first violation")
    parser.add_argument("--store", choices=STORES, default="valkey", help="what it runs on")
    parser.add_argument("--workspaces", type=int, default=1, help="so many install the app")
    chosen = parser.parse_args()
    campaign = Campaign()
    with suppress(KeyboardInterrupt):
        asyncio.run(
            run(
                seeds(chosen.seeds),
                lambda line: print(line, flush=True),
                shrink=not chosen.as_found,
                focus=[each.strip() for each in chosen.focus.split(",") if each],
                store=chosen.store,
                teams=chosen.workspaces,
                first_only=chosen.first_only,
                campaign=campaign,
            )
        )
    print(table := report(campaign.results))
    if chosen.report:
        Path(chosen.report).write_text(f"{table}\n", encoding="utf-8")
    return 1 if campaign.failed else 0


def seeds(given: str) -> range:
    """`20`: the first twenty; `=7`: the seventh alone; `7-30`: those."""
    first, dash, last = given.removeprefix("=").partition("-")
    if dash:
        return range(int(first), int(last) + 1)
    return range(int(first), int(first) + 1) if given.startswith("=") else range(int(first))


if __name__ == "__main__":
    sys.exit(main())
