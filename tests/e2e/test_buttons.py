"""The buttons of an answer, and what stops it: Stop, Retry, Edit, Details, deletions."""

from __future__ import annotations

import asyncio
import re

import pytest

from bot.jobs.queue import Queue
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, CHLOE, GENERAL, TEAM_ID, Message, View, dm_of
from tests.e2e.stage import Stage, button, buttons, is_complete, last_line, markdown, on_stage
from tests.e2e.test_admin import told

MODES = pytest.mark.parametrize("mode", ["socket", "http"])
SLOW = [f"word{number} " for number in range(400)]


async def streaming(stage: Stage, user: str = ANA) -> Message:
    """An answer of which some text is shown, and more is to come."""
    stage.grok.script(Script(pieces=SLOW, speed=20))
    await stage.ask("Count for me", user=user)
    await stage.workspace.wait_for(
        lambda: any("word3" in markdown(m) for m in stage.workspace.messages(GENERAL))
    )
    return stage.workspace.messages(GENERAL)[-1]


@MODES
async def test_stop_keeps_what_there_is(redis_url: str, mode: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        message = await streaming(stage)
        assert buttons(message) == ["stop"]
        result = await stage.workspace.click(ANA, GENERAL, message.ts, "stop")
        await stage.workspace.wait_for(lambda: is_complete(message))
        await stage.grok.requests[0].closed.wait()

    assert result.error is None
    assert stage.grok.requests[0].closed_early
    assert "word3" in markdown(message)
    assert "word399" not in markdown(message)
    assert "topped" in markdown(message)
    assert "⚠️" not in markdown(message)
    assert re.search(r"at most [\d,]+ tokens and \$0\.\d+ · ", last_line(message))
    assert not stage.workspace.problems


async def test_only_the_asker_or_an_admin_stops_an_answer(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await streaming(stage, user=BEN)
        await stage.workspace.click(CHLOE, GENERAL, message.ts, "stop")
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(CHLOE))
        assert buttons(message) == ["stop"]
        await stage.workspace.click(ANA, GENERAL, message.ts, "stop")  # an admin
        await stage.workspace.wait_for(lambda: is_complete(message))

    (told,) = stage.workspace.ephemerals(CHLOE)
    assert "admin" in told.shown


async def test_a_click_in_a_thread_that_comes_to_nothing_reads_nothing(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(pieces=SLOW, speed=20))
        asked = await stage.workspace.say(BEN, GENERAL, "@grok count for me")
        await stage.workspace.wait_for(
            lambda: any("word3" in markdown(m) for m in stage.replies(asked.ts))
        )
        (message,) = stage.replies(asked.ts)
        read = len(stage.workspace.calls_of("conversations.replies"))
        for _ in range(3):
            await stage.workspace.click(CHLOE, GENERAL, message.ts, "stop")
        await stage.workspace.wait_for(lambda: len(stage.workspace.ephemerals(CHLOE)) == 3)
        assert len(stage.workspace.calls_of("conversations.replies")) == read

    assert {told.thread_ts for told in stage.workspace.ephemerals(CHLOE)} == {asked.ts}


async def test_a_stop_that_another_replica_heard_takes_effect(redis_url: str, store: Store) -> None:
    other = Queue(store, Keys(TEAM_ID), lease_seconds=15, retention_seconds=600)
    async with on_stage(redis_url) as stage:
        message = await streaming(stage)
        job_id = button(message, "stop")["value"]
        assert await other.stop(job_id, "asker") == "running"
        await stage.workspace.wait_for(lambda: is_complete(message))

    assert "word399" not in markdown(message)
    assert stage.grok.requests[0].closed_early


async def test_a_deleted_answer_stops(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await streaming(stage)
        await stage.workspace.delete(ANA, GENERAL, message.ts)
        await stage.grok.requests[0].closed.wait()
        await stage.quiet()

    assert stage.grok.requests[0].closed_early
    assert not stage.workspace.messages(GENERAL)


async def test_a_deleted_question_stops_its_answer(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(pieces=SLOW, speed=20))
        asked = await stage.workspace.say(BEN, GENERAL, "@grok count for me")
        await stage.workspace.wait_for(
            lambda: any("word3" in markdown(m) for m in stage.replies(asked.ts))
        )
        await stage.workspace.delete(BEN, GENERAL, asked.ts)
        await stage.grok.requests[0].closed.wait()
        await stage.reply(0, asked.ts)

    assert stage.grok.requests[0].closed_early


async def test_a_question_deleted_while_it_waits_is_not_asked(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("first")
        (first,) = await stage.answer()
        release = asyncio.Event()
        stage.grok.script(Script(text="second answer", stall_after=1, release=release))
        await stage.workspace.say(ANA, GENERAL, "second", first.ts)
        await stage.grok.arrived(2)
        waiting = await stage.workspace.say(ANA, GENERAL, "third", first.ts)
        await stage.workspace.say(ANA, GENERAL, "fourth", first.ts)
        await stage.workspace.settled()
        await stage.workspace.delete(ANA, GENERAL, waiting.ts)
        await stage.workspace.settled()
        release.set()
        await stage.reply(1, first.ts)

    assert len(stage.grok.requests) == 3
    assert stage.messages()[-1]["content"] == "fourth"
    assert len(stage.replies(first.ts)) == 2


@MODES
async def test_retry_asks_again_and_keeps_the_old_answer(redis_url: str, mode: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        stage.grok.script(Script(text="the first"))
        stage.grok.script(Script(text="the second"))
        await stage.ask("--temperature 0.4 Name a river")
        (old,) = await stage.answer()
        await asyncio.gather(
            *(stage.workspace.click(BEN, GENERAL, old.ts, "retry") for _ in range(2))
        )
        (new,) = await stage.answer(1)
        await stage.quiet()

    first, second = (request.body for request in stage.grok.requests)
    assert first.pop("safety_identifier") != second.pop("safety_identifier")
    assert first == second
    assert markdown(old) == "the first"
    assert markdown(new) == "the second"
    assert f"<@{BEN}>" in str(new.revisions[-1].blocks)
    assert len(stage.workspace.messages(GENERAL)) == 2


async def test_a_retry_keeps_a_cap_that_was_set_meanwhile(redis_url: str) -> None:
    """The longest answer was nobody's wish, so it gives way."""
    async with on_stage(redis_url) as stage:
        for text in ("Name a river", "--max-tokens 500 Name a lake"):
            await stage.ask(text)
        answers = [(await stage.answer(number))[0] for number in range(2)]
        await told(stage, "quota set max-tokens=100 channel")
        before = len(stage.workspace.ephemerals(ANA))
        for answer in answers:
            await stage.workspace.click(ANA, GENERAL, answer.ts, "retry")
        refused = await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA)[before:])
        await stage.workspace.wait_for(lambda: len(stage.grok.requests) == 3)
        await stage.quiet()

    assert ["500 is too large" in each.shown for each in refused] == [True]
    assert stage.sent()["max_tokens"] == 100


async def test_a_later_retry_is_another_one(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("Name a river")
        (old,) = await stage.answer()
        for number in (1, 2, 3):
            await stage.workspace.click(ANA, GENERAL, old.ts, "retry")
            await stage.answer(number)
            await stage.quiet()

    assert len(stage.workspace.messages(GENERAL)) == 4


async def test_a_retry_in_a_thread_replaces_the_turn(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        for text in ("zero", "old", "new", "last"):
            stage.grok.script(Script(text=text))
        await stage.ask("first")
        (first,) = await stage.answer()
        await stage.workspace.say(ANA, GENERAL, "second", first.ts)
        old = await stage.reply(0, first.ts)
        await stage.workspace.click(ANA, GENERAL, old.ts, "retry")
        await stage.reply(1, first.ts)
        await stage.workspace.say(ANA, GENERAL, "third", first.ts)
        await stage.reply(2, first.ts)

    retried = [message["content"] for message in stage.grok.requests[2].messages]
    assert retried == ["first", "zero", "second"]
    sent = [message["content"] for message in stage.messages()]
    assert sent == ["first", "zero", "second", "new", "third"]


async def test_edit_opens_the_form_with_the_values_of_the_answer(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("--temperature 0.4 --seed 7 --system Short Name a river")
        (message,) = await stage.answer()
        await stage.workspace.click(BEN, GENERAL, message.ts, "edit")
        view = await stage.form(BEN)
        result = await stage.workspace.submit(BEN, view.id, {"prompt": "Name a lake"})
        await stage.answer(1)

    assert not result.error
    sent = stage.sent()
    assert stage.messages() == [
        {"role": "system", "content": "Short"},
        {"role": "user", "content": "Name a lake"},
    ]
    assert (sent["temperature"], sent["seed"]) == (0.4, 7)


@pytest.mark.parametrize(
    ("flags", "script", "part"),
    [
        ("", Script(text="42", reasoning="Six times seven."), "Six times seven."),
        ("--model grok-sandbox-non-reasoning --logprobs 2", Script(text="forty two"), "forty"),
    ],
)
async def test_details_show_what_stands_behind_an_answer(
    redis_url: str, flags: str, script: Script, part: str
) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(script)
        await stage.ask(f"{flags} What is 6 * 7?")
        (message,) = await stage.answer()
        await stage.workspace.click(BEN, GENERAL, message.ts, "details")

        def shown() -> View | None:
            view = stage.workspace.view(BEN)
            return view if view and part in str(view.content) else None

        view = await stage.workspace.wait_for(shown)

    assert "What is 6 * 7?" in str(view.content)


async def test_every_answer_tells_what_was_asked_read_along_and_used(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="The Ucayali"))
        stage.grok.script(Script(text="The Danube"))
        workspace, direct = stage.workspace, dm_of(ANA)

        async def answer(text: str) -> Message:
            def complete() -> Message | None:
                last = workspace.messages(direct)[-1]
                return last if text in last.shown and is_complete(last) else None

            return await workspace.wait_for(complete, 20)

        await workspace.say(ANA, direct, "Name a river")
        await answer("Ucayali")
        await workspace.say(ANA, direct, "--temperature 0.5 And one in Europe?")
        message = await answer("Danube")
        await workspace.click(ANA, direct, message.ts, "details")

        def shown() -> View | None:
            view = workspace.view(ANA)
            return view if view and "What came back" in str(view.content) else None

        told = str((await workspace.wait_for(shown)).content)

    for part in ("And one in Europe?", "`0.5`", "What was read along", "Tokens read", "Time"):
        assert part in told
    assert "The question before this one, and its answer" in told


async def test_a_button_of_an_answer_long_forgotten_says_so(redis_url: str, store: Store) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("Name a river")
        (message,) = await stage.answer()
        (job,) = await store.redis.keys("grokbot:*:job:*")
        while await store.redis.ttl(job) < 0:  # it is done a moment after its answer shows
            await asyncio.sleep(0.01)
        await store.redis.delete(job)
        for action in ("retry", "edit"):
            await stage.workspace.click(ANA, GENERAL, message.ts, action)
        await stage.quiet()
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))

    assert len(stage.grok.requests) == 1


async def test_an_asker_who_waited_long_is_told_once(redis_url: str) -> None:
    async with on_stage(redis_url, tell_after_seconds=0.2) as stage:
        stage.grok.script(Script(pieces=SLOW[:30], speed=20))
        await stage.ask("Count for me")
        await stage.workspace.wait_for(lambda: stage.workspace.messages(GENERAL))
        root = stage.workspace.messages(GENERAL)[0]
        await stage.workspace.wait_for(lambda: is_complete(root), 20)
        await stage.workspace.wait_for(lambda: stage.replies(root.ts))
        await stage.quiet()

    (told,) = stage.replies(root.ts)
    assert f"<@{ANA}>" in str(told.revisions[-1].blocks)
    assert len(told.revisions) == 1
