"""Questions a second that a store carries: one Valkey beside a Cluster of three.

Each is accepted, read, taken, answered and finished, with nobody to wait for: what the store and
its client cost. Replicas are processes; teams share them, and on a Cluster its nodes.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench._questions import question
from bot.completion.result import Answer
from bot.jobs.queue import Queue
from bot.store.redis.connection import Store
from tests.store.several import Server, cluster_of_three

TEAMS = (1, 10, 1_000)
REPLICAS = (1, 4)
SECONDS = 4.0
AT_ONCE = 16
ANSWER = Answer.failed("grok-4.3", "An answer.")


def main() -> None:
    """Print how many questions a second went through, for teams, replicas and stores."""
    with tempfile.TemporaryDirectory() as directory, stores(Path(directory)) as urls:
        print(f"{'teams':>6}{'replicas':>9}" + "".join(f"{name:>20}" for name in urls))
        for teams in TEAMS:
            for replicas in REPLICAS:
                found = [_rate(url, teams, replicas) for url in urls.values()]
                print(f"{teams:>6}{replicas:>9}" + "".join(f"{each:>20.0f}" for each in found))
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")


@contextmanager
def stores(directory: Path) -> Iterator[dict[str, str]]:
    """The addresses of one Valkey and of a Cluster, while they run."""
    one = Server(directory / "one", ("appendonly yes", 'save ""'))
    one.start()
    try:
        with cluster_of_three(directory / "cluster") as cluster:
            yield {"one Valkey": f"redis://127.0.0.1:{one.port}", "Cluster of three": cluster.url}
    finally:
        one.kill()


def _rate(url: str, teams: int, replicas: int) -> float:
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(replicas, mp_context=spawning) as pool:
        counts = pool.map(_replica, [url] * replicas, [teams] * replicas)
        return sum(counts) / SECONDS


def _replica(url: str, teams: int) -> int:
    return asyncio.run(_questions(url, teams))


async def _questions(url: str, teams: int) -> int:
    done = 0
    async with Store(url, several=True) as store:
        queues = [
            Queue(store, store.keys(f"T{team}"), lease_seconds=60, retention_seconds=60)
            for team in range(teams)
        ]
        # Its scripts, and its group.
        await asyncio.gather(*(queues[0].read(1, wait=False) for _ in range(2)))
        ends = time.monotonic() + SECONDS

        async def ask_and_answer(number: int) -> None:
            nonlocal done
            while time.monotonic() < ends:
                queue = queues[number % teams]
                number += AT_ONCE
                await queue.accept(f"{os.getpid()}-{number}", question())
                for entry in await queue.read(1, wait=False):
                    if taken := await queue.take(entry):
                        lease, job = taken
                        await queue.deliver(lease, ANSWER)
                        await queue.finish(lease, 0, job)
                        done += time.monotonic() < ends

        await asyncio.gather(*(ask_and_answer(number) for number in range(AT_ONCE)))
    return done
