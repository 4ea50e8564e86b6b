"""What stands in the documents is typed, and copied, by the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.rules.commands import Help, parse, parse_command
from bot.rules.copied import first_of_several
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


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("usage | models", "usage"),
        ("Usage|quota show channel|…", "Usage"),
        ("pause and: /grok resume", "pause"),
        ("help, then /grok help quota.", "help"),
        ("usage", ""),
        ("usage |", ""),
        ("usage | grep", ""),
        ("ls | usage", ""),
        ("/grok usage", ""),
        ("|", ""),
        ("", ""),
    ],
)
def test_the_first_of_several_commands(text: str, first: str) -> None:
    assert first_of_several(text) == first
