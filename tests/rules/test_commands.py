from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.completion.flags import Flags
from bot.rules.commands import Form, Help, parse, without_name


def prompt_of(text: str) -> object:
    command = parse(text)
    assert isinstance(command, Flags)
    assert command.faults == ()
    return command.values.get("prompt")


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_nothing_opens_the_form(text: str) -> None:
    assert parse(text) == Form()


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("help", ""),
        (" Help \n", ""),
        ("help flags", "flags"),
        ("help temperature", "temperature"),
        ("help Top-P", "top_p"),
        ("help --max_tokens", "max_tokens"),
        ("help —seed", "seed"),
        ("help ——seed", "seed"),
        ("help －－seed", "seed"),
        ("help -t", "temperature"),
        ("help n", "n"),
        ("help reply", "reply"),
        ("--help", ""),
        ("—help", ""),
        ("——help", ""),
        ("－－help", ""),
        ("-h", ""),
        ("--help temperature", "temperature"),
    ],
)
def test_help_is_a_command_when_all_of_it_fits(text: str, topic: str) -> None:
    assert parse(text) == Help(topic)


@pytest.mark.parametrize(
    "text",
    [
        "help me",
        "help me write a poem",
        "help temperature please",
        "helpful hints",
        "help!",
        "help t",
        "usage of commas in English",
        "models of the atom",
        "asking for a friend",
        "Ask me anything",
        "ask me a riddle",
        "ask a lawyer what NDA means",
        "ask -5 degrees",
        "ask help",
    ],
)
def test_other_texts_are_questions(text: str) -> None:
    assert prompt_of(text) == text


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("ask: help", "help"),
        ("Ask: help", "help"),
        ("ask : help", "help"),
        ("ask：help", "help"),
        ("ask: ask me", "ask me"),
        (" ask:\nhelp\n flags", "help\n flags"),
        ("ask: --echo help", "help"),
        ("ask --echo help", "help"),
        ("ask -- --echo", "--echo"),
        ("-- help", "help"),
        ("ask", None),
    ],
)
def test_ask_forces_a_question(text: str, prompt: str | None) -> None:
    assert prompt_of(text) == prompt


def test_faults_come_with_the_question() -> None:
    command = parse("--temperature 3 Hi")

    assert isinstance(command, Flags)
    assert [fault.parameter for fault in command.faults] == ["temperature"]


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_any_prompt_can_be_asked(prompt: str) -> None:
    assert prompt_of(f"ask -- {prompt}") == prompt


@settings(max_examples=200)
@given(st.text(st.characters(), max_size=60), st.sampled_from(["", "help ", "ask ", "help --"]))
def test_no_text_raises(text: str, start: str) -> None:
    parse(start + text)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/grok hi", "hi"),
        ("\u200e/Grok  /grok --echo hi\n ", "--echo hi\n "),
        ("/grok", ""),
        ("/grok's answers", "/grok's answers"),
        ("/grokking rust", "/grokking rust"),
        ("what is /grok", "what is /grok"),
        (" hi", " hi"),
    ],
)
def test_the_name_of_the_command_typed_twice_is_no_part_of_it(typed: str, text: str) -> None:
    assert without_name(typed) == text
