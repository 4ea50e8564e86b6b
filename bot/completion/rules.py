"""What a request must keep to beyond its schema, found before anything is spent."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic_core import to_json

from bot import words
from bot.completion.excerpt import excerpt, shown_value
from bot.completion.request import CompletionRequest
from bot.errors import Fault

MAX_ANSWERS = 128
"""Answers of one request, `best_of` included (xAI's sample.proto: `n` is at most 128)."""

MAX_STOPS = 4
"""Stop sequences (docs.x.ai, "Completions (Legacy)": up to 4)."""

MAX_BIAS = 100
"""A token's bias lies within -100..100 (docs.x.ai, "Completions (Legacy)")."""

MAX_OTHER_BYTES = 16 * 1024
"""All that is asked for beside the prompt and the suffix, as JSON in UTF-8: a question is kept
whole while it is answered, and is to stay small."""

MAX_INT32 = 2**31 - 1
"""`max_tokens` and token ids are int32 (xAI's OpenAPI)."""

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
    if not request.model.strip():
        yield Fault("model", words.VALUE_BLANK, words.ALLOWED_MODEL)
    yield from _prompt(request, max_prompt_bytes)
    yield from _numbers(request)
    yield from _answers(request)
    yield from _stop(request)
    yield from _bias(request)
    yield from _others(request)


def _prompt(request: CompletionRequest, max_bytes: int | None) -> Iterator[Fault]:
    prompts = request.prompts
    if not any(prompt.strip() for prompt in prompts):
        yield Fault("prompt", words.VALUE_BLANK, words.ALLOWED_PROMPT)
    elif not all(prompt.strip() for prompt in prompts):
        yield Fault("prompt", words.ONE_BLANK, words.ALLOWED_PROMPT)
    size = sum(len(prompt.encode()) for prompt in prompts)
    if max_bytes is not None and size > max_bytes:
        yield Fault("prompt", words.prompt_too_long(size), words.prompt_length(max_bytes))
    size = len((request.suffix or "").encode())
    if max_bytes is not None and size > max_bytes:
        yield Fault("suffix", words.prompt_too_long(size), words.prompt_length(max_bytes))


def _others(request: CompletionRequest) -> Iterator[Fault]:
    """What is largest of the others, when all of them together are too large."""
    sizes = {
        name: len(to_json(getattr(request, name)))
        for name in request.model_fields_set - {"prompt", "suffix"}
    }
    if sum(sizes.values()) > MAX_OTHER_BYTES:
        largest = max(sorted(sizes), key=lambda name: sizes[name])
        problem = words.prompt_too_long(sizes[largest])
        yield Fault(largest, problem, words.prompt_length(MAX_OTHER_BYTES))


def _numbers(request: CompletionRequest) -> Iterator[Fault]:
    if request.max_tokens is not None and request.max_tokens > MAX_INT32:
        value = shown_value(request.max_tokens)
        yield Fault("max_tokens", words.too_large(value), words.up_to(MAX_INT32))
    if request.seed is not None and abs(request.seed) > MAX_INT64:
        value = shown_value(request.seed)
        yield Fault("seed", words.too_long_a_number(value), words.up_to(MAX_INT64))


def _answers(request: CompletionRequest) -> Iterator[Fault]:
    n, best_of = request.n or 1, request.best_of
    if request.choices > MAX_ANSWERS:
        parameter = "n" if n > len(request.prompts) else "prompt"
        problem = words.too_many_answers(shown_value(request.choices))
        yield Fault(parameter, problem, words.up_to(MAX_ANSWERS))
    if best_of is None:
        return
    if best_of > MAX_ANSWERS:
        yield Fault("best_of", words.too_large(shown_value(best_of)), words.up_to(MAX_ANSWERS))
    elif best_of < n:
        yield Fault("best_of", words.best_of_below_n(best_of, n), words.at_least(n))
    if request.stream and not request.streams:
        yield Fault("stream", words.STREAM_WITH_BEST_OF, words.ALLOWED_STREAM_WITH_BEST_OF)


def _stop(request: CompletionRequest) -> Iterator[Fault]:
    stops = [request.stop] if isinstance(request.stop, str) else request.stop or []
    if len(stops) > MAX_STOPS:
        yield Fault("stop", words.too_many_stops(len(stops)), words.up_to(MAX_STOPS))
    elif "" in stops:
        problem = words.ONE_BLANK if len(stops) > 1 else words.VALUE_BLANK
        yield Fault("stop", problem, words.ALLOWED_STOP)


def _bias(request: CompletionRequest) -> Iterator[Fault]:
    for token, bias in (request.logit_bias or {}).items():
        if not _is_token_id(token):
            problem = words.not_a_token_id(excerpt(token) or '""')
        elif not -MAX_BIAS <= bias <= MAX_BIAS:
            problem = words.bias_out_of_range(token, shown_value(bias))
        else:
            continue
        yield Fault("logit_bias", problem, words.ALLOWED["bias"])


def _is_token_id(token: str) -> bool:
    short = token.isascii() and token.isdigit() and len(token) <= len(str(MAX_INT32))
    return short and int(token) <= MAX_INT32
