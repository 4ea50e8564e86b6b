"""What will be said to one request: every choice in pieces, the reasoning, and the bill."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.grok import answers, found, sums
from sandbox.grok.counting import Counting
from sandbox.grok.fields import ASKED_IN, Dialect, Endpoint, text_of
from sandbox.grok.models import Model, rate
from sandbox.grok.parts import Part
from sandbox.grok.script import Script, ToolCall
from sandbox.grok.strict import effort_in
from sandbox.grok.tools import wanted

_CHOICES = 8
"""So many answers of our own to one prompt are looked through for one that was cut off."""

_GO_ON = re.compile(r"\A(?:please )?(?:continue|go on|carry on)\b|\bwas cut off\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice; `pieces` joined are its text."""

    pieces: tuple[str, ...]
    finish_reason: str | None


@dataclass(frozen=True, slots=True)
class Generation:
    """A whole answer, before it is put on the wire."""

    model: str
    choices: tuple[Choice, ...]
    reasoning: tuple[str, ...]
    usage: Mapping[str, Any]
    output_price: int = 0
    """Of one token, in ticks; 0 where the usage is scripted."""
    tokens: int = 0
    """In all, also where the usage is scripted."""
    calls: tuple[ToolCall, ...] = ()
    """Of tools, before the text."""

    def usage_after(self, tokens: int) -> dict[str, Any]:
        """The usage once so many tokens were sent."""
        left = max(0, self.usage.get("completion_tokens", 0) - tokens)
        counted = {"completion_tokens": tokens}
        if self.output_price:
            counted["total_tokens"] = self.usage["total_tokens"] - left
            counted["cost_in_usd_ticks"] = (
                self.usage["cost_in_usd_ticks"] - left * self.output_price
            )
        return {**self.usage, **counted}

    def steps(self) -> Iterator[tuple[int, str]]:
        """(choice, piece) in the order of streaming: the choices take turns."""
        for place in range(max((len(choice.pieces) for choice in self.choices), default=0)):
            for index, choice in enumerate(self.choices):
                if place < len(choice.pieces):
                    yield index, choice.pieces[place]


def generate(  # noqa: PLR0917 - called in one place
    dialect: Dialect,
    endpoint: Endpoint,
    model: Model,
    body: Mapping[str, Any],
    script: Script,
    counting: Counting,
    parts: Sequence[Part] = (),
) -> Generation:
    """Answer `body`, which holds pictures and files in `parts`, as `script` says, and by default
    pleasantly."""
    prompts = prompts_of(endpoint, body)
    calls = _calls(endpoint, prompts[-1:], body, script)
    if calls and script.text is None and script.pieces is None:
        script = replace(script, text=found.report(prompts[-1], calls))
    if "no_inline_citations" in (body.get("include") or ()):
        script = _without_citations(script)
    if script.text is None and script.pieces is None and (rest := _rest(endpoint, body)):
        script = replace(script, text=rest)
    if script.text is None and script.pieces is None and parts:
        script = replace(script, text=answers.about(prompts[-1], [part.shown for part in parts]))
    each = body.get("n") or 1
    reasoning = _reasoning(endpoint, model, script, prompts[-1] if prompts else "", body)
    cap, thought = _cap(body), counting.written(reasoning)
    if endpoint == "responses" and cap is not None:
        reasoning = tuple(counting.kept(list(reasoning), cap))
        cap = max(0, cap - thought)
    choices = tuple(
        _choice(body, script, prompt, place * each + number, counting, cap)
        for place, prompt in enumerate(prompts)
        for number in range(each)
    )
    texts = _read(endpoint, body)
    prompt_tokens = sum(map(counting.count, texts))
    if endpoint != "completions":
        prompt_tokens += counting.hidden + counting.per_message * len(texts)
    looked_at = sum(part.tokens for part in parts)
    prompt_tokens += looked_at
    echoed = 1 if body.get("echo") else 0
    output = sum(counting.written(choice.pieces[echoed:]) for choice in choices)
    bill = found.bill(calls, prompt_tokens)
    prompt_tokens += bill.tokens
    billed = _responses_usage if endpoint == "responses" else _usage
    usage = billed(dialect, model, prompt_tokens, output, counting.written(reasoning))
    if endpoint == "responses" and dialect == "xai":
        usage["cost_in_usd_ticks"] += bill.ticks
        usage["num_server_side_tools_used"] = bill.calls
        usage["server_side_tool_usage_details"] = dict(bill.details)
    tokens = usage["total_tokens"]
    if script.cost_ticks is not None:
        usage["cost_in_usd_ticks"] = script.cost_ticks
    scripted = script.usage is not None or script.cost_ticks is not None or dialect != "xai"
    if script.usage is not None:
        usage = dict(script.usage)
    price = 0 if scripted else rate(prompt_tokens) * model.output_price
    return Generation(script.model or model.id, choices, reasoning, usage, price, tokens, calls)


def _calls(
    endpoint: Endpoint, asked: Sequence[str], body: Mapping[str, Any], script: Script
) -> tuple[ToolCall, ...]:
    tools = wanted(body) if endpoint == "responses" else {}
    if not tools or not asked:
        return ()
    calls = script.calls
    if calls is None:
        calls = found.likely_calls(asked[0], tools) if script.text is None else ()
    return found.within_turns(calls, body.get("max_turns"))


