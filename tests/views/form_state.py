"""The form as Slack takes it, and the state that its fields are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.completion.form import Filled
from bot.views.form_view import form_view, model_options
from sandbox.workspace.blocks.validate import check_view
from sandbox.workspace.blocks.view_values import Values, fill, initial_values


def view_of(filled: Filled, *, advanced: bool = True, **said: Any) -> dict[str, Any]:
    """The form as Slack takes it."""
    options: dict[str, Any] = {
        "metadata": "draft",
        "choose_place": False,
        "in_thread": False,
    } | said
    return check_view(form_view(filled, advanced=advanced, **options), kind="modal")


def state_of(view: Mapping[str, Any], typed: Mapping[str, Any] | None = None) -> Values:
    """What the fields of a fresh view hold, once `typed` was typed."""
    values = initial_values(view["blocks"])
    chosen = dict(typed or {})
    if isinstance(model := chosen.get("model"), str):
        (option,) = model_options([], model)["options"]
        chosen["model"] = {"value": {"selected_option": option}}
    fill(view["blocks"], values, chosen)
    return values


def fields_of(view: Mapping[str, Any]) -> dict[str, Any]:
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
