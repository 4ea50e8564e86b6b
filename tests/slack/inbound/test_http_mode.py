"""The door that Slack posts to: who has no signature gets nothing, whatever they send."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.doors.slack_app import answer
from bot.slack.inbound.http_mode import HttpMode
from tests.raw_http import Reply, exchange, post, signed

pytestmark = pytest.mark.integration

SECRET = "0123456789abcdef0123456789abcdef"
COMMAND = urlencode({"command": "/grok", "text": "private words", "user_id": "U1"}).encode()


@pytest.fixture
async def door() -> AsyncIterator[HttpMode]:
    """An app that listens to nothing."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-any")

    app = AsyncApp(name="tests", authorize=authorize, request_verification_enabled=False)
    async with HttpMode(partial(answer, app), SecretStr(SECRET), "127.0.0.1", 0) as door:
        yield door


def now() -> str:
    return str(int(time.time()))


async def say(door: HttpMode, body: bytes, *headers: str, **fields: Any) -> Reply:
    """A request that Slack signed."""
    return await exchange(door.port, post(body, *signed(body, SECRET, now()), *headers, **fields))


RIGHT = signed(COMMAND, SECRET, now())[1].partition(": ")[2]
FORGED = {
    "nothing": [],
    "no signature": ["X-Slack-Request-Timestamp: {now}"],
    "no timestamp": ["X-Slack-Signature: {right}"],
    "310 digits": ["X-Slack-Request-Timestamp: " + "9" * 310, "X-Slack-Signature: {right}"],
    "8000 digits": ["X-Slack-Request-Timestamp: " + "9" * 8000, "X-Slack-Signature: v0=00"],
    "zeros": ["X-Slack-Request-Timestamp: " + "0" * 4000 + "1", "X-Slack-Signature: {right}"],
    "negative": ["X-Slack-Request-Timestamp: -{now}", "X-Slack-Signature: {right}"],
    "plus": ["X-Slack-Request-Timestamp: +{now}", "X-Slack-Signature: {right}"],
    "fraction": ["X-Slack-Request-Timestamp: {now}.0", "X-Slack-Signature: {right}"],
    "underscore": ["X-Slack-Request-Timestamp: 1_7", "X-Slack-Signature: {right}"],
    "full width": ["X-Slack-Request-Timestamp: １７", "X-Slack-Signature: {right}"],
    "superscript": ["X-Slack-Request-Timestamp: ²", "X-Slack-Signature: {right}"],
    "half a pair": ["X-Slack-Request-Timestamp: \udcff", "X-Slack-Signature: {right}"],
    "empty": ["X-Slack-Request-Timestamp:", "X-Slack-Signature:"],
    "timestamp twice": [
        "X-Slack-Request-Timestamp: {now}",
        "X-Slack-Request-Timestamp: {now}",
        "X-Slack-Signature: {right}",
    ],
    "signature twice": [
        "X-Slack-Request-Timestamp: {now}",
        "X-Slack-Signature: {right}",
        "X-Slack-Signature: v0=00",
    ],
    "wrong": ["X-Slack-Request-Timestamp: {now}", "X-Slack-Signature: v0=" + "0" * 64],
    "short": ["X-Slack-Request-Timestamp: {now}", "X-Slack-Signature: v0=00"],
    "other version": ["X-Slack-Request-Timestamp: {now}", "X-Slack-Signature: v1=" + "0" * 64],
    "not ascii": ["X-Slack-Request-Timestamp: {now}", "X-Slack-Signature: v0=ü" + "0" * 63],
    "long": ["X-Slack-Request-Timestamp: {now}", "X-Slack-Signature: v0=" + "0" * 8000],
    "bolt's own": ["X-Slack-Bolt-Lazy-Only: 1", "X-Slack-Bolt-Lazy-Function-Name: on_payload"],
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_what_slack_did_not_sign_gets_a_401_and_one_line(
    door: HttpMode, headers: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    written = [header.replace("{now}", now()).replace("{right}", RIGHT) for header in headers]

    reply = await exchange(door.port, post(COMMAND, *written))

    assert reply.status == 401
    logged = "".join(capsys.readouterr())
    assert len(logged.splitlines()) <= 1
    assert len(logged) < 200
    assert "private" not in logged


async def test_who_shows_no_signature_need_not_send_the_body(door: HttpMode) -> None:
    reply = await exchange(door.port, post(b"", length=500_000))

    assert reply.status == 401


async def test_a_body_that_was_changed_gets_a_401(door: HttpMode) -> None:
    headers = signed(COMMAND, SECRET, now())
    assert (await exchange(door.port, post(COMMAND + b" ", *headers))).status == 401
    assert (await exchange(door.port, post(COMMAND[:-1], *headers))).status == 401
    assert (await exchange(door.port, post(COMMAND, *headers))).status != 401


JSON = "application/json"
NESTED = b'{"type":"event_callback","event":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001
MALFORMED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", JSON),
    "garbage": (b"garbage", JSON),
    "garbage in a form": (b"\x00\x01", "application/x-www-form-urlencoded"),
    "half": (b'{"type":', JSON),
    "latin": ('{"type":"é"}'.encode("latin-1"), JSON),
    "utf-16": ('{"type":"e"}'.encode("utf-16"), JSON),
    "null": (b"null", JSON),
    "list": (b"[]", JSON),
    "number": (b"1", JSON),
    "text": (b'"type"', JSON),
    "nan": (b'{"type":NaN}', JSON),
    "infinite": (b'{"type":"a","x":1e999}', JSON),
    "huge": (b'{"type":"a","x":' + b"9" * 400 + b"}", JSON),
    "huger": (b'{"type":"a","x":' + b"9" * 400_000 + b"}", JSON),
    "deep": (NESTED, JSON),
    "deep lists": (b'{"a":' + b"[" * 500_000, JSON),
    "fields": (b"&".join(b"%d=1" % number for number in range(100_000)), "text/plain"),
    "payload of none": (b"payload=", "application/x-www-form-urlencoded"),
    "payload list": (b"payload=%5B%5D", "application/x-www-form-urlencoded"),
    "user": (b'{"type":"x","user":5}', JSON),
    "team": (b'{"type":"x","team":true}', JSON),
    "authorizations": (b'{"type":"x","authorizations":[1]}', JSON),
    "response_urls": (b'{"type":"x","response_urls":[1]}', JSON),
    "enterprise": (b'{"type":"x","enterprise":7}', JSON),
}


@pytest.mark.parametrize(("body", "kind"), MALFORMED.values(), ids=MALFORMED)
async def test_what_cannot_be_read_gets_a_400_although_it_is_signed(
    door: HttpMode, body: bytes, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = await say(door, body, kind=kind)

    assert reply.status == 400
    assert "x-slack-no-retry: 1" in reply.head.lower()
    assert "Traceback" not in "".join(capsys.readouterr())


async def test_slack_may_check_the_address(door: HttpMode) -> None:
    challenge = json.dumps({"type": "url_verification", "challenge": "so\ud800so"}).encode()
    reply = await say(door, challenge, kind=JSON)

    assert reply.status == 200
    assert json.loads(reply.body) == {"challenge": "so\ufffdso"}
    assert (await say(door, b"ssl_check=1&token=x")).status == 200


async def test_a_form_may_hold_anything_a_person_types(door: HttpMode) -> None:
    text = quote("ünï 😀 & = % \x00 \u202e payload")
    form = b"command=%2Fother&user_id=U1&channel_id=C1&trigger_id=1.2.a&text="
    reply = await say(door, form + text.encode())

    assert reply.status == 404  # this app knows no command
