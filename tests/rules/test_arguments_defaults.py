from __future__ import annotations

import pytest

from bot.rules.arguments import CommandTarget, TargetKind
from bot.rules.commands import AdminCommand, parse_command
from bot.rules.policy import default_fields
from tests.completion.strategies import Json


def set_by(text: str) -> AdminCommand:
    command = parse_command(f"defaults set {text}")
    assert command
    assert command.name == "defaults set"
    return command


def faults_in(text: str) -> dict[str, str]:
    return {fault.parameter: fault.problem for fault in set_by(text).faults}


@pytest.mark.parametrize(
    ("text", "values", "target"),
    [
        ("--temperature 0.2", {"temperature": 0.2}, "channel"),
        ("--temperature 0.2 channel", {"temperature": 0.2}, "channel"),
        ("--temperature=0.2 Workspace\n", {"temperature": 0.2}, "workspace"),
        ("—max-tokens 50 -t 1 workspace", {"max_tokens": 50, "temperature": 1}, "workspace"),
        ("--echo channel", {"echo": True}, "channel"),
        ("--no-stream -- workspace", {"stream": False}, "workspace"),
        ("--model channel", {"model": "channel"}, "channel"),
        ("--model workspace workspace", {"model": "workspace"}, "workspace"),
        ("--stop “a b” --stop END workspace", {"stop": ["a b", "END"]}, "workspace"),
        ("--echo --", {"echo": True}, "channel"),
    ],
)
def test_defaults_are_set(text: str, values: Json, target: TargetKind) -> None:
    command = set_by(text)

    assert command.faults == ()
    assert command.fields == default_fields(values)
    assert command.target == CommandTarget(target)


def test_the_bots_own_options_have_defaults_too() -> None:
    own = {"system": "Answer in French", "reply": "thread"}

    assert set_by("--system “Answer in French” --reply thread workspace").fields == default_fields(
        own
    )
    assert set_by("--private").fields == default_fields({"reply": "private"})
    assert set_by("--system channel").fields == default_fields({"system": "channel"})


@pytest.mark.parametrize(
    "text",
    [
        "--prompt hi",
        "--prompt channel",
        "--prompt hi channel",
        '--prompt "" --echo',
        "--prompt a --prompt b workspace",
        "--prompt",
    ],
)
def test_a_prompt_is_no_default(text: str) -> None:
    command = set_by(text)

    assert [(fault.parameter, fault.problem) for fault in command.faults] == [
        ("prompt", "cannot be a default: everybody asks something else")
    ]
    assert "defaults.prompt" not in command.fields


def test_all_faults_come_at_once() -> None:
    assert faults_in("--temperature 3 --prompt hi --temprature 1 --n x --echo") == {
        "": "there is no flag --temprature; did you mean --temperature?",
        "temperature": "3 is too large",
        "n": "x is not a whole number",
        "prompt": "cannot be a default: everybody asks something else",
    }


def test_a_wrong_value_is_still_a_command() -> None:
    assert faults_in("--temperature hot workspace") == {"temperature": "hot is not a number"}
    assert faults_in("--temprature") == {
        "": "there is no flag --temprature; did you mean --temperature?"
    }


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("--temperature 0.2 chanel", "chanel"),
        ("--temperature 0.2 for the workspace", "for the"),
        ("--temperature 9 each-user", "each-user"),
    ],
)
def test_what_does_not_belong_there_is_a_fault(text: str, stray: str) -> None:
    assert faults_in(text)[""] == f"“{stray}” does not belong here"


@pytest.mark.parametrize("text", ["", "channel", "--", "-- workspace"])
def test_nothing_to_set_is_a_fault(text: str) -> None:
    assert faults_in(text) == {"": "there is nothing to set"}


@pytest.mark.parametrize(
    ("text", "names", "target"),
    [
        ("temperature", ("temperature",), "channel"),
        ("--top-p, max_tokens -m workspace", ("top_p", "max_tokens", "model"), "workspace"),
        ("—system private reply", ("system", "reply"), "channel"),
        ("Temperature channel", ("temperature",), "channel"),
    ],
)
def test_defaults_are_unset(text: str, names: tuple[str, ...], target: TargetKind) -> None:
    command = parse_command(f"defaults unset {text}")

    assert command
    assert command.name == "defaults unset"
    assert command.faults == ()
    assert command.fields == default_fields(dict.fromkeys(names))
    assert command.target == CommandTarget(target)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "nothing is named"),
        ("workspace", "nothing is named"),
        ("temprature", "there is no such default; did you mean temperature?"),
        ("--max-token seed", "there is no such default; did you mean max-tokens?"),
        ("prompt", "cannot be a default: everybody asks something else"),
    ],
)
def test_what_cannot_be_unset_is_a_fault(text: str, problem: str) -> None:
    command = parse_command(f"defaults unset {text}")

    assert command
    assert command.name == "defaults unset"
    assert [fault.problem for fault in command.faults] == [problem]
