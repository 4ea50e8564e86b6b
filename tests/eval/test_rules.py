"""Exact rules: what they find good, and that none of them takes for ever."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from bot.eval import rules as module
from bot.eval.dataset import Item
from bot.eval.rules import is_good

ONLY_A = {"patternProperties": {"^a": {}}, "additionalProperties": False}
LISTED = {"type": "array", "items": {"type": "string"}, "minItems": 2}


@pytest.mark.parametrize(
    ("rules", "text", "good"),
    [
        ({}, "anything", True),
        ({"expected": "The  Amazon"}, "It is the amazon\nriver.", True),
        ({"expected": "The Amazon"}, "It is the Nile.", False),
        ({"expected": "STRASSE"}, "straße", True),
        ({"contains": ["Nile", "Amazon"]}, "amazon, nile", True),
        ({"contains": ["Nile", "Amazon"]}, "Nile", False),
        ({"regex": r"^\d+$"}, "42", True),
        ({"regex": r"^\d+$"}, "forty-two", False),
        ({"max_chars": 3}, "abc", True),
        ({"max_chars": 3}, "abcd", False),
        ({"min_chars": 3}, "ab", False),
        ({"max_chars": 0}, "", True),
        ({"schema": LISTED}, '["a", "b"]', True),
        ({"schema": LISTED}, 'Here:\n```json\n["a", "b"]\n```\nDone.', True),
        ({"schema": LISTED}, 'Here:\n```\r\n["a", "`b`"]```', True),
        ({"schema": {"$defs": {"a": LISTED}, "$ref": "#/$defs/a"}}, '["a", "b"]', True),
        ({"schema": {"multipleOf": 0.5}}, "1e400", False),
        ({"schema": {"pattern": "^a+$"}}, '"aaa"', True),
        ({"schema": {"pattern": "^a+$"}}, '"aab"', False),
        ({"schema": {"patternProperties": {"^a": LISTED}}}, '{"a": 1, "b": 2}', False),
        ({"schema": {"patternProperties": {"^a": LISTED}}}, '{"b": 1}', True),
        ({"schema": ONLY_A}, '{"a": 1, "ab": 2}', True),
        ({"schema": ONLY_A}, '{"b": 1}', False),
        ({"schema": ONLY_A | {"properties": {"b": {}}}}, '{"b": 1}', True),
        ({"schema": ONLY_A | {"additionalProperties": {"minimum": 5}}}, '{"b": 4}', False),
        ({"schema": ONLY_A}, "[]", True),
        ({"schema": LISTED}, '["a"]', False),
        ({"schema": LISTED}, "a and b", False),
        ({"schema": False}, "1", False),
        ({"schema": LISTED}, "[" * 100_000, False),
        ({"expected": "a", "max_chars": 1}, "ab", False),
    ],
)
def test_all_rules_hold_for_a_good_answer(rules: dict[str, Any], text: str, good: bool) -> None:
    assert is_good(Item(prompt="p", **rules), text) == good


def test_an_expression_that_takes_for_ever_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REGEX_SECONDS", 0.05)

    slow = r"(a|aa)+(b|bb)*$"

    assert not is_good(Item(prompt="p", regex=slow), "a" * 5_000 + "c")
    assert not is_good(Item(prompt="p", json_schema={"pattern": slow}), f'"{"a" * 5_000}c"')
    never = {"patternProperties": {slow: False}, "additionalProperties": True}
    assert is_good(Item(prompt="p", json_schema=never), f'{{"{"a" * 5_000}c": 1}}')


# What the alarm raises in a callback of the collector of garbage is lost: then the clock is seen.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (
            {"patternProperties": {"^(a|aa)+$": True}, "unevaluatedProperties": False},
            f'{{"{"a" * 60}!": 1}}',
        ),
        (
            {
                "$defs": {
                    f"d{at}": {"anyOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(40)
                }
                | {"d40": False},
                "$ref": "#/$defs/d0",
            },
            "1",
        ),
    ],
)
def test_a_schema_that_takes_for_ever_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, schema: dict[str, Any], text: str
) -> None:
    monkeypatch.setattr(module, "SCHEMA_SECONDS", 0.2)
    before, alarm = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)

    assert not is_good(Item(prompt="p", json_schema=schema), text)
    assert signal.getsignal(signal.SIGALRM) is before
    assert bool(signal.getitimer(signal.ITIMER_REAL)[0]) == bool(alarm[0])


def test_an_alarm_that_is_lost_lets_no_schema_take_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SCHEMA_SECONDS", 0.2)
    monkeypatch.setattr(module, "_MARGIN", 1_000.0)
    branches = {f"d{at}": {"anyOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(40)}
    schema = {"$defs": {**branches, "d40": False}, "$ref": "#/$defs/d0"}

    assert not is_good(Item(prompt="p", json_schema=schema), "1")


def test_a_block_of_code_that_never_ends_is_read_at_once() -> None:
    assert not is_good(Item(prompt="p", json_schema=LISTED), "```json\n" * 20_000)
    assert not is_good(Item(prompt="p", json_schema=LISTED), "```json" + "\n" * 50_000)
    assert not is_good(Item(prompt="p", json_schema=LISTED), "```\n" + "` " * 50_000)
