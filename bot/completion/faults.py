"""Everything wrong with a request at once, in words: what was wrong, and what is allowed; by its
schema, and by what it must keep to beyond that. Found before anything is spent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails, to_json

from bot.characters import excerpt, from_seen
from bot.completion.options import PARAMETERS, as_typed, beyond_numbers, shown_value
from bot.completion.request import MAX_ANSWERS, MAX_INT32, CompletionRequest, Option
from bot.errors import Fault, RequestRefused
from bot.words import request as words

MAX_STOPS = 4
"""Stop sequences (docs.x.ai, "Completions (Legacy)": up to 4)."""

MAX_BIAS = 100
"""A token's bias lies within -100..100 (docs.x.ai, "Completions (Legacy)")."""

MAX_OTHER_BYTES = 16 * 1024
"""All that is asked for beside the prompt and the suffix, as JSON in UTF-8: a question is kept
whole while it is answered, and is to stay small."""

MAX_INT64 = 2**63 - 1
"""`seed` is int32 in xAI's OpenAPI and int64 in other servers; none takes more."""


def check(request: CompletionRequest, *, max_prompt_bytes: int | None = None) -> tuple[Fault, ...]:
    """Every rule that `request` breaks, once per parameter.

    `max_prompt_bytes` bounds all prompts together, and the suffix, in UTF-8 bytes; None: any
    length.
    """
    found: dict[str, Fault] = {}
    for fault in _broken(request, max_prompt_bytes):
        found.setdefault(fault.parameter, fault)
    return tuple(found.values())


def _broken(request: CompletionRequest, max_prompt_bytes: int | None) -> Iterator[Fault]:
    for name, text in (("model", request.model), ("user", request.user)):
        if text is not None and not from_seen(text):
            yield Fault(name, words.VALUE_BLANK, PARAMETERS[name].allowed)
    yield from _prompt(request, max_prompt_bytes)
    yield from _numbers(request)
    yield from _answers(request)
    yield from _stop(request)
    yield from _bias(request)
    yield from _others(request)


def _prompt(request: CompletionRequest, max_bytes: int | None) -> Iterator[Fault]:
    prompts = request.prompts
    if not any(map(from_seen, prompts)):
        yield Fault("prompt", words.VALUE_BLANK, words.ALLOWED_PROMPT)
    elif not all(map(from_seen, prompts)):
        yield Fault("prompt", words.ONE_BLANK, words.ALLOWED_PROMPT)
    yield from too_long("prompt", sum(len(prompt.encode()) for prompt in prompts), max_bytes)
    yield from too_long("suffix", len((request.suffix or "").encode()), max_bytes)


def too_long(parameter: str, size: int, most: int | None) -> Iterator[Fault]:
    """The fault of a text of so many bytes, where that is more than `most`; None: any length."""
    if most is not None and size > most:
        yield Fault(parameter, words.PROMPT_TOO_LONG(size), words.PROMPT_LENGTH(most))


def _others(request: CompletionRequest) -> Iterator[Fault]:
    """What is largest of the others, when all of them together are too large."""
    sizes = {
        name: len(to_json(getattr(request, name)))
        for name in request.model_fields_set - {"prompt", "suffix"}
    }
    if sum(sizes.values()) > MAX_OTHER_BYTES:
        largest = max(sorted(sizes), key=lambda name: sizes[name])
        problem = words.PROMPT_TOO_LONG(sizes[largest])
        yield Fault(largest, problem, words.PROMPT_LENGTH(MAX_OTHER_BYTES))


def _numbers(request: CompletionRequest) -> Iterator[Fault]:
    if request.max_tokens is not None and request.max_tokens > MAX_INT32:
        value = shown_value(request.max_tokens)
        yield Fault("max_tokens", words.TOO_LARGE(value), words.UP_TO(MAX_INT32))
    if request.seed is not None and abs(request.seed) > MAX_INT64:
        too = words.TOO_LARGE if request.seed > 0 else words.TOO_SMALL
        yield Fault("seed", too(shown_value(request.seed)), _allowed_seed(request.seed))


def _allowed_seed(beyond: int) -> str:
    """Which seeds are allowed, to whoever went beyond, upwards or downwards."""
    return words.UP_TO(MAX_INT64) if beyond > 0 else words.AT_LEAST(-MAX_INT64)