def _without_citations(script: Script) -> Script:
    if not isinstance(script.text, str):
        return script
    return replace(script, text=found.CITATION.sub("", script.text))


def prompts_of(endpoint: Endpoint, body: Mapping[str, Any]) -> list[str]:
    """The texts to answer: every prompt, or what the person said last."""
    if endpoint == "completions":
        prompt = body["prompt"]
        return [prompt] if isinstance(prompt, str) else list(prompt)
    said = [text for role, text in _messages(endpoint, body) if role == "user"]
    return said[-1:] or [""]


def _rest(endpoint: Endpoint, body: Mapping[str, Any]) -> str:
    """How an answer of our own goes on that was cut off, where that is what is wanted of it; empty
    when the last one was whole."""
    if endpoint == "completions":
        return ""
    match _messages(endpoint, body)[-3:]:
        case [("user", asked), ("assistant", begun), ("user", now)] if begun and _GO_ON.search(now):
            whole = (answers.answer(asked, choice, body.get("seed")) for choice in range(_CHOICES))
            found = next((each for each in whole if each.startswith(begun)), begun)
            return found[len(begun) :]
    return ""


def _messages(endpoint: Endpoint, body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who said what, instructions first."""
    asked = body[ASKED_IN[endpoint]]
    if isinstance(asked, str):
        asked = [{"role": "user", "content": asked}]
    said = [(message["role"], text_of(message["content"])) for message in asked]
    instructions = body.get("instructions")
    return [("system", instructions), *said] if instructions else said


def _read(endpoint: Endpoint, body: Mapping[str, Any]) -> list[str]:
    if endpoint == "completions":
        return [*prompts_of(endpoint, body), body.get("suffix") or ""]
    return [text for _, text in _messages(endpoint, body)]


def _cap(body: Mapping[str, Any]) -> int | None:
    cap = body.get("max_tokens") or body.get("max_output_tokens")
    return None if cap is None else int(cap)


def _choice(  # noqa: PLR0917 - called in one place
    body: Mapping[str, Any],
    script: Script,
    prompt: str,
    index: int,
    counting: Counting,
    cap: int | None,
) -> Choice:
    pieces = _pieces(body, script, prompt, index)
    finish = script.finish_reason
    stopped = _until(pieces, _stops(body))
    if stopped != pieces:
        pieces, finish = stopped, "stop"
    if cap is not None and counting.written(pieces) > cap:
        pieces, finish = counting.kept(pieces, cap), "length"
    if body.get("echo"):
        pieces = [prompt, *pieces]
    return Choice(tuple(pieces), finish)


def _pieces(body: Mapping[str, Any], script: Script, prompt: str, index: int) -> list[str]:
    if script.pieces is not None:
        return list(script.pieces)
    if script.text is None:
        said = sums.reply(prompt, body) or sums.judged(prompt)
        return answers.tokens(said or answers.answer(prompt, index, body.get("seed")))
    if isinstance(script.text, str):
        return answers.tokens(script.text)
    return answers.tokens(script.text[index % len(script.text)])


def _stops(body: Mapping[str, Any]) -> list[str]:
    stop = body.get("stop") or []
    return [text for text in ([stop] if isinstance(stop, str) else stop) if text]


def _until(pieces: list[str], stops: Sequence[str]) -> list[str]:
    """The pieces before the first stop sequence."""
    text = "".join(pieces)
    ends = [place for place in (text.find(stop) for stop in stops) if place >= 0]
    if not ends:
        return pieces
    left, kept = min(ends), []
    for piece in pieces:
        if left <= 0:
            break
        kept.append(piece[:left])
        left -= len(piece)
    return kept


def _reasoning(
    endpoint: Endpoint, model: Model, script: Script, prompt: str, body: Mapping[str, Any]
) -> tuple[str, ...]:
    if endpoint == "completions" or effort_in(body) == "none":
        return ()
    if script.reasoning is not None:
        return tuple(answers.tokens(script.reasoning))
    plain = script.text is None and script.pieces is None
    return tuple(answers.tokens(answers.reasoning(prompt))) if model.reasons and plain else ()


def _usage(
    dialect: Dialect, model: Model, prompt: int, output: int, reasoning: int
) -> dict[str, Any]:
    """Usage as each dialect counts: at xAI reasoning is in the total only."""
    details = {
        "reasoning_tokens": reasoning,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    }
    usage: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": output if dialect == "xai" else output + reasoning,
        "total_tokens": prompt + output + reasoning,
        "prompt_tokens_details": {
            "text_tokens": prompt,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": 0,
        },
        "completion_tokens_details": details,
    }
    if dialect == "xai":
        usage["num_sources_used"] = 0
        usage["cost_in_usd_ticks"] = model.ticks(prompt, output + reasoning)
    return usage


def _responses_usage(
    dialect: Dialect, model: Model, prompt: int, output: int, reasoning: int
) -> dict[str, Any]:
    """Usage in the words of `/v1/responses`, whose output holds the reasoning."""
    usage: dict[str, Any] = {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output + reasoning,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": prompt + output + reasoning,
    }
    if dialect == "xai":
        usage |= {
            "num_sources_used": 0,
            "num_server_side_tools_used": 0,
            "cost_in_usd_ticks": model.ticks(prompt, output + reasoning),
        }
    return usage
