"""`make chaos-mutants`: break one guard of the bot at a time, in a copy, and see who notices.

Each mutant is watched for by seeds whose faults are of the kinds that its guard is for, until one
is violated. What they do not notice is left to whoever else can: `WATCHERS` are tried one after
the other. Without the mutant nothing may be violated by the same seeds (`--sound`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 12
"""So many seeds may a mutant pass unnoticed before it is said to have survived."""
SIMULATED = 500
"""So many simulations are tried for what passes those."""
SECONDS = 600.0

ALWAYS = ("retry",)
"""In the place of faults, for what is noticed without any."""
FREEZES = "crash point/before:chat.update=freeze@2"


@dataclass(frozen=True, slots=True)
class Mutant:
    """Of `path` the text `old`, which stands there once, becomes `new`. `focus`: the kinds of
    faults that the guard is for, as `tests.chaos.plan.plan` takes them."""

    guard: str
    path: str
    old: str
    new: str
    focus: tuple[str, ...] = ALWAYS

    def planted(self, source: str) -> str:
        """`source` with the guard broken. Raises `ValueError` where it does not stand once."""
        if source.count(self.old) != 1:
            raise ValueError(f"{self.path} does not say once: {self.old}")
        return source.replace(self.old, self.new)


_SCRIPTS = "bot/store/scripts"

MUTANTS = (
    Mutant(
        "dedupe: the two events of a mention become one job",
        f"{_SCRIPTS}/accept.lua",
        "local holder = redis.call('GET', seen)",
        "local holder = false",
    ),
    Mutant(
        "order: a thread is answered one after the other",
        f"{_SCRIPTS}/accept.lua",
        "  if redis.call('EXISTS', active) == 1 then\n    redis.call('ZADD'",
        "  if false then\n    redis.call('ZADD'",
    ),
    Mutant(
        "order: the next in line is begun",
        f"{_SCRIPTS}/finish.lua",
        "  leave(job, active, waiting, queue)\n",
        "",
    ),
    Mutant(
        "settling: what was reserved is let go",
        f"{_SCRIPTS}/deliver.lua",
        "    release(hold, counters, redis.call('HGET', job, 'id'))\n",
        "",
    ),
    Mutant(
        "settling: once for each job",
        f"{_SCRIPTS}/deliver.lua",
        "    charge(hold, counters, books, used(hold))\n",
        "    charge(hold, counters, books, used(hold))\n"
        "    charge(hold, counters, books, used(hold))\n",
    ),
    Mutant(
        "charging: what a dead bot has asked for",
        f"{_SCRIPTS}/begin.lua",
        "  charge(hold, counters, books, again)\n",
        "",
        ("kill", "kill"),
    ),
    Mutant(
        "charging: said before Grok is asked",
        "bot/jobs/run.py",
        "        await self._held.begin()\n",
        "",
    ),
    Mutant(
        "fence: who lost the lease writes no more",
        f"{_SCRIPTS}/write.lua",
        "if redis.call('HGET', job, 'lease') ~= lease then\n  return stands()",
        "if false then\n  return stands()",
        ("crash point/before:chat.postMessage=freeze", FREEZES),
    ),
    Mutant(
        "look-up: what was perhaps posted is found before it is posted again",
        "bot/reply/sweeping.py",
        "        found = await self._find(thread_ts)\n",
        "        found: list[Posted] = []\n",
        ("slack loses replies/chat.postMessage", "slack loses replies/chat.postMessage"),
    ),
    Mutant(
        "sweep: messages that nobody knows of are deleted",
        "bot/reply/messages.py",
        "        if not self._strays_possible:\n            return\n",
        "        return\n",
        ("kill in a slow call/chat.postMessage", "kill in a slow call/chat.postMessage"),
    ),
    Mutant(
        "taking back: what the new holder has adopted stays",
        "bot/reply/sweeping.py",
        "            if await self._ledger.disown(ts):\n",
        "            if True:\n",
        ("crash point/after:chat.postMessage=freeze", "crash point/after:chat.postMessage=freeze"),
    ),
    Mutant(
        "reassert: who wrote too late has the answer shown again",
        "bot/jobs/holder.py",
        "        if await self._queue.reassert(lease.entry.job_id, lease, late):\n",
        "        if True:\n",
        (FREEZES, "crash point/before:chat.update=freeze@1"),
    ),
    Mutant(
        "late calls: recorded before they are made",
        "bot/jobs/lease.py",
        "            late = self.late.left\n",
        "            late = 0.0\n",
        ("kill in a slow call/chat.update", "kill in a slow call/chat.update"),
    ),
    Mutant(
        "session: ended by whoever shows the answer",
        "bot/jobs/run.py",
        "error=error.code)\n        await self._end_session()\n",
        "error=error.code)\n",
    ),
    Mutant(
        "session: recorded before it is begun",
        "bot/reply/session.py",
        "                await self._ledger.note(BEGUN, ask.channel, route=self._root)\n",
        "                await self._ledger.check()\n",
    ),
    Mutant(
        "reclaiming: only what nobody has renewed for a lease",
        "bot/jobs/queue.py",
        "                    min_idle_time=int(idle_seconds * 1000),\n",
        "                    min_idle_time=0,\n",
    ),
    Mutant(
        "reclaiming: what a dead bot had in hand",
        "bot/jobs/queue.py",
        "                    min_idle_time=int(idle_seconds * 1000),\n",
        "                    min_idle_time=600_000,\n",
        ("kill", "kill"),
    ),
    Mutant(
        "renewing: who is alive keeps the job",
        f"{_SCRIPTS}/renew.lua",
        "redis.call('XCLAIM'",
        "local _ = ('XCLAIM'",
    ),
    Mutant(
        "handing back: what is handed back stands in the queue",
        f"{_SCRIPTS}/release.lua",
        "enqueue(queue, 'job', id, 'since', created)\n",
        "",
        ("terminate", "terminate"),
    ),
    Mutant(
        "giving up: not before the third time",
        "bot/jobs/job.py",
        "MOST_ATTEMPTS = 3\n",
        "MOST_ATTEMPTS = 1\n",
        ("kill", "kill"),
    ),
    Mutant(
        "acking: no event before it is stored",
        "bot/doors/slack_app.py",
        "            return not_now() if reaction.again else BoltResponse(",
        "            return BoltResponse(",
        ("store kill", "store kill"),
    ),
    Mutant(
        "refusing: not sure is not certainly not",
        "bot/asking/admission.py",
        "said.MAYBE_NOT_TAKEN if maybe_taken else said.NOT_TAKEN",
        "said.NOT_TAKEN",
        ("store freeze", "store freeze"),
    ),
    Mutant(
        "insisting: an answer waits for the store",
        "bot/jobs/holder.py",
        "await until_stored(lambda: self._queue.deliver(self._lease, answer, hold, charge))",
        "await self._queue.deliver(self._lease, answer, hold, charge)",
        ("store full", "store read-only", "store replica"),
    ),
    Mutant(
        "delivering: tried until the last edit is there",
        "bot/reply/reply.py",
        "                if not changed:\n                    await self._rest(error)\n",
        "                if not changed:\n                    return\n",
        ("slack storm", "slack limits/chat.update"),
    ),
)

Watcher = Callable[[Path, Mutant], str]
"""Says what it has noticed in a copy with a mutant; nothing where that is nothing."""


def by_chaos(copy: Path, mutant: Mutant) -> str:
    """The first violation of some seeds."""
    command = ["-m", "tests.chaos", "--seeds", str(SEEDS), "--as-found", "--first-only"]
    said, _ = _said(copy, [*command, "--focus", ",".join(mutant.focus)])
    found = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    return found[0] if found else ""


def by_simulation(copy: Path, _: Mutant) -> str:
    """The end of what `make simulate` says of a fault."""
    said, code = _said(copy, ["-m", "tests.simulation", "--seeds", str(SIMULATED), "--quiet"])
    return said.strip().splitlines()[-1] if code else ""


WATCHERS: dict[str, Watcher] = {"chaos": by_chaos, "simulate": by_simulation}


def _said(copy: Path, arguments: Sequence[str]) -> tuple[str, int]:
    """What a command prints, and its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return run.stdout, run.returncode


