from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.running.alone import held


def test_who_is_alone_has_nobody_beside_it_and_gets_its_turn(tmp_path: Path) -> None:
    inside: Counter[bool] = Counter()
    seen: list[Counter[bool]] = []

    def enter(alone: bool) -> None:
        with held(tmp_path, alone=alone):
            inside[alone] += 1
            seen.append(inside.copy())
            inside[alone] -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(enter, [number % 5 == 0 for number in range(200)]))

    assert len(seen) == 200
    assert all(found.total() == 1 for found in seen if found[True])
