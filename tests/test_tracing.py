"""Traces: one from Slack's payload to the last edit, over the store, and nothing people wrote."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import StringIO

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bot import tracing
from bot.errors import StartupError
from bot.jobs.queue import Queue
from bot.ops.logs import configure
from bot.settings import Settings
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.grok import Script
from tests.e2e.stage import markdown, on_stage
from tests.jobs.asks import make_ask
from tests.jobs.steps import take_next
from tests.ports import free_port

SECRETS = ("violet-otter", "amber-heron", "be-brief-please")
"""What is asked, answered and told to Grok as its system text."""


@dataclass
class Collector:
    """Takes OTLP over HTTP."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        exported = ExportTraceServiceRequest.FromString(body)
        for resource in exported.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return web.Response(body=b"", content_type="application/x-protobuf")

    def of(self, name: str) -> Span:
        """The first span of that name."""
        return next(span for span in self.spans if span.name == name)


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()


async def test_one_trace_from_the_payload_to_the_last_edit_without_a_word_of_anybody(
    valkey: str, store: Store
) -> None:
    log = StringIO()
    configure(Settings(_env_file=None, log_format="json"), log)
    async with (
        collecting() as collector,
        on_stage(valkey, otel_exporter_otlp_endpoint=collector.url + "/") as stage,
    ):
        stage.grok.script(Script(pieces=[f"{SECRETS[1]} "] * 30, speed=30))
        await stage.ask(f"--system {SECRETS[2]} What is a {SECRETS[0]}?")
        (answer,) = await stage.answer()
        assert SECRETS[1] in markdown(answer)
        await stage.quiet()

    names = {span.name for span in collector.spans if span.trace_id == collector.of("job").trace_id}
    assert names >= {
        *("slack SlashCommand", "accept", "queue", "job", "grok"),
        *("slack chat.postMessage", "slack chat.update"),
    }
    accept, job = collector.of("accept"), collector.of("job")
    assert accept.parent_span_id == collector.of("slack SlashCommand").span_id
    assert job.parent_span_id == accept.span_id
    assert {collector.of(name).parent_span_id for name in ("queue", "grok")} == {job.span_id}
    last = max(span.end_time_unix_nano for span in collector.spans if "chat.update" in span.name)
    assert last <= job.end_time_unix_nano

    sent = b"".join(collector.bodies)
    for secret in (*SECRETS, stage.workspace.credentials.bot_token, stage.grok.api_key or "?"):
        assert secret.encode() not in sent
    answered = next(line for line in log.getvalue().splitlines() if '"answered"' in line)
    assert json.loads(answered)["trace_id"] == job.trace_id.hex()


async def test_the_store_carries_a_trace_on_and_a_crash_is_told_by_its_class(
    store: Store, keys: Keys
) -> None:
    queue = Queue(store, keys, lease_seconds=60, retention_seconds=60)
    async with collecting() as collector:
        settings = Settings(_env_file=None, otel_exporter_otlp_endpoint=collector.url)
        async with tracing.exported(settings):
            with tracing.span("accept"):
                await queue.accept("job-1", make_ask())
            _, job = await take_next(queue)
            with pytest.raises(ValueError, match=SECRETS[0]), tracing.span("job", parent=job.trace):
                raise ValueError(SECRETS[0])
            assert tracing.traceparent() == ""
    accept, failed = collector.of("accept"), collector.of("job")
    assert (failed.trace_id, failed.parent_span_id) == (accept.trace_id, accept.span_id)
    (told,) = failed.attributes
    assert (told.key, told.value.string_value) == ("error.type", "ValueError")
    assert SECRETS[0].encode() not in b"".join(collector.bodies)


@pytest.mark.integration
async def test_what_is_no_traceparent_begins_a_trace_of_its_own() -> None:
    async with collecting() as collector:
        settings = Settings(_env_file=None, otel_exporter_otlp_endpoint=collector.url)
        async with tracing.exported(settings):
            for trace in ("nonsense", "00-0-0-00", f"00-{'0' * 32}-{'0' * 16}-01"):
                with tracing.span("job", parent=trace):
                    assert tracing.traceparent().startswith("00-")
    assert [span.parent_span_id for span in collector.spans] == [b""] * 3


@pytest.mark.integration
async def test_a_collector_that_is_away_holds_nobody_up(valkey: str, store: Store) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    async with on_stage(valkey, otel_exporter_otlp_endpoint=endpoint) as stage:
        await stage.ask("Hello")
        await stage.answer()
        await stage.quiet()


@pytest.mark.parametrize(
    "endpoint",
    [
        "collector:4318",
        "grpc://collector:4317",
        "file:///etc",
        "http://",
        "http://[x",
        "http://x:y",
    ],
)
async def test_what_is_no_address_of_a_collector_is_told_at_start(endpoint: str) -> None:
    settings = Settings(_env_file=None, otel_exporter_otlp_endpoint=endpoint)
    with pytest.raises(StartupError, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        async with tracing.exported(settings):
            pass


async def test_where_the_packages_are_missing_that_is_told_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    settings = Settings(_env_file=None, otel_exporter_otlp_endpoint="http://collector:4318")
    with pytest.raises(StartupError, match=r"requirements-traces\.lock"):
        async with tracing.exported(settings):
            pass


async def test_without_an_address_there_is_nothing() -> None:
    async with tracing.exported(Settings(_env_file=None)):
        with tracing.span("job"), tracing.beside("grok"):
            tracing.waited("queue", 0)
            assert tracing.traceparent() == ""
            assert tracing.add_trace(None, "", {"event": "x"}) == {"event": "x"}
