"""What servers send: streams, bodies that are none, refusals, and when to come back."""

from __future__ import annotations

import io
import time
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from bot import words
from bot.completion.flags import parse_words
from bot.grok.http.api import retry_after
from bot.settings import Settings
from bot.terminal.ask import ask_in_terminal
from bot.words import grok as grok_words
from bot.words.terminal.ask import failed, plain, spelled
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import grok_settings
from tests.grok.wire import DONE, ends, says, wire_server
from tests.reports.from_grok import STREAMS
from tests.reports.report import Report

pytestmark = pytest.mark.integration

FILTERED = words.ENDED["content_filter"]


async def asked(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    """The exit code of `ask`, and what it wrote to either side."""
    out, err = io.StringIO(), io.StringIO()
    code = await ask_in_terminal(settings, parse_words((*arguments, "hi")), out, err)
    return code, out.getvalue().strip(), err.getvalue().strip()


def settings_of(base_url: str, **values: Any) -> Settings:
    reach = {"xai_base_url": base_url, "xai_api_key": "sk-any", "grok_endpoint": "chat"}
    return Settings(_env_file=None, **(reach | {"grok_model": "m"} | values))


@pytest.mark.parametrize("report", STREAMS, ids=str)
async def test_stream(report: Report) -> None:
    shown, failure = report.right
    head = b"Content-Type: text/event-stream\r\n"
    async with wire_server(report.given, head=head) as server:
        code, out, err = await asked(settings_of(server.base_url))

    assert out == spelled(shown)
    said = plain(failed(failure, server.base_url))
    assert (err == said) if failure else err.startswith("m (chat)")
    assert code == int(bool(failure) or shown.startswith("_") or FILTERED in shown)


BODIES = (
    Report(
        "pages instead of answers",
        "AltimateAI/altimate-code#1119",
        "a page with status 200 ends in a fault of the reader of JSON",
        ("200 OK", b"<!DOCTYPE html><html><body>Just a moment</body></html>"),
        grok_words.GROK_STRANGE,
    ),
    Report(
        "pages instead of answers",
        "omnigent-ai/omnigent#4997",
        "a page to sign in at is quoted to people, secrets and all",
        ("200 OK", b'<html><input name="csrf" value="s3cret-state"></html>'),
        grok_words.GROK_STRANGE,
    ),
    Report(
        "pages instead of answers",
        "opensoar-hq/opensoar-core#105",
        "the page of a proxy hides the status that it came with",
        ("502 Bad Gateway", b"<html><h1>502 Bad Gateway</h1></html>"),
        grok_words.GROK_SENTENCES["unavailable"],
    ),
)


@pytest.mark.parametrize("report", BODIES, ids=str)
async def test_body(report: Report) -> None:
    status, body = report.given
    async with wire_server(body, head=b"Content-Type: text/html\r\n", status=status) as server:
        code, out, err = await asked(settings_of(server.base_url))

    assert (code, out, err) == (1, "", plain(failed(report.right, server.base_url)))


REFUSALS = (
    Report(
        "parameters that a server does not know",
        "devnullvoid/dms-ai-assistant#12",
        "every question fails with a model that has another name for the cap",
        (
            "max_tokens",
            400,
            {
                "error": {
                    "message": "Unsupported parameter: 'max_tokens' is not supported with this "
                    "model. Use 'max_completion_tokens' instead.",
                    "param": "max_tokens",
                    "code": "unsupported_parameter",
                }
            },
        ),
        "max_completion_tokens",
    ),
    Report(
        "parameters that a server does not know",
        "openai/openai-agents-python#442",
        "streams fail since the wish for the usage is refused",
        (
            "stream_options",
            422,
            {
                "object": "error",
                "message": {
                    "detail": [
                        {
                            "type": "extra_forbidden",
                            "loc": ["body", "stream_options", "include_usage"],
                            "msg": "Extra inputs are not permitted",
                        }
                    ]
                },
            },
        ),
    ),
    Report(
        "parameters that a server does not know",
        "FlowiseAI/Flowise#2866",
        "the same, in other words",
        (
            "stream_options",
            400,
            {"error": "Extra inputs are not permitted, field: 'stream_options'"},
        ),
    ),
    Report(
        "parameters that a server does not know",
        "microsoft/semantic-kernel#10510",
        "the same, in words of a gateway",
        (
            "stream_options",
            400,
            {
                "error": {
                    "code": 400,
                    "message": "Validation error at #/stream_options: Extra inputs are not "
                    "permitted",
                }
            },
        ),
    ),
)


@pytest.mark.parametrize("report", REFUSALS, ids=str)
async def test_refused_parameter(report: Report, openai_grok: GrokServer) -> None:
    name, status, body = report.given
    openai_grok.script(
        Script(status=status, body=body, times=None, when=lambda each: name in each.body)
    )
    openai_grok.script(Script(raw=says("Hello") + ends() + DONE, times=None))
    settings = grok_settings(openai_grok, grok_endpoint="chat", grok_model="llama-3.3-70b")

    code, out, _ = await asked(settings)

    assert (code, out) == (0, "Hello")
    assert name not in openai_grok.requests[-1].body
    assert report.right is None or report.right in openai_grok.requests[-1].body


async def test_a_parameter_that_somebody_gave_is_named(openai_grok: GrokServer) -> None:
    """arbs-io/github-copilot-llm-gateway#68: a suffix is refused, and nobody says which it was."""
    message = "litellm.BadRequestError: OpenAIException - suffix: Extra inputs are not permitted"
    detail = [{"loc": ["body", "suffix"], "msg": "Extra inputs are not permitted"}]
    openai_grok.script(Script(status=400, body={"error": {"message": message}, "detail": detail}))
    settings = grok_settings(openai_grok, grok_endpoint="completions", grok_model="m")

    code, _, err = await asked(settings, "--suffix", "end")

    assert (code, err) == (1, plain(grok_words.GROK_PARAMETER(model="m", parameter="--suffix")))


WAITS = (  # a number is a date in so many seconds
    Report(
        "when to ask again",
        "IBM/mcp-context-forge#5674",
        "a date in Retry-After is a crash",
        3_600,
        (3_500, 3_601),
    ),
    Report(
        "when to ask again",
        "mldsveda/PyScrappy#143",
        "a date that is over is a crash, too",
        "Wed, 21 Oct 2025 07:28:00 GMT",
        (0, 0),
    ),
    Report(
        "when to ask again",
        "urllib3/urllib3#2861",
        "a part of a second is refused as a header",
        "0.503",
        (0.503, 0.503),
    ),
    Report(
        "when to ask again",
        "notatallshaw/nab#596",
        "a number without end takes all tries away",
        "9" * 5_000,
        None,
    ),
    Report(
        "when to ask again",
        "notatallshaw/nab#596",
        "a year that there is not takes all tries away",
        "Fri, 31 Dec 99999 23:59:59 GMT",
        None,
    ),
    Report(
        "when to ask again",
        "hashgraph-online/hol-guard#1103",
        "a date of the form that HTTP knows is not read, and a minute waited for instead",
        900,
        (800, 901),
    ),
)


@pytest.mark.parametrize("report", WAITS, ids=str)
def test_wait(report: Report) -> None:
    given = report.given
    if isinstance(given, int):
        given = formatdate(time.time() + given, usegmt=True)

    seconds = retry_after(httpx.Headers({"Retry-After": given}))

    if report.right is None:
        assert seconds is None or 0 <= seconds <= 366 * 86_400
    else:
        least, most = report.right
        assert seconds is not None
        assert least <= seconds <= most
