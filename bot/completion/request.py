"""The completion request: the one model that flags, form, help and the published JSON Schema are
derived from."""

# Annotations are no texts here: pydantic would compile each by itself.

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_serializer,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from bot.completion.result import Endpoint
from bot.words import request as words
from bot.words import search as search_words

MAX_ANSWERS = 128
"""Answers of one request, `best_of` included (xAI's sample.proto: `n` is at most 128)."""

MAX_INT32 = 2**31 - 1
"""`max_tokens` and token ids are int32 (xAI's OpenAPI)."""

Group = Literal["basic", "sampling", "output", "advanced"]

DIALECT = "http://json-schema.org/draft-07/schema#"


Kind = Literal["integer", "number", "boolean", "text", "texts", "bias", "reply", "effort", "search"]
"""`texts` is one text or a list of them; `bias` maps token ids to numbers; `search` is all that
`bot.completion.search` reads, each by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """All about one flag: what people are told of it, its field in the form, and which values it
    takes. For a parameter it stands beside the field of the request that it describes, and gets its
    name, its kind and its bounds from there (`bot.completion.options`).

    `short` is the letter of a short flag, or empty; `example` is a value as typed into a form;
    `newest` is the newest endpoint that carries it. The bounds are what the API says; `above` is an
    exclusive minimum. `most` is where the rules beyond its schema (`bot.completion.faults`) end a
    whole number. `choices` are all values, where those are few.
    """

    label: str
    hint: str
    example: str
    group: Group = "basic"
    short: str = ""
    newest: Endpoint = "responses"
    name: str = ""
    kind: Kind = "text"
    minimum: int | None = None
    maximum: int | None = None
    above: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()

    @property
    def completions_only(self) -> bool:
        """Whether only the oldest endpoint carries it."""
        return self.newest == "completions"

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
                return words.ALLOWED_OF.get(self.name) or words.ALLOWED[kind]

    @property
    def flag(self) -> str:
        """The long flag, as it is written in help."""
        return flag_of(self.name)

    @property
    def typed_name(self) -> str:
        """What whoever types calls it: its flag, but the prompt has none to most."""
        return self.name if self.name == "prompt" else self.flag

    @property
    def off_flag(self) -> str:
        """What turns a switch off."""
        return flag_of(f"no_{self.name}")


def is_text(value: str) -> bool:
    """Whether `value` can be sent: lone surrogates are not text."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: str) -> str:
    if not is_text(value):
        raise PydanticCustomError("string_unicode", "Lone surrogates are not text")
    return value


Text = Annotated[str, AfterValidator(_text)]
"""From a Python object pydantic would let lone surrogates through, from JSON it does not."""

Bias = Annotated[int | float, WithJsonSchema({"type": "number"})]


def flag_of(name: str) -> str:
    """The long flag of the option `name`."""
    return f"--{name.replace('_', '-')}"


