"""The published JSON Schema of a completion request, derived from its model."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from bot.completion.request import CompletionRequest

DIALECT = "http://json-schema.org/draft-07/schema#"


class _Plain(GenerateJsonSchema):
    """No titles, no defaults and no `null`: a parameter is given or it is absent."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        plain = super().generate(schema, mode)
        del plain["title"], plain["description"]
        return {"$schema": DIALECT, **plain}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft-07) of `CompletionRequest`, its keys in alphabetical order."""
    ordered: dict[str, Any] = _ordered(CompletionRequest.model_json_schema(schema_generator=_Plain))
    return ordered


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value
