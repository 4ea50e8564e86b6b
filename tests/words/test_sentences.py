"""What stands in a place of a sentence is said as its format says, and never read as a template."""

from __future__ import annotations

import pytest

from bot.words.sentences import Sentence


@pytest.mark.parametrize(
    "written", ["{name}", "{0}", "[a]", "{", "}", "{x.__class__}", "a|b", "%s"]
)
def test_what_people_wrote_is_said_to_the_letter(written: str) -> None:
    assert Sentence("“{text}”[ by {who}]")(text=written, who=written) == f"“{written}” by {written}"
    assert Sentence("So: {text}")(written) == f"So: {written}"


@pytest.mark.parametrize(
    ("number", "said"), [(0, "next"), (1, "1 question"), (1_234, "1,234 questions")]
)
def test_forms_follow_the_number(number: int, said: str) -> None:
    assert Sentence("{n:next|1 question|{n:,} questions}")(number) == said


@pytest.mark.parametrize("empty", ["", 0, None, ()])
def test_what_is_in_brackets_is_left_out_where_nothing_is_in_its_place(empty: object) -> None:
    sentence = Sentence("none[; did you mean {near}?]")

    assert sentence(empty) == sentence() == "none"
    assert sentence("x") == "none; did you mean x?"


def test_lists_are_counted_and_said() -> None:
    sentence = Sentence("{names:and} {names:is|are} gone, {names:count model}")

    assert sentence(["a"]) == "a is gone, 1 model"
    assert sentence(["a", "b", "c"]) == "a, b and c are gone, 3 models"


def test_several_places_are_given_by_name() -> None:
    with pytest.raises(ValueError, match="unpack"):
        Sentence("{one} {other}")("x")
