"""What nobody sees, as comes along with text that is copied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.completion.faults import check, validate
from bot.completion.flags import _parse, parse_text, parse_words
from bot.completion.lexer import TypedText
from bot.rules.commands import Help, parse, parse_command
from bot.rules.nearly import meant
from bot.words import request as words

UNSEEN = [
    "\u200e",
    "\ufeff",
    "\u202e",
    "\u200b",
    "\u2060",
    "\u2066\u200f",
    "\u200d",
    "\u200b \u00ad",
]


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_flag_is_one_behind_it(unseen: str) -> None:
    asked = parse_text(f"{unseen}--temperature 0.2 {unseen} -n 2 {unseen}hi")
    assert asked.given == {"temperature": 0.2, "n": 2, "prompt": f"{unseen}hi"}
    assert parse_text(f"{unseen}--temperature 9 hi").faults
    assert parse_text(f"{unseen}-- --hi").given == {"prompt": "--hi"}
    assert parse_words([f"{unseen}--temperature", "0.2", "hi"]).values["temperature"] == 0.2


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_command_is_one_behind_it(unseen: str) -> None:
    command = parse_command(f"{unseen}quota {unseen}show")
    assert command
    assert command.name == "quota"
    assert parse(f"{unseen}help") == Help()
    assert parse(f"{unseen}ask: hi") == parse_text("hi")
    assert meant(f"{unseen}quotas {unseen}show") == "/grok quota show"


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_prompt_stays_to_the_letter(unseen: str) -> None:
    asked = f"{unseen}a{unseen}--b 👩\u200d🚀 ❤\ufe0f{unseen}"
    assert parse_text(asked).given == {"prompt": asked}
    assert parse_text(f"-- {asked}").given == {"prompt": asked}


@pytest.mark.parametrize("blank", [*UNSEEN, "\u2060\ufeff", "\ufe0f\ufe0e", "\u3164", " \u200b\n"])
def test_a_prompt_that_nobody_sees_is_empty(blank: str) -> None:
    for prompt in (blank, ["a", blank]):
        (fault,) = check(validate({"model": "m", "prompt": prompt}))
        assert (fault.parameter, fault.allowed) == ("prompt", words.ALLOWED_PROMPT)
    assert meant(blank) == ""
    assert parse(f"-t 0.2 {blank}") == parse_text(f"-t 0.2 {blank}")


@given(st.lists(st.characters() | st.sampled_from([*UNSEEN, " ", "-"]), max_size=9).map("".join))
def test_a_text_that_begins_with_no_dash_is_read_as_one_with_flags(text: str) -> None:
    assert parse_text(text) == _parse(TypedText(text))
