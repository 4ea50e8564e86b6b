"""The list of reports: each names where it stands, and there are about as many as were read."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.house import ROOT

_LISTS = (*sorted((ROOT / "tests/reports").glob("*.py")), ROOT / "tests/e2e/test_reports.py")
_SOURCE = re.compile(r"(?<![\w/])[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*#[1-9]\d*")
_WHOLE = re.compile(r'"([^"\n]*#\d+)"')


def sources(path: Path) -> list[str]:
    return _SOURCE.findall(path.read_text(encoding="utf-8"))


def test_more_than_sixty_reports_are_tried() -> None:
    found = Counter(source for path in _LISTS for source in sources(path))

    assert len(found) >= 60
    assert len({source.partition("#")[0] for source in found}) >= 40


def test_each_names_a_repository_and_a_number() -> None:
    for path in _LISTS:
        named = [each for each in _WHOLE.findall(path.read_text(encoding="utf-8")) if "/" in each]
        assert [each for each in named if not _SOURCE.fullmatch(each)] == []
