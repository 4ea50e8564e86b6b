"""Everything wrong with a request at once, in words: what was wrong, and what is allowed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot import words
from bot.completion.excerpt import excerpt, shown_value
from bot.completion.options import PARAMETERS, Option
from bot.completion.request import CompletionRequest
from bot.completion.rules import check
from bot.errors import Fault, RequestRefused


def validate(values: Mapping[str, object]) -> CompletionRequest:
    """The request with these parameters, in JSON form.

    Raises `RequestRefused` when the schema does not allow them. Its faults then name the broken
    rules (`bot.completion.rules`) of the other parameters too, so that one look is enough.
    """
    try:
        return CompletionRequest.model_validate(dict(values))
    except ValidationError as error:
        found = faults_of(error)
    wrong = {fault.parameter for fault in found}
    raise refusal([*found, *_rest(values, wrong)])


def sound_part(values: Mapping[str, object], wrong: Container[str]) -> CompletionRequest:
    """The request in the parameters that are not `wrong`, so that more can be found out about it.
    A model or a prompt that is missing or wrong is stood in for by `-`."""
    sound = {name: values[name] for name in PARAMETERS if name in values and name not in wrong}
    return CompletionRequest.model_validate({"model": "-", "prompt": "-", **sound})


def refusal(found: Iterable[Fault]) -> RequestRefused:
    """The error to raise for these faults; of several about one parameter the first stands."""
    unique: dict[str, Fault] = {}
    for fault in found:
        unique.setdefault(fault.parameter or fault.problem, fault)
    faults = tuple(unique.values())
    return RequestRefused(words.faults(faults), faults)


def schema_faults(values: Mapping[str, object]) -> tuple[Fault, ...]:
    """What the schema does not allow in these parameters; one that is missing is no fault."""
    try:
        CompletionRequest.model_validate({"model": "-", "prompt": "-", **values})
    except ValidationError as error:
        return faults_of(error)
    return ()


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """One fault for each parameter that pydantic complains about."""
    telling: dict[str, ErrorDetails] = {}
    for detail in error.errors(include_url=False, include_context=False):
        name = str(detail["loc"][0]) if detail["loc"] else ""
        # Of a union's complaints the deepest is about the value that is wrong.
        if name not in telling or len(detail["loc"]) > len(telling[name]["loc"]):
            telling[name] = detail
    return tuple(_fault(name, detail) for name, detail in telling.items())


def _rest(values: Mapping[str, object], wrong: set[str]) -> tuple[Fault, ...]:
    """The rules broken by the parameters that are not `wrong`."""
    return () if "" in wrong else check(sound_part(values, wrong))


def _fault(name: str, detail: ErrorDetails) -> Fault:
    if not name:
        not_text = detail["type"] == "string_unicode"
        return Fault("", words.VALUE_NOT_TEXT if not_text else words.NOT_A_REQUEST)
    parameter = PARAMETERS.get(name)
    if parameter is None:
        nearest = get_close_matches(name[:40], PARAMETERS, n=1)
        return Fault(excerpt(name), words.unknown_parameter(*nearest))
    missing = detail["type"] == "missing" and name == "prompt"
    allowed = words.PROMPT_WANTED if missing else parameter.allowed
    return Fault(name, _problem(parameter, detail), allowed)


def _problem(parameter: Option, detail: ErrorDetails) -> str:
    match detail["type"]:
        case "missing":
            return words.VALUE_MISSING
        case "null":
            return words.VALUE_NULL
        case "string_unicode":
            return words.VALUE_NOT_TEXT
        case "greater_than" | "greater_than_equal":
            return words.too_small(shown_value(detail["input"]))
        case "less_than_equal":
            return words.too_large(shown_value(detail["input"]))
        case _:
            one_bias = parameter.kind == "bias" and len(detail["loc"]) > 1
            kind = "number" if one_bias else parameter.kind
            return words.not_of_kind(kind, shown_value(detail["input"]))
