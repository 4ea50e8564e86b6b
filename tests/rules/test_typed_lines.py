"""What stands in the documents is typed, and copied, by the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.rules.commands import Help, parse, parse_command
from bot.rules.nearly import meant

ROOT = Path(__file__).parents[2]
LINES = [
    line.removeprefix("    /grok ").rstrip()
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for line in page.read_text(encoding="utf-8").splitlines()
    if line.startswith("    /grok ")
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_to_be_typed_is_one_command_or_one_question(line: str) -> None:
    command = parse_command(line, ("U1",))
    if command:
        assert not command.faults
    else:
        assert isinstance(parse(line), Help) or meant(line) == ""
    assert "/grok" not in line


def test_there_are_such_lines() -> None:
    assert len(LINES) > 10
