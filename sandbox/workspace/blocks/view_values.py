"""What the inputs of a view hold, in the shape of `view.state.values`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.workspace.blocks.block_rules import NUMBER
from sandbox.workspace.blocks.block_shapes import elements_of, options_of
from sandbox.workspace.model import Json

Values = dict[str, dict[str, Json]]

# What an element holds: the field of `state.values`, and that of its initial value.
_FIELDS = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "overflow": ("selected_option", ""),
}


_ADDRESSES = {
    "email_text_input": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "url_text_input": re.compile(r"https?://\S+"),
}


def field_of(element: Json) -> str | None:
    """The field of `state.values` that holds the element's value; None when it holds none."""
    return _FIELDS[element["type"]][0] if element["type"] in _FIELDS else None


def nowhere(element: Json) -> None:
    """No conversation is the current one."""


def initial_values(
    blocks: list[Json],
    *,
    keep: Values | None = None,
    current: Callable[[Json], str | None] = nowhere,
) -> Values:
    """The values a fresh view shows; those in `keep` win where block_id and action_id stay, as
    far as they are still among the options. `current` is the conversation that a select which
    defaults to it shows."""
    values: Values = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] not in _FIELDS or element["type"] == "overflow":
                continue
            kept = (keep or {}).get(block["block_id"], {}).get(element["action_id"])
            if kept is None or kept["type"] != element["type"]:
                kept = _initial(element, current)
            elif "options" in element or "option_groups" in element:
                kept = _still_offered(element, kept)
            values.setdefault(block["block_id"], {})[element["action_id"]] = kept
    return values


def fill(blocks: list[Json], values: Values, typed: Json) -> None:
    """Put what a person chose into `values`. `typed` maps a block_id to Slack's shape
    (`{action_id: {…}}`) or to a bare value: a string, an option's value, a list, or None.

    Raises `KeyError` for a block or an option that the person cannot see."""
    for block_id, given in typed.items():
        by_action = given if isinstance(given, dict) else {None: given}
        for action_id, value in by_action.items():
            element = _element(blocks, block_id, action_id)
            values.setdefault(block_id, {})[element["action_id"]] = held(element, value)


def held(element: Json, given: Any) -> Json:
    """The entry of `state.values` for an element in which `given` was chosen."""
    if isinstance(given, dict):
        return {"type": element["type"], **given}
    field = field_of(element)
    if field is None:
        raise KeyError(f"a {element['type']} holds no value")
    return {"type": element["type"], field: _choose(element, field, given)}


def faults(blocks: list[Json], values: Values) -> dict[str, str]:
    """What Slack's client refuses before the app hears of it, by block_id."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        field = field_of(element)
        value = values[block["block_id"]][element["action_id"]].get(field) if field else None
        if fault := _fault(element, value, optional=block.get("optional", False)):
            found[block["block_id"]] = fault
    return found


def _initial(element: Json, current: Callable[[Json], str | None]) -> Json:
    field, initial = _FIELDS[element["type"]]
    value: Any = element.get(initial, [] if field.endswith("s") else None)
    if element.get("default_to_current_conversation") and not value:
        here = current(element)
        value = [here] if field.endswith("s") and here else here or value
    return {"type": element["type"], field: value}


def _still_offered(element: Json, kept: Json) -> Json:
    field, _ = _FIELDS[element["type"]]
    options = options_of(element)
    if field == "selected_options":
        return {**kept, field: [option for option in kept[field] if option in options]}
    return kept if kept[field] in options else {**kept, field: None}


def _element(blocks: list[Json], block_id: str, action_id: str | None) -> Json:
    for block in blocks:
        if block.get("block_id") != block_id:
            continue
        for element in elements_of(block):
            if action_id in (None, element.get("action_id")):
                return element
    raise KeyError(f"no input {block_id}/{action_id} in this view")


def _choose(element: Json, field: str, given: Any) -> Any:
    if given is None:
        return [] if field.endswith("s") else None
    if field == "selected_option":
        return _option(element, given)
    if field == "selected_options":
        return [_option(element, value) for value in given]
    return given


def _option(element: Json, value: str) -> Json:
    for option in options_of(element):
        if option["value"] == value:
            return option
    raise KeyError(f"no option {value!r}")


def _fault(element: Json, value: Any, *, optional: bool) -> str | None:
    if value in (None, "", []):
        return None if optional else "Please complete this required field."
    if element["type"] == "number_input":
        return _number_fault(element, value)
    if element["type"] in _ADDRESSES and not _ADDRESSES[element["type"]].fullmatch(value):
        return "Please enter a valid address."
    if element["type"] != "plain_text_input":
        return None
    if len(value) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    most = element.get("max_length", 3000)
    return f"Please enter at most {most} characters." if len(value) > most else None


def _number_fault(element: Json, value: str) -> str | None:
    """Letters, exponents and the like are no numbers to Slack's client."""
    if NUMBER.fullmatch(value) is None:
        return "Please enter a number."
    number = float(value)
    if not element["is_decimal_allowed"] and "." in value:
        return "Please enter a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None
