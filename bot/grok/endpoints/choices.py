"""Reads an answer in choices, as from the two older endpoints, event by event or whole, and what it
says it used, in whichever words. Nobody vouches for anything that comes: each value is read as what
it should be, or as nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, TypeGuard

from bot.characters import as_text
from bot.completion.request import MAX_ANSWERS
from bot.completion.result import (
    NO_REASON,
    TICKS_PER_DOLLAR,
    Chunk,
    TokenLogprob,
    ToolUse,
    Usage,
    plain_reason,
)
from bot.grok.meaning import tells_error

MOST_CHOICES = 4 * MAX_ANSWERS

_ANSWER = frozenset(
    ("id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier")
)
_NAMELESS = frozenset(("", "message"))
_PLAIN = frozenset(("role", "content", "reasoning_content"))
_STEP = frozenset(("index", "delta", "finish_reason", "logprobs"))

_LARGEST = 1e300
"""JSON has numbers that no float holds; they are as good as none."""

_MOST_ENTRIES = 5_000
"""Parts of a message, or tokens with their chances, in one event or body."""

_NAME_CHARS = 200
"""Of a model, or of a reason to end."""


class TextStep(NamedTuple):
    """What the usual event of a stream says: some more `text` of a choice, or some more of what is
    thought before it, and perhaps what was used so far (`told`, as it came)."""

    choice: int
    text: str
    model: str | None
    thought: str = ""
    told: Mapping[str, Any] | None = None

    def goes_on(self, before: TextStep) -> bool:
        """Whether it goes on with the text, or with the thoughts, of the step `before`."""
        same = self.choice == before.choice and self.model == before.model
        return same and bool(self.thought) == bool(before.thought)

    def instead(self, own: str, text: str) -> TextStep:
        """The same with another `text`, or other thoughts, in place of its `own`."""
        whole = self.text.removesuffix(own) + text
        return self._replace(thought=text) if self.thought else self._replace(text=whole)


class ChoicesReader:
    """Reads one answer, and need not remember anything for that."""

    repeats = False
    """Whether an event may hold the chances of all tokens."""

    def step(self, answer: dict[str, Any], event: str) -> TextStep | None:
        """What an event says that is a step and tells of no error; None: it may be anything. There
        is one for every token, and xAI says with each what was used so far."""
        listed, told = answer.get("choices"), answer.get("usage")
        if (
            event not in _NAMELESS
            or type(listed) is not list
            or len(listed) != 1
            or (told is not None and type(told) is not dict)
            or not answer.keys() <= _ANSWER
        ):
            return None
        choice, model = listed[0], answer.get("model")
        if type(choice) is not dict or (model is not None and type(model) is not str):
            return None
        index, said = choice.get("index", 0), _plainly_said(choice)
        if type(index) is not int or index < 0 or said is None:
            return None
        return TextStep(index, said[0], model, said[1], told)

    def __call__(self, answer: Mapping[str, Any], _event: str = "") -> list[Chunk]:
        """The chunks of one event, or of a body: one for each choice that moved, then one for the
        usage.

        Where several choices of one event have the same index, their places tell them apart.
        """
        model = name_of(answer.get("model")) or None
        choices = maps_of(answer.get("choices"))[:MOST_CHOICES]
        indices = [count_of(choice.get("index"), place) for place, choice in enumerate(choices)]
        if len(set(indices)) < len(indices):
            indices = list(range(len(indices)))
        chunks = [_choice(*each, model) for each in zip(choices, indices, strict=True)]
        if usage := read_usage(answer):
            chunks.append(Chunk(model=model, usage=usage))
        return chunks

    def error_in(self, answer: Mapping[str, Any], event: str) -> Mapping[str, Any] | None:
        """`answer`, where it tells of an error."""
        return answer if event == "error" or tells_error(answer) else None

    def answers(self, body: Mapping[str, Any]) -> bool:
        """Whether a body is an answer."""
        return isinstance(body.get("choices"), list)

    def begins(self, _value: Mapping[str, Any], _event: str) -> bool:
        """Whether an event is more than a sign that the request is being worked on."""
        return True


def _choice(choice: Mapping[str, Any], index: int, model: str | None) -> Chunk:
    delta, message = map_of(choice.get("delta")), map_of(choice.get("message"))
    text = text_of(choice.get("text")) or _content(delta)
    reasoning = _reasoning(delta) or text_of(choice.get("reasoning"))
    whole = bool(message) and not text and not reasoning
    reason, logprobs = name_of(choice.get("finish_reason")), choice.get("logprobs")
    return Chunk(
        choice=index,
        text=_content(message) if whole else text,
        reasoning=_reasoning(message) if whole else reasoning,
        logprobs=tuple(_logprobs(map_of(logprobs))) if logprobs else (),
        finish_reason=None if plain_reason(reason) in NO_REASON else reason,
        model=model,
        whole=whole,
    )


def _plainly_said(choice: Mapping[str, Any]) -> tuple[str, str] | None:
    """The text, or the thoughts, of a choice that says nothing else."""
    delta = choice.get("delta")
    if type(delta) is not dict or not delta.keys() <= _PLAIN or not choice.keys() <= _STEP:
        return None
    if choice.get("finish_reason") or choice.get("logprobs"):
        return None
    text, thought = delta.get("content"), delta.get("reasoning_content")
    if not thought:
        return (text, "") if type(text) is str else None
    return ("", thought) if type(thought) is str and not text else None


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    parts = [content] if isinstance(content, Mapping) else content
    if isinstance(parts, list):
        return "".join(each if isinstance(each, str) else _part(each) for each in list_of(parts))
    return text_of(content) or text_of(message.get("refusal"))


def _part(part: Any) -> str:
    return "" if _thinks(map_of(part)) else text_of(map_of(part).get("text"))


def _reasoning(message: Mapping[str, Any]) -> str:
    """Under any of its names, or as parts of the content (Mistral's `thinking`)."""
    for name in ("reasoning_content", "reasoning", "thinking"):
        if thought := text_of(message.get(name)):
            return thought
    parts = [part for part in maps_of(message.get("content")) if _thinks(part)]
    return "".join(_thought(part) for part in parts)


def _thinks(part: Mapping[str, Any]) -> bool:
    return text_of(part.get("type")) in {"thinking", "reasoning"}


def _thought(part: Mapping[str, Any]) -> str:
    thought = part.get("thinking") or part.get("text")
    return text_of(thought) or "".join(text_of(each.get("text")) for each in maps_of(thought))


def _logprobs(logprobs: Mapping[str, Any]) -> Iterator[TokenLogprob]:
    """Either form; a token without a number (the first of an echo) is left out."""
    if isinstance(logprobs.get("content"), list):
        yield from listed_chances(logprobs["content"])
        return
    tokens, numbers, tops = (
        list_of(logprobs.get(name)) for name in ("tokens", "token_logprobs", "top_logprobs")
    )
    for place, (token, number) in enumerate(zip(tokens, numbers, strict=False)):
        top = list(map_of(tops[place]).items()) if place < len(tops) else []
        yield from chance(token, number, top)


def chance(token: object, logprob: object, top: list[tuple[str, Any]]) -> Iterator[TokenLogprob]:
    if not isinstance(token, str) or not is_number(logprob):
        return
    likeliest = sorted(
        ((as_text(name), float(number)) for name, number in top if is_number(number)),
        key=lambda each: -each[1],
    )
    yield TokenLogprob(as_text(token), float(logprob), tuple(likeliest))


def listed_chances(listed: object) -> Iterator[TokenLogprob]:
    """The chances of tokens that are listed one by one, as chats and responses do."""
    for entry in maps_of(listed):
        top = [
            (as_text(text_of(each.get("token"))), each.get("logprob"))
            for each in maps_of(entry.get("top_logprobs"))
        ]
        yield from chance(entry.get("token"), entry.get("logprob"), top)


def is_number(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -_LARGEST < value < _LARGEST
    )


def count_of(value: object, otherwise: int = 0) -> int:
    return int(value) if is_number(value) and value >= 0 else otherwise


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def name_of(value: object) -> str:
    return as_text(text_of(value)[:_NAME_CHARS])


def list_of(value: object) -> list[Any]:
    return value[:_MOST_ENTRIES] if isinstance(value, list) else []


def map_of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def maps_of(value: object) -> list[Mapping[str, Any]]:
    return [each for each in list_of(value) if isinstance(each, Mapping)]


_MOST_TOKENS = 1_000_000_000
"""More than any model reads or writes at once: such a number is a mistake."""

_MOST_TICKS = 1_000_000 * TICKS_PER_DOLLAR
_COST = "cost_in_usd_ticks"
_NUMBER_CHARS = 32
_MOST_NAMES = 100
_KEY_CHARS = 64

_PROMPT = ("prompttokens", "inputtokens", "prompttokencount", "inputtokencount", "promptevalcount")
_OUTPUT = (
    *("completiontokens", "outputtokens", "candidatestokencount"),
    *("outputtokencount", "generatedtokens", "evalcount"),
)
_REASONING = ("reasoningtokens", "thoughtstokencount")
_CACHED = ("cachedtokens", "cachedcontenttokencount")
_TOTAL = ("totaltokens", "totaltokencount")
"""Names of OpenAI, Anthropic, Gemini, Ollama and those like them, in lower case and without `_`."""

_PROMPT_DETAILS = ("prompttokensdetails", "inputtokensdetails", "inputtokendetails")
_OUTPUT_DETAILS = ("completiontokensdetails", "outputtokensdetails", "outputtokendetails")

_TOOL_DETAILS = ("serversidetoolusagedetails",)
_FETCHED = {"xpostsfetched": "posts", "xusersfetched": "profiles"}
_TOOLS = {"websearchcalls": "web_calls", "xsearchcalls": "x_calls"} | _FETCHED
"""What xAI bills of its tools, and our names for it. Bills from before September 2026 do not say
what was fetched."""


def read_usage(answer: Mapping[str, Any]) -> Usage | None:
    """What `answer` says it used, None when it does not say: zeros, and numbers that cannot be,
    say nothing. Where it is said several times, the first that says anything counts.

    Reasoning is counted apart from the output. xAI adds it to the total only; other servers count
    it as output too, which shows in a total that is prompt and output alone.
    """
    return next(filter(None, map(_read, _told(answer))), None)


def usage_after(told: Sequence[Mapping[str, Any]]) -> Usage | None:
    """What several events have said once the last of them came, each where it says anything.

    xAI says all of it with every token: only what a later one does not say again is read."""
    kept: list[Mapping[str, Any]] = []
    for each in reversed(told):
        if not kept or not _says_again(kept[-1], each):
            kept.append(each)
    usage: Usage | None = None
    for each in reversed(kept):
        said = _read(each)
        usage = usage.then(said) if usage and said else said or usage
    return usage


def _says_again(later: Mapping[str, Any], earlier: Mapping[str, Any], *, deep: bool = True) -> bool:
    """Whether there is a number in `later`, and in its details, wherever there is anything in
    `earlier`. Only the plainest of both is looked into: there is one with every token."""
    for name, value in earlier.items():
        if not value:
            continue
        other = later.get(name)
        again = False
        if type(value) is int and type(other) is int:
            again = 0 < other <= (_MOST_TICKS if name == _COST else _MOST_TOKENS)
        elif deep and type(value) is dict and type(other) is dict:
            again = _says_again(other, value, deep=False)
        if not again:
            return False
    return True


def _told(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Wherever usage may stand: beside the choices, or in one of them."""
    groq, choices = answer.get("x_groq"), answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    for place in (answer, groq, first):
        if isinstance(place, Mapping):
            for name in ("usage", "usageMetadata", "usage_metadata"):
                if isinstance(place.get(name), Mapping):
                    yield place[name]


def _read(told: Mapping[str, Any]) -> Usage | None:
    said = _by_plain_name(told)
    of_prompt, of_output = _details(said, _PROMPT_DETAILS), _details(said, _OUTPUT_DETAILS)
    prompt, output, total = (_first(said, names) for names in (_PROMPT, _OUTPUT, _TOTAL))
    reasoning = _first(of_output, _REASONING) or _first(said, _REASONING)
    total = total or prompt + output + reasoning
    if total == prompt + output:
        output = max(0, output - reasoning)
    cost = _number(said.get("costinusdticks"), _MOST_TICKS)
    tools = _tools(said)
    if not total and not cost and not tools:
        return None
    return Usage(
        prompt_tokens=prompt,
        cached_tokens=_first(of_prompt, _CACHED) or _first(said, _CACHED),
        completion_tokens=output,
        reasoning_tokens=reasoning,
        total_tokens=total,
        cost_in_usd_ticks=cost or None,
        tools=tools,
    )


def _tools(said: Mapping[str, Any]) -> ToolUse | None:
    """What was used of tools; None where that is not said, or nothing was."""
    used = _details(said, _TOOL_DETAILS)
    counts = {ours: _number(used.get(theirs), _MOST_TOKENS) for theirs, ours in _TOOLS.items()}
    if not any(counts.values()):
        return None
    fetched = {
        ours: counts.get(ours) if theirs in used or not counts["x_calls"] else None
        for theirs, ours in _FETCHED.items()
    }
    return ToolUse(web_calls=counts["web_calls"], x_calls=counts["x_calls"], **fetched)


def _by_plain_name(told: Mapping[str, Any]) -> dict[str, Any]:
    named = islice(told.items(), _MOST_NAMES)
    return {_plain(name): value for name, value in named if len(name) <= _KEY_CHARS}


@lru_cache(maxsize=256)
def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _details(said: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    for name in names:
        if isinstance(each := said.get(name), Mapping):
            return _by_plain_name(each)
    return {}


def _first(said: Mapping[str, Any], names: tuple[str, ...]) -> int:
    """The first number under one of `names` that is more than nothing."""
    for name in names:  # with every token
        if (value := said.get(name)) and (number := _number(value, _MOST_TOKENS)):
            return number
    return 0


def _number(value: object, most: int) -> int:
    """A number, also one in text; 0 for one that is no amount."""
    if type(value) is int:
        return value if 0 < value <= most else 0
    if isinstance(value, str) and len(value) <= _NUMBER_CHARS:
        try:
            value = float(value)
        except ValueError:
            return 0
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0
    return math.ceil(value) if 0 < value <= most else 0
