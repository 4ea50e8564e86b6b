from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.ops.logs import Reader, configure
from bot.settings import Settings


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def start(stream: io.StringIO, **values: object) -> io.StringIO:
    configure(Settings(_env_file=None, **values), stream)
    return stream


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_what_is_bound_to_the_context() -> None:
    stream = start(io.StringIO())
    structlog.contextvars.bind_contextvars(job_id="j1", epoch=3, team="T1")

    structlog.get_logger("bot.jobs").info("job done", seconds=1.5)

    (event,) = events(stream)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "job done",
        "level": "info",
        "logger": "bot.jobs",
        "job_id": "j1",
        "epoch": 3,
        "team": "T1",
        "seconds": 1.5,
    }


def test_libraries_speak_through_the_same_formatter_from_warning_up() -> None:
    stream = start(io.StringIO(), log_level="DEBUG")
    structlog.contextvars.bind_contextvars(job_id="j1")

    logging.getLogger("aiohttp.access").info("GET /secret")
    logging.getLogger("slack_sdk.web.async_client").debug("Sending a request - data: …")
    logging.getLogger("asyncio").warning("slow %s", "callback")

    (event,) = events(stream)
    assert (event["event"], event["logger"], event["job_id"]) == ("slow callback", "asyncio", "j1")


def test_the_level_is_that_of_the_settings() -> None:
    stream = start(io.StringIO(), log_level="WARNING")
    log = structlog.get_logger("bot.jobs")

    log.info("quiet")
    log.warning("loud")

    assert [event["event"] for event in events(stream)] == ["loud"]


def test_auto_means_text_on_a_terminal_and_json_elsewhere() -> None:
    terminal = start(Terminal())
    structlog.get_logger("bot.jobs").info("hello")
    assert "hello" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")

    forced = start(Terminal(), log_format="json")
    structlog.get_logger("bot.jobs").info("hello")
    assert events(forced)[0]["event"] == "hello"

    text = start(io.StringIO(), log_format="text")
    structlog.get_logger("bot.jobs").info("hello")
    assert "\x1b" not in text.getvalue()
    assert "hello" in text.getvalue()


def test_no_secret_reaches_a_message_a_field_or_a_traceback() -> None:
    token = "xoxb-" + "1111-2222-abcdef"
    stream = start(io.StringIO(), slack_signing_secret="my-own-signing-secret")
    log = structlog.get_logger("bot.ops")

    message = f"got {token}"
    log.info(message, header=f"Bearer {token}", response_url="http://127.0.0.1/r/1")
    logging.getLogger("redis").error("no %s", "redis://:my-own-signing-secret@h")
    try:
        int(f"{token} my-own-signing-secret")
    except ValueError:
        log.exception("failed")
        logging.getLogger("aiohttp.server").exception("failed too")

    written = stream.getvalue()
    assert token not in written
    assert "abcdef" not in written
    assert "my-own-signing-secret" not in written
    assert "127.0.0.1/r/1" not in written
    assert written.count("ValueError: invalid literal") == 2


def test_prompts_are_logged_only_when_asked_for() -> None:
    stream = start(io.StringIO())
    log = structlog.get_logger("bot.jobs")
    log.info("asked", prompt="my diary", model="grok")
    assert events(stream)[0].items() >= {"prompt": "***", "model": "grok"}.items()
    port = "my " + "diary"
    try:
        Settings(_env_file=None, port=port)
    except ValueError as error:
        log.exception("refused", error=str(error))
    assert "input_type=str" in stream.getvalue()
    assert "diary" not in stream.getvalue()

    stream = start(io.StringIO(), log_prompts=True)
    structlog.get_logger("bot.jobs").info("asked", prompt="my diary")
    assert events(stream)[0]["prompt"] == "my diary"


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
async def test_bolt_never_logs_the_body_of_a_request(level: str) -> None:
    stream = start(io.StringIO(), log_level=level)
    app = AsyncApp(
        client=AsyncWebClient(token="xoxb-" + "1-2-3", base_url="http://127.0.0.1:9/"),
        signing_secret="not-the-one-used",
    )
    body = "token=t&command=%2Fgrok&text=my+diary&team_id=T1&user_id=U1&trigger_id=1.2"

    response = await app.async_dispatch(
        AsyncBoltRequest(body=body, headers={"x-slack-signature": "v0=bad"})
    )

    assert response is not None
    assert response.status == 401
    assert "diary" not in stream.getvalue()


def test_the_body_is_cut_out_of_a_warning_of_bolts() -> None:
    stream = start(io.StringIO())

    logging.getLogger("slack_bolt.AsyncApp").warning(
        "Unhandled request ({'value': 'my diary'})\n---\n…"
    )

    assert events(stream)[0]["event"] == "Unhandled request"


@pytest.mark.parametrize(
    ("reader", "level", "heard"),
    [
        ("operator", None, ["quiet", "loud", "library"]),
        ("spectator", None, ["loud", "library"]),
        ("person", None, []),
        ("person", "INFO", ["quiet", "loud", "library"]),
        ("spectator", "ERROR", ["library"]),
    ],
)
def test_who_reads_what_a_command_writes_gets_no_more_than_that(
    reader: Reader, level: str | None, heard: list[str]
) -> None:
    stream = io.StringIO()
    given = {} if level is None else {"log_level": level}
    configure(Settings(_env_file=None, **given), stream, reader=reader)
    log = structlog.get_logger("bot.jobs")

    log.info("quiet")
    log.warning("loud")
    logging.getLogger("aiohttp").warning("library")

    lines = stream.getvalue().splitlines()
    assert [
        word for line in lines for word in ("quiet", "loud", "library") if word in line
    ] == heard
    assert all(line.startswith("{") is (reader == "operator") for line in lines)
