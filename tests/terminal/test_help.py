from __future__ import annotations

import pytest

from bot.completion.options import OPTIONS
from bot.terminal.help import help_fault, help_wanted
from bot.words.terminal.ask import HINTS


@pytest.mark.parametrize("typed", ["temperature", "temprature", "tempreature", "--temprature"])
def test_a_slip_in_the_name_of_a_flag_is_understood(typed: str) -> None:
    assert help_wanted(["--help", typed]).startswith("--temperature, -t: ")


@pytest.mark.parametrize("typed", [(), ("zzz",), ("what", "is", "rain")])
def test_of_nothing_that_is_known_all_is_told(typed: tuple[str, ...]) -> None:
    assert "python -m bot ask --help temperature" in help_wanted(["--help", *typed])


@pytest.mark.parametrize("typed", ["rain", "help me", "--temprature 0.2 rain"])
def test_a_question_is_no_call_for_help(typed: str) -> None:
    assert help_wanted(typed.split()) == ""


@pytest.mark.parametrize("typed", [(), ("n",), ("stream",), ("user",)])
def test_it_speaks_of_a_terminal_and_not_of_slack(typed: tuple[str, ...]) -> None:
    said = help_wanted(["--help", *typed])

    assert "message" not in said
    assert "post it" not in said
    assert "’" not in said


def test_what_flags_do_here_is_told_of_flags_that_there_are() -> None:
    assert set(HINTS) <= set(OPTIONS)
    assert HINTS["n"] in help_wanted(["--help", "n"])
    assert HINTS["stream"] in help_wanted(["--help"])


@pytest.mark.parametrize("typed", ["file", "--file", "files"])
def test_files_are_told_of_among_the_flags_and_by_themselves(typed: str) -> None:
    assert "--file: " in help_wanted(["--help"])
    assert help_wanted(["--help", typed]).startswith("--file: ")


@pytest.mark.parametrize("typed", ["bogus", "what is rain", "quota"])
def test_that_there_is_no_help_on_something_is_said(typed: str) -> None:
    told = f"There is no flag {typed}: all that there are stand above."
    assert help_fault(["--help", *typed.split()]) == told


@pytest.mark.parametrize(
    "typed", ["--help", "--help temprature", "--help --file", "--help flags", "help", "help me out"]
)
def test_of_what_there_is_help_on_nothing_is_wrong(typed: str) -> None:
    assert help_fault(typed.split()) == ""


@pytest.mark.parametrize("name", ["reply", "private"])
def test_what_means_something_in_slack_alone_is_said_to_do_so(name: str) -> None:
    assert "in Slack" in help_wanted(["--help", name])