class CompletionRequest(BaseModel):
    """A text completion request: 17 parameters, of which only those given are sent.

    Accepts exactly the JSON that the schema of `bot.completion.request` accepts. A parameter that
    was not given is None; an explicit `null` is refused, as the schema has none.
    """

    model_config = ConfigDict(defer_build=True, strict=True, frozen=True, extra="forbid")

    model: Annotated[
        Text,
        Option(
            label="Model",
            hint="Which Grok model answers.",
            example="grok-4.3",
            short="m",
        ),
    ] = Field(description="ID of the model to use")
    prompt: Annotated[
        Text | list[Text],
        Option(
            label="Prompt",
            hint="What you want to ask. Several prompts get an answer each.",
            example="Explain TCP slow start",
        ),
    ] = Field(description="The prompt(s) to generate completions for")
    temperature: Annotated[
        float | None,
        Option(
            label="Temperature",
            hint="Low is focused and predictable, high is more surprising.",
            example="0.2",
            short="t",
        ),
    ] = Field(None, ge=0, le=2, description="Sampling temperature (0-2)")
    max_tokens: Annotated[
        int | None,
        Option(
            label="Longest answer",
            hint="Where to cut the answer, in tokens (100 tokens are about 75 words).",
            example="500",
        ),
    ] = Field(None, gt=0, description="Maximum number of tokens to generate")
    top_p: Annotated[
        float | None,
        Option(
            label="Top P",
            group="sampling",
            hint="Only the likeliest words, up to this share. Set this or temperature, not both.",
            example="0.9",
        ),
    ] = Field(None, ge=0, le=1, description="Nucleus sampling parameter (0-1)")
    frequency_penalty: Annotated[
        float | None,
        Option(
            label="Frequency penalty",
            group="sampling",
            hint="Above 0, words that were used often come less.",
            example="0.5",
            newest="chat",
        ),
    ] = Field(
        None,
        ge=-2,
        le=2,
        description="Penalty for new tokens based on frequency in text (-2 to 2)",
    )
    presence_penalty: Annotated[
        float | None,
        Option(
            label="Presence penalty",
            group="sampling",
            hint="Above 0, new topics come sooner.",
            example="0.5",
            newest="chat",
        ),
    ] = Field(
        None,
        ge=-2,
        le=2,
        description="Penalty for new tokens based on presence in text (-2 to 2)",
    )
    seed: Annotated[
        int | None,
        Option(
            label="Seed",
            group="sampling",
            hint="The same seed and question give much the same answer again.",
            example="42",
            newest="chat",
        ),
    ] = Field(
        None,
        description="If specified, results will be more deterministic when the same seed is used",
    )
    n: Annotated[
        int | None,
        Option(
            label="Answers",
            group="output",
            hint="How many answers to write, each in a message of its own.",
            example="2",
            short="n",
            newest="chat",
        ),
    ] = Field(None, gt=0, description="Number of completions to generate")
    stop: Annotated[
        Text | list[Text] | None,
        Option(
            label="Stop at",
            group="output",
            hint="The answer ends before this text. Up to four.",
            example="###",
            newest="chat",
        ),
    ] = Field(None, description="Sequences where the API will stop generating further tokens")
    stream: Annotated[
        bool | None,
        Option(
            label="Show while writing",
            group="output",
            hint="Show the answer while it is written; off: post it once, when it is done.",
            example="false",
        ),
    ] = Field(None, description="Whether to stream back partial progress")
    echo: Annotated[
        bool | None,
        Option(
            label="Repeat the prompt",
            group="output",
            hint="Show the prompt again above the answer.",
            example="true",
            newest="completions",
        ),
    ] = Field(None, description="Echo back the prompt in addition to the completion")
    suffix: Annotated[
        Text | None,
        Option(
            label="Text after",
            group="output",
            hint="Text that follows the answer: Grok writes what goes in between.",
            example="The end.",
            newest="completions",
        ),
    ] = Field(None, description="The suffix that comes after a completion of inserted text")
    best_of: Annotated[
        int | None,
        Option(
            label="Best of",
            group="advanced",
            hint="Write this many and keep the best. Costs as much as all of them.",
            example="3",
            newest="completions",
        ),
    ] = Field(
        None,
        gt=0,
        description="Generate best_of completions server-side and return the best one",
    )
    logprobs: Annotated[
        int | None,
        Option(
            label="Token chances",
            group="advanced",
            hint=(
                "Show how likely each token was, with this many alternatives. grok-4.20 and newer "
                "do not say."
            ),
            example="3",
        ),
    ] = Field(None, ge=0, le=5, description="Include log probabilities on most likely tokens (0-5)")
    logit_bias: Annotated[
        dict[Text, Bias] | None,
        Option(
            label="Token bias",
            group="advanced",
            hint="Make tokens likelier (up to 100) or rarer (down to -100), by token id.",
            example="50256=-100,198=5",
            newest="chat",
        ),
    ] = Field(
        None,
        description="Map of token IDs to bias scores (-100 to 100) that influence generation",
    )
    user: Annotated[
        Text | None,
        Option(
            label="User id",
            group="advanced",
            hint="An id of the person asking, for the API’s abuse checks.",
            example="team-42",
        ),
    ] = Field(None, description="A unique user identifier")

    @field_validator("*", mode="before")
    @classmethod
    def _as_in_json(cls, value: object) -> object:
        if value is None:
            raise PydanticCustomError("null", "Leave the parameter out instead of null")
        if isinstance(value, float) and value.is_integer():
            return int(value)  # JSON Schema counts 1.0 and 1e3 as integers
        return value

    @model_serializer(mode="plain")
    def given(self) -> dict[str, Any]:
        """Only the parameters that were given, in JSON form, as they go on the wire."""
        names = type(self).model_fields
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}

    @property
    def prompts(self) -> tuple[str, ...]:
        """Every prompt, in order."""
        return (self.prompt,) if isinstance(self.prompt, str) else tuple(self.prompt)

    @property
    def choices(self) -> int:
        """How many answers come back: `n` for each prompt."""
        return len(self.prompts) * (self.n or 1)

    @property
    def answers(self) -> int:
        """How many answers Grok writes, those included that nobody sees."""
        return len(self.prompts) * max(self.n or 1, self.best_of or 1)

    @property
    def streams(self) -> bool:
        """Whether the answer is asked for as a stream; the best of several cannot be."""
        return self.stream is not False and (self.best_of or 1) == 1


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
