"""Grids: every combination once, each value as a flag would read it."""

from __future__ import annotations

from contextlib import suppress
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StartupError
from bot.eval.grid import MOST_SETTINGS, read_grid
from bot.eval.outcome import SettingRow, plot
from bot.rules.shares import Proportion
from bot.settings import Settings
from bot.words.terminal import eval as words

SETTINGS = Settings(_env_file=None)


def faults(*axes: str) -> str:
    with pytest.raises(StartupError) as caught:
        read_grid(axes, SETTINGS)
    return "\n".join(caught.value.faults)


def test_every_combination_is_a_setting() -> None:
    grid = read_grid(["temperature=0.2,0.8", "model=grok-4.3, grok-4.7", "seed=7"], SETTINGS)

    assert [each.name for each in grid] == [
        "temperature=0.2 model=grok-4.3 seed=7",
        "temperature=0.2 model=grok-4.7 seed=7",
        "temperature=0.8 model=grok-4.3 seed=7",
        "temperature=0.8 model=grok-4.7 seed=7",
    ]
    assert grid[0].command == "/grok defaults set --temperature 0.2 --model grok-4.3 --seed 7"
    request = grid[3].request("Hi", SETTINGS)
    assert (request.temperature, request.model, request.seed) == (0.8, "grok-4.7", 7)
    assert request.max_tokens == SETTINGS.grok_max_tokens


def test_values_are_taken_once_and_axes_add_up() -> None:
    grid = read_grid(["temperature=0.2,.2", "temperature=0.20,1", "max-tokens=2000"], SETTINGS)

    assert [dict(each.values) for each in grid] == [
        {"temperature": 0.2, "max_tokens": 2_000},
        {"temperature": 1, "max_tokens": 2_000},
    ]


def test_without_a_grid_there_is_one_setting() -> None:
    (only,) = read_grid([], SETTINGS)

    assert (only.name, dict(only.values)) == (words.AS_SET, {})


def test_what_goes_beside_a_request_is_no_part_of_it() -> None:
    (one, two) = read_grid(["system=Be brief,Be kind", "effort=low"], SETTINGS)

    assert [one.system("of the prompt"), two.system("")] == ["Be brief", "Be kind"]
    assert one.effort == "low"
    assert one.command == '/grok defaults set --system "Be brief" --effort low'
    assert "system" not in one.request("Hi", SETTINGS).given()


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ('"Be brief, and kind", Be formal', ["Be brief, and kind", "Be formal"]),
        ('"Say ""hi"", then end" ,b', ['Say "hi", then end', "b"]),
        ('"a,\nb","c\r\nd"', ["a,\nb", "c\r\nd"]),
        ("a\nb, c", ["a\nb", "c"]),
        ('Say "hi"', ['Say "hi"']),
        ('"a"b,c"', ['"a"b', 'c"']),
        ('"open, too', ['"open', "too"]),
    ],
)
def test_a_value_in_quotes_may_hold_commas(typed: str, texts: list[str]) -> None:
    assert [each.system("") for each in read_grid((f"system={typed}",), SETTINGS)] == texts


def test_a_setting_is_called_on_one_line_and_drawn_whatever_stands_in_it() -> None:
    (setting,) = read_grid(("system=\x1b[31mBe\nbrief\u202e\x00",), SETTINGS)

    assert setting.name == 'system=" [31mBe brief "'
    assert ET.fromstring(plot([SettingRow(setting, Proportion(1, 2), 100, 0.5, 2.0)])) is not None


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_grid_or_a_sentence(text: str) -> None:
    with suppress(StartupError):
        assert read_grid((f"system={text}",), SETTINGS)


@pytest.mark.parametrize(
    ("axis", "told"),
    [
        ("temperature", words.NO_VALUES("temperature")),
        ("temperature=", words.NO_VALUES("temperature=")),
        ("temperature=0.2,,0.4", words.NO_VALUES("temperature=0.2,,0.4")),
        ("=1", words.NO_VALUES("=1")),
        ("warmth=1", "no such parameter"),
        ("prompt=a,b", "no such parameter"),
        ("n=1,2", "no such parameter"),
        ("search=web", "no such parameter"),
        ("temperature=warm", "temperature"),
        ("temperature=0.2,9", "temperature"),
        ("max_tokens=0", "max_tokens"),
        ("effort=huge", "effort"),
    ],
)
def test_what_is_wrong_is_told(axis: str, told: str) -> None:
    assert told in faults(axis)


def test_a_grid_has_an_end() -> None:
    seeds = ",".join(map(str, range(MOST_SETTINGS + 1)))

    assert str(MOST_SETTINGS + 1) in faults(f"seed={seeds}")
