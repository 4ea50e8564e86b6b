"""Conversations: threads, mentions and direct messages, from the first word to `forget`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.completion.ask import estimate_tokens
from bot.slack import pacing
from bot.words import talk
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, BOT_USER, ENGINEERING, GENERAL, Limits, Message, dm_of
from tests.e2e.stage import Stage, is_complete, last_line, markdown, on_stage

MODES = pytest.mark.parametrize("mode", ["socket", "http"])


def said(messages: list[dict[str, Any]]) -> list[str]:
    """The messages of a request as `role: content`."""
    return [f"{message['role']}: {message['content']}" for message in messages]


async def answered(stage: Stage, text: str = "the first answer") -> str:
    """The ts of an answer to `/grok`."""
    stage.grok.script(Script(text=text))
    await stage.ask("Name a river in Peru")
    (message,) = await stage.answer()
    return message.ts


@MODES
async def test_a_reply_in_the_thread_goes_on_with_what_was_said(redis_url: str, mode: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        root = await answered(stage, "The Ucayali.")
        stage.grok.script(Script(text="About 1,600 km."))
        await stage.workspace.say(ANA, GENERAL, "How long is it?", root)
        reply = await stage.reply(0, root)

    assert said(stage.messages()) == [
        "user: Name a river in Peru",
        "assistant: The Ucayali.",
        "user: How long is it?",
    ]
    assert markdown(reply) == "About 1,600 km."
    assert "How long is it?" not in str(reply.revisions[-1].blocks)
    assert not stage.workspace.problems


@MODES
async def test_a_mention_is_answered_once_in_its_thread(redis_url: str, mode: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        stage.grok.script(Script(text="42"))
        asked = await stage.workspace.say(BEN, ENGINEERING, "@grok what is 6 * 7?")
        reply = await stage.reply(0, asked.ts, channel=ENGINEERING)
        await stage.quiet()

    events = [
        delivery.payload["event"]["type"]
        for delivery in stage.workspace.deliveries
        if delivery.kind == "events_api" and delivery.payload["event"].get("ts") == asked.ts
    ]
    assert sorted(events) == ["app_mention", "message"]
    assert markdown(reply) == "42"
    assert said(stage.messages()) == ["user: what is 6 * 7?"]
    assert len(stage.grok.requests) == 1
    assert len(stage.replies(asked.ts, channel=ENGINEERING)) == 1


async def test_called_into_a_thread_of_people_the_bot_reads_what_it_has_not_read(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        root = (await stage.workspace.say(ANA, GENERAL, "The build is red since noon.")).ts
        await stage.workspace.say(BEN, GENERAL, "It was the cache & I know why", root)
        await stage.workspace.say(ANA, GENERAL, "@grok summarise this", root)
        await stage.reply(0, root)
        first = stage.messages()
        await stage.workspace.say(BEN, GENERAL, "That is too long.", root)
        await stage.workspace.say(BEN, GENERAL, "@grok and shorter?", root)
        await stage.reply(1, root)

    (asked,) = first
    for part in ("The build is red since noon.", "It was the cache & I know why", "ana", "ben"):
        assert part in asked["content"]
    assert asked["content"].rstrip().endswith("summarise this")
    second = said(stage.messages())
    assert str(second).count("The build is red") == 1
    assert str(second).count("summarise this") == 1
    assert "The build is red" in second[0]
    assert "That is too long." in second[-1]
    assert second[-1].endswith("and shorter?")


@MODES
async def test_a_direct_message_is_one_conversation(redis_url: str, mode: str) -> None:
    dm = dm_of(BEN)
    async with on_stage(redis_url, mode=mode) as stage:

        async def direct(number: int) -> Message:
            def complete() -> Message | None:
                answers = [m for m in stage.workspace.messages(dm) if m.user == BOT_USER]
                found = answers[number:]
                return found[0] if found and is_complete(found[0]) else None

            return await stage.workspace.wait_for(complete)

        stage.grok.script(Script(text="Hello Ben"))
        await stage.workspace.say(BEN, dm, "hi, I am Ben")
        await direct(0)
        stage.grok.script(Script(text="You are Ben"))
        await stage.workspace.say(BEN, dm, "-t 0.1 who am I?")
        second = await direct(1)

    assert said(stage.messages()) == [
        "user: hi, I am Ben",
        "assistant: Hello Ben",
        "user: who am I?",
    ]
    assert stage.sent()["temperature"] == 0.1
    assert markdown(second) == "You are Ben"
    assert not second.is_reply


async def test_two_quick_replies_are_answered_one_after_the_other(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        root = await answered(stage)
        release = asyncio.Event()
        stage.grok.script(Script(text="second answer", stall_after=1, release=release))
        await stage.workspace.say(ANA, GENERAL, "second question", root)
        await stage.grok.arrived(2)
        await stage.workspace.say(BEN, GENERAL, "third question", root)
        await stage.workspace.say(ANA, GENERAL, "fourth question", root)
        await stage.workspace.settled()
        assert len(stage.grok.requests) == 2
        release.set()
        await stage.reply(2, root)

    third, fourth = (request.messages for request in stage.grok.requests[2:])
    assert [message["content"] for message in third][-2:] == [
        "second answer",
        third[-1]["content"],
    ]
    assert third[-1]["content"].endswith("third question")
    assert [m["content"] for m in fourth if m["content"].endswith("third question")]
    assert fourth[-1]["content"].endswith("fourth question")


async def test_a_reply_while_the_first_answer_streams_waits_for_it(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        release = asyncio.Event()
        stage.grok.script(Script(text="the first answer", stall_after=1, release=release))
        await stage.ask("first question")
        await stage.grok.arrived(1)
        await stage.workspace.wait_for(lambda: stage.workspace.messages(GENERAL))
        root = stage.workspace.messages(GENERAL)[0].ts
        await stage.workspace.wait_for(
            lambda: len(stage.workspace.message(GENERAL, root).revisions) > 1
        )
        await stage.workspace.say(ANA, GENERAL, "second question", root)
        await stage.workspace.settled()
        release.set()
        await stage.reply(0, root)

    assert said(stage.messages()) == [
        "user: first question",
        "assistant: the first answer",
        "user: second question",
    ]


@pytest.mark.parametrize("endpoint", ["completions", "chat", "responses"])
async def test_every_endpoint_carries_the_conversation(redis_url: str, endpoint: str) -> None:
    async with on_stage(
        redis_url, grok_endpoint=endpoint, grok_model="grok-4.20-non-reasoning"
    ) as stage:
        root = await answered(stage, "The Ucayali.")
        stage.grok.script(Script(text="About 1,600 km."))
        await stage.workspace.say(ANA, GENERAL, "How long is it?", root)
        reply = await stage.reply(0, root)

    sent = str(stage.sent().get("prompt") or stage.messages())
    assert stage.grok.stored == 0
    for part in ("Name a river in Peru", "The Ucayali.", "How long is it?"):
        assert part in sent
    assert bool(stage.sent().get("stop")) == (endpoint == "completions")
    assert markdown(reply) == "About 1,600 km."


async def test_flags_work_in_a_thread_and_their_faults_are_told_alone(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        root = await answered(stage)
        await stage.workspace.say(BEN, GENERAL, "--temperature 9 how long?", root)
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(BEN))
        await stage.workspace.say(BEN, GENERAL, "--temperature 0.3 how long?", root)
        await stage.reply(0, root)

    (told,) = stage.workspace.ephemerals(BEN)
    assert "temperature" in told.shown
    assert told.thread_ts == root
    assert stage.sent()["temperature"] == 0.3
    assert len(stage.replies(root)) == 1


async def test_forget_clears_the_thread(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        root = await answered(stage)
        await stage.workspace.say(ANA, GENERAL, "@grok forget", root)
        await stage.workspace.wait_for(
            lambda: stage.workspace.ephemerals(ANA) or stage.replies(root)
        )
        before = len(stage.replies(root))
        await stage.workspace.say(ANA, GENERAL, "what did I ask?", root)
        await stage.reply(before, root)

    assert said(stage.messages()) == ["user: what did I ask?"]
    assert len(stage.grok.requests) == 2


async def test_the_oldest_turns_are_dropped_and_that_is_said(redis_url: str) -> None:
    async with on_stage(redis_url, thread_tokens=400) as stage:
        root = await answered(stage, "a" * 300)
        for number in range(4):
            stage.grok.script(Script(text=f"{number}" * 300))
            await stage.workspace.say(ANA, GENERAL, f"question {number}", root)
            reply = await stage.reply(number, root)

    sent = [message["content"] for message in stage.messages()]
    assert "Name a river in Peru" not in sent
    assert sent[-1] == "question 3"
    assert "question 2" in sent
    assert talk.FIRST_FORGOTTEN(1) in last_line(reply)


async def test_thirty_turns_keep_their_order_and_their_bound(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Slack's second between posts is not the subject.
    monkeypatch.setattr(pacing, "POST_BURST", 1_000)

    def asked(turn: int) -> str:
        return f"question {turn}"

    def given(turn: int) -> str:
        return f"answer {turn}: {'so it is ' * 60}".strip()

    async with on_stage(
        redis_url, limits=Limits(scale=0), thread_tokens=2_000, slack_edits_per_minute=1_000
    ) as stage:
        for turn in range(30):
            stage.grok.script(Script(text=given(turn)))
        root = (await stage.workspace.say(ANA, GENERAL, f"@grok {asked(0)}")).ts
        await stage.reply(0, root)
        for turn in range(1, 30):
            await stage.workspace.say(ANA, GENERAL, asked(turn), root)
            await stage.reply(turn, root)

    everything = [text for turn in range(30) for text in (asked(turn), given(turn))]
    for turn, request in enumerate(stage.grok.requests):
        sent = [message["content"] for message in request.messages]
        until = 2 * turn + 1
        assert sent == everything[until - len(sent) : until]
        assert sum(map(estimate_tokens, sent)) <= 2_000 + estimate_tokens(asked(turn))
    assert len(stage.grok.requests) == 30
    assert len(stage.messages()) > 5


async def test_a_thread_too_long_for_the_model_is_asked_again_with_less(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        root = await answered(stage)
        await stage.workspace.say(ANA, GENERAL, "second", root)
        await stage.reply(0, root)
        stage.grok.script(
            Script(
                status=400,
                body={
                    "code": "invalid-argument",
                    "error": "This model's maximum prompt length is 131072 but the request "
                    "contains 200000 tokens.",
                },
            )
        )
        await stage.workspace.say(ANA, GENERAL, "third", root)
        reply = await stage.reply(1, root)

    assert len(stage.messages()) < len(stage.grok.requests[-2].messages)
    assert stage.messages()[-1]["content"] == "third"
    assert "⚠️" not in markdown(reply)


async def test_what_is_not_a_question_is_never_answered(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        root = await answered(stage)
        ws = stage.workspace
        asked = await ws.say(ANA, GENERAL, "@grok hello")
        await stage.reply(0, asked.ts)
        await ws.edit(ANA, GENERAL, asked.ts, "@grok hello there")
        plain = await ws.say(ANA, GENERAL, "nobody is called here")
        await ws.edit(ANA, GENERAL, plain.ts, "@grok now somebody is")
        await ws.say(BEN, GENERAL, "just between us", plain.ts)
        await ws.say(BEN, GENERAL, "@ana what do you think?", root)
        for delivery in [d for d in ws.deliveries if d.kind == "events_api"]:
            await ws.redeliver(delivery)
        await ws.delete(ANA, GENERAL, asked.ts)
        await stage.quiet()

    assert len(stage.grok.requests) == 2
    assert not stage.replies(plain.ts)
    assert not stage.replies(root)


async def test_bots_cannot_talk_each_other_into_a_loop(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        root = await answered(stage)
        ws = stage.workspace
        asked = await ws.say_as_bot(GENERAL, f"<@{BOT_USER}> what do you say?")
        await ws.say_as_bot(GENERAL, "and I say it again", root)
        await ws.say_as_bot(GENERAL, f"<@{BOT_USER}> from a webhook", webhook=True)
        await stage.quiet()

    assert len(stage.grok.requests) == 1
    assert not stage.replies(asked.ts)
    assert not stage.replies(root)


@MODES
async def test_an_event_that_is_not_ours_is_acked_in_silence(
    redis_url: str, mode: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        before = len(stage.workspace.deliveries)
        await stage.workspace.say(ANA, GENERAL, "xyzzy-secret among people")
        await stage.workspace.shortcut(ANA, "new_grok")
        await stage.quiet()
        deliveries = stage.workspace.deliveries[before:]

    assert deliveries
    assert all(delivery.acked for delivery in deliveries)
    assert "xyzzy-secret" not in "".join(capfd.readouterr())
    assert not stage.workspace.problems
