from __future__ import annotations

import re

import pytest

from bot.compiled import compiled_later


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
