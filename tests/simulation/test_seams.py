"""The clock, the chance and the names of the bot can be other ones: it takes none for itself."""

from __future__ import annotations

import ast
import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random

import bot
from tests.simulation.seams import EPOCH, drawn_from

SEAMS = {"time", "random", "uuid", "secrets"}
"""Modules whose functions are reached through the module, so that others can stand there."""


def _taken(path: Path) -> Iterator[str]:
    """What a file takes from such a module for itself, and what it asks of the system's clock."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in SEAMS:
            yield from (f"from {node.module} import {alias.name}" for alias in node.names)
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
            yield f".{node.attr}"


def test_the_bot_reaches_clock_and_chance_through_their_modules() -> None:
    (root,) = map(Path, bot.__path__)
    found = {
        f"{path.relative_to(root)}: {each}" for path in root.rglob("*.py") for each in _taken(path)
    }
    assert found == set()


def test_what_is_drawn_comes_from_the_seed() -> None:
    def some() -> tuple[float, float, str]:
        with drawn_from(Random(3), lambda: 7.0):
            return time.time(), random.uniform(0, 1), uuid.uuid4().hex

    assert some() == some()
    assert some()[0] == EPOCH + 7
    assert time.time() != EPOCH + 7
