"""The form in Slack's JSON, through the rules of views.open and the shape of state.values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.completion import CompletionRequest
from bot.completion.ask import EFFORTS, Said
from bot.completion.faults import check, validate
from bot.completion.flags import Flags
from bot.completion.form import ADVANCED, Filled, field_text, holds
from bot.completion.options import PARAMETERS
from bot.completion.search import OPTION_NAMES
from bot.errors import Fault, RequestRefused
from bot.views.form_view import errors_of, read_form
from bot.words import form as words
from sandbox.workspace.blocks.view_values import faults as refused_by_slack
from tests.completion.strategies import valid_json
from tests.views.form_state import fields_of, state_of, view_of

MODEL = "grok-4.3"
HIDDEN = {parameter.name for group in ADVANCED.values() for parameter in group}
ABOUT = Said(author="Ana", text="We meet on Monday.")

texts = st.text(alphabet="ab \\nrt\n\r\té😀=-1,{}\"'#<>&", max_size=12)
forms = st.builds(
    Filled,
    values=valid_json
    | st.fixed_dictionaries(
        {"model": st.just(MODEL), "prompt": texts | st.lists(texts, max_size=3)},
        optional={
            "stop": texts | st.lists(texts, max_size=4),
            "suffix": texts,
            "seed": st.integers(-9, 9),
            "logit_bias": st.dictionaries(st.integers(0, 9).map(str), st.integers(-100, 100)),
        },
    ),
    system=texts,
    reply=st.sampled_from(["channel", "thread", "private"]),
    effort=st.sampled_from([None, *EFFORTS]),
)


def request_in(flags: Flags) -> CompletionRequest:
    assert not flags.faults
    return CompletionRequest.model_validate(flags.values)


def typed_afresh(values: Mapping[str, JsonValue]) -> dict[str, Any]:
    """`values` as a person types them into an empty form."""
    typed: dict[str, Any] = {name: field_text(name, value) for name, value in values.items()}
    if isinstance(values["prompt"], list):
        typed["several"] = ["on"]
    return typed


def unlisted(request: CompletionRequest) -> dict[str, Any]:
    """What `request` says, a list of one as its element, which means the same."""
    given = request.given()
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in given.items()
    }


# --- there and back ------------------------------------------------------------------------


@given(forms, st.booleans())
def test_a_form_that_is_sent_as_it_came_asks_what_it_was_filled_with(
    filled: Filled,
    advanced: bool,
) -> None:
    view = view_of(filled, advanced=advanced)
    state = state_of(view)
    read = read_form(state, filled)

    assert not refused_by_slack(view["blocks"], state)
    assert request_in(read.flags()) == CompletionRequest.model_validate(filled.values)
    assert (read.system, read.reply) == (filled.system, filled.reply)
    assert read.effort == filled.effort


@given(forms)
def test_the_fields_alone_hold_every_request_that_they_can_hold(filled: Filled) -> None:
    values = {name: v for name, v in filled.values.items() if holds(name, v)}
    held = {"model": MODEL, "prompt": "Hi", **values}
    read = read_form(state_of(view_of(Filled(values=held))), Filled())

    assert unlisted(request_in(read.flags())) == unlisted(CompletionRequest.model_validate(held))


@given(forms)
def test_what_is_typed_into_an_empty_form_is_asked(filled: Filled) -> None:
    values = {name: v for name, v in filled.values.items() if holds(name, v)}
    held = {"model": MODEL, "prompt": "Hi", **values}
    read = read_form(state_of(view_of(Filled()), typed_afresh(held)), Filled())

    assert unlisted(request_in(read.flags())) == unlisted(CompletionRequest.model_validate(held))


def test_switching_the_advanced_fields_off_and_on_keeps_what_was_typed() -> None:
    typed = {"prompt": "a\n\nb", "top_p": "0.5", "stop": "END", "logit_bias": "half", "n": "0"}
    more = {"echo": "on", "system": "Be brief", "several": ["on"], "reply": "private"}
    first = read_form(state_of(view_of(Filled()), typed | more), Filled())
    second = read_form(state_of(view_of(first, advanced=False)), first)
    third = read_form(state_of(view_of(second)), second)

    assert first == second == third
    assert first.flags().values["prompt"] == ["a", "b"]
    assert first.values["logit_bias"] == "half"
    assert {fault.parameter for fault in third.flags().faults} == {"logit_bias", "n"}


def test_what_is_not_in_the_view_stays_as_it_was() -> None:
    filled = Filled(
        values={"prompt": "Hi", "n": 2},
        system="Be brief",
        reply="private",
        task="reply",
        several=True,
    )

    assert read_form({}, filled) == filled


def test_the_switch_says_what_it_does_and_how_much_is_hidden() -> None:
    filled = Filled(values={"prompt": "Hi", "n": 2, "top_p": 0.5}, system="Be brief")
    shown, hidden = view_of(filled), view_of(filled, advanced=False)
    (off,) = next(b for b in shown["blocks"] if b["type"] == "actions")["elements"]
    (on,) = next(b for b in hidden["blocks"] if b["type"] == "actions")["elements"]

    assert (off["action_id"], off["value"]) == ("advanced", "off")
    assert (on["action_id"], on["value"]) == ("advanced", "on")
    assert "3" in on["text"]["text"]
    assert set(fields_of(shown)) - set(fields_of(hidden)) == HIDDEN | {
        "system",
        "effort",
        "several",
        *OPTION_NAMES,
    }
    own = {"system", "effort", "several", "reply", *OPTION_NAMES}
    assert set(fields_of(shown)) == {*PARAMETERS, *own}
    assert list(fields_of(hidden))[:3] == ["prompt", "model", "max_tokens"]


def test_emptied_fields_are_not_given_any_more() -> None:
    filled = Filled(
        values={"prompt": "Hi", "model": MODEL, "n": 2, "stop": ["a", "b"], "echo": True},
        system="Be brief",
        task="reply",
    )
    emptied = dict.fromkeys(("prompt", "model", "n", "stop", "system", "task"))
    typed = {**emptied, "echo": "not_set"}
    read = read_form(state_of(view_of(filled, about=ABOUT), typed), filled)

    assert read == Filled(reply="channel")


def test_a_list_of_prompts_becomes_one_when_its_box_is_unticked() -> None:
    filled = Filled(values={"prompt": ["a", "b"]})
    read = read_form(state_of(view_of(filled), {"several": None}), filled)

    assert read.flags().values["prompt"] == "a\n\nb"


def test_a_list_of_prompts_stays_one_when_it_is_changed_without_its_box() -> None:
    filled = Filled(values={"prompt": ["a", "b"]})
    view = view_of(filled, advanced=False)
    read = read_form(state_of(view, {"prompt": "a\n\nb\n\nc"}), filled)

    assert read.flags().values["prompt"] == ["a", "b", "c"]


# --- what no field holds -------------------------------------------------------------------


def test_what_no_field_holds_is_said_to_be_kept() -> None:
    long: dict[str, JsonValue] = {"prompt": "x" * 5000, "suffix": "", "model": "m" * 200}
    fields = fields_of(view_of(Filled(values=long, system="s" * 4000)))

    for name in ("prompt", "suffix", "model", "system"):
        field = fields[name]
        assert field["optional"]
        assert field["element"]["placeholder"]["text"] == words.KEPT
        assert not {"initial_value", "initial_option"} & field["element"].keys()
    assert fields["prompt"]["hint"]["text"] == words.KEPT_LONG
    assert fields["suffix"]["hint"]["text"] == words.KEPT_STRANGE


def test_a_number_that_does_not_fit_keeps_the_hint_that_says_what_does() -> None:
    fields = fields_of(view_of(Filled(values={"temperature": 9})))

    assert fields["temperature"]["element"]["placeholder"]["text"] == words.KEPT
    assert words.WITHIN(least=0, most=2) in fields["temperature"]["hint"]["text"]


def test_what_is_kept_gives_way_to_what_is_typed() -> None:
    filled = Filled(values={"prompt": "x" * 5000, "seed": 2**60}, system="s" * 4000)
    typed = {"prompt": "Hi", "seed": "7", "system": "Be brief"}
    read = read_form(state_of(view_of(filled), typed), filled)

    assert (read.values, read.system) == ({"prompt": "Hi", "seed": 7}, "Be brief")


def test_only_the_prompt_and_the_place_must_be_filled_in() -> None:
    required = {
        name
        for name, field in fields_of(view_of(Filled(), choose_place=True)).items()
        if not field["optional"]
    }

    assert required == {"prompt", "reply", "channel"}


# --- what is wrong -------------------------------------------------------------------------

WRONG: dict[str, tuple[str, ...]] = {
    "temperature": ("3", "-0.5", "hot", "0,2,1", "nan"),
    "max_tokens": ("0", "-1", "1.5", "many", "3000000000"),
    "top_p": ("1.5", "-1", "."),
    "frequency_penalty": ("2.5", "-3", "x"),
    "presence_penalty": ("2.5", "-3", "x"),
    "seed": ("0.5", "x", "9" * 30),
    "n": ("0", "-4", "two"),
    "stop": ("a\nb\nc\nd\ne",),
    "best_of": ("0", "200", "x"),
    "logprobs": ("6", "-1", "2.5"),
    "logit_bias": ("5", "5=x", "5=101", "word=1", "{", "[]", '{"5":[]}'),
}
RIGHT: dict[str, tuple[str, ...]] = {
    "temperature": ("0", "0.2", "2"),
    "max_tokens": ("1", "1e3"),
    "top_p": ("0.5",),
    "frequency_penalty": ("-2",),
    "presence_penalty": ("2.0",),
    "seed": ("-7",),
    "n": ("1", "1.0"),
    "stop": ("a\n\\n",),
    "best_of": ("1", "3"),
    "logprobs": ("0",),
    "logit_bias": ("5=-100, 6=1", '{"5": 1}'),
    "user": ("me",),
    "suffix": ("after\nthat",),
}


def faults_in(flags: Flags) -> tuple[Fault, ...]:
    """What `Asking` finds, the endpoint apart."""
    try:
        request = validate(flags.values)
    except RequestRefused as refused:
        return (*flags.faults, *refused.faults)
    return (*flags.faults, *check(request))


@given(st.data())
def test_every_wrong_value_is_marked_at_its_field_all_at_once(data: st.DataObject) -> None:
    wrong = data.draw(st.sets(st.sampled_from(sorted(WRONG))))
    right = data.draw(st.sets(st.sampled_from(sorted(RIGHT.keys() - wrong))))
    typed = {name: data.draw(st.sampled_from(WRONG[name])) for name in sorted(wrong)}
    typed |= {name: data.draw(st.sampled_from(RIGHT[name])) for name in sorted(right)}
    values = state_of(view_of(Filled()), {"prompt": "Hi", "model": MODEL, **typed})
    found = faults_in(read_form(values, Filled()).flags())

    errors, rest = errors_of(found, values.keys())

    assert errors.keys() == wrong
    assert not rest


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"best_of": "2", "n": "3"}, {"best_of"}),
        ({"n": "129", "best_of": "1"}, {"n", "best_of"}),
        ({"best_of": "2", "stream": "on"}, {"stream"}),
        ({"best_of": "2", "n": "3", "stream": "on", "top_p": "7"}, {"best_of", "stream", "top_p"}),
        ({"prompt": "a\n\nb", "several": ["on"], "n": "65"}, {"n"}),
        ({"prompt": None}, {"prompt"}),
        ({"prompt": " \n"}, {"prompt"}),
        ({"prompt": None, "model": None, "n": "0"}, {"prompt", "model", "n"}),
    ],
)
def test_what_does_not_go_together_is_marked_too(typed: dict[str, Any], wrong: set[str]) -> None:
    values = state_of(view_of(Filled()), {"prompt": "Hi", "model": MODEL, **typed})
    errors, rest = errors_of(faults_in(read_form(values, Filled()).flags()), values.keys())

    assert errors.keys() == wrong
    assert not rest


def test_faults_without_a_field_in_sight_are_told_at_the_top() -> None:
    filled = Filled(values={"prompt": "Hi", "model": MODEL, "n": 3, "best_of": 2, "temperature": 5})
    values = state_of(view_of(filled, advanced=False))
    errors, rest = errors_of(faults_in(read_form(values, filled).flags()), values.keys())
    top = view_of(filled, advanced=False, faults=rest)["blocks"][0]

    assert errors.keys() == {"temperature"}
    assert [fault.parameter for fault in rest] == ["best_of"]
    assert top["text"]["text"].startswith(words.PLEASE_CHANGE)
    assert "Best of: 2 is fewer" in top["text"]["text"]


def test_several_faults_of_one_field_are_joined_and_those_of_none_stand_at_the_prompt() -> None:
    faults = [
        Fault("n", "0 is too small", "a whole number above 0"),
        Fault("n", "is odd"),
        Fault("", "there is no flag --x"),
        Fault("prompt", "is empty", "something to ask"),
    ]

    errors, rest = errors_of(faults, ["prompt", "n"])

    assert errors == {
        "n": "0 is too small; allowed: a whole number above 0. This is odd.",
        "prompt": "there is no flag --x. This is empty; allowed: something to ask.",
    }
    assert rest == []


@pytest.mark.parametrize(
    ("problem", "allowed", "said"),
    [
        (
            "the best of several can only be shown when all are done",
            "leave it out, or ask without best_of",
            (
                "the best of several can only be shown when all are done; leave it out, "
                "or ask without “Best of”."
            ),
        ),
        (
            "2 is fewer than the 3 answers to choose (--n is set by the defaults of this channel)",
            "3 or more",
            (
                "2 is fewer than the 3 answers to choose (“Answers” is set by the defaults of this "
                "channel); allowed: 3 or more."
            ),
        ),
        (
            "says where to reply, and so does --reply",
            "",
            "says where to reply, and so does --reply.",
        ),
        ("clashes with `--max-tokens`", "", "clashes with “Longest answer”."),
        (
            "there is no flag -x; `/grok help` lists them",
            "",
            "there is no flag -x; /grok help lists them.",
        ),
        (
            "grok-4.20-0309-non-reasoning cannot do this",
            "",
            "grok-4.20-0309-non-reasoning cannot do this.",
        ),
    ],
)
def test_faults_speak_of_fields_as_the_form_calls_them(
    problem: str, allowed: str, said: str
) -> None:
    errors, _ = errors_of([Fault("n", problem, allowed)], ["prompt", "n"])

    assert errors == {"n": said}


@given(st.text(), st.sampled_from(sorted(PARAMETERS)))
def test_no_text_in_any_field_raises(text: str, name: str) -> None:
    values = {"prompt": {"value": {"value": "Hi"}}, name: {"value": {"value": text}}}
    read = read_form(values, Filled())

    faults_in(read.flags())
    assert Filled.model_validate_json(read.model_dump_json()) == read
    view_of(read)


def test_what_json_cannot_carry_does_not_get_in() -> None:
    read = read_form({"prompt": {"value": {"value": "a\ud800"}}}, Filled())

    assert read.values == {"prompt": "a\ufffd"}
