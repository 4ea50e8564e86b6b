"""Answers in threads that Slack streams, on good days and bad, alone and many at once."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bot.completion.ask import Ask
from bot.completion.request import CompletionRequest
from bot.reply import native
from bot.words import talk
from sandbox.grok import GrokServer, Recorded, Script
from sandbox.workspace import (
    ANA,
    BEN,
    GENERAL,
    OTHER_TEAM_ID,
    PARTNERS,
    STRANGER,
    TEAM_ID,
    AppConfig,
    Limits,
    Message,
    Workspace,
    dm_of,
)
from sandbox.workspace.faults import ANSWERING
from tests.e2e.replicas import replicas
from tests.e2e.stage import Stage, buttons, is_complete, last_line, markdown, on_stage

STREAMS = ("chat.startStream", "chat.appendStream", "chat.stopStream")
SCALE = 0.05
"""A minute of the budgets is 3 s here."""

_WORD = re.compile(r"a\d+w\d+")


async def test_a_conversation_is_streamed_and_edited_only_to_take_stop_away(redis_url: str) -> None:
    async with on_stage(redis_url, slack_streaming="native") as stage:
        stage.grok.script(Script(text="The **Ucayali**, the Marañón and the Apurímac."))
        stage.grok.script(Script(text="About 1,600 km."))
        asked = await stage.workspace.say(ANA, GENERAL, "@grok name rivers in Peru")
        first = await stage.reply(0, asked.ts)
        await stage.workspace.say(BEN, GENERAL, "How long is the first?", asked.ts)
        second = await stage.reply(1, asked.ts)
        await stage.quiet()

    assert markdown(first) == "The **Ucayali**, the Marañón and the Apurímac."
    assert markdown(second) == "About 1,600 km."
    for message in (first, second):
        assert buttons(message) == ["retry", "edit", "details"]
        assert last_line(message).startswith("grok-4.3")
        assert (message.pings, message.unfurl) == ((), False)
    contents = [message["content"] for message in stage.messages()]
    assert contents[1] == "The **Ucayali**, the Marañón and the Apurímac."
    called = Counter(call.method for call in stage.workspace.calls)
    assert called >= Counter(("chat.startStream", "chat.stopStream", "assistant.threads.setStatus"))
    assert (called["chat.postMessage"], called["chat.update"]) == (0, 2)
    assert not stage.workspace.problems


async def test_an_answer_streams_for_somebody_of_another_organisation(redis_url: str) -> None:
    async with on_stage(redis_url, slack_streaming="native") as stage:
        stage.grok.script(Script(text="The Ucayali and the Marañón."))
        asked = await stage.workspace.say(STRANGER, PARTNERS, "@grok name rivers in Peru")
        message = await stage.reply(0, asked.ts, channel=PARTNERS)
        await stage.quiet()

    assert markdown(message) == "The Ucayali and the Marañón."
    (start,) = [call for call in stage.workspace.calls if call.method == "chat.startStream"]
    assert start.args["recipient_user_id"] == STRANGER
    assert start.args["recipient_team_id"] == OTHER_TEAM_ID
    assert start.error is None
    assert not stage.workspace.calls_of("chat.postMessage")


async def streaming(stage: Stage, first: str) -> Message:
    """An answer that streams and says `first`, of which more would come."""
    endless = [first, *(f" and {number}" for number in range(1_000))]
    stage.grok.script(Script(pieces=endless, speed=100))
    asked = await stage.workspace.say(ANA, GENERAL, "@grok count for me")

    def begun() -> Message | None:
        found = stage.replies(asked.ts)
        return found[0] if found and first in markdown(found[0]) else None

    return await stage.workspace.wait_for(begun)


async def test_slacks_own_stop_ends_the_answer(redis_url: str) -> None:
    async with on_stage(redis_url, slack_streaming="native") as stage:
        message = await streaming(stage, "zero")
        await stage.workspace.stop_stream(BEN, GENERAL, message.ts)
        await stage.workspace.wait_for(lambda: is_complete(message))
        await stage.quiet()

    assert markdown(message).startswith("zero and 0 and 1")
    assert markdown(message).endswith(talk.STOPPED)
    assert stage.grok.requests[0].closed_early


async def test_deleting_what_streams_ends_the_answer(redis_url: str) -> None:
    async with on_stage(redis_url, slack_streaming="native") as stage:
        message = await streaming(stage, "zero")
        await stage.workspace.delete(ANA, GENERAL, message.ts)
        await stage.quiet()

    assert stage.grok.requests[0].closed_early
    assert not stage.replies(message.thread_ts or "")


async def test_a_stream_that_slack_ends_goes_on_by_edits(redis_url: str) -> None:
    limits = Limits(scale=0, stream=0.2)
    async with on_stage(redis_url, slack_streaming="native", limits=limits) as stage:
        said = _words(0, 60)
        stage.grok.script(Script(pieces=[f"{word} " for word in said], speed=100))
        asked = await stage.workspace.say(ANA, GENERAL, "@grok take your time")
        reply = await stage.reply(0, asked.ts)

    assert _WORD.findall(markdown(reply)) == said
    assert stage.workspace.calls_of("chat.appendStream")
    assert stage.workspace.calls_of("chat.update")


@asynccontextmanager
async def half_streamed(
    redis_url: str, limits: Limits, **refused: str
) -> AsyncIterator[tuple[Stage, Message, list[str]]]:
    """Half of an answer has streamed, when Slack refuses these calls from then on; the question,
    and what the answer says."""
    go, said = asyncio.Event(), _words(0, 60)
    async with on_stage(redis_url, slack_streaming="native", limits=limits) as stage:
        pieces = [f"{word} " for word in said]
        stage.grok.script(Script(pieces=pieces, stall_after=30, release=go))
        asked = await stage.workspace.say(ANA, GENERAL, "@grok take your time")
        await stage.workspace.wait_for(
            lambda: any(said[20] in markdown(each) for each in stage.replies(asked.ts))
        )
        for method, error in refused.items():
            stage.workspace.fail(f"chat.{method}", error=error, times=None)
        go.set()
        yield stage, asked, said


async def test_where_slack_denies_the_place_in_mid_stream_the_answer_is_sent_directly(
    redis_url: str,
) -> None:
    denied = {"appendStream": "not_in_channel", "stopStream": "not_in_channel"}
    async with half_streamed(redis_url, Limits(scale=0), **denied) as (stage, _, said):
        direct = await stage.workspace.wait_for(
            lambda: next(filter(is_complete, stage.workspace.messages(dm_of(ANA))), None)
        )
        stops = len(stage.workspace.calls_of("chat.stopStream"))

    assert _WORD.findall(markdown(direct)) == said
    assert stops < 10


async def test_a_stream_that_slack_does_not_end_is_edited_once_it_has_ended(redis_url: str) -> None:
    refused = {"stopStream": "some_refusal", "appendStream": "some_refusal"}
    async with half_streamed(redis_url, Limits(scale=0, stream=4.0), **refused) as (
        stage,
        asked,
        said,
    ):
        reply = await stage.reply(0, asked.ts)
        stops = len(stage.workspace.calls_of("chat.stopStream"))

    assert _WORD.findall(markdown(reply)) == said
    assert stops < 8


LIVES = 1.5
"""How long a stream lives in these tests, in seconds."""


async def ended(stage: Stage, root: str) -> list[Message]:
    """The messages of an answer that is complete."""

    def found() -> list[Message] | None:
        messages = stage.replies(root)
        stoppable = any("stop" in buttons(each) for each in messages)
        return None if stoppable or not (messages and is_complete(messages[-1])) else messages

    await stage.workspace.wait_for(found)
    await stage.quiet()
    return stage.replies(root)


async def test_an_answer_that_outlives_its_streams_goes_on_in_others(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "STREAM_SECONDS", LIVES)
    limits = Limits(scale=0, stream=LIVES)
    said = _words(0, 300)
    paragraphs = [f"{word}{' ' if at % 10 < 9 else chr(10) * 2}" for at, word in enumerate(said)]
    async with on_stage(redis_url, slack_streaming="native", limits=limits) as stage:
        stage.grok.script(Script(pieces=paragraphs, speed=100))
        asked = await stage.workspace.say(ANA, GENERAL, "@grok take your time")
        found = await ended(stage, asked.ts)

    assert len(found) >= 3
    _check(said, found)
    assert all(markdown(each).rstrip() == markdown(each).strip() for each in found)
    assert not any(call.error for call in stage.workspace.calls)
    assert len(stage.workspace.calls_of("chat.update")) == len(found)


async def test_stop_above_the_second_message_ends_the_answer(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "STREAM_SECONDS", LIVES)
    limits = Limits(scale=0, stream=LIVES)
    async with on_stage(redis_url, slack_streaming="native", limits=limits) as stage:
        first = await streaming(stage, "zero")
        root = first.thread_ts or ""

        def goes_on() -> Message | None:
            found = stage.replies(root)
            return found[1] if len(found) > 1 and markdown(found[1]) else None

        second = await stage.workspace.wait_for(goes_on)
        await stage.workspace.click(ANA, GENERAL, second.ts, "stop")
        found = await ended(stage, root)

    assert [buttons(each) for each in found[:-1]] == [[]] * (len(found) - 1)
    assert markdown(found[-1]).endswith(talk.STOPPED)
    numbers = re.findall(r"\d+", "".join(map(markdown, found)))
    assert numbers == [str(number) for number in range(len(numbers))]
    assert stage.grok.requests[0].closed_early


async def test_where_there_are_no_streams_slack_is_not_asked_again(redis_url: str) -> None:
    async with on_stage(redis_url, slack_streaming="native") as stage:
        stage.workspace.fail("chat.startStream", error="feature_not_enabled", times=9)
        for number in range(2):
            stage.grok.script(Script(text=f"answer {number}"))
            asked = await stage.workspace.say(ANA, GENERAL, f"@grok question {number}")
            (message,) = await ended(stage, asked.ts)
            assert markdown(message) == f"answer {number}"

    assert len(stage.workspace.calls_of("chat.startStream")) == 1


def _words(number: int, count: int) -> list[str]:
    """The words of an answer, each of its own kind."""
    return [f"a{number}w{place}" for place in range(count)]


def _script(number: int, said: list[str]) -> Script:
    step = len(said) // 40
    pieces = [" ".join(said[at : at + step]) + " " for at in range(0, len(said), step)]

    def asked(request: Recorded) -> bool:
        return bool(request.messages[-1]["content"] == f"Explain part {number}")

    return Script(pieces=pieces, speed=80, first_delay=0.02, when=asked, times=None)


def _ask(number: int, root: str) -> Ask:
    return Ask(
        dedupe=f"message:{number}",
        surface="thread",
        team=TEAM_ID,
        channel=GENERAL,
        user=ANA,
        thread_ts=root,
        question_ts=root,
        request=CompletionRequest(model="grok-4.3", prompt=f"Explain part {number}"),
        asked_at=time.time(),
    )


async def _answered(
    redis_url: str, streaming: str, lengths: Sequence[int], *, seed: int | None = None
) -> Counter[str]:
    """Have questions answered at once in threads of their own, by two replicas, with so many
    words each; how often each method was called. With a `seed`, 30 % of the calls of an answer
    fail."""
    answers = [_words(number, length) for number, length in enumerate(lengths)]
    async with (
        Workspace(app=AppConfig(events=frozenset()), limits=Limits(scale=SCALE)) as workspace,
        GrokServer(speed=None, first_delay=0) as grok,
        replicas(
            2,
            redis_url,
            workspace,
            grok,
            scale=SCALE,
            deadline=0.5,
            team=f"T0SEED{seed}",
            streaming=streaming,  # type: ignore[arg-type]
        ) as bot,
    ):
        roots = [(await workspace.say(ANA, GENERAL, "?")).ts for _ in answers]
        for number, said in enumerate(answers):
            grok.script(_script(number, said))
        if seed is not None:
            workspace.fail_some(0.3, seed=seed, methods=(*ANSWERING, *STREAMS), delays=(0.25, 0.75))
        await bot.answer(_ask(number, root) for number, root in enumerate(roots))
        for said, root in zip(answers, roots, strict=True):
            _check(said, workspace.replies(GENERAL, root))
        limited = [call.method for call in workspace.calls if call.status == 429]
        assert seed is not None or not set(STREAMS) & set(limited)
        return Counter(call.method for call in workspace.calls)


def _check(said: list[str], found: list[Message]) -> None:
    parts = [(message.metadata or {})["event_payload"]["part"] for message in found]
    messages = [message for _, message in sorted(zip(map(int, parts), found, strict=True))]
    assert sorted(map(int, parts)) == list(range(len(parts)))
    assert _WORD.findall("\n".join(map(markdown, messages))) == said
    assert [is_complete(message) for message in messages] == [False] * (len(messages) - 1) + [True]
    assert not any(message.is_streaming(300) for message in messages)


async def test_many_at_once_stay_within_the_budgets_of_streams(redis_url: str) -> None:
    calls = await _answered(redis_url, "native", [2_500, *[150] * 12, 2_500])

    assert calls["chat.startStream"] >= 14


async def test_auto_uses_the_budgets_of_both(redis_url: str) -> None:
    calls = await _answered(redis_url, "auto", [150] * 20)

    assert calls["chat.update"] >= 1
    assert calls["chat.startStream"] >= 1


@pytest.mark.parametrize("streaming", ["native", "auto"])
async def test_every_answer_ends_whole_and_once_however_slack_fails(
    redis_url: str, streaming: str
) -> None:
    async with asyncio.TaskGroup() as group:
        for seed in (1, 2):
            group.create_task(_answered(redis_url, streaming, [150] * 5 + [400], seed=seed))
