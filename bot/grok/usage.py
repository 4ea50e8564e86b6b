"""What an answer says it used, in whichever words its server says so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from bot.completion.result import TICKS_PER_DOLLAR, ToolUse, Usage

_MOST_TOKENS = 1_000_000_000
"""More than any model reads or writes at once: such a number is a mistake."""

_MOST_TICKS = 1_000_000 * TICKS_PER_DOLLAR

_COST = "cost_in_usd_ticks"

_NUMBER_CHARS = 32
_MOST_NAMES = 100
_NAME_CHARS = 64

_PROMPT = ("prompttokens", "inputtokens", "prompttokencount", "inputtokencount", "promptevalcount")
_OUTPUT = (
    "completiontokens",
    "outputtokens",
    "candidatestokencount",
    "outputtokencount",
    "generatedtokens",
    "evalcount",
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
    return {_plain(name): value for name, value in named if len(name) <= _NAME_CHARS}


@lru_cache(maxsize=256)
def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _details(said: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    for name in names:
        each = said.get(name)
        if isinstance(each, Mapping):
            return _by_plain_name(each)
    return {}


def _first(said: Mapping[str, Any], names: tuple[str, ...]) -> int:
    """The first number under one of `names` that is more than nothing."""
    for name in names:
        value = said.get(name)
        if value and (number := _number(value, _MOST_TOKENS)):
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
