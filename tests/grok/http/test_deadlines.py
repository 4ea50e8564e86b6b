from __future__ import annotations

import asyncio

import pytest

from bot.grok.http.sips import Deadlines
from bot.settings import Settings
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import answer, broken, failure, request, text


@pytest.mark.parametrize(
    "script",
    [Script(first_delay=3600), Script(stall_after=0, reasoning="")],
    ids=["no reply", "no event"],
)
async def test_the_first_event_is_late(
    script: Script, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok.script(script)
    client = await open_grok_client(grok, grok_first_event_seconds=0.1)

    failed = await failure(client, request())

    assert failed.kind == "timeout"
    assert "not begun" in failed.sentence
    await grok.requests[0].closed.wait()
    assert grok.requests[0].closed_early
    assert len(grok.requests) == 1


async def test_a_stream_falls_silent(grok: GrokServer, open_grok_client: OpenGrokClient) -> None:
    grok.script(Script(pieces=["a", "b"], stall_after=1))
    client = await open_grok_client(grok, grok_silence_seconds=0.1)

    seen, failed = await broken(client, request())

    assert (text(seen), failed.kind) == ("a", "timeout")
    assert "silent" in failed.sentence


async def test_comments_are_signs_of_life(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok.script(Script(pieces=["a", "b"], comments=8, comment_pause=0.1))
    client = await open_grok_client(grok, grok_silence_seconds=0.5, grok_first_event_seconds=0.5)

    assert text(await answer(client, request())) == "ab"


async def test_the_whole_answer_takes_too_long(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok.script(Script(text="word " * 10_000, speed=50))
    client = await open_grok_client(grok, grok_total_seconds=0.3)

    seen, failed = await broken(client, request())

    assert text(seen).startswith("word")
    assert failed.kind == "timeout"
    assert "not done" in failed.sentence


async def test_a_body_may_take_as_long_as_the_whole_answer(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    release = asyncio.Event()
    grok.script(Script(text="done", stall_after=0, release=release))
    client = await open_grok_client(grok, grok_first_event_seconds=0.05)

    task = asyncio.create_task(answer(client, request(stream=False)))
    await grok.arrived()
    await asyncio.sleep(0.15)  # longer than the first event of a stream may take
    release.set()

    assert text(await task) == "done"


async def test_a_slow_reader_is_not_grok_being_silent(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok.script(Script(pieces=["a", "b"]))
    client = await open_grok_client(grok, grok_silence_seconds=0.1)
    seen = ""

    async for chunk in client.complete(request()):
        seen += chunk.text
        await asyncio.sleep(0.15 if chunk.text else 0)

    assert seen == "ab"


async def test_time_that_is_given_back_is_there_for_the_answer() -> None:
    deadlines = Deadlines(Settings(_env_file=None))

    before = deadlines.left
    deadlines.give_back(100.0)

    assert deadlines.left > before + 50
