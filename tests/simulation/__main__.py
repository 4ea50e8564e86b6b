"""`python -m tests.simulation --seeds 1000`: as many simulations, or those of `--seeds 17-90`.

A seed is the whole report of a fault: `--seeds 17-17` runs it again, to the letter, and prints what
happened, with all left out of its plan that the fault does not need.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from tests.simulation.mutants import MUTANTS, NOTICED_AT, planted
from tests.simulation.run import Outcome, run, simulate
from tests.simulation.shorten import shortened

CHUNK = 20
MOST_SHOWN = 5
MOST_TRIED = 300
"""Seeds in which a guard that is broken has to be noticed."""


def main() -> None:
    arguments = _arguments()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of what is in a set of words would be another one in each process.
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        command = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, command, environment)
    if arguments.mutants:
        sys.exit(_try_mutants())
    first, last = _range(arguments.seeds)
    began = time.perf_counter()
    tally = _Tally(last - first + 1, quiet=arguments.quiet)
    for line in _outcomes(range(first, last + 1), arguments.jobs, arguments.mutant):
        tally.add(line)
        if len(tally.failed) >= arguments.most:
            break
    tally.end(time.perf_counter() - began)
    shown = range(first, last + 1) if arguments.record else tally.failed[:MOST_SHOWN]
    for seed in shown:
        _show(seed, arguments.mutant, whole=first == last)
    sys.exit(1 if tally.failed else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="1000", help="how many, or from-to")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--mutant", choices=sorted(MUTANTS), help="with one guard of the bot broken"
    )
    parser.add_argument(
        "--mutants", action="store_true", help="every guard broken, each at a seed that notices it"
    )
    parser.add_argument("--record", action="store_true", help="print what happened in each seed")
    parser.add_argument("--most", type=int, default=1_000_000, help="stop after so many failed")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    return parser.parse_args()


def _range(seeds: str) -> tuple[int, int]:
    first, dash, last = seeds.partition("-")
    return (int(first), int(last)) if dash else (0, int(seeds) - 1)


Line = tuple[int, tuple[str, ...], tuple[str, ...], int, float]
"""Of one seed: what was wrong, which faults struck, how many questions, virtual seconds."""


def _outcomes(seeds: range, jobs: int, mutant: str | None) -> Iterator[Line]:
    _still()
    if jobs == 1:
        yield from _some(list(seeds), mutant)
        return
    chunks = [list(seeds[place : place + CHUNK]) for place in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(jobs, initializer=_still) as pool:
        waiting = iter(chunks)
        under_way = [pool.submit(_all_of, each, mutant) for each in islice(waiting, 2 * jobs)]
        while under_way:
            yield from under_way.pop(0).result()
            under_way += [pool.submit(_all_of, each, mutant) for each in islice(waiting, 1)]


def _still() -> None:
    """What a killed process leaves behind is thrown away, and complains in vain."""
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None


def _all_of(seeds: Iterable[int], mutant: str | None) -> list[Line]:
    return list(_some(seeds, mutant))


def _some(seeds: Iterable[int], mutant: str | None) -> Iterator[Line]:
    with planted(mutant):
        for seed in seeds:
            outcome = simulate(seed)
            yield seed, outcome.wrong, outcome.struck, outcome.questions, outcome.seconds - 1000.0


def _try_mutants() -> int:
    """1 where one of them is not noticed."""
    _still()
    missed = 0
    for name, hint in NOTICED_AT.items():
        noticed = _noticed(name, hint)
        missed += not noticed
        print(f"{name}: {noticed or 'MISSED'}", flush=True)
    return min(missed, 1)


def _noticed(mutant: str, hint: int) -> str:
    """What is wrong with the first seed that notices a mutant; empty when none does."""
    with planted(mutant):
        for seed in (hint, *range(MOST_TRIED)):
            if wrong := simulate(seed).wrong:
                return f"noticed at seed {seed}: {wrong[0]}"
    return ""


class _Tally:
    """Counts, and shows how far it is."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self.failed: list[int] = []
        self._total = total
        self._quiet = quiet
        self._done = self._questions = 0
        self._seconds = 0.0
        self._struck: Counter[str] = Counter()

    def add(self, line: Line) -> None:
        seed, wrong, struck, questions, seconds = line
        self._done += 1
        self._questions += questions
        self._seconds += seconds
        self._struck.update(struck)
        if wrong:
            self.failed.append(seed)
            print(f"\rseed {seed}: {wrong[0]}", flush=True)
        if not self._quiet and (self._done % 50 == 0 or self._done == self._total):
            end = "\n" if self._done == self._total else ""
            print(
                f"\r{self._done} of {self._total}, {len(self.failed)} failed", end=end, flush=True
            )

    def end(self, took: float) -> None:
        faults = ", ".join(f"{count} {what}" for what, count in sorted(self._struck.items()))
        print(f"{self._done} simulations of {self._questions} questions")
        print(f"{self._seconds / 3600:.1f} h of virtual time in {took:.0f} s")
        print(f"{self._done / took:.1f} simulations a second")
        print(f"faults: {faults}")
        print(f"failed: {len(self.failed)}")


def _show(seed: int, mutant: str | None, *, whole: bool) -> None:
    with planted(mutant):
        outcome = simulate(seed)
        if outcome.wrong:
            outcome = shortened(outcome, run)
    print(f"\nseed {seed} (python -m tests.simulation --seeds {seed}-{seed})")
    for line in report(outcome, whole=whole):
        print(line)


def report(outcome: Outcome, *, whole: bool) -> Iterator[str]:
    """What was planned, what happened and what was wrong, line by line."""
    yield from (f"  {line}" for line in outcome.plan.lines())
    record = outcome.record if whole else outcome.record[-60:]
    if len(record) < len(outcome.record):
        yield f"  … {len(outcome.record) - len(record)} lines more: run the seed alone"
    for at, who, what in record:
        yield f"  {at - 1000:8.3f} {who:6} {what}"
    yield from (f"  WRONG: {each}" for each in outcome.wrong)


if __name__ == "__main__":
    main()