def _answers(request: CompletionRequest) -> Iterator[Fault]:
    n, best_of = request.n or 1, request.best_of
    if request.choices > MAX_ANSWERS:
        parameter = "n" if n > len(request.prompts) else "prompt"
        problem = words.TOO_MANY_ANSWERS(shown_value(request.choices))
        yield Fault(parameter, problem, words.UP_TO(MAX_ANSWERS))
    if best_of is None:
        return
    if best_of > MAX_ANSWERS:
        yield Fault("best_of", words.TOO_LARGE(shown_value(best_of)), words.UP_TO(MAX_ANSWERS))
    elif best_of < n:
        yield Fault("best_of", words.BEST_OF_BELOW_N(best_of=best_of, n=n), words.AT_LEAST(n))
    if request.stream and not request.streams:
        yield Fault("stream", words.STREAM_WITH_BEST_OF, words.ALLOWED_STREAM_WITH_BEST_OF)


def _stop(request: CompletionRequest) -> Iterator[Fault]:
    stops = [request.stop] if isinstance(request.stop, str) else request.stop or []
    if len(stops) > MAX_STOPS:
        yield Fault("stop", words.TOO_MANY_STOPS(len(stops)), words.UP_TO(MAX_STOPS))
    elif "" in stops:
        problem = words.ONE_BLANK if len(stops) > 1 else words.VALUE_BLANK
        yield Fault("stop", problem, words.ALLOWED_STOP)


def _bias(request: CompletionRequest) -> Iterator[Fault]:
    for token, bias in (request.logit_bias or {}).items():
        if not _is_token_id(token):
            problem = words.NOT_A_TOKEN_ID(excerpt(token) or '""')
        elif not -MAX_BIAS <= bias <= MAX_BIAS:
            problem = words.BIAS_OUT_OF_RANGE(token=token, bias=shown_value(bias))
        else:
            continue
        yield Fault("logit_bias", problem, words.ALLOWED["bias"])


def _is_token_id(token: str) -> bool:
    short = token.isascii() and token.isdigit() and len(token) <= len(str(MAX_INT32))
    return short and int(token) <= MAX_INT32


def validate(values: Mapping[str, object]) -> CompletionRequest:
    """The request with these parameters, in JSON form.

    Raises `RequestRefused` when the schema does not allow them. Its faults then name the broken
    rules of the other parameters too, so that one look is enough.
    """
    request, found = sound_part(values)
    if found:
        raise refusal(found)
    return request


def sound_part(values: Mapping[str, object]) -> tuple[CompletionRequest, tuple[Fault, ...]]:
    """The request with those of these parameters that the schema allows, and what it does not
    allow; then also what rules beyond it do not. A model or a prompt that is missing or wrong is
    stood in for by `-`."""
    try:
        return CompletionRequest.model_validate(dict(values)), ()
    except ValidationError as error:
        found = faults_of(error)
    wrong = {fault.parameter for fault in found}
    right = [name for name in PARAMETERS if name in values and name not in wrong]
    if "" in wrong:  # a key that is no text, which hides what else is wrong
        right = []
    sound = {name: values[name] for name in right}
    request = CompletionRequest.model_validate({"model": "-", "prompt": "-", **sound})
    return request, (*found, *check(request))


def refusal(found: Iterable[Fault]) -> RequestRefused:
    """The error to raise for these faults, whose sentence names flags; of several about one
    parameter the first stands."""
    unique: dict[str, Fault] = {}
    for fault in found:
        unique.setdefault(fault.parameter or fault.problem, fault)
    faults = tuple(unique.values())
    return RequestRefused(words.faults(as_typed(faults)), faults)


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


def _fault(name: str, detail: ErrorDetails) -> Fault:
    if not name:
        not_text = detail["type"] == "string_unicode"
        return Fault("", words.VALUE_NOT_TEXT if not_text else words.NOT_A_REQUEST)
    parameter = PARAMETERS.get(name)
    if parameter is None:
        nearest = get_close_matches(name[:40], PARAMETERS, n=1)
        return Fault(excerpt(name), words.UNKNOWN_PARAMETER(*nearest))
    missing = detail["type"] == "missing" and name == "prompt"
    allowed = words.PROMPT_WANTED if missing else parameter.allowed
    if name == "seed" and (beyond := beyond_numbers(detail["input"])):
        allowed = _allowed_seed(beyond)
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
            return words.TOO_SMALL(shown_value(detail["input"]))
        case "less_than_equal":
            return words.TOO_LARGE(shown_value(detail["input"]))
        case _:
            one_bias = parameter.kind == "bias" and len(detail["loc"]) > 1
            kind = "number" if one_bias else parameter.kind
            if kind in ("integer", "number") and (beyond := beyond_numbers(detail["input"])):
                too = words.TOO_LARGE if beyond > 0 else words.TOO_SMALL
                return too(shown_value(detail["input"]))
            return words.not_of_kind(kind, shown_value(detail["input"]))
