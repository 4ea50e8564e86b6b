"""What goes wrong ends in one clear sentence, to the right person, and leaves nothing behind."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import pytest

from bot import words
from bot.store.redis.connection import Store
from bot.words import grok
from sandbox.grok import Script
from sandbox.workspace import ANA, FINANCE, GENERAL
from tests.e2e.stage import markdown, on_stage

SECRET_PARTS = ("xai-", "xoxb-", "xapp-", "team-", "Traceback", "<html")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("--temprature 0.2 hi", ["--temprature", "--temperature"]),
        (
            "--temperature 3 --top-p 2 --n 0 hi",
            ["--temperature", "--top-p", "--n", "0 to 2", "0 to 1"],
        ),
        ("--temperature", ["temperature"]),
        ("--temperature 0.5", ["prompt"]),
        ("--", ["prompt"]),
        ("--stop 'open hi", ["stop"]),
        ("x" * 100_000, ["prompt", "100,000", "65,536"]),
        ("--best-of 2 --n 3 --model grok-4.20-non-reasoning hi", ["--best-of", "3"]),
        ("--reply nowhere hi", ["reply", "channel"]),
    ],
)
async def test_a_fault_is_told_to_its_author_alone(
    redis_url: str, store: Store, text: str, parts: list[str]
) -> None:
    async with on_stage(redis_url) as stage:
        result = await stage.ask(text)
        left = await store.redis.keys("grokbot:*job*")

    told = result.ack_body["text"]
    for part in parts:
        assert part in told
    assert result.ack_body.get("response_type", "ephemeral") == "ephemeral"
    assert not stage.grok.requests
    assert not stage.workspace.messages(GENERAL)
    assert not left


@pytest.mark.parametrize(
    ("script", "part"),
    [
        (
            Script(
                status=400,
                body={"code": "invalid-argument", "error": "Incorrect API key provided: xai-se***"},
            ),
            "key",
        ),
        (
            Script(
                status=429,
                body={
                    "code": 429,
                    "error": "Your team 4b3f7c1e-8f8e-4f5e-9c39-0e7c5b2a1d11 has used all credits",
                },
            ),
            "credit",
        ),
        (Script(status=502, body="<html><body>Bad gateway</body></html>", times=None), "Grok"),
        (Script(cut_after=3, pieces=["one ", "two ", "three ", "four "]), "broke"),
        (Script(error={"error": {"message": "overloaded"}}, error_after=0, text="x"), "Grok"),
    ],
    ids=["wrong key", "no credit", "bad gateway", "cut", "error in the stream"],
)
async def test_what_grok_refuses_is_one_sentence_in_the_answer(
    redis_url: str, script: Script, part: str
) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(script)
        await stage.ask("Hello")
        (message,) = await stage.answer()

    said = markdown(message)
    assert part.lower() in said.lower()
    assert not any(secret in said for secret in SECRET_PARTS)
    assert len(stage.workspace.messages(GENERAL)) == 1


async def test_an_unknown_model_is_named_with_the_nearest(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        result = await stage.ask("--model grok-4.33 Hello")

    told = result.ack_body["text"]
    assert "grok-4.33" in told
    assert "Did you mean grok-4.3" in told
    assert "`/grok models` lists all" in told
    assert "allowed" not in told  # every model is
    assert not stage.grok.requests
    assert not stage.workspace.calls_of("chat.postMessage")


@pytest.mark.parametrize("flag", ["--stop END", "--presence-penalty 0", "--frequency-penalty 1"])
async def test_what_a_reasoning_model_does_not_take_is_said_with_one_that_does(
    redis_url: str, flag: str
) -> None:
    async with on_stage(redis_url) as stage:
        result = await stage.ask(f"{flag} Hello")

    assert "grok-4.3 cannot do this" in result.ack_body["text"]
    assert "grok-4.20-0309-non-reasoning" in result.ack_body["text"]
    assert not stage.grok.requests
    assert not stage.workspace.calls_of("chat.postMessage")


async def test_grok_away(redis_url: str) -> None:
    async with on_stage(redis_url, xai_base_url="http://127.0.0.1:9/v1") as stage:
        await stage.ask("Hello")
        (message,) = await stage.answer()

    assert grok.GROK_UNREACHABLE in markdown(message)


async def test_where_the_bot_is_no_member_the_asker_gets_it_alone_with_a_hint(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="Only for you"))
        await stage.ask("Hello", channel=FINANCE)
        (note,) = await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA)[1:], 20)

    said = str(note.revisions[-1].blocks)
    assert "Only for you" in said
    assert "/invite" in said
    assert not stage.workspace.messages(FINANCE)
    assert len(stage.grok.requests) == 1


@pytest.mark.parametrize(
    "signed",
    [
        {"secret": "not-the-secret"},
        {"seconds": -600},
        {"seconds": 600},
    ],
    ids=["bad signature", "old", "from the future"],
)
async def test_a_request_that_slack_did_not_sign_gets_a_401(
    redis_url: str, signed: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    timestamp = str(int(time.time()) + signed.get("seconds", 0))
    async with on_stage(redis_url, mode="http") as stage:
        status, _ = await stage.workspace.post_signed(
            b"command=%2Fgrok&text=forged+words&trigger_id=1.2&user_id=U1&channel_id=C1",
            secret=signed.get("secret"),
            timestamp=timestamp,
        )

    assert status == 401
    assert not stage.grok.requests
    assert "forged words" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("timestamp", ["", "soon", "１２", "1e9", "-5"])
async def test_a_timestamp_that_is_no_number_gets_a_401(redis_url: str, timestamp: str) -> None:
    async with on_stage(redis_url, mode="http") as stage, aiohttp.ClientSession() as session:
        headers = {"X-Slack-Signature": "v0=0"}
        if timestamp.isascii():
            headers["X-Slack-Request-Timestamp"] = timestamp
        url = stage.workspace.request_url
        assert url is not None
        async with session.post(url, data=b"\xff", headers=headers) as response:
            assert response.status == 401


async def test_http_mode_serves_nothing_else(redis_url: str) -> None:
    async with on_stage(redis_url, mode="http") as stage, aiohttp.ClientSession() as session:
        url = stage.workspace.request_url
        assert url is not None
        async with session.get(url) as response:
            assert response.status == 405
        async with session.post(url.replace("/slack/events", "/other")) as response:
            assert response.status == 404


async def test_a_payload_that_is_not_ours_gets_a_quiet_200(
    redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with on_stage(redis_url, mode="http") as stage:
        status, _ = await stage.workspace.post_signed(
            b'{"type":"event_callback","event":{"type":"team_join","text":"private words"}}',
            content_type="application/json",
        )

    assert status == 200
    assert "private words" not in "".join(capsys.readouterr())


async def test_in_an_archived_channel_the_answer_is_for_the_asker_alone(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        stage.workspace.fail("chat.postMessage", error="is_archived", times=None)
        await stage.ask("Hello")
        (note,) = await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA)[1:], 20)

    assert words.ARCHIVED in note.shown
    assert words.INVITE_ME not in note.shown
    assert not stage.workspace.messages(GENERAL)


async def test_a_bot_that_lost_its_rights_asks_grok_nothing(redis_url: str, store: Store) -> None:
    async with on_stage(redis_url) as stage:
        stage.workspace.fail("chat.postMessage", error="token_revoked", times=None)
        await stage.ask("Hello")
        await stage.workspace.wait_for(
            lambda: len(stage.workspace.calls_of("chat.postMessage")) > 1
        )

    assert not stage.grok.requests
    assert not await store.redis.xlen("grokbot:{T0SANDBOX1}:queue")
