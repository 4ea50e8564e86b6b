"""The fields of what Grok may search, as Slack's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.completion.options import OPTIONS
from bot.completion.search import OPTION_NAMES, read
from bot.errors import Fault
from bot.slack.views import heading
from bot.views.form_fields import (
    NOT_SET,
    Json,
    choice,
    input_block,
    number_input,
    plain,
    text_input,
)
from bot.words import form as words
from bot.words import search as search_words


def search_fields(typed: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
    """A section of its own, filled with what was `typed`, by the names of options."""
    yield heading(words.GROUPS["search"])
    for name in OPTION_NAMES:
        option = OPTIONS[name]
        element = _element(name, typed.get(name, ""))
        yield input_block(name, option.label, element, hint=option.hint)


def _element(name: str, typed: str) -> Json:
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
