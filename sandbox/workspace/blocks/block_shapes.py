"""Every block and element that the workspace knows, with Slack's limits ("Block Kit")."""

from __future__ import annotations

from sandbox.workspace.blocks.block_rules import (
    Report,
    Rule,
    Shape,
    anything,
    boolean,
    integer,
    list_of,
    number,
    one_of,
    quantity,
    shaped,
    string,
    text,
    typed,
)
from sandbox.workspace.model import Json

ID = string(255)
OPTIONS_MOST = 100
OPTION = Shape({"text": text(75), "value": string(150)}, {"description": text(75)})
_TICK = Shape(
    {"text": text(75, mrkdwn=True), "value": string(150)},
    {"description": text(75, mrkdwn=True)},
)
_OVERFLOW = Shape({**OPTION.required}, {**OPTION.optional, "url": string(3000)})
OPTION_GROUP = Shape(
    {"label": text(75), "options": list_of(shaped(OPTION), OPTIONS_MOST)},
)
CONFIRM = Shape(
    {
        "title": text(100),
        "text": text(300, mrkdwn=True),
        "confirm": text(30),
        "deny": text(30),
    },
    {"style": one_of("primary", "danger")},
)
_PLACED: dict[str, Rule] = {
    "action_id": ID,
    "placeholder": text(150),
    "focus_on_load": boolean,
}
_ACTIVE: dict[str, Rule] = {"action_id": ID, "confirm": shaped(CONFIRM)}
_SELECT: dict[str, Rule] = {**_PLACED, "confirm": shaped(CONFIRM)}
_OPTION = shaped(OPTION)
_FEEDBACK = shaped(
    Shape({"text": text(75), "value": string(2000)}, {"accessibility_label": string(75)})
)
_TICKS = list_of(shaped(_TICK), 10)
_CHOICES: dict[str, Rule] = {
    "options": list_of(_OPTION, OPTIONS_MOST),
    "option_groups": list_of(shaped(OPTION_GROUP), 100),
}
_FILTER = Shape(
    {},
    {
        "include": list_of(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)


def options_of(element: Json) -> list[Json]:
    """The options of a select, those in groups included."""
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *(o for g in groups for o in g.get("options", []))]


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of a block."""
    listed = block.get("elements", []) if block.get("type") != "rich_text" else []
    found = [*(listed if isinstance(listed, list) else []), block.get("accessory")]
    found.append(block.get("element"))
    return [element for element in found if isinstance(element, dict)]


def _initials_exist(report: Report, pointer: str, element: Json) -> None:
    initial = element.get("initial_options", [])
    if "initial_option" in element:
        initial = [element["initial_option"]]
    if any(option not in options_of(element) for option in initial):
        report.add("initial options must match options exactly", pointer)


def _one_kind_of_options(report: Report, pointer: str, element: Json) -> None:
    if ("options" in element) == ("option_groups" in element):
        report.add("exactly one of options and option_groups is required", pointer)
        return
    _initials_exist(report, pointer, element)


def _initial_length(report: Report, pointer: str, element: Json) -> None:
    initial, least, most = (element.get(n) for n in ("initial_value", "min_length", "max_length"))
    if isinstance(least, int) and isinstance(most, int) and least > most:
        report.add("min_length must not exceed max_length", pointer)
    if not isinstance(initial, str) or not initial:
        return
    if isinstance(most, int) and len(initial) > most:
        report.add(f"must be less than {most + 1} characters", f"{pointer}/initial_value")
    if isinstance(least, int) and len(initial) < least:
        report.add(f"must be more than {least - 1} characters", f"{pointer}/initial_value")


def _number_bounds(report: Report, pointer: str, element: Json) -> None:
    try:
        low, high, initial = (
            float(element[name]) if name in element else None
            for name in ("min_value", "max_value", "initial_value")
        )
    except (TypeError, ValueError):
        return
    if low is not None and high is not None and low > high:
        report.add("min_value must not exceed max_value", pointer)
    if initial is not None and (
        (low is not None and initial < low) or (high is not None and initial > high)
    ):
        report.add("initial_value must be within min_value and max_value", pointer)
    if element.get("is_decimal_allowed") is False and any(
        "." in element.get(name, "") for name in ("min_value", "max_value", "initial_value")
    ):
        report.add("decimal values are not allowed", pointer)


def _section_content(report: Report, pointer: str, block: Json) -> None:
    if "text" not in block and "fields" not in block:
        report.add("missing required field: text or fields", pointer)


def _image_source(report: Report, pointer: str, image: Json) -> None:
    if ("image_url" in image) == ("slack_file" in image):
        report.add("exactly one of image_url and slack_file is required", pointer)


def _even_table(report: Report, pointer: str, block: Json) -> None:
    rows = block.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return
    if len({len(row) for row in rows}) > 1:
        report.add("all rows must have the same number of cells", f"{pointer}/rows")


def _even_series(report: Report, pointer: str, chart: Json) -> None:
    """Each series has a name of its own, and one value for every category."""
    series, axis = chart.get("series"), chart.get("axis_config")
    if not isinstance(series, list) or not isinstance(axis, dict):
        return
    named = [each for each in series if isinstance(each, dict)]
    if len({str(each.get("name")) for each in named}) < len(named):
        report.add("series names must be unique", f"{pointer}/series")
    categories = axis.get("categories")
    for each in named:
        points = each.get("data")
        if isinstance(points, list):
            labels = [point.get("label") for point in points if isinstance(point, dict)]
            if labels != categories:
                report.add("labels must match the categories of the axis", f"{pointer}/series")


def _multi(shape: Shape, name: str, values: Rule) -> Shape:
    """The select of several: `initial_…s` for `initial_…`, and no response_url."""
    single = (name.removesuffix("s"), "response_url_enabled")
    optional = {k: v for k, v in shape.optional.items() if k not in single}
    optional |= {name: values, "max_selected_items": integer(1, 100)}
    return Shape(shape.required, optional, shape.across)


_STATIC = Shape({}, {**_SELECT, **_CHOICES, "initial_option": _OPTION}, _one_kind_of_options)
_EXTERNAL = Shape({}, {**_SELECT, "initial_option": _OPTION, "min_query_length": integer(0, 100)})
_USERS = Shape({}, {**_SELECT, "initial_user": ID})
_CHANNELS = Shape({}, {**_SELECT, "initial_channel": ID, "response_url_enabled": boolean})
_CONVERSATIONS = Shape(
    {},
    {
        **_SELECT,
        "initial_conversation": ID,
        "default_to_current_conversation": boolean,
        "response_url_enabled": boolean,
        "filter": shaped(_FILTER),
    },
)
_DISPATCH = shaped(
    Shape(
        {"trigger_actions_on": list_of(one_of("on_enter_pressed", "on_character_entered"), 2)},
    )
)
_INPUT: dict[str, Rule] = {**_PLACED, "dispatch_action_config": _DISPATCH}
_IDS = list_of(ID, 100)

ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        {"text": text(75)},
        {
            **_ACTIVE,
            "url": string(3000),
            "value": string(2000, 0),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
        },
    ),
    "static_select": _STATIC,
    "multi_static_select": _multi(_STATIC, "initial_options", list_of(_OPTION, 100)),
    "external_select": _EXTERNAL,
    "multi_external_select": _multi(_EXTERNAL, "initial_options", list_of(_OPTION, 100)),
    "users_select": _USERS,
    "multi_users_select": _multi(_USERS, "initial_users", _IDS),
    "channels_select": _CHANNELS,
    "multi_channels_select": _multi(_CHANNELS, "initial_channels", _IDS),
    "conversations_select": _CONVERSATIONS,
    "multi_conversations_select": _multi(_CONVERSATIONS, "initial_conversations", _IDS),
    "overflow": Shape({"options": list_of(shaped(_OVERFLOW), 5)}, _ACTIVE),
    "checkboxes": Shape(
        {"options": _TICKS},
        {**_ACTIVE, "focus_on_load": boolean, "initial_options": _TICKS},
        _initials_exist,
    ),
    "radio_buttons": Shape(
        {"options": _TICKS},
        {**_ACTIVE, "focus_on_load": boolean, "initial_option": shaped(_TICK)},
        _initials_exist,
    ),
    "datepicker": Shape({}, {**_SELECT, "initial_date": string(10, 10)}),
    "timepicker": Shape({}, {**_SELECT, "initial_time": string(5, 5), "timezone": string(100)}),
    "plain_text_input": Shape(
        {},
        {
            **_INPUT,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        _initial_length,
    ),
    "number_input": Shape(
        {"is_decimal_allowed": boolean},
        {**_INPUT, "initial_value": number, "min_value": number, "max_value": number},
        _number_bounds,
    ),
    "email_text_input": Shape({}, {**_INPUT, "initial_value": string(3000)}),
    "url_text_input": Shape({}, {**_INPUT, "initial_value": string(3000)}),
    "image": Shape(
        {"alt_text": string(2000)},
        {"image_url": string(3000), "slack_file": anything},
        _image_source,
    ),
    "feedback_buttons": Shape(
        {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, {"action_id": ID}
    ),
    "icon_button": Shape(
        {"icon": one_of("trash"), "text": text(75)},
        {**_ACTIVE, "value": string(2000, 0), "accessibility_label": string(75)},
    ),
}

_MENUS = frozenset(kind for kind in ELEMENTS if kind.endswith("_select"))
_CHOOSERS = _MENUS | {"checkboxes", "radio_buttons", "datepicker", "timepicker"}
_IN_ACTIONS = (_CHOOSERS - {k for k in _MENUS if k.startswith("multi_")}) | {"button", "overflow"}
_IN_SECTION = _CHOOSERS | {"button", "overflow", "image"}
_IN_INPUT = _CHOOSERS | {k for k in ELEMENTS if k.endswith("_input")}
_MRKDWN_OR_IMAGE = {
    "mrkdwn": Shape({"text": string(3000)}, {"verbatim": boolean}),
    "plain_text": Shape({"text": string(3000)}, {"emoji": boolean}),
    "image": ELEMENTS["image"],
}
_BLOCK: dict[str, Rule] = {"block_id": ID}
_CELLS = {"raw_text": Shape({"text": string(10_000)}), "rich_text": Shape({"elements": anything})}

_LABEL = string(20)
_SEGMENT = Shape({"label": _LABEL, "value": quantity(0)})
_POINT = Shape({"label": _LABEL, "value": quantity()})
_SERIES = Shape({"name": _LABEL, "data": list_of(shaped(_POINT), 20)})
_AXES = Shape({"categories": list_of(_LABEL, 20)}, {"x_label": string(50), "y_label": string(50)})
_PLOTTED = Shape(
    {"series": list_of(shaped(_SERIES), 6), "axis_config": shaped(_AXES)}, across=_even_series
)
_CHARTS = {
    "pie": Shape({"segments": list_of(shaped(_SEGMENT), 6)}),
    **dict.fromkeys(("bar", "line", "area"), _PLOTTED),
}
"""Slack's page once said 6 series or segments at most, and 12 later."""

BLOCKS: dict[str, Shape] = {
    "actions": Shape({"elements": list_of(typed(ELEMENTS, _IN_ACTIONS), 25)}, _BLOCK),
    "context": Shape({"elements": list_of(typed(_MRKDWN_OR_IMAGE), 10)}, _BLOCK),
    "context_actions": Shape(
        {"elements": list_of(typed(ELEMENTS, {"feedback_buttons", "icon_button"}), 5)}, _BLOCK
    ),
    "data_visualization": Shape({"title": string(50), "chart": typed(_CHARTS)}, _BLOCK),
    "divider": Shape({}, _BLOCK),
    "header": Shape({"text": text(150)}, _BLOCK),
    "image": Shape(
        {"alt_text": string(2000)},
        {**_BLOCK, "image_url": string(3000), "slack_file": anything, "title": text(2000)},
        _image_source,
    ),
    "input": Shape(
        {"label": text(2000), "element": typed(ELEMENTS, _IN_INPUT)},
        {**_BLOCK, "hint": text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": Shape({"text": string(12_000)}, _BLOCK),
    "rich_text": Shape({"elements": list_of(anything, 1000)}, _BLOCK),
    "section": Shape(
        {},
        {
            **_BLOCK,
            "text": text(3000, mrkdwn=True),
            "fields": list_of(text(2000, mrkdwn=True), 10),
            "accessory": typed(ELEMENTS, _IN_SECTION),
            "expand": boolean,
        },
        _section_content,
    ),
    "table": Shape(
        {"rows": list_of(list_of(typed(_CELLS), 20), 100)},
        {**_BLOCK, "column_settings": anything},
        _even_table,
    ),
}

IN_MESSAGES = frozenset(BLOCKS)
IN_VIEWS = frozenset(BLOCKS) - {
    "markdown",
    "table",
    "context_actions",
    "data_visualization",
}
