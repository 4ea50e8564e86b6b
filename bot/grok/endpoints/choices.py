"""The two older endpoints, which answer in choices.

`/v1/completions` goes on with one text and takes all 17 parameters; `/v1/chat/completions` takes
the messages of a conversation. What comes from either is read event by event or whole, and what is
missing in it is forgiven.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.completion.faults import MAX_STOPS
from bot.completion.request import MAX_ANSWERS, CompletionRequest
from bot.completion.result import NO_REASON, Chunk, TokenLogprob, plain_reason
from bot.completion.transcript import STOP, chat_messages, frame
from bot.files.material import Enclosure, Picture
from bot.grok.call import Dialect, Names
from bot.grok.endpoints.wire import (
    Asked,
    Step,
    Wire,
    Written,
    chance,
    count_of,
    list_of,
    listed_chances,
    map_of,
    maps_of,
    name_of,
    stops_in,
    text_of,
    with_parts,
)
from bot.grok.meaning import tells_error
from bot.grok.usage import read_usage

_MOST_CHOICES = 4 * MAX_ANSWERS

_ANSWER = frozenset(
    ("id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier")
)
_NAMELESS = frozenset(("", "message"))
_PLAIN = frozenset(("role", "content", "reasoning_content"))
_STEP = frozenset(("index", "delta", "finish_reason", "logprobs"))


def write_prompt(asked: Asked) -> Written:
    """The body of what is asked; the conversation stands around each prompt."""
    body, around = dict(asked.given), frame(asked.system, asked.past)
    prompt = body["prompt"]
    body["prompt"] = (
        around.around(prompt)
        if isinstance(prompt, str)
        else [around.around(each) for each in prompt]
    )
    stops = stops_in(body)
    if around.tail and len(stops) < MAX_STOPS:  # without it the answer is cut here all the same
        body["stop"] = [*stops, STOP]
    if asked.dialect == "xai" and "logprobs" in body:
        body["logprobs"] = True
    if asked.request.streams:
        body["stream_options"] = {"include_usage": True}
    return Written(body, around)


def write_chat(asked: Asked) -> Written:
    """The body of what is asked."""
    body = {
        name: value
        for name, value in asked.given.items()
        if name not in {"prompt", "suffix", "echo", "best_of"}
    }
    messages = chat_messages(asked.system, asked.past, asked.prompt)
    body["messages"] = with_parts(messages, asked.past, "text", _picture)
    if "logprobs" in body:
        body |= {"logprobs": True, "top_logprobs": asked.given["logprobs"]}
    if asked.beside.effort is not None:
        body["reasoning_effort"] = asked.beside.effort
    if asked.beside.shape is not None:
        wanted = asked.beside.shape.format
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
    if asked.request.streams:
        body["stream_options"] = {"include_usage": True}
    return Written(body)


def _picture(file: Enclosure) -> dict[str, Any] | None:
    """A picture; this endpoint takes no files."""
    if not isinstance(file, Picture):
        return None
    return {"type": "image_url", "image_url": {"url": file.url}}


def lacks(request: CompletionRequest) -> tuple[str, ...]:
    """What only `/v1/completions` has."""
    asked = {
        "prompt": len(request.prompts) > 1,
        "suffix": bool(request.suffix),
        "echo": bool(request.echo),
        "best_of": (request.best_of or 1) > 1,
    }
    return tuple(name for name, needed in asked.items() if needed)


def headers(names: Names, dialect: Dialect) -> dict[str, str]:
    """xAI sends what belongs together to the same server, for its cache (docs.x.ai, "Prompt
    caching")."""
    named = names.conversation and dialect == "xai"
    return {"x-grok-conv-id": names.conversation} if named else {}


class Reader:
    """Reads one answer, and need not remember anything for that."""

    def __call__(self, answer: Mapping[str, Any], event: str = "") -> list[Chunk]:
        """The chunks of one event, or of a body."""
        return read(answer, event)

    def step(self, answer: dict[str, Any], event: str) -> Step | None:
        """There is one for every token, and xAI says with each what was used so far."""
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
        return Step(index, said[0], model, said[1], told)


def read(answer: Mapping[str, Any], _event: str = "") -> list[Chunk]:
    """One chunk for each choice that moved, then one for the usage.

    Where several choices of one event have the same index, their places tell them apart.
    """
    model = name_of(answer.get("model")) or None
    choices = maps_of(answer.get("choices"))[:_MOST_CHOICES]
    indices = [count_of(choice.get("index"), place) for place, choice in enumerate(choices)]
    if len(set(indices)) < len(indices):
        indices = list(range(len(indices)))
    chunks = [_choice(*each, model) for each in zip(choices, indices, strict=True)]
    usage = read_usage(answer)
    if usage is not None:
        chunks.append(Chunk(model=model, usage=usage))
    return chunks


def error_in(answer: Mapping[str, Any], event: str) -> Mapping[str, Any] | None:
    """`answer`, where it tells of an error."""
    return answer if event == "error" or tells_error(answer) else None


def answers(body: Mapping[str, Any]) -> bool:
    """Whether a body is an answer."""
    return isinstance(body.get("choices"), list)


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


COMPLETIONS = Wire(
    path="/completions",
    write=write_prompt,
    lacks=lambda _request: (),
    read=Reader,
    error_in=error_in,
    answers=answers,
    efforts=False,
)

CHAT = Wire(
    path="/chat/completions",
    write=write_chat,
    lacks=lacks,
    read=Reader,
    error_in=error_in,
    answers=answers,
    headers=headers,
    pictures=True,
)
