"""What forms are built of, as Slack's JSON: the frame of a view, and its fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import JsonValue

from bot.characters import boundary
from bot.completion.ask import ReplyTo
from bot.completion.form import ADVANCED, MULTILINE, TASKS, Filled, field_text, lowest, units
from bot.completion.options import OPTIONS, PARAMETERS
from bot.completion.request import Option
from bot.completion.search import OPTION_NAMES, read
from bot.errors import Fault
from bot.rules.saved_prompts import Offer
from bot.slack.blocks import heading, section
from bot.slack_limits import (
    INPUT_CHARS,
    OPTION_TEXT_CHARS,
    SECTION_TEXT_CHARS,
    VIEW_TITLE_CHARS,
)
from bot.words import form as words
from bot.words import search as search_words

Json = dict[str, Any]
Values = Mapping[str, Mapping[str, Mapping[str, JsonValue]]]
"""`state.values` of a view: what each field holds, by block_id and action_id."""

VALUE = "value"
"""The `action_id` of every field; its `block_id` is the name of what it holds."""

NOT_SET = "not_set"
TICKED = "on"
_SWITCH = {NOT_SET: words.NOT_SET, "on": words.ON, "off": words.OFF}


def modal(
    title: str,
    blocks: Iterable[Any],
    *,
    callback_id: str = "",
    submit: str = "",
    close: str = words.CANCEL,
    metadata: str = "",
) -> Json:
    """A view of `blocks`; what is empty is left out."""
    shown = {
        "callback_id": callback_id,
        "submit": plain(submit) if submit else None,
        "private_metadata": metadata,
    }
    return {
        "type": "modal",
        "title": plain(cut(title, VIEW_TITLE_CHARS)),
        "close": plain(close),
        "blocks": [*blocks],
        **{name: each for name, each in shown.items() if each},
    }


def sentence_view(text: str, title: str = words.TITLE, close: str = words.CLOSE) -> Json:
    """Nothing but a sentence (of `bot.words`, Slack's mrkdwn)."""
    return modal(title, [section(cut(text, SECTION_TEXT_CHARS))], close=close)


def loading_view(title: str = words.TITLE) -> Json:
    """What stands there until it is known what is to."""
    return sentence_view(words.LOADING, title, words.CANCEL)


def parameter_field(parameter: Option, filled: Filled) -> Json:
    """The field of one parameter. A number that its field may not begin with says what fits: who
    typed it sees it there, and whoever does not reads in its place that it is kept."""
    value = filled.values.get(parameter.name)
    text = field_text(parameter.name, value)
    told = text is not None or parameter.kind in ("integer", "number")
    return input_block(
        parameter.name,
        parameter.label,
        _element(parameter, text),
        hint=_hint(parameter) if told else _kept(value),
    )


def prompt_field(filled: Filled, *, about: bool, optional: bool = False) -> Json:
    """The field of the prompt; `about`: what is to be done with a message, in one's own words.
    `optional`: something else may be asked."""
    parameter = PARAMETERS["prompt"]
    value = filled.values.get("prompt")
    text = field_text("prompt", value)
    example = words.PROMPT_ABOUT_EXAMPLE if about else parameter.example
    hint = words.PROMPT_ABOUT_HINT if about else ""
    return input_block(
        "prompt",
        words.PROMPT_ABOUT if about else parameter.label,
        text_input("prompt", text, example),
        hint=hint if text is not None else _kept(value),
        optional=about or optional or text is None,
    )


def advanced_fields(filled: Filled, *, several: bool) -> Iterator[Any]:
    """All that is not basic, in sections; `several`: with what makes a prompt of each paragraph."""
    system, effort = OPTIONS["system"], OPTIONS["effort"]
    text = field_text("system", filled.system or None)
    element = text_input("system", text, system.example)
    hint = system.hint if text is not None else _kept(filled.system)
    yield input_block("system", system.label, element, hint=hint)
    element = choice(words.EFFORTS, filled.effort or NOT_SET)
    yield input_block("effort", effort.label, element, hint=effort.hint)
    yield heading(words.GROUPS["search"])
    for name in OPTION_NAMES:
        option = OPTIONS[name]
        element = _search_element(name, filled.search.get(name, ""))
        yield input_block(name, option.label, element, hint=option.hint)
    for group, parameters in ADVANCED.items():
        yield heading(words.GROUPS[group])
        if several and group == "output":
            yield _several_field(ticked=filled.splits)
        for parameter in parameters:
            yield parameter_field(parameter, filled)


def _several_field(*, ticked: bool) -> Json:
    box = option(words.SEVERAL_OPTION, TICKED)
    element = {"type": "checkboxes", "options": [box]}
    if ticked:
        element["initial_options"] = [box]
    return input_block("several", words.SEVERAL, element, hint=words.ONLY_SOME)


def reply_field(reply: ReplyTo | Literal["not_set"], labels: Mapping[str, str]) -> Json:
    """The field of where the answer goes; `labels` are those of what may be chosen."""
    return input_block("reply", OPTIONS["reply"].label, choice(labels, reply), optional=False)


def channel_field() -> Json:
    """The field of the channel, where nothing else says which."""
    element = {
        "type": "conversations_select",
        "default_to_current_conversation": True,
        "response_url_enabled": True,
    }
    return input_block("channel", words.CHANNEL, element, optional=False)


def task_field(task: str) -> Json:
    """The field of what is ready to be asked about a message."""
    groups = (
        (words.TASKS_DO, words.TASKS),
        (words.TASKS_TRANSLATE, words.TRANSLATIONS),
    )
    element: Json = {
        "type": "static_select",
        "placeholder": plain(words.TASK_NONE),
        "option_groups": [
            option_group(title, [option(label, name) for name, (label, _) in tasks.items()])
            for title, tasks in groups
        ],
    }
    if task in TASKS:
        label, _ = TASKS[task]
        element["initial_option"] = option(label, task)
    return input_block("task", words.TASK, element)


def saved_field(offers: Sequence[Offer], chosen: str, *, about: bool) -> Json:
    """The field of what was saved to be asked; `about`: with a message. Slack takes a hundred
    options in a group, and no owner has more."""
    options = {each.value: option(f"{each.name}: {each.beginning}", each.value) for each in offers}
    owners = dict.fromkeys(each.owner for each in offers)
    element: Json = {
        "type": "static_select",
        "placeholder": plain(words.SAVED_NONE),
        "option_groups": [
            option_group(
                words.SAVED_OF[owner], [options[e.value] for e in offers if e.owner == owner]
            )
            for owner in owners
        ],
    }
    if chosen in options:
        element["initial_option"] = options[chosen]
    hint = words.SAVED_ABOUT_HINT if about else words.SAVED_HINT
    return input_block("saved", words.SAVED, element, hint=hint)


def plain(text: str) -> Json:
    """Text that Slack shows as it is."""
    return {"type": "plain_text", "text": text, "emoji": False}


def option(text: str, value: str) -> Json:
    """One option of a list; a longer `text` than Slack shows is cut."""
    return {"text": plain(cut(text, OPTION_TEXT_CHARS)), "value": value}


def option_group(title: str, options: Sequence[Json]) -> Json:
    """Options below a title."""
    return {"label": plain(cut(title, OPTION_TEXT_CHARS)), "options": [*options]}


def cut(text: str, room: int) -> str:
    """`text` in at most `room` characters, as Slack counts them."""
    if units(text) <= room:
        return text
    short = text.encode("utf-16-le")[: 2 * (room - 1)].decode("utf-16-le", "ignore")
    return f"{text[: boundary(text, len(short))]}…"


def input_block(
    name: str, label: str, element: Json, *, hint: str = "", optional: bool = True
) -> Json:
    """A field with its label; `name` says what it holds."""
    block: Json = {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "optional": optional,
        "element": {**element, "action_id": VALUE},
    }
    return {**block, "hint": plain(hint)} if hint else block


def _element(parameter: Option, text: str | None) -> Json:
    """The element that holds `text`; None: one that stays empty and keeps its value."""
    match parameter.kind:
        case _ if parameter.name == "model":
            return _model_select(text)
        case "boolean":
            return choice(_SWITCH, text or NOT_SET)
        case "integer" | "number":
            return number_input(parameter, text)
        case _:
            return text_input(parameter.name, text, parameter.example)


def _model_select(model: str | None) -> Json:
    element: Json = {
        "type": "external_select",
        "min_query_length": 0,
        "placeholder": plain(words.KEPT if model is None else words.USUAL_MODEL),
    }
    return {**element, "initial_option": option(model, model)} if model else element


def choice(labels: Mapping[str, str], chosen: str) -> Json:
    """A list of `labels` by value, of which one is `chosen`."""
    return {
        "type": "static_select",
        "options": [option(label, value) for value, label in labels.items()],
        "initial_option": option(labels[chosen], chosen),
    }


def number_input(parameter: Option, text: str | None) -> Json:
    """A number within the bounds of `parameter`; None: it is kept as it is."""
    bounds = {"min_value": lowest(parameter), "max_value": parameter.maximum}
    return {
        "type": "number_input",
        "is_decimal_allowed": parameter.kind == "number",
        **{bound: str(number) for bound, number in bounds.items() if number is not None},
        **_typed(text, parameter.example),
    }


def text_input(name: str, text: str | None, example: str) -> Json:
    """A text; None: it is kept as it is."""
    return {
        "type": "plain_text_input",
        "multiline": name in MULTILINE,
        "max_length": INPUT_CHARS,
        **_typed(text, example),
    }


def _typed(text: str | None, example: str) -> Json:
    placeholder = words.KEPT if text is None else words.FOR_EXAMPLE(example)
    initial = {"initial_value": text} if text else {}
    return {"placeholder": plain(placeholder), **initial}


def _hint(parameter: Option) -> str:
    return " ".join(_hints(parameter))


def _hints(parameter: Option) -> Iterable[str]:
    yield parameter.hint
    if parameter.name == "stop":
        yield words.STOP_HINT
    if parameter.minimum is not None and parameter.maximum is not None:
        yield words.WITHIN(least=parameter.minimum, most=parameter.maximum)
    if parameter.completions_only:
        yield words.ONLY_SOME


def held(values: Values, name: str) -> Mapping[str, JsonValue]:
    """What the field of this name holds; nothing where there is none."""
    return values.get(name, {}).get(VALUE, {})


def held_text(values: Values, name: str) -> str:
    """The same as text: what was typed or chosen; empty for nothing."""
    match held(values, name):
        case (
            {"value": str(text)}
            | {"selected_date": str(text)}
            | {"selected_conversation": str(text)}
            | {"selected_user": str(text)}
            | {"selected_option": {"value": str(text)}}
        ):
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case _:
            return ""


def _kept(value: JsonValue) -> str:
    return words.KEPT_LONG if units(str(value)) > INPUT_CHARS else words.KEPT_STRANGE


def _search_element(name: str, typed: str) -> Json:
    option, value = OPTIONS[name], read(name, typed)
    known = "" if isinstance(value, Fault) else str(value)
    match name:
        case "search":
            return choice(search_words.CHOICES, known or NOT_SET)
        case "since" | "until":
            initial = {"initial_date": known} if known else {}
            return {"type": "datepicker", "placeholder": plain(words.DAY), **initial}
        case "max_turns":
            return number_input(option, known)
        case _:
            return text_input(name, typed, option.example)
