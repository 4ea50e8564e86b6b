"""How a request is put on the wire of each endpoint. Nothing else knows how they differ there.

`/v1/completions` goes on with one text and takes all 17 parameters; `/v1/chat/completions` takes
the messages of a conversation. `/v1/responses` is xAI's newest, and the one that others have taken
over from OpenAI. Nothing is to be stored there: by itself an API keeps each response for 30 days
(docs.x.ai, "Responses API"). Its cap counts thoughts as well, so what is left for those comes on
top. Parameters that were not given are not written; `stream` apart, which is on unless the request
says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from bot.completion.faults import MAX_STOPS
from bot.completion.request import CompletionRequest
from bot.completion.result import Endpoint
from bot.completion.search import Search
from bot.completion.tools import TOOLS, Tool
from bot.completion.transcript import NO_PAST, STOP, Frame, Past, carried, chat_messages, frame
from bot.files.file import PDF_TURNS, Enclosure, Pdf, Picture
from bot.grok.call import NOTHING_BESIDE, Beside, Call, Dialect, Identifiers

_AS_GIVEN = ("model", "temperature", "top_p", "user")

_CHANCES = "message.output_text.logprobs"
"""What OpenAI includes where chances are wanted; xAI has a switch."""

_SEEN = "web_search_call.action.sources"
"""What a search of the web has seen is listed where this is included."""

_WITH_USAGE = {"include_usage": True}
_OLDEST = frozenset({"prompt", "suffix", "echo", "best_of"})
"""What a chat has no place for."""

Body = dict[str, Any]


def _completions(call: Call) -> tuple[Body, Frame]:
    """The conversation stands around each prompt."""
    body, around = dict(call.body), frame(call.system, call.past)
    prompt = body["prompt"]
    body["prompt"] = (
        around.around(prompt)
        if isinstance(prompt, str)
        else [around.around(each) for each in prompt]
    )
    stops = _stops_in(body)
    if around.tail and len(stops) < MAX_STOPS:  # without it the answer is cut here all the same
        body["stop"] = [*stops, STOP]
    if call.dialect == "xai" and "logprobs" in body:
        body["logprobs"] = True
    if call.request.streams:
        body["stream_options"] = _WITH_USAGE
    return body, around


def _chat(call: Call) -> tuple[Body, Frame]:
    body = {name: value for name, value in call.body.items() if name not in _OLDEST}
    messages = chat_messages(call.system, call.past, _only_prompt(call))
    body["messages"] = _with_parts(messages, call.past, "text", _picture)
    if "logprobs" in body:
        body |= {"logprobs": True, "top_logprobs": call.body["logprobs"]}
    if call.beside.effort is not None:
        body["reasoning_effort"] = call.beside.effort
    if call.beside.shape is not None:
        wanted = call.beside.shape.format
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
    if call.request.streams:
        body["stream_options"] = _WITH_USAGE
    return body, Frame()


def _picture(file: Enclosure) -> dict[str, Any] | None:
    """A picture; this endpoint takes no files."""
    if not isinstance(file, Picture):
        return None
    return {"type": "image_url", "image_url": {"url": file.url}}


def _responses(call: Call) -> tuple[Body, Frame]:
    given = call.body
    body: Body = {name: given[name] for name in _AS_GIVEN if name in given}
    messages = chat_messages(call.system, call.past, _only_prompt(call))
    body["input"] = _with_parts(messages, call.past, "input_text", _part)
    body["store"] = False
    if "max_tokens" in given:
        body["max_output_tokens"] = given["max_tokens"] + call.beside.thoughts
    if "logprobs" in given:
        chances = {"logprobs": True} if call.dialect == "xai" else {"include": [_CHANCES]}
        body |= {**chances, "top_logprobs": given["logprobs"]}
    if call.beside.effort is not None:
        body["reasoning"] = {"effort": call.beside.effort}
    if call.beside.shape is not None:
        body["text"] = {"format": {"type": "json_schema", **call.beside.shape.format}}
    if call.beside.search.sources:
        body |= _searching(call.beside.search)
        if "web" in call.beside.search.sources:
            body["include"] = [*body.get("include", ()), _SEEN]
    if call.dialect == "xai" and any(isinstance(file, Pdf) for file in call.past.files):
        body.setdefault("max_turns", PDF_TURNS)
    return body, Frame()


def _searching(search: Search) -> dict[str, Any]:
    """The fields that let `search` be done."""
    fields: dict[str, Any] = {"tools": [_tool(TOOLS[name], search) for name in search.sources]}
    if search.max_turns is not None:
        fields["max_turns"] = search.max_turns
    return fields


def _tool(tool: Tool, search: Search) -> dict[str, Any]:
    """One tool with what narrows it. The API's last day is the first that is not searched."""
    given: dict[str, Any] = dict(search.values())
    if search.before is not None:
        given["until"] = search.before.isoformat()
    filters = {wire: given[name] for name, wire in tool.filters.items() if name in given}
    if tool.within:
        filters = {tool.within: filters} if filters else {}
    return {"type": tool.wire, **filters}


