"""Every flag there is: the 17 parameters of a request, and those that are the bot's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import JsonValue
from pydantic.fields import FieldInfo

from bot.completion.ask import ReplyTo, effort_in
from bot.completion.request import MAX_ANSWERS, MAX_INT32, About, CompletionRequest, is_text
from bot.completion.search import MAX_TURNS, OPTION_NAMES, is_value
from bot.completion.typed import written
from bot.errors import Fault
from bot.words import form as form_words
from bot.words import request as words
from bot.words import search as search_words

REPLY_TO: tuple[ReplyTo, ...] = get_args(ReplyTo)

Kind = Literal["integer", "number", "boolean", "text", "texts", "bias", "reply", "effort", "search"]

_KINDS: Mapping[object, Kind] = {
    int: "integer",
    float: "number",
    bool: "boolean",
    str: "text",
    dict: "bias",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(About):
    """All about one of them: its field in the request, its flag, and its field in the form.

    `texts` is one text or a list of them; `bias` maps token ids to numbers; `search` is all that
    `bot.completion.search` reads, each by its name. The bounds are what the API says; `above` is
    an exclusive minimum. `most` is where the rules
    beyond its schema (`bot.completion.faults`) end a whole number.
    """

    name: str
    kind: Kind
    minimum: int | None = None
    maximum: int | None = None
    above: int | None = None
    most: int | None = None

    @property
    def allowed(self) -> str:
        """Which values are allowed, in words."""
        match self.kind:
            case "integer":
                return words.allowed_integer(self.minimum, self.maximum or self.most, self.above)
            case "number":
                return words.allowed_number(self.minimum, self.maximum)
            case "search":
                return search_words.ALLOWED[self.name]
            case kind:
                return words.ALLOWED[kind]

    def suits(self, value: JsonValue) -> bool:
        """Whether one of the bot's own may have this value in JSON form; those of a request are
        checked by its model."""
        match self.kind:
            case "search":
                return is_value(self.name, value)
            case "reply":
                return value in REPLY_TO
            case "effort":
                return effort_in(value) is not None
            case _ if self.name == "system":
                return isinstance(value, str) and is_text(value)
            case _:
                return self.name != "private" or isinstance(value, bool)

    @property
    def flag(self) -> str:
        """The long flag, as it is written in help."""
        return "--" + self.name.replace("_", "-")

    @property
    def typed_name(self) -> str:
        """What whoever types calls it: its flag, but the prompt has none to most."""
        return self.name if self.name == "prompt" else self.flag

    @property
    def off_flag(self) -> str:
        """What turns a switch off."""
        return "--no-" + self.name.replace("_", "-")

    @property
    def usage(self) -> str:
        """The flag with an example of a value, ready to be typed."""
        if self.kind == "boolean":
            return self.flag if self.example == "true" else self.off_flag
        return f"{self.flag} {self.example if self.kind == 'search' else written(self.example)}"


_MOST = {"max_tokens": MAX_INT32, "n": MAX_ANSWERS, "best_of": MAX_ANSWERS}


def _parameter(name: str, field: FieldInfo) -> Option:
    """What the field says, and so its schema: to make that takes as long as to load a library."""
    (about,) = (item for item in field.metadata if isinstance(item, About))
    types = set(_types_in(field.annotation))
    return Option(
        **asdict(about),
        name=name,
        kind="texts" if list in types else _KINDS[types.pop()],
        minimum=_bound(field, "ge"),
        maximum=_bound(field, "le"),
        above=_bound(field, "gt"),
        most=_MOST.get(name),
    )


def _bound(field: FieldInfo, name: str) -> int | None:
    return next((getattr(item, name) for item in field.metadata if hasattr(item, name)), None)


def _types_in(annotation: Any) -> Iterator[object]:
    """The types of which a value may be, but for None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _types_in(annotation.__origin__)
    elif origin in {Union, UnionType}:
        for each in get_args(annotation):
            yield from _types_in(each)
    elif annotation is not NoneType:
        yield origin or annotation


PARAMETERS: Mapping[str, Option] = MappingProxyType(
    {name: _parameter(name, field) for name, field in CompletionRequest.model_fields.items()}
)
"""Every parameter by name, in the order in which people are shown them."""

_OWN = (
    Option(
        name="system",
        kind="text",
        label=form_words.SYSTEM,
        hint=words.HINT_SYSTEM,
        example="Be brief",
        short="s",
    ),
    Option(
        name="effort",
        kind="effort",
        label=form_words.EFFORT,
        hint=words.HINT_EFFORT,
        example="low",
    ),
    *(
        Option(
            name=name,
            kind="search",
            label=search_words.LABELS[name],
            hint=search_words.HINTS[name],
            example=search_words.EXAMPLES[name],
            minimum=1 if name == "max_turns" else None,
            maximum=MAX_TURNS if name == "max_turns" else None,
        )
        for name in OPTION_NAMES
    ),
    Option(
        name="reply",
        kind="reply",
        label=form_words.REPLY,
        hint=words.HINT_REPLY,
        example="thread",
    ),
    Option(name="private", kind="boolean", label="", hint=words.HINT_PRIVATE, example="true"),
)

OPTIONS: Mapping[str, Option] = MappingProxyType(
    {**PARAMETERS, **{option.name: option for option in _OWN}}
)
"""Every flag by name, in the order in which people are shown them."""

SHORT: Mapping[str, Option] = MappingProxyType({o.short: o for o in OPTIONS.values() if o.short})
"""Those with a short flag, by its letter."""


def as_typed(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The same faults, of what whoever types calls so."""
    return tuple(
        replace(fault, parameter=OPTIONS[fault.parameter].typed_name)
        if fault.parameter in OPTIONS
        else fault
        for fault in faults
    )
