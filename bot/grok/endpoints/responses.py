"""`/v1/responses`: xAI's newest, and the one that others have taken over from OpenAI.

Nothing is to be stored there: by itself an API keeps each response for 30 days (docs.x.ai,
"Responses API"). Its cap counts thoughts as well, so what is left for those comes on top.
"""

from __future__ import annotations

from typing import Any

from bot.completion.request import CompletionRequest
from bot.completion.search import Search
from bot.completion.tools import TOOLS, Tool
from bot.completion.transcript import chat_messages
from bot.files.material import Enclosure, Pdf, Picture
from bot.files.ref import PDF_TURNS
from bot.grok.call import Names
from bot.grok.endpoints import chat, events
from bot.grok.endpoints.wire import Asked, Wire, Written, with_parts

_AS_GIVEN = ("model", "temperature", "top_p", "user")

_CHANCES = "message.output_text.logprobs"
"""What OpenAI includes where chances are wanted; xAI has a switch."""


_SEEN = "web_search_call.action.sources"
"""What a search of the web has seen is listed where this is included."""


def write(asked: Asked) -> Written:
    """The body of what is asked."""
    given = asked.given
    body: dict[str, Any] = {name: given[name] for name in _AS_GIVEN if name in given}
    messages = chat_messages(asked.system, asked.past, asked.prompt)
    body["input"] = with_parts(messages, asked.past, "input_text", _part)
    body["store"] = False
    if "max_tokens" in given:
        body["max_output_tokens"] = given["max_tokens"] + asked.beside.thoughts
    if "logprobs" in given:
        chances = {"logprobs": True} if asked.dialect == "xai" else {"include": [_CHANCES]}
        body |= {**chances, "top_logprobs": given["logprobs"]}
    if asked.beside.effort is not None:
        body["reasoning"] = {"effort": asked.beside.effort}
    if asked.beside.shape is not None:
        body["text"] = {"format": {"type": "json_schema", **asked.beside.shape.format}}
    if asked.beside.search:
        body |= _searching(asked.beside.search)
        if "web" in asked.beside.search.sources:
            body["include"] = [*body.get("include", ()), _SEEN]
    if asked.dialect == "xai" and any(isinstance(file, Pdf) for file in asked.past.files):
        body.setdefault("max_turns", PDF_TURNS)
    return Written(body)


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


def lacks(request: CompletionRequest) -> tuple[str, ...]:
    """What only the older endpoints have. A penalty is not taken at any value."""
    asked = {
        "n": (request.n or 1) > 1,
        "stop": bool(request.stop),
        "seed": request.seed is not None,
        "frequency_penalty": request.frequency_penalty is not None,
        "presence_penalty": request.presence_penalty is not None,
        "logit_bias": bool(request.logit_bias),
    }
    return (*chat.lacks(request), *(name for name, needed in asked.items() if needed))


def avoids(request: CompletionRequest) -> bool:
    """Chances: the end repeats those of every token, in one event of many megabytes."""
    return request.logprobs is not None


def named(names: Names) -> dict[str, str]:
    """What belongs together, for the API's cache, and whom a refusal is about."""
    fields = {"prompt_cache_key": names.conversation, "safety_identifier": names.asker}
    return {name: value for name, value in fields.items() if value}


RESPONSES = Wire(
    path="/responses",
    write=write,
    lacks=lacks,
    read=events.Reader,
    error_in=events.error_in,
    answers=events.answers,
    begins=events.begins,
    repeats=True,
    avoids=avoids,
    caps_thoughts=True,
    pictures=True,
    pdfs=True,
    named=named,
    searches=True,
)
