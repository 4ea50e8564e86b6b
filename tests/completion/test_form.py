from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.completion import CompletionRequest
from bot.completion.ask import Ask
from bot.completion.faults import schema_faults
from bot.completion.form import (
    ADVANCED,
    BASIC,
    MULTILINE,
    TASKS,
    Filled,
    field_text,
    holds,
    paragraphs,
    reread,
    units,
)
from bot.completion.options import OPTIONS, PARAMETERS
from bot.completion.request import Option
from bot.completion.search import search_in
from bot.errors import Fault
from bot.slack_limits import INPUT_CHARS
from tests.completion.strategies import junk

typed_texts = st.text(alphabet="ab \\nrt\n\r\té😀=-15,{}\"“'#", max_size=14)
prompt_lists = st.lists(typed_texts, max_size=3)
names = st.sampled_from([*PARAMETERS, "system"])
values = junk | typed_texts | prompt_lists | st.dictionaries(typed_texts, st.integers(), max_size=2)


def unlisted(value: JsonValue) -> JsonValue:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def test_every_parameter_has_one_place_in_the_form() -> None:
    shown = ["prompt", *(each.name for each in BASIC)]
    shown += [each.name for group in ADVANCED.values() for each in group]

    assert sorted(shown) == sorted(PARAMETERS)
    assert {PARAMETERS[name].group for name in shown[: len(BASIC) + 1]} == {"basic"}


@given(names, values)
def test_what_a_field_holds_is_read_from_it_again(name: str, value: JsonValue) -> None:
    text = field_text(name, value)

    assert holds(name, value) == (text is not None)
    if text is not None:
        assert units(text) <= INPUT_CHARS
        assert name in MULTILINE or "\n" not in text
        read = reread(name, text, None)
        if name == "prompt" and isinstance(value, list):
            read = [*paragraphs(text)]
        assert unlisted(read) == unlisted(value)


NUMBERS = [each for each in PARAMETERS.values() if each.kind in ("integer", "number")]


@given(st.sampled_from(NUMBERS), st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-3, 3))
def test_every_number_of_reasonable_size_within_its_bounds_has_room(
    parameter: Option, value: float
) -> None:
    rounded = round(value, 6) if parameter.kind == "number" else int(value)
    allowed = not schema_faults({parameter.name: rounded})

    assert holds(parameter.name, rounded) == allowed


@given(names, values)
def test_an_untouched_field_leaves_its_value_to_the_letter(name: str, value: JsonValue) -> None:
    text = field_text(name, value)

    assert reread(name, text or "", value) == value
    assert reread(name, (text or "").strip(), value) == value
    assert reread(name, (text or "").replace("\r\n", "\n").replace("\r", "\n"), value) == value


@pytest.mark.parametrize("name", ["prompt", "temperature", "stop", "logit_bias", "user"])
def test_an_emptied_field_is_not_given_any_more(name: str) -> None:
    shown: dict[str, JsonValue] = {
        "prompt": "a",
        "temperature": 0.5,
        "stop": ["a"],
        "logit_bias": {"5": 1},
        "user": "a",
    }

    assert reread(name, "", shown[name]) is None
    assert reread(name, " \n", shown[name]) is None
    assert reread(name, "", None) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", "x" * 3001),
        ("prompt", "😀" * 1501),
        ("prompt", ["a\n\nb", "c"]),
        ("prompt", ["\na", "c"]),
        ("prompt", ["", "c"]),
        ("prompt", []),
        ("prompt", " "),
        ("prompt", "a\0"),
        ("prompt", "\ud800"),
        ("prompt", 5),
        ("prompt", ["a", 5]),
        ("model", "m" * 151),
        ("model", " m"),
        ("model", "m\n"),
        ("suffix", ""),
        ("user", "two\nlines"),
        ("stop", ""),
        ("stop", " "),
        ("stop", ["a", ""]),
        ("stop", "\x07"),
        ("seed", 2**53),
        ("seed", -(2**63)),
        ("temperature", 5e-324),
        ("temperature", 3),
        ("temperature", "hot"),
        ("temperature", True),
        ("temperature", float("nan")),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("echo", "maybe"),
        ("echo", 1),
        ("logit_bias", {str(token): -100 for token in range(500)}),
        ("logit_bias", "a\nb"),
        ("system", "x" * 3001),
    ],
)
def test_what_no_field_holds_is_kept_until_something_is_typed(name: str, value: JsonValue) -> None:
    assert not holds(name, value)
    assert reread(name, "", value) is value
    assert reread(name, "5", value) == reread(name, "5", None)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("prompt", ["a", "b\nc"], "a\n\nb\nc"),
        ("prompt", "a\r\nb\n", "a\r\nb\n"),
        ("stop", ["\n\n", "a\\n", " END", "\t"], r"\n\n" + "\n" + r"a\\n" + "\n END\n" + r"\t"),
        ("stop", ["a"], "a"),
        ("temperature", 1e-7, "0.0000001"),
        ("temperature", 2.0, "2"),
        ("top_p", 0.30000000000000004, "0.30000000000000004"),
        ("seed", 2**53 - 1, "9007199254740991"),
        ("n", 100.0, "100"),
        ("echo", False, "off"),
        ("logit_bias", {"50256": -100, "198": 0.5}, "50256=-100,198=0.5"),
        ("logit_bias", {"a b": 1}, '{"a b": 1}'),
        ("logit_bias", "half", "half"),
        ("model", "grok-4.3", "grok-4.3"),
    ],
)
def test_how_values_look_in_their_fields(name: str, value: JsonValue, text: str) -> None:
    assert field_text(name, value) == text


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("temperature", " 0.2 ", 0.2),
        ("temperature", "0,2", 0.2),
        ("max_tokens", "1e3", 1000.0),
        ("stop", "\n a\r\n\r\n \nb\\n\n", [" a", "b\n"]),
        ("stop", "END\n", "END"),
        ("logit_bias", " 5=1, 6=-2 ", {"5": 1, "6": -2}),
        ("logit_bias", "5", "5"),
        ("echo", "on", True),
        ("echo", "off", False),
        ("suffix", " after\n", " after\n"),
    ],
)
def test_what_is_typed_is_read_as_after_a_flag(name: str, text: str, value: JsonValue) -> None:
    assert reread(name, text, None) == value


