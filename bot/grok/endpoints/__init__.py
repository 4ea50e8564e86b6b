"""The endpoints that an ask can go to, newest first.

`responses.py` is the newest, `choices.py` the two before it: how an ask is put on the wire, and how
what comes is read. Nothing else knows how they differ. Parameters that were not given are not
written; `stream` apart, which is on unless the request says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.completion.request import CompletionRequest
from bot.completion.result import Endpoint
from bot.completion.transcript import NO_PAST, STOP, Past, carried
from bot.files.material import Enclosure
from bot.grok.call import NOTHING_BESIDE, Beside, Call, Dialect
from bot.grok.endpoints.choices import CHAT, COMPLETIONS
from bot.grok.endpoints.responses import RESPONSES
from bot.grok.endpoints.wire import Asked, Wire, stops_in

ENDPOINTS: Mapping[Endpoint, Wire] = MappingProxyType(
    {"responses": RESPONSES, "chat": CHAT, "completions": COMPLETIONS}
)


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
    there = replace(past, files=enclosed(past, endpoint))
    written = ENDPOINTS[endpoint].write(Asked(request, given, system, there, dialect, beside))
    body = written.body
    body.pop("stream", None)
    if request.streams:
        body["stream"] = True
    elif request.stream is not None:
        body["stream"] = False
    return Call(
        request=request,
        system=system,
        endpoint=endpoint,
        dialect=dialect,
        body=body,
        stream=request.streams,
        past=past,
        beside=beside,
        lead=written.around.lead,
        tail=written.around.tail,
    )


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
    stops = stops_in(call.body)
    if not call.tail or STOP not in stops:
        return None
    body = {name: value for name, value in call.body.items() if name != "stop"}
    own = [stop for stop in stops if stop != STOP]
    return replace(call, body=body | {"stop": own} if own else body)
