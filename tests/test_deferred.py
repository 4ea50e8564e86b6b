from __future__ import annotations

import re
import subprocess
import sys

import pytest

from bot.deferred import compiled_later


def test_a_pattern_is_compiled_once_and_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = []
    true_compile = re.compile

    def noting(pattern: str, flags: int) -> re.Pattern[str]:
        compiled.append(pattern)
        return true_compile(pattern, flags)

    monkeypatch.setattr(re, "compile", noting)
    word = compiled_later(r"wo?rd", re.IGNORECASE)
    assert not compiled

    assert word().fullmatch("WORD")
    assert word() is word()
    assert compiled == [r"wo?rd"]


SCRIPT = """
import asyncio
import bot.joining.process
from bot.deferred import build_models, unbuilt

async def turns():
    told = {"built": 0, "between": 0}
    async def others():
        while True:
            told["between"] += 1
            await asyncio.sleep(0)
    beside = asyncio.create_task(others())
    told["built"] = len(list(unbuilt()))
    await build_models()
    beside.cancel()
    print(told["built"], told["between"], len(list(unbuilt())))

asyncio.run(turns())
"""


@pytest.mark.integration
def test_models_are_built_one_by_one_once_the_bot_is_loaded() -> None:
    told = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    ).stdout
    built, between, left = map(int, told.split())

    assert built > 30
    assert between >= built - 1
    assert left == 0