@pytest.mark.parametrize("value", [" a\nb\n", "a\r\nb", "\na"])
def test_a_prompt_that_slack_trimmed_is_still_the_same(value: str) -> None:
    assert reread("prompt", value.replace("\r", "").strip(), value) == value


def test_spaces_typed_at_the_ends_of_a_prompt_count() -> None:
    assert reread("prompt", "def f():\n", "def f():") == "def f():\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        (" \n\n ", ()),
        ("a", ("a",)),
        ("\na\nb\n", ("a\nb",)),
        ("a\n\nb\n \t\n\nc", ("a", "b", "c")),
        ("a\r\n\r\n  b", ("a", "  b")),
    ],
)
def test_paragraphs(text: str, found: tuple[str, ...]) -> None:
    assert paragraphs(text) == found


def test_a_form_becomes_flags() -> None:
    filled = Filled(
        values={"prompt": "Hi", "n": 2}, system="Be brief", reply="private", effort="high"
    )
    flags = filled.flags()

    assert flags.values == {"prompt": "Hi", "n": 2}
    assert (flags.system, flags.reply, flags.faults) == ("Be brief", "private", ())
    assert flags.effort == "high"
    assert Filled().flags().effort is None
    assert Filled().flags().values == {}
    assert Filled().flags().system is None


def test_what_is_typed_of_searching_becomes_flags() -> None:
    typed = {"search": "x", "handles": "@xai, grok", "since": "2026-11-01"}
    flags = Filled(values={"prompt": "Hi"}, search=typed).flags()

    assert flags.faults == ()
    assert flags.search == {"search": "x", "handles": ["xai", "grok"], "since": "2026-11-01"}
    wrong = Filled(search={"domains": "example", "since": "2026-11-02", "until": "2026-11-01"})
    assert {fault.parameter for fault in wrong.flags().faults} == {"domains", "since"}


def test_every_wrong_value_is_a_fault_of_the_flags() -> None:
    filled = Filled(values={"temperature": "hot", "n": 0, "logit_bias": "5", "prompt": "Hi"})

    assert {fault.parameter for fault in filled.flags().faults} == {
        "temperature",
        "n",
        "logit_bias",
    }


def test_a_system_text_that_cannot_be_sent_is_a_fault() -> None:
    assert [fault.parameter for fault in Filled(system="\ud800").flags().faults] == ["system"]


@pytest.mark.parametrize(
    ("filled", "prompt"),
    [
        (Filled(values={"prompt": "a\n\nb"}), "a\n\nb"),
        (Filled(values={"prompt": "a\n\nb"}, several=True), ["a", "b"]),
        (Filled(values={"prompt": " a\n"}, several=True), " a\n"),
        (Filled(values={"prompt": ["a\n\nb"]}, several=True), ["a\n\nb"]),
        (Filled(task="reply"), TASKS["reply"][1]),
        (Filled(task="reply", several=True), TASKS["reply"][1]),
        (Filled(values={"prompt": "Warmly"}, task="reply"), TASKS["reply"][1] + "\n\nWarmly"),
        (
            Filled(values={"prompt": "a\n\nb"}, task="reply", several=True),
            [TASKS["reply"][1] + "\n\na", TASKS["reply"][1] + "\n\nb"],
        ),
        (Filled(values={"prompt": "Hi"}, task="gone"), "Hi"),
        (Filled(values={"prompt": 5}, task="reply"), 5),
    ],
)
def test_the_prompt_is_the_task_and_what_was_typed(filled: Filled, prompt: JsonValue) -> None:
    assert filled.flags().values["prompt"] == prompt


@given(st.dictionaries(names, values), st.text(), st.booleans())
def test_no_form_raises(given_values: dict[str, JsonValue], task: str, several: bool) -> None:
    faults = Filled(values=given_values, task=task, several=several).flags().faults

    assert all(isinstance(fault, Fault) for fault in faults)


def test_a_question_fills_the_form_it_would_have_been_asked_with() -> None:
    request = CompletionRequest(model="m", prompt=["a", "b"], n=2)
    ask = Ask(
        dedupe="d",
        surface="command",
        team="T",
        channel="C",
        user="U",
        request=request,
        system="Be brief",
        reply="thread",
        effort="none",
        search=search_in({"search": "web,x", "domains": ["a.co"], "max_turns": 2}),
        asked_at=0.0,
    )
    flags = Filled.of(ask).flags()

    assert flags.values == request.given()
    assert (flags.system, flags.reply, flags.effort) == ("Be brief", "thread", "none")
    assert flags.search == ask.search.values()


def test_every_task_has_a_label_and_a_sentence() -> None:
    assert set(MULTILINE) <= set(OPTIONS)
    assert all(label and sentence.endswith(".") for label, sentence in TASKS.values())
