"""The 17 parameters as data, derived from the fields of `CompletionRequest`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from bot import words
from bot.completion.about import About
from bot.completion.request import CompletionRequest
from bot.completion.schema import json_schema

Kind = Literal["integer", "number", "boolean", "text", "texts", "bias"]

_KINDS: Mapping[str, Kind] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "string": "text",
    "object": "bias",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what the API says of it (`description`, bounds), and what we tell people.

    `above` is an exclusive minimum. `texts` is one text or a list of them; `bias` maps token
    ids to numbers.
    """

    name: str
    kind: Kind
    about: About
    description: str
    required: bool
    minimum: int | None
    maximum: int | None
    above: int | None

    @property
    def allowed(self) -> str:
        """Which values are allowed, in words."""
        match self.kind:
            case "integer":
                return words.allowed_integer(self.minimum, self.maximum, self.above)
            case "number":
                return words.allowed_number(self.minimum, self.maximum)
            case kind:
                return words.ALLOWED[kind]


def _parameters() -> Mapping[str, Parameter]:
    schema = json_schema()
    return MappingProxyType(
        {
            name: _parameter(name, schema["properties"][name], name in schema["required"])
            for name in CompletionRequest.model_fields
        }
    )


def _parameter(name: str, schema: Mapping[str, Any], required: bool) -> Parameter:
    field = CompletionRequest.model_fields[name]
    (about,) = (item for item in field.metadata if isinstance(item, About))
    return Parameter(
        name=name,
        kind=_KINDS[schema["type"]] if "type" in schema else "texts",
        about=about,
        description=schema["description"],
        required=required,
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        above=schema.get("exclusiveMinimum"),
    )


PARAMETERS: Mapping[str, Parameter] = _parameters()
"""Every parameter by name, in the order in which people are shown them."""
