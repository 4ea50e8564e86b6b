"""Some seeds of `make simulate`, and that a guard which is broken does not go unnoticed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.mutants import NOTICED_AT

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


def _simulate(*arguments: str, hash_seed: str = "random") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-m", "tests.simulation", "--quiet", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_nothing_is_lost_and_nothing_comes_twice() -> None:
    done = _simulate("--seeds", "40", "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_seed_is_the_whole_report() -> None:
    """To the letter, in whichever process."""
    again = [
        _simulate("--seeds", "3-3", "--record", hash_seed=each).stdout.split("failed: 0")[1]
        for each in ("1", "2")
    ]
    assert again[0] == again[1]
    assert len(again[0].splitlines()) > 20


def test_after_a_day_there_is_left_what_the_table_of_lifetimes_says() -> None:
    command = [sys.executable, "-m", "tests.simulation.day"]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_each_broken_guard_is_noticed() -> None:
    done = _simulate("--mutants")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("noticed") == len(NOTICED_AT)
