"""The list of models that the form offers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grok.known_models import KNOWN, Model
from bot.rules.policy import Models
from bot.slack_limits import OPTIONS_IN_LIST
from bot.views.form_view import model_options
from bot.words import form as words
from sandbox.workspace.blocks.validate import check_view


def offered(models: list[Model] | tuple[Model, ...], query: str) -> dict[str, str]:
    """Text by id of what is offered, checked by Slack's rules where there is any."""
    fields = model_options(models, query)
    groups = fields.get("option_groups", [fields])
    options = [option for group in groups for option in group["options"]]
    if options:
        element = {"type": "static_select", "action_id": "a", **fields}
        block = {"type": "actions", "elements": [element]}
        title = {"type": "plain_text", "text": "T"}
        check_view({"type": "modal", "title": title, "blocks": [block]}, kind="modal")
    return {option["value"]: option["text"]["text"] for option in options}


def test_every_model_is_offered_with_its_prices() -> None:
    models = offered(KNOWN, "")

    assert list(models) == [model.id for model in KNOWN]
    assert models["grok-4.3"] == "grok-4.3 · $1.25 in · $2.50 out per 1M"
    assert offered([Model("m", (), None, None, 0.125)], "") == {"m": "m · $0.1250 out per 1M"}
    assert offered([Model("m")], "") == {"m": "m"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("AGENT", ["grok-4.20-multi-agent-0309"]),
        (" 4.20-non-reasoning-latest ", ["grok-4.20-0309-non-reasoning"]),
        ("0309-r", ["grok-4.20-0309-reasoning"]),
        ("my-own-model", ["my-own-model"]),
        ("x" * 150, ["x" * 150]),
        ("x" * 151, []),
        ("a\nb", []),
    ],
)
def test_models_are_found_by_any_part_of_a_name(query: str, found: list[str]) -> None:
    assert list(offered(KNOWN, query)) == found


def test_of_too_many_models_the_first_are_offered_and_the_rest_counted() -> None:
    many = [Model(f"model-{number}") for number in range(250)]
    fields = model_options(many, "")

    assert len(offered(many, "")) == OPTIONS_IN_LIST
    assert "of 250" in fields["option_groups"][0]["label"]["text"]
    assert "options" in model_options(many[:OPTIONS_IN_LIST], "")
    assert list(offered(many, "model-249")) == ["model-249"]


def groups_of(fields: dict[str, Any]) -> dict[str, list[str]]:
    """The ids in each group, by its title."""
    return {
        group["label"]["text"]: [option["value"] for option in group["options"]]
        for group in fields["option_groups"]
    }


def test_models_that_are_allowed_come_first() -> None:
    models = [Model("a", ("a-latest",)), Model("b"), Model("c")]

    assert groups_of(model_options(models, "", Models(forbidden=("a-latest",), id_of=id_of))) == {
        words.MODELS_ALLOWED: ["b", "c"],
        words.MODELS_NOT_ALLOWED: ["a"],
    }
    assert groups_of(model_options(models, "", Models(only=("c",)))) == {
        words.MODELS_ALLOWED: ["c"],
        words.MODELS_NOT_ALLOWED: ["a", "b"],
    }
    assert groups_of(model_options(models, "b", Models(only=("c",)))) == {
        words.MODELS_NOT_ALLOWED: ["b"]
    }
    assert "options" in model_options(models, "", Models())


def id_of(name: str) -> str:
    return name.removesuffix("-latest")


def test_of_too_many_models_the_allowed_ones_are_kept() -> None:
    many = [Model(f"model-{number}") for number in range(250)]
    allowed = Models(only=tuple(f"model-{number}" for number in range(200, 250)))
    (first, may), (second, may_not) = groups_of(model_options(many, "", allowed)).items()

    assert first.startswith(words.MODELS_ALLOWED)
    assert "100 of 250" in first
    assert second == words.MODELS_NOT_ALLOWED
    assert may == [f"model-{number}" for number in range(200, 250)]
    assert len(may_not) == OPTIONS_IN_LIST - len(may)


def test_ids_that_slack_cannot_hold_are_left_out_and_long_texts_cut() -> None:
    models = [Model("x" * 151), Model(""), Model("y" * 150, (), 1.0), Model("z" * 60, (), 1.0, 1.0)]

    assert list(offered(models, "")) == ["y" * 150, "z" * 60]
    assert offered(models, "z") == {"z" * 60: "z" * 60}
    assert len(offered(models, "y")["y" * 150]) <= 75


def test_with_no_models_and_no_query_nothing_is_offered() -> None:
    assert model_options([], "") == {"options": []}


@given(st.lists(st.builds(Model, st.text(max_size=200))), st.text(max_size=160))
def test_whatever_models_there_are_slack_takes_the_list(models: list[Model], query: str) -> None:
    offered(models, query)
