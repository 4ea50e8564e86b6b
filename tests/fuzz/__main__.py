"""`make fuzz SEED=… N=…`: spoilt requests and envelopes against a bot of its own.

What fails is printed with its number; `make fuzz SEED=… ONLY=…` makes that attempt again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.fuzz.attack import attack_http, attack_socket
from tests.fuzz.stage import Broken

ATTEMPTS = 100_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--n", type=int, default=ATTEMPTS, help="how many, by each way in")
    parser.add_argument("--only", type=int, help="the number of one attempt")
    chosen = parser.parse_args()
    numbers = range(chosen.n) if chosen.only is None else [chosen.only]
    for way, attack in (("http", attack_http), ("socket", attack_socket)):
        print(f"{way}: SEED={chosen.seed}, {len(numbers):,} attempts", flush=True)
        with tempfile.TemporaryDirectory(prefix="grokbot-fuzz-") as where:
            try:
                asyncio.run(
                    attack(chosen.seed, numbers, Path(where), lambda line: print(line, flush=True))
                )
            except Broken as broken:
                print(f"{way}: SEED={chosen.seed}: {broken}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
