"""What a question goes through, from Slack's payload to the last edit: told as spans of traces, and
step by step to a test that wants something to happen there.

Off, and free, unless `exported` was entered with an address, or somebody is to be told. Nothing
that people wrote or Grok answered is in a span, nor what an error says: names, ids, numbers and the
class of an error are.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal

from bot import __version__
from bot.errors import StartupError
from bot.net.web_address import web_address_fault
from bot.settings import Settings
from bot.words.terminal import startup as words

Value = str | int | float | bool
When = Literal["before", "after"]
Arrive = Callable[[str], None]

SERVICE = "grok-bot"
EXPORT_SECONDS = 5.0
"""How long the collector may take for one export, and the last one at the end."""

_arrive: Arrive | None = None
_tracer: Any = None
_users = 0


def passing(when: When, step: str) -> None:
    """The process is right `before` or `after` a step, one of those that `bot.crash_points`
    names."""
    if _arrive is not None:
        _arrive(f"{when}:{step}")


def tell(arrive: Arrive | None) -> Arrive | None:
    """Have `arrive` told of each step from here on, and none of it where it is None; returns who
    was told before."""
    global _arrive
    before, _arrive = _arrive, arrive
    return before


@asynccontextmanager
async def exported(settings: Settings) -> AsyncIterator[None]:
    """While entered, spans go to `OTEL_EXPORTER_OTLP_ENDPOINT` (OTLP over HTTP), if that is set;
    on the way out what is left is sent. OpenTelemetry's other variables hold as well. Raises
    `StartupError` where its packages are missing, or the address is none."""
    global _tracer, _users
    if not settings.otel_exporter_otlp_endpoint or _users:
        yield
        return
    provider = _provider(settings)
    _tracer, _users = provider.get_tracer(SERVICE, __version__), 1
    try:
        yield
    finally:
        _tracer, _users = None, 0
        await asyncio.to_thread(provider.shutdown)


def _provider(settings: Settings) -> Any:
    endpoint = settings.otel_exporter_otlp_endpoint or ""
    if fault := web_address_fault("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint):
        raise StartupError([fault])
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise StartupError([words.TRACES_NOT_INSTALLED]) from None
    named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": SERVICE}
    provider = TracerProvider(
        resource=Resource.create({**named, "service.version": __version__}),
        shutdown_on_exit=False,
    )
    address = f"{endpoint.rstrip('/')}/v1/traces"
    exporter = OTLPSpanExporter(endpoint=address, timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


@contextmanager
def span(name: str, *, parent: str = "", **attributes: Value) -> Iterator[None]:
    """While entered, a span, of which those that are begun within are parts. `parent`: what
    `traceparent` said, maybe in another process; without it the span that is open here."""
    if _tracer is None:
        yield
        return
    with (
        _ended(name, parent, attributes) as begun,
        _api().use_span(begun, record_exception=False, set_status_on_exception=False),
    ):
        yield


@contextmanager
def beside(name: str, **attributes: Value) -> Iterator[None]:
    """The same, where nothing is part of it: for generators, whose steps may come from several
    tasks."""
    if _tracer is None:
        yield
        return
    with _ended(name, "", attributes):
        yield


def waited(name: str, since: float) -> None:
    """A span that began at `since`, Unix time in seconds, and ends now."""
    if _tracer is not None:
        now = time.time_ns()
        _tracer.start_span(name, start_time=min(int(since * 1e9), now)).end(now)


def traceparent() -> str:
    """What names the span that is open here, for another process (W3C Trace Context); empty when
    there is none."""
    found = _here()
    if found is None:
        return ""
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{int(found.trace_flags):02x}"


def add_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: names the trace that a line of the log belongs to."""
    if (found := _here()) is not None:
        event["trace_id"] = f"{found.trace_id:032x}"
    return event


def _here() -> Any:
    if _tracer is None:
        return None
    found = _api().get_current_span().get_span_context()
    return found if found.is_valid else None


@contextmanager
def _ended(name: str, parent: str, attributes: dict[str, Value]) -> Iterator[Any]:
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    begun = _tracer.start_span(name, context=_context(parent), attributes=named)
    try:
        yield begun
    except Exception as error:
        begun.set_attribute("error.type", _kind(error))
        begun.set_status(_api().StatusCode.ERROR)
        raise
    finally:
        begun.end()


def _kind(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__


def _context(parent: str) -> Any:
    if not parent:
        return None
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def _api() -> Any:
    from opentelemetry import trace  # noqa: PLC0415

    return trace
