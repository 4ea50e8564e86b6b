"""The form as a Slack view: built from what it holds, and read back.

No other file but `bot.views.form_fields` knows its JSON.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from pydantic import JsonValue

from bot.characters import excerpt, printable
from bot.completion.ask import ReplyTo, Said, effort_in
from bot.completion.form import ADVANCED, BASIC, Filled, holds, in_labels, label_of, reread, units
from bot.completion.options import PARAMETERS, REPLY_TO
from bot.completion.search import OFF, OPTION_NAMES
from bot.errors import Fault
from bot.grok.known_models import Model
from bot.markdown import safety
from bot.rules.policy import Models
from bot.rules.saved_prompts import Offer
from bot.slack.blocks import Offered, row
from bot.slack_limits import OPTION_TEXT_CHARS, OPTIONS_IN_LIST, SECTION_TEXT_CHARS
from bot.views.form_fields import (
    NOT_SET,
    Json,
    Values,
    advanced_fields,
    channel_field,
    cut,
    held,
    held_text,
    modal,
    option,
    option_group,
    parameter_field,
    plain,
    prompt_field,
    reply_field,
    saved_field,
    task_field,
)
from bot.words import form as words
from bot.words.sentences import price

CALLBACK_ID = "grok_form"
ADVANCED_ID = "advanced"
"""`block_id` and `action_id` of the button that shows or hides the further settings. Its
`value` is `on` when it shows them, `off` when it hides them."""

LINES = 3
LINE_CHARS = 55
"""What of a message stands above the fields of a question about it."""
_LOOKED_AT = 4_000


def form_view(
    filled: Filled,
    *,
    advanced: bool,
    metadata: str,
    choose_place: bool,
    in_thread: bool,
    from_home: bool = False,
    about: Said | None = None,
    offers: Sequence[Offer] = (),
    faults: Sequence[Fault] = (),
) -> dict[str, Any]:
    """The form, filled.

    `advanced` shows every parameter, else the basic ones; `choose_place` asks for the channel,
    `in_thread` names the thread as one that is there, `from_home` the direct messages as
    elsewhere. `about` is the message that the question is about; `offers` are saved prompts to
    choose from; `faults` are told at the top, for those without a field in sight.
    """
    usual: ReplyTo = "thread" if in_thread else "channel"
    places = words.REPLY_IN_THREAD if in_thread else words.REPLY_HERE
    if from_home:
        places = words.REPLY_IN_MESSAGES
    blocks = [
        *_top(faults),
        *(_about(about, filled.task) if about else ()),
        prompt_field(filled, about=about is not None, optional=bool(offers)),
        *([saved_field(offers, filled.saved, about=about is not None)] if offers else ()),
        *(parameter_field(each, filled) for each in BASIC),
        *([channel_field()] if choose_place else ()),
        reply_field(filled.reply or usual, words.REPLY_TO if choose_place else places),
        _switch(filled, advanced=advanced),
        *(advanced_fields(filled, several=True) if advanced else ()),
    ]
    return modal(
        words.TITLE,
        blocks if advanced else _focused(blocks),
        callback_id=CALLBACK_ID,
        submit=words.SUBMIT,
        metadata=metadata,
    )


def read_form(values: Values, before: Filled) -> Filled:
    """What the form holds now, where it was built from `before`.

    A field that is not in `values` keeps what it had, and so does one that could not show its
    value and stayed empty. Any other field that is empty is not given any more.
    """
    several = (
        before.splits
        if "several" not in values
        else bool(held(values, "several").get("selected_options"))
    )
    read = {name: _read(values, name, before.values.get(name)) for name in PARAMETERS}
    prompt = _text(values, "prompt")
    if isinstance(read["prompt"], list) and prompt and not several:
        read["prompt"] = prompt
    system = _read(values, "system", before.system or None)
    effort = effort_in(_text(values, "effort")) if "effort" in values else before.effort
    reply = _text(values, "reply")
    return Filled(
        values={name: value for name, value in read.items() if value is not None},
        system=system if isinstance(system, str) else "",
        reply=next((place for place in REPLY_TO if place == reply), before.reply),
        effort=effort,
        search=_search(values, before.search),
        task=_text(values, "task") if "task" in values else before.task,
        saved=_text(values, "saved") if "saved" in values else before.saved,
        several=several,
    )


def errors_of(
    faults: Sequence[Fault], shown: Collection[str]
) -> tuple[dict[str, str], list[Fault]]:
    """What is wrong with each field by its block_id, and the faults that have no field.

    `shown` are the block_ids of the fields in the view. What is wrong with no parameter, or
    with the request as a whole, is said at the prompt.
    """
    errors: dict[str, list[str]] = {}
    rest = []
    for fault in faults:
        field = fault.parameter or "prompt"
        if field in shown:
            sentence = _sentence(fault)
            errors.setdefault(field, []).append(sentence)
        else:
            rest.append(fault)
    return {field: " ".join(found) for field, found in errors.items()}, rest


def model_options(
    models: Sequence[Model], query: str, allowed: Models | None = None
) -> dict[str, Any]:
    """What the list of models offers for `query`: fields of the ack.

    Every model with `query` in its id or an alias, those that are `allowed` first (None: nobody
    says which are); when there is none, `query` as an id, since a server may serve models that it
    does not list.
    """
    wanted = query.strip().casefold()
    found = {model.id: model for model in models if _matches(model, wanted)}
    may, may_not = (allowed or Models()).part(found)
    parts = [_model_options(found, names) for names in (may, may_not)]
    first, others = parts[0], parts[1][: OPTIONS_IN_LIST - len(parts[0])]
    if not first and not others:
        own = query.strip()
        return {"options": [option(own, own)] if holds("model", own) else []}
    shown = len(first) + len(others)
    count = (
        words.MORE_MODELS(shown=shown, number=len(found)) if len(found) > OPTIONS_IN_LIST else ""
    )
    if not others and not count:
        return {"options": first}
    titles = (words.MODELS_ALLOWED, words.MODELS_NOT_ALLOWED) if others else ("", "")
    groups = [(title, part) for title, part in zip(titles, (first, others), strict=True) if part]
    return {
        "option_groups": [
            option_group(" · ".join(filter(None, (title, count if not at else ""))), part)
            for at, (title, part) in enumerate(groups)
        ]
    }


def _focused(blocks: Sequence[Json]) -> list[Json]:
    """`blocks` with the cursor in the first field."""
    first = next(at for at, block in enumerate(blocks) if block["type"] == "input")
    field = blocks[first]
    focused = {**field, "element": {**field["element"], "focus_on_load": True}}
    return [*blocks[:first], focused, *blocks[first + 1 :]]


def _top(faults: Sequence[Fault]) -> Iterator[Json]:
    if faults:
        lines = [words.PLEASE_CHANGE, *(fault_in_labels(fault) for fault in faults)]
        text = cut("\n• ".join(lines), SECTION_TEXT_CHARS)
        yield {"type": "section", "text": plain(text)}


def _sentence(fault: Fault) -> str:
    return words.field_fault(in_labels(fault.problem), in_labels(fault.allowed))


def fault_in_labels(fault: Fault) -> str:
    """One fault in a line, with what the form calls its field."""
    sentence = _sentence(fault)
    label = label_of(fault.parameter)
    return f"{label}: {sentence}" if label else sentence


def _about(about: Said, task: str) -> Iterator[Json]:
    yield {"type": "context", "elements": [plain(words.WROTE(excerpt(about.author)))]}
    yield {"type": "section", "text": plain(_first_lines(about.text) or words.NO_TEXT)}
    yield task_field(task)


def _first_lines(text: str) -> str:
    """The beginning of a message, as far as three lines of a window go: enough to know it by."""
    lines = [line.strip() for line in text[:_LOOKED_AT].splitlines() if line.strip()]
    shown: list[str] = []
    room = LINES
    for line in lines:
        if room > 0:
            shown.append(cut(line, room * LINE_CHARS))
            room -= -(-units(line) // LINE_CHARS)
    more = len(lines) > len(shown) or len(text) > _LOOKED_AT
    if more and shown and not shown[-1].endswith("…"):
        shown[-1] += " …"
    return safety.neutralise(printable("\n".join(shown))).strip()


def _switch(filled: Filled, *, advanced: bool) -> Json:
    label = words.FEWER if advanced else words.MORE(_hidden(filled))
    switch = Offered(ADVANCED_ID, label, "off" if advanced else "on")
    return {**row([switch], ADVANCED_ID)}


def _hidden(filled: Filled) -> int:
    """How many of the further settings are set."""
    names = {parameter.name for group in ADVANCED.values() for parameter in group}
    return (
        len(names & filled.values.keys())
        + bool(filled.system)
        + bool(filled.effort)
        + sum(text != OFF for text in filled.search.values())
        + filled.splits
    )


def _search(values: Values, before: Mapping[str, str]) -> dict[str, str]:
    typed = {
        name: _text(values, name) if name in values else before.get(name, "")
        for name in OPTION_NAMES
    }
    return {name: text for name, text in typed.items() if text.strip()}


def _read(values: Values, name: str, before: JsonValue) -> JsonValue:
    return reread(name, _text(values, name), before) if name in values else before


def _text(values: Values, name: str) -> str:
    """What the field holds, as text; `""` for nothing."""
    text = held_text(values, name)
    return "" if text == NOT_SET and "selected_option" in held(values, name) else text


def _matches(model: Model, wanted: str) -> bool:
    return any(wanted in name.casefold() for name in (model.id, *model.aliases))


def _model_options(found: Mapping[str, Model], names: Sequence[str]) -> list[Json]:
    """As many of these as a list takes."""
    holding = (found[name] for name in names if holds("model", name))
    return [_model_option(model) for model in islice(holding, OPTIONS_IN_LIST)]


def _model_option(model: Model) -> Json:
    priced = words.MODEL_OPTION(model=model.id, price=price(model.input_price, model.output_price))
    return option(priced if len(priced) <= OPTION_TEXT_CHARS else model.id, model.id)
