"""What the form shows, and that Slack takes it whatever it holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.completion.ask import ReplyTo, Said
from bot.completion.form import TASKS, Filled
from bot.completion.options import PARAMETERS
from bot.errors import Fault
from bot.views.form_fields import held_text, loading_view, sentence_view
from bot.views.form_view import read_form
from bot.words import form as words
from sandbox.workspace.blocks.validate import check_view
from tests.completion.strategies import junk
from tests.views.form_state import fields_of, state_of, view_of

ABOUT = Said(author="Ana", text="We meet on Monday.")


@given(
    st.dictionaries(st.sampled_from(sorted(PARAMETERS)), junk),
    st.text(),
    st.booleans(),
    st.builds(Said, author=st.text(), text=st.text() | st.just("wide & <x> " * 900)),
)
def test_whatever_it_holds_slack_takes_it(
    values: dict[str, JsonValue],
    text: str,
    flag: bool,
    about: Said,
) -> None:
    filled = Filled(values=values, system=text, several=flag, task=text)
    faults = [Fault(name, text * 50, text) for name in PARAMETERS]
    view = view_of(
        filled,
        advanced=flag,
        choose_place=flag,
        in_thread=not flag,
        about=about,
        faults=faults,
    )

    given_values = {name: value for name, value in values.items() if value is not None}
    assert read_form(state_of(view), filled).values == given_values


@pytest.mark.parametrize(
    ("choose_place", "in_thread", "usual", "label"),
    [
        (False, False, "channel", "Right here"),
        (False, True, "thread", "In this thread"),
        (True, False, "channel", "In the channel"),
    ],
)
def test_where_the_answer_goes_is_chosen(
    choose_place: bool,
    in_thread: bool,
    usual: ReplyTo,
    label: str,
) -> None:
    view = view_of(Filled(), choose_place=choose_place, in_thread=in_thread)
    field = fields_of(view)["reply"]["element"]

    assert field["initial_option"]["text"]["text"] == label
    assert {option["value"] for option in field["options"]} == {"channel", "thread", "private"}
    assert ("channel" in fields_of(view)) == choose_place
    assert read_form(state_of(view), Filled()).reply == usual
    assert read_form(state_of(view, {"reply": "private"}), Filled()).reply == "private"


def test_the_chosen_channel_is_read() -> None:
    view = view_of(Filled(), choose_place=True)
    element = fields_of(view)["channel"]["element"]

    assert element["default_to_current_conversation"]
    assert element["response_url_enabled"]
    assert held_text(state_of(view, {"channel": "C012"}), "channel") == "C012"
    assert held_text(state_of(view), "channel") == ""
    assert held_text({}, "channel") == ""


def test_the_message_stands_above_what_is_to_be_done_with_it() -> None:
    view = view_of(Filled(), about=Said(author="Ana <!here>", text="Hi <!channel> & <b>"))
    author, message, task, prompt = view["blocks"][:4]

    assert author["elements"][0]["text"] == "Ana ‹!here› wrote:"
    assert message["text"]["type"] == "plain_text"
    assert "<!channel>" not in message["text"]["text"]
    assert "& <b>" in message["text"]["text"]
    assert (task["block_id"], prompt["block_id"]) == ("task", "prompt")
    assert prompt["optional"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\n\n two \nthree", "one\ntwo\nthree"),
        ("one\ntwo\nthree\nfour", "one\ntwo\nthree …"),
        ("x" * 165, "x" * 165),
        ("x" * 166, "x" * 164 + "…"),
        ("x" * 100 + "\ntwo\nthree", "x" * 100 + "\ntwo …"),
        ("one\n" + "x" * 500, "one\n" + "x" * 109 + "…"),
        ("😀" * 200, "😀" * 82 + "…"),
        ("a\n" + " " * 9_000 + "b", "a …"),
    ],
)
def test_the_message_takes_three_lines(text: str, shown: str) -> None:
    view = view_of(Filled(), about=Said(author="Ana", text=text))

    assert view["blocks"][1]["text"]["text"] == shown


@pytest.mark.parametrize(
    ("said", "first"),
    [({}, "prompt"), ({"choose_place": True}, "prompt"), ({"about": ABOUT}, "task")],
)
def test_the_cursor_is_in_the_first_field(said: dict[str, Any], first: str) -> None:
    fields = fields_of(view_of(Filled(), advanced=False, **said))
    focused = [name for name, field in fields.items() if field["element"].get("focus_on_load")]

    assert focused == [first] == list(fields)[:1]


def test_who_asks_for_more_settings_is_not_sent_back_to_the_top() -> None:
    fields = fields_of(view_of(Filled(), advanced=True))

    assert not any(field["element"].get("focus_on_load") for field in fields.values())


@pytest.mark.parametrize("text", ["", " \n", " " * 5_000])
def test_a_message_without_text_says_so(text: str) -> None:
    view = view_of(Filled(), about=Said(author="Ana", text=text))

    assert view["blocks"][1]["text"]["text"] == words.NO_TEXT


@pytest.mark.parametrize("task", TASKS)
def test_every_task_can_be_chosen_and_is_shown_again(task: str) -> None:
    chosen = read_form(state_of(view_of(Filled(), about=ABOUT), {"task": task}), Filled())
    again = read_form(state_of(view_of(chosen, about=ABOUT)), Filled())

    assert chosen.task == again.task == task
    assert chosen.flags().values["prompt"] == TASKS[task][1]


def test_fields_are_described_by_the_parameters() -> None:
    fields = fields_of(view_of(Filled()))

    for name, parameter in PARAMETERS.items():
        assert fields[name]["label"]["text"] == parameter.label
        assert name == "prompt" or fields[name]["hint"]["text"].startswith(parameter.hint)
    assert fields["max_tokens"]["element"]["min_value"] == "1"
    assert "max_value" not in fields["max_tokens"]["element"]
    assert fields["logprobs"]["element"]["max_value"] == "5"
    assert not fields["seed"]["element"].keys() & {"min_value", "max_value"}
    assert fields["top_p"]["element"]["is_decimal_allowed"]
    assert words.ONLY_SOME in fields["echo"]["hint"]["text"]


def test_a_long_model_id_is_shown_shortened_and_read_whole() -> None:
    model = "m" * 150
    view = view_of(Filled(values={"model": model}))

    assert read_form(state_of(view), Filled()).values == {"model": model}


def test_the_view_carries_its_metadata() -> None:
    view = view_of(Filled(), metadata="draft-1")

    assert (view["callback_id"], view["private_metadata"]) == ("grok_form", "draft-1")


def test_views_without_fields() -> None:
    loading = check_view(loading_view(), kind="modal")
    sentence = check_view(sentence_view("No. " * 2000, "T" * 40), kind="modal")

    assert "submit" not in loading
    assert "submit" not in sentence
    assert sentence["blocks"][0]["text"]["text"].startswith("No. ")
