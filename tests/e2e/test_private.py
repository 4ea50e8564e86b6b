"""Answers for the asker alone, and what is said where the bot is no member."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bot import words
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, DESIGN, FINANCE, GENERAL, dm_of
from tests.e2e.stage import on_stage

MODES = pytest.mark.parametrize("mode", ["socket", "http"])


@MODES
async def test_a_private_answer_is_shown_to_its_asker_once_and_whole(
    redis_url: str, mode: str
) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        stage.grok.script(Script(text="between **us**", speed=20))
        result = await stage.ask("--private Tell me a secret")
        await stage.workspace.wait_for(
            lambda: any("between" in m.shown for m in stage.workspace.ephemerals(ANA))
        )
        await stage.quiet()

    told = [m for m in stage.workspace.ephemerals(ANA) if "between" in m.shown]
    assert len(told) == 1
    assert len(told[0].revisions) == 1
    assert result.ack_body["text"]
    assert stage.workspace.calls_of("chat.postEphemeral")
    assert not stage.workspace.messages(GENERAL)
    assert not stage.workspace.ephemerals(BEN)


async def test_a_private_answer_too_long_for_that_comes_as_a_direct_message(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text=("paragraph of many words " * 60 + "\n\n") * 12))
        await stage.ask("--private --max-tokens 20000 Tell me a long story")
        dm = dm_of(ANA)
        await stage.workspace.wait_for(lambda: len(stage.workspace.messages(dm)) >= 1, 20)
        await stage.workspace.wait_for(
            lambda: any(
                "direct message" in m.shown.lower() for m in stage.workspace.ephemerals(ANA)
            )
        )

    assert not stage.workspace.messages(GENERAL)
    assert sum("paragraph" in m.shown for m in stage.workspace.ephemerals(ANA)) == 0


async def test_a_private_mention_is_answered_alone(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="between us"))
        asked = await stage.workspace.say(BEN, GENERAL, "@grok --private tell me a secret")
        await stage.workspace.wait_for(
            lambda: any("between us" in m.shown for m in stage.workspace.ephemerals(BEN))
        )
        await stage.quiet()

    notes = stage.workspace.ephemerals(BEN)
    assert len(notes) == 2  # at once that it is working, then the answer
    assert {note.thread_ts for note in notes} == {None}  # Slack shows none in a thread to be
    assert not stage.replies(asked.ts)


@pytest.mark.parametrize("flags", ["", "--private "])
async def test_where_the_bot_is_no_member_the_answer_comes_through_the_command(
    redis_url: str, flags: str
) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="from outside"))
        await stage.ask(f"{flags}Hello", channel=DESIGN)
        await stage.workspace.wait_for(
            lambda: any("from outside" in m.shown for m in stage.workspace.ephemerals(ANA))
        )
        await stage.quiet()

    first, answer = stage.workspace.ephemerals(ANA)
    assert first.shown.startswith(words.TOLD_WHEN_DONE)
    assert "from outside" in answer.shown
    assert "nvite" in answer.shown
    assert len(stage.workspace.responses) == (1 if flags else 2)


@pytest.mark.parametrize("channel", [DESIGN, FINANCE])
@pytest.mark.parametrize("prompt", ["Hello", "--reply thread Hello"])
async def test_where_the_bot_is_no_member_operators_are_not_warned(
    redis_url: str, channel: str, prompt: str
) -> None:
    with capture_logs() as logs:
        async with on_stage(redis_url) as stage:
            stage.grok.script(Script(text="from outside " * 20, speed=20))
            await stage.ask(prompt, channel=channel)
            await stage.workspace.wait_for(
                lambda: any("from outside" in m.shown for m in stage.workspace.ephemerals(ANA))
            )
            await stage.quiet()

    events = {entry["event"]: entry["log_level"] for entry in logs}
    assert events["messages not looked for"] == "info"
    assert set(events.values()) <= {"debug", "info"}


@pytest.mark.parametrize(("error", "level"), [("not_in_channel", "info"), ("odd", "warning")])
async def test_a_place_that_is_denied_meanwhile_is_no_fault(
    redis_url: str, error: str, level: str
) -> None:
    with capture_logs() as logs:
        async with on_stage(redis_url) as stage:
            stage.grok.script(Script(text="from outside " * 20, speed=20))
            await stage.ask("Hello")
            await stage.workspace.wait_for(lambda: stage.workspace.messages(GENERAL))
            stage.workspace.fail("chat.update", error=error, times=None)
            await stage.workspace.wait_for(lambda: stage.workspace.calls_of("chat.update"))
            await stage.quiet()

    told = [entry for entry in logs if entry["event"] == "not shown before the end"]
    assert [entry["log_level"] for entry in told] == [level]


async def test_where_the_bot_is_no_member_nobody_waits_in_silence(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="from outside", first_delay=60))
        await stage.ask("Hello", channel=DESIGN)
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))

    (told,) = stage.workspace.ephemerals(ANA)
    assert told.shown == f"{words.TOLD_WHEN_DONE}\nStop"
    assert len(stage.workspace.responses) == 1