def noticed(copy: Path, mutant: Mutant) -> tuple[str, str]:
    """By whom a mutant was noticed, and what; two empty texts when it survived."""
    file = copy / mutant.path
    source = file.read_text(encoding="utf-8")
    file.write_text(mutant.planted(source), encoding="utf-8")
    try:
        for name, watcher in WATCHERS.items():
            if found := watcher(copy, mutant):
                return name, found
    finally:
        file.write_text(source, encoding="utf-8")
    return "", ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos-mutants", description=__doc__)
    parser.add_argument("--only", default="", help="guards whose name holds this")
    parser.add_argument(
        "--sound", action="store_true", help="the same seeds with every guard whole"
    )
    chosen = parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if chosen.only in mutant.guard]
    survived = 0
    with tempfile.TemporaryDirectory(prefix="grokbot-mutants-") as directory:
        copy = Path(directory) / "copy"
        left_out = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "out")
        shutil.copytree(ROOT, copy, ignore=left_out)
        for number, mutant in enumerate(mutants, 1):
            if chosen.sound:
                print(f"{mutant.guard}\n    {by_chaos(copy, mutant) or 'nothing'}", flush=True)
                continue
            by, found = noticed(copy, mutant)
            survived += not by
            shown = f"noticed by {by}: {found}" if by else "SURVIVED"
            print(f"{number}/{len(mutants)} {mutant.guard}\n    {shown}", flush=True)
    print(f"{len(mutants) - survived} of {len(mutants)} guards, broken, were noticed.")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
