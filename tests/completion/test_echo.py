from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.completion.ask import show_echo, without_echo


@pytest.mark.parametrize(
    ("prompt", "text", "shown"),
    [
        ("Once", "Once upon", "> Once\n\n upon"),
        ("One\n\ntwo", "One\n\ntwo\n\nthree", "> One\n>\n> two\n\nthree"),
        ("x = `1`", "x = `1` + 1", "> x = `1`\n\n + 1"),
        ("```\na\n```", "```\na\n```\nb", "````\n```\na\n```\n````\n\nb"),
        ("def f():\n    pass", "def f():\n    pass\n", "```\ndef f():\n    pass\n```\n\n"),
        ("Once", "Another story", "Another story"),
        ("Once", "", ""),
        ("Once", "On", "On"),
    ],
)
def test_a_whole_answer(prompt: str, text: str, shown: str) -> None:
    assert show_echo(prompt, text, done=True) == shown


def test_a_part_of_the_prompt_is_not_shown_yet() -> None:
    assert show_echo("Once", "On", done=False) == ""
    assert show_echo("Once", "Or", done=False) == "Or"


@settings(max_examples=200)
@given(st.text("a`~ \n\t", min_size=1, max_size=12), st.text("a`~ \n\t", max_size=12))
def test_what_is_shown_only_grows(prompt: str, completion: str) -> None:
    whole = prompt + completion
    steps = [show_echo(prompt, whole[:end], done=False) for end in range(len(whole) + 1)]

    assert all(later.startswith(step) for step, later in pairwise(steps))
    assert steps[-1] == show_echo(prompt, whole, done=True)


@given(st.text("a`~ \n\t", min_size=1, max_size=12), st.text("a`~ \t", max_size=12))
def test_an_echo_is_taken_off_again(prompt: str, completion: str) -> None:
    shown = show_echo(prompt, prompt + completion, done=True)

    assert without_echo(prompt, shown) == completion


def test_what_is_no_echo_is_left_alone() -> None:
    assert without_echo("Once", "Another story") == "Another story"
