"""Many runs, one after the other: what was violated, by which seed, shortened; and what it took."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.checker import recoveries, violations
from tests.chaos.history import Asking, History
from tests.chaos.plan import Fault, Plan, plan
from tests.chaos.processes import Forks, forks
from tests.chaos.scene import SHORTER, scene
from tests.chaos.stores import STORES

RUN_SECONDS = 60.0
REPLAYS = 2
"""So often a shorter sequence may fail to fail before it is thought to be sound."""

Tell = Callable[[str], None]


@dataclass(slots=True)
class Result:
    """What came of one run, in each workspace."""

    plan: Plan
    histories: list[History]
    found: list[str]
    seconds: float

    @property
    def askings(self) -> list[Asking]:
        return [each for history in self.histories for each in history.askings]

    @property
    def requests(self) -> int:
        return sum(len(history.requests) for history in self.histories)

    @property
    def faults(self) -> list[Fault]:
        """What went wrong, as it did; any workspace tells all of it."""
        return [fault for _, fault in self.histories[0].faults]

    @property
    def recoveries(self) -> list[float]:
        return [each for history in self.histories for each in recoveries(history)]


@dataclass(slots=True)
class Campaign:
    """What came of all so far."""

    results: list[Result] = field(default_factory=list)

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if result.found]


async def run(
    seeds: Iterable[int],
    tell: Tell,
    *,
    shrink: bool = True,
    focus: Sequence[str] = (),
    store: str = "valkey",
    first_only: bool = False,
    teams: int = 1,
    campaign: Campaign | None = None,
) -> Campaign:
    """Run each of `seeds`, and tell of each as it ends; until the `first_only` that fails.
    `focus` and `teams` as in `plan`, `store` is one of `STORES`. What came of them is added to
    `campaign`."""
    campaign = campaign or Campaign()
    async with forks(SHORTER) as of:
        for seed in seeds:
            result = await play(plan(seed, focus, teams), of, store)
            campaign.results.append(result)
            tell(_line(campaign, result))
            if result.found:
                tell("\n".join(f"  {sentence}" for sentence in result.found))
                shorter = await shortened(result, of, tell, store) if shrink else result.plan
                tell(str(shorter))
                if first_only:
                    break
    return campaign


async def play(of: Plan, bots: Forks, store: str) -> Result:
    """One run, and what it has violated."""
    began, opening = time.monotonic(), STORES[store]
    with tempfile.TemporaryDirectory(prefix="grokbot-chaos-") as where:
        timer = asyncio.get_running_loop().call_later(RUN_SECONDS - 1, _print_tasks)
        try:
            async with asyncio.timeout(RUN_SECONDS), scene(of, bots, Path(where), opening) as here:
                histories = await here.play()
        except TimeoutError:
            unfinished = f"the run did not end within {RUN_SECONDS:.0f} s"
            histories = [History(unfinished=(unfinished,))]
        finally:
            timer.cancel()
    found = [each for history in histories for each in violations(history)]
    return Result(of, histories, found, time.monotonic() - began)


def _print_tasks() -> None:
    """What a run that does not end waits for."""
    for task in asyncio.all_tasks():
        task.print_stack()


async def shortened(failed: Result, bots: Forks, tell: Tell, store: str = "valkey") -> Plan:
    """The plan of a run that failed, without the faults that it fails without."""
    rules = {_rule(sentence) for sentence in failed.found}
    shorter = failed.plan
    for fault in failed.plan.faults:
        tried = shorter.only([each for each in shorter.faults if each != fault])
        for _ in range(REPLAYS):
            again = await play(tried, bots, store)
            if rules & {_rule(sentence) for sentence in again.found}:
                shorter = tried
                break
        tell(f"  shortening: {len(shorter.faults)} of {len(failed.plan.faults)} faults are left")
    return shorter


def _rule(sentence: str) -> str:
    return sentence.partition(":")[0]


def _line(campaign: Campaign, result: Result) -> str:
    questions = sum(len(each.askings) for each in campaign.results)
    faults = sum(len(each.faults) for each in campaign.results)
    kinds = ", ".join(fault.kind for fault in result.faults) or "no faults"
    return (
        f"seed {result.plan.seed}: {len(result.askings)} questions, {kinds}; "
        f"{result.seconds:.1f} s, {'VIOLATED' if result.found else 'ok'}  "
        f"[{len(campaign.results)} seeds, {questions} questions, {faults} faults, "
        f"{len(campaign.failed)} violated]"
    )


def report(results: Sequence[Result]) -> str:
    """What all of it came to, as a table in markdown."""
    faults: Counter[str] = Counter()
    for result in results:
        faults.update(fault.kind for fault in result.faults)
        faults.update(f"Grok: {each.grok}" for each in result.askings if each.grok)
    seconds = sorted(each for result in results for each in result.recoveries)
    asked = [each for result in results for each in result.askings]
    lines = [
        "| | |",
        "| --- | --- |",
        f"| runs | {len(results)} |",
        f"| questions | {len(asked)} |",
        *(
            f"| … {outcome} | {sum(each.outcome == outcome for each in asked)} |"
            for outcome in ("accepted", "refused", "unknown")
        ),
        f"| requests to Grok | {sum(each.requests for each in results)} |",
        f"| faults | {sum(faults.values())} |",
        *(f"| … {kind} | {count} |" for kind, count in sorted(faults.items())),
        f"| answers in the hands of a bot that died or stood still | {len(seconds)} |",
        f"| until text moved again: p50 | {_share(seconds, 0.5)} |",
        f"| p95 | {_share(seconds, 0.95)} |",
        f"| longest | {_share(seconds, 1.0)} |",
        f"| runs with a violation | {sum(bool(each.found) for each in results)} |",
    ]
    return "\n".join(lines)


def _share(ordered: Sequence[float], share: float) -> str:
    if not ordered:
        return "–"
    return f"{ordered[min(len(ordered) - 1, int(share * len(ordered)))]:.1f} s"