def _part(file: Enclosure) -> dict[str, Any] | None:
    """A picture, or a PDF: what is sent so is not stored there."""
    match file:
        case Picture():
            return {"type": "input_image", "image_url": file.url}
        case Pdf():
            return {"type": "input_file", "filename": file.name, "file_data": file.url}
    return None


def _with_parts(
    messages: Sequence[Mapping[str, Any]],
    past: Past,
    text_type: str,
    part_of: Callable[[Enclosure], Body | None],
) -> list[Mapping[str, Any]]:
    """`messages`, of which the question is written in parts when any file of `past` is a part; the
    text of the question comes first."""
    parts = [part for part in map(part_of, past.files) if part is not None]
    if not parts:
        return list(messages)
    place = len(messages) - (3 if past.begun else 1)
    asked = messages[place]
    text = {"type": text_type, "text": asked["content"]}
    return [
        *messages[:place],
        {**asked, "content": [text, *parts]},
        *messages[place + 1 :],
    ]


def _only_prompt(call: Call) -> str:
    """What is asked, where only one thing can be."""
    return "\n\n".join(call.request.prompts)


def _stops_in(body: Mapping[str, Any]) -> list[str]:
    """The stop sequences in `body`, one or several."""
    stop = body.get("stop", [])
    return [stop] if isinstance(stop, str) else stop


def _lacks_oldest(request: CompletionRequest) -> tuple[str, ...]:
    """The parameters with which a request asks for what only `/v1/completions` has. A value that
    asks for nothing (`echo=false`, `best_of=1`) is not among them."""
    asked = {
        "prompt": len(request.prompts) > 1,
        "suffix": bool(request.suffix),
        "echo": bool(request.echo),
        "best_of": (request.best_of or 1) > 1,
    }
    return tuple(name for name, needed in asked.items() if needed)


def _lacks_older(request: CompletionRequest) -> tuple[str, ...]:
    """Likewise what only the two older ones have. A penalty is not taken at any value."""
    asked = {
        "n": (request.n or 1) > 1,
        "stop": bool(request.stop),
        "seed": request.seed is not None,
        "frequency_penalty": request.frequency_penalty is not None,
        "presence_penalty": request.presence_penalty is not None,
        "logit_bias": bool(request.logit_bias),
    }
    return (*_lacks_oldest(request), *(name for name, needed in asked.items() if needed))


def _headers(names: Identifiers, dialect: Dialect) -> dict[str, str]:
    """xAI sends what belongs together to the same server, for its cache (docs.x.ai, "Prompt
    caching")."""
    named = names.conversation and dialect == "xai"
    return {"x-grok-conv-id": names.conversation} if named else {}


