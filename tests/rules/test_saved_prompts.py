"""Prompts under names: how they are named, filled in, and told from questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.completion.flags import parse_text
from bot.rules.commands import parse_command
from bot.rules.saved_prompts import MOST_CHARS, filled, has_place, other_place

BRIEF = "-t 0.2 --system 'About {text}' Say it\n  in one line: {text}."


@pytest.mark.parametrize(
    ("text", "name", "names"),
    [
        ("prompts", "prompts", ()),
        ("Prompts list", "prompts", ()),
        ("prompts show Brief", "prompts show", ("brief",)),
        ("prompts save brief Say it:\n  {text}", "prompts save", ("brief", "Say it:\n  {text}")),
        ("prompts save `b-2` x", "prompts save", ("b-2", "x")),
        ("prompts use brief  --echo <!channel> ", "prompts use", ("brief", "--echo <!channel>")),
        ("prompts use brief", "prompts use", ("brief", "")),
        ('prompts save "brief" x "y"', "prompts save", ("brief", 'x "y"')),
        ("prompts show “Brief” ", "prompts show", ("brief",)),
        ("prompts use «brief» it", "prompts use", ("brief", "it")),
        ("prompts delete 'brief' me", "prompts delete", ("brief",)),
        ("prompts share brief workspace", "prompts share", ("brief",)),
        ("prompts delete brief", "prompts delete", ("brief",)),
        ("prompts that sell", "", ()),
        ("prompts share a trait with", "", ()),
        ("prompt me", "", ()),
    ],
)
def test_commands_are_told_from_questions(text: str, name: str, names: tuple[str, ...]) -> None:
    command = parse_command(text)

    assert (command.name if command else "") == name
    assert (command.names if command else ()) == names
    assert not (command and command.faults)


def test_what_is_saved_and_deleted_is_ones_own_and_what_is_shared_the_channels() -> None:
    kinds = {
        text: command.target.kind
        for text in ("prompts save a b", "prompts delete a", "prompts share a")
        if (command := parse_command(text)) and command.target
    }

    assert list(kinds.values()) == ["me", "me", "channel"]


@pytest.mark.parametrize(
    "text",
    [
        "prompts save",
        "prompts save brief",
        "prompts save brief -t 0.2",
        "prompts save brief --temprature 0.2 Hi",
        "prompts save brief --temperature 9000 Hi",
        f"prompts save brief {'x' * 40_000}",
        f"prompts save {'n' * 31} Hi",
        'prompts save "my prompt" hi {text}',
        "prompts save “my prompt” hi",
        'prompts save "my prompt hi',
        'prompts save "" hi',
        'prompts share "my prompt" channel',
        "prompts save workspace Hi",
        "prompts save help Hi",
        "prompts save <!channel> Hi",
        "prompts save ünï Hi",
        "prompts use",
        "prompts use channel Hi",
        "prompts show",
        "prompts share",
        "prompts delete me",
    ],
)
def test_what_is_wrong_is_a_fault_and_no_question(text: str) -> None:
    command = parse_command(text)

    assert command is not None
    assert command.faults


def test_places_are_filled_and_what_fills_them_is_never_a_flag() -> None:
    flags = filled(BRIEF, "--temperature 2 {text} <@U1>")

    assert flags is not None
    assert flags.values["temperature"] == 0.2
    assert flags.values["prompt"] == "Say it\n  in one line: --temperature 2 {text} <@U1>."
    assert flags.system == "About --temperature 2 {text} <@U1>"
    assert filled(BRIEF, "") is None


@pytest.mark.parametrize("place", ["{text}", "{{text}}", "{{ text }}", "{ text }", "{Text}"])
def test_a_place_is_one_however_templates_have_it(place: str) -> None:
    assert filled(f"Say {place} twice", r"\1 {text}") == parse_text(r"Say \1 {text} twice")
    assert filled(f"Say {place} twice", "") is None


@pytest.mark.parametrize("text", ["{texts}", "{}", "{text", "text}"])
def test_what_is_no_place_stays(text: str) -> None:
    assert filled(f"Say {text}", "Why?") == parse_text(f"Say {text}\n\nWhy?")


def test_without_a_place_it_stands_behind() -> None:
    assert filled("Be brief.", "Why?") == parse_text("Be brief.\n\nWhy?")
    assert filled("Be brief.", "") == parse_text("Be brief.")
    several = filled("--prompt 'A {text}' --prompt B", "x")
    assert several is not None
    assert several.values["prompt"] == ["A x", "B"]


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_raises_and_all_of_it_arrives(template: str, words: str) -> None:
    flags = filled(template, words)

    if flags and not has_place(template) and words and "prompt" in flags.values:
        assert words in str(flags.values["prompt"]) or isinstance(flags.values["prompt"], list)
    parse_command(f"prompts save a {template}")
    parse_command(f"prompts use {template}")
    assert MOST_CHARS < 3_000


@pytest.mark.parametrize(
    ("template", "other"),
    [
        ("Review {{code}} for errors", "{{code}}"),
        ("Write to { name } of {text}", "{ name }"),
        ("{text}, {{ TEXT }}", ""),
        ('Explain {"a": 1} and {}', ""),
        (f"{{{'a' * 40}}}", ""),
    ],
)
def test_what_looks_like_a_place_and_is_none_is_found(template: str, other: str) -> None:
    assert other_place(template) == other


def test_a_name_that_is_none_comes_with_the_words_that_are_not_to_be_one() -> None:
    command = parse_command('prompts save "my prompt" hi {text}')
    assert command
    (fault,) = command.faults

    assert fault.problem == "“my prompt” is no name for a prompt"
    assert "but not me, channel, workspace, " in fault.allowed
