from __future__ import annotations

import re
import shlex

import pytest

from bot.completion.flags import Flags, parse_text
from bot.completion.options import OPTIONS, PARAMETERS, usage_of
from bot.completion.request import Option
from bot.rules.commands import (
    COMMANDS,
    NARROWING,
    Help,
    find_topic,
    help_text,
    option_help,
    parameter_table,
    parse,
    parse_command,
)
from bot.rules.quota import QUOTAS
from bot.words import talk


def test_the_overview_names_every_flag_and_how_to_ask() -> None:
    overview = help_text()

    named = {name for name, option in OPTIONS.items() if f"`{option.flag}`" in overview}
    assert named == {*OPTIONS} - {*NARROWING} | {"domains", "handles", "since", "max_turns"}
    assert "@Grok forget" in overview
    assert all(f"`{OPTIONS[name].flag}`" in help_text("search") for name in NARROWING)
    assert "/grok help temperature" in overview
    assert len(overview) < 3_000


def test_every_example_of_the_overview_parses() -> None:
    examples = re.findall(r"^• `/grok (.+)`$", help_text(), re.MULTILINE)

    assert len(examples) >= 4
    for example in examples:
        command = parse(example)
        assert isinstance(command, Flags)
        assert command.faults == ()
        assert command.values["prompt"]


def test_the_list_of_flags_is_a_topic() -> None:
    assert find_topic("Flags") == "flags"
    assert all(f"`{option.flag}`" in help_text("flags") for option in OPTIONS.values())


@pytest.mark.parametrize("option", OPTIONS.values(), ids=list(OPTIONS))
def test_help_on_a_flag_says_what_it_does_and_allows(option: Option) -> None:
    text = help_text(option.name)

    assert option.hint in text
    assert option.allowed in text
    assert f"/grok {usage_of(option)}" in text
    assert ("/v1/completions" in text) == option.completions_only
    assert parse(f"help {option.flag}") == Help(option.name)


@pytest.mark.parametrize("option", OPTIONS.values(), ids=list(OPTIONS))
def test_the_usage_of_a_flag_is_valid(option: Option) -> None:
    flags = parse_text(f"{usage_of(option)} -- Hi" if option.name != "prompt" else usage_of(option))

    assert flags.faults == ()
    own = flags.system or flags.reply or flags.effort or flags.search
    assert option.name in flags.values or own
    assert shlex.split(usage_of(option))[0] in (option.flag, option.off_flag)


def test_the_overview_names_the_other_commands() -> None:
    named = re.findall(r"`/grok (\w+)`", help_text())

    assert set(named) == set(COMMANDS)


@pytest.mark.parametrize("topic", COMMANDS)
def test_help_on_a_command_shows_how_it_is_typed(topic: str) -> None:
    examples = re.findall(r"`/grok ([^`]+)`", help_text(topic))
    managing = [example for example in examples if not example.startswith(("help ", "--"))]

    assert f"/grok {topic}" in help_text(topic)
    assert managing
    for example in managing:
        command = parse_command(example, ("U1",) if "@" in example else ())
        assert command is not None, example
        assert getattr(command, "faults", ()) == (), example


@pytest.mark.parametrize(
    ("word", "topic"), [("Quota", "quota"), ("quotas", "quota"), ("resume", "pause")]
)
def test_a_command_is_a_topic(word: str, topic: str) -> None:
    assert parse(f"help {word}") == Help(topic)


def test_help_on_quotas_names_each() -> None:
    text = help_text("quota")

    assert all(f"• `{name}`: {quota.hint}" in text for name, quota in QUOTAS.items())


def test_what_is_no_flag_is_no_topic() -> None:
    assert find_topic("me") is None
    assert find_topic("t") is None
    assert find_topic("") is None
    assert find_topic("-") is None


def test_the_table_has_a_row_for_each_parameter() -> None:
    header, rule, *rows = parameter_table().splitlines()

    assert header.count("|") == rule.count("|") == 6
    assert len(rows) == len(PARAMETERS)
    for row, parameter in zip(rows, PARAMETERS.values(), strict=True):
        assert row.count("|") == 6
        assert row.startswith(f"| `{OPTIONS[parameter.name].flag}`")
        assert parameter.allowed in row


def test_help_on_where_an_answer_ends_says_too_how_one_is_stopped() -> None:
    assert talk.TO_STOP in help_text("stop")
    assert talk.TO_STOP not in option_help(OPTIONS["stop"], "grok-bot ask")
