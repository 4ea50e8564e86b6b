"""What is said to people is spelled one way."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import bot
from bot.completion.options import OPTIONS

ROOT = Path(bot.__file__).parent
_OTHERS = ("startup.py", "terminal.py", "thanks.py")
"""For operators in a terminal; and a list of what people type."""
TO_PEOPLE = sorted(set((ROOT / "words").glob("*.py")) - {ROOT / "words" / name for name in _OTHERS})
_STRAIGHT = re.compile(r"[A-Za-z]'[a-z]")


@pytest.mark.parametrize("path", TO_PEOPLE, ids=lambda path: path.name)
def test_sentences_to_people_in_slack_have_one_kind_of_apostrophe(path: Path) -> None:
    assert [text for text in _texts(path) if _STRAIGHT.search(text)] == []


def test_hints_of_flags_have_the_same_apostrophe() -> None:
    assert [option.hint for option in OPTIONS.values() if _STRAIGHT.search(option.hint)] == []


def _texts(path: Path) -> list[str]:
    """Every string in a file that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    ]