def _named(names: Identifiers) -> dict[str, str]:
    """What belongs together, for the API's cache, and whom a refusal is about."""
    fields = {"prompt_cache_key": names.conversation, "safety_identifier": names.asker}
    return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True, slots=True)
class Wire:
    """One endpoint, at `path` below the address of the API.

    `headers` and `named` carry the names of what is asked, as hashes. `efforts`: whether it can be
    said there how long to think, `searches`: whether tools can search there.
    `avoids`: whether a request had better go to another endpoint that carries all of it.
    `caps_thoughts`: whether the output cap there counts thoughts, so that it bounds text loosely.
    `pictures`, `pdfs`: whether they can go along there as they are.
    """

    path: str
    write: Callable[[Call], tuple[Body, Frame]]
    """The body to post, and what stands around each prompt in it, for a call whose body is what was
    given, in the forms of its dialect."""
    lacks: Callable[[CompletionRequest], tuple[str, ...]]
    efforts: bool = True
    searches: bool = False
    avoids: Callable[[CompletionRequest], bool] = lambda _request: False
    caps_thoughts: bool = False
    pictures: bool = False
    pdfs: bool = False
    headers: Callable[[Identifiers, Dialect], dict[str, str]] = lambda _names, _dialect: {}
    named: Callable[[Identifiers], dict[str, str]] = lambda _names: {}


ENDPOINTS: Mapping[Endpoint, Wire] = MappingProxyType(
    {
        "responses": Wire(
            path="/responses",
            write=_responses,
            lacks=_lacks_older,
            searches=True,
            # Chances: the end repeats those of every token, in one event of many megabytes.
            avoids=lambda request: request.logprobs is not None,
            caps_thoughts=True,
            pictures=True,
            pdfs=True,
            named=_named,
        ),
        "chat": Wire(
            path="/chat/completions",
            write=_chat,
            lacks=_lacks_oldest,
            pictures=True,
            headers=_headers,
        ),
        "completions": Wire(
            path="/completions", write=_completions, lacks=lambda _request: (), efforts=False
        ),
    }
)
"""The newest first."""


def write(  # noqa: PLR0917 - where it goes, and what goes there
    request: CompletionRequest,
    system: str,
    endpoint: Endpoint,
    dialect: Dialect,
    past: Past = NO_PAST,
    beside: Beside = NOTHING_BESIDE,
) -> Call:
    """The call that carries `request` to `endpoint`, with `past` before it."""
    given = request.given()
    if dialect == "xai" and isinstance(request.stop, str):
        given["stop"] = [request.stop]
    call = Call(
        request=request,
        system=system,
        endpoint=endpoint,
        dialect=dialect,
        body=given,
        stream=request.streams,
        past=replace(past, files=enclosed(past, endpoint)),
        beside=beside,
    )
    body, around = ENDPOINTS[endpoint].write(call)
    body.pop("stream", None)
    if request.streams or request.stream is not None:
        body["stream"] = request.streams
    return replace(call, body=body, past=past, lead=around.lead, tail=around.tail)


def enclosed(past: Past, endpoint: Endpoint) -> tuple[Enclosure, ...]:
    """The files of `past` as they go along to `endpoint`, and those that cannot."""
    wire = ENDPOINTS[endpoint]
    return carried(past.files, pictures=wire.pictures, pdfs=wire.pdfs)


def rewritten(call: Call, endpoint: Endpoint) -> Call:
    """What `call` asks, for another endpoint."""
    there = write(call.request, call.system, endpoint, call.dialect, call.past, call.beside)
    return replace(there, names=call.names)


def without_mark(call: Call) -> Call | None:
    """`call` without the stop sequence that nobody but us wants; None when it has none."""
    stops = _stops_in(call.body)
    if not call.tail or STOP not in stops:
        return None
    body = {name: value for name, value in call.body.items() if name != "stop"}
    own = [stop for stop in stops if stop != STOP]
    return replace(call, body=body | {"stop": own} if own else body)
