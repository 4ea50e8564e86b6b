from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.rules.arguments import CommandTarget, TargetKind
from bot.rules.commands import AdminCommand, parse_command
from bot.rules.policy import limit_fields
from bot.rules.quota import QuotaName
from bot.words import commands as said

ANA = "U024BE7LH"


def set_by(text: str, *mentions: str) -> AdminCommand:
    command = parse_command(f"quota set {text}", mentions)
    assert command
    assert command.name == "quota set"
    return command


def faults_in(text: str, *mentions: str) -> dict[str, str]:
    return {fault.parameter: fault.problem for fault in set_by(text, *mentions).faults}


@pytest.mark.parametrize(
    ("text", "limits", "target"),
    [
        ("tokens-per-day=200k", {"tokens-per-day": 200_000}, "channel"),
        ("tokens-per-day=200k channel", {"tokens-per-day": 200_000}, "channel"),
        ("tokens-per-day=200k WORKSPACE", {"tokens-per-day": 200_000}, "workspace"),
        (
            "usd-per-month=$20 requests-per-day=2,000 each-user",
            {"usd-per-month": 20_000_000, "requests-per-day": 2_000},
            "each-user",
        ),
        (
            "tokens-per-day = 200k, concurrent= 3,answers =2",
            {"tokens-per-day": 200_000, "concurrent": 3, "answers": 2},
            "channel",
        ),
        ("Tokens—per—day=“200k”", {"tokens-per-day": 200_000}, "channel"),
        ("max_tokens=2k\nworkspace", {"max-tokens": 2_000}, "workspace"),
    ],
)
def test_quotas_are_set(text: str, limits: Mapping[QuotaName, int], target: TargetKind) -> None:
    command = set_by(text)

    assert command.faults == ()
    assert command.fields == limit_fields(limits)
    assert command.target == CommandTarget(target)


def test_a_person_is_who_was_mentioned() -> None:
    expected = AdminCommand(
        "quota set", CommandTarget("user", ANA), fields=limit_fields({"concurrent": 2})
    )

    assert set_by("concurrent=2 user @ana", ANA) == expected
    assert set_by("concurrent=2 User @Ana", ANA) == expected
    assert parse_command("quota user @ana", [ANA]) == AdminCommand(
        "quota", CommandTarget("user", ANA)
    )
    assert parse_command("quota unset answers user @ana", [ANA]) == AdminCommand(
        "quota unset", CommandTarget("user", ANA), fields=limit_fields({"answers": None})
    )


def test_a_person_may_be_named_by_id() -> None:
    assert parse_command(f"quota show user @{ANA}") == AdminCommand(
        "quota", CommandTarget("user", ANA)
    )


@pytest.mark.parametrize("text", ["set concurrent=2", "unset concurrent", "show", ""])
def test_a_person_whom_slack_did_not_name_is_a_fault(text: str) -> None:
    command = parse_command(f"quota {text} user @nobody")

    assert command
    assert [fault.problem for fault in command.faults] == ["Slack did not tell me who nobody is"]


def test_all_faults_come_at_once() -> None:
    assert faults_in("token-per-day=1 usd-per-month=much concurrent=1 user @nobody") == {
        "token-per-day": "there is no such quota; did you mean tokens-per-day?",
        "usd-per-month": "much is not an amount of money",
        "": "Slack did not tell me who nobody is",
    }


@pytest.mark.parametrize("text", ["x=5", "foo=bar baz=1 workspace"])
def test_an_unknown_name_alone_is_still_a_command(text: str) -> None:
    assert all(problem == "there is no such quota" for problem in faults_in(text).values())


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("tokens-per-day=200k chanel", "chanel"),
        ("channel tokens-per-day=200k", "channel"),
        ("tokens-per-day=200k for the workspace", "for the"),
        ("tokens-per-day=200k user", "user"),
        ("usd-per-month=20 usd", "usd"),
    ],
)
def test_what_does_not_belong_there_is_a_fault(text: str, stray: str) -> None:
    assert faults_in(text) == {"": f"“{stray}” does not belong here"}


@pytest.mark.parametrize("text", ["", "channel", "workspace"])
def test_nothing_to_set_is_a_fault(text: str) -> None:
    assert faults_in(text) == {"": "there is nothing to set"}


@pytest.mark.parametrize(
    "text", ["tokens-per-day", "tokens-per-day 200k", "tokens-per-day 200k workspace"]
)
def test_a_forgotten_equals_sign_is_a_fault(text: str) -> None:
    assert faults_in(text) == {"tokens-per-day": "has no =VALUE"}


def test_how_it_is_written_is_said_with_its_value() -> None:
    for typed, told in (("concurrent 2", "write concurrent=2"), ("answers", said.ALLOWED_QUOTAS)):
        command = parse_command(f"quota set {typed}")
        assert command
        assert [fault.allowed for fault in command.faults] == [told]


@pytest.mark.parametrize(
    ("text", "names", "target"),
    [
        ("tokens-per-day", ("tokens-per-day",), "channel"),
        ("Tokens_per_day, answers workspace", ("tokens-per-day", "answers"), "workspace"),
        ("concurrent concurrent each-user", ("concurrent",), "each-user"),
    ],
)
def test_quotas_are_unset(text: str, names: tuple[QuotaName, ...], target: TargetKind) -> None:
    command = parse_command(f"quota unset {text}")

    assert command
    assert command.name == "quota unset"
    assert command.faults == ()
    assert command.fields == limit_fields(dict.fromkeys(names))
    assert command.target == CommandTarget(target)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "nothing is named"),
        ("workspace", "nothing is named"),
        ("answers tokens-pr-day", "there is no such quota; did you mean tokens-per-day?"),
        ("requests", "there is no such quota; did you mean requests-per-day?"),
    ],
)
def test_what_cannot_be_unset_is_a_fault(text: str, problem: str) -> None:
    command = parse_command(f"quota unset {text}")

    assert command
    assert command.name == "quota unset"
    assert [fault.problem for fault in command.faults] == [problem]
