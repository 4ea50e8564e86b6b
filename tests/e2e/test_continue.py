"""Continue: an answer that its cap has cut goes on in its thread, paid by who clicks."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from bot import words
from bot.completion.transcript import GO_ON
from bot.jobs.queue import Queue
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import talk
from sandbox.grok import Script
from sandbox.workspace import (
    ANA,
    BEN,
    CHLOE,
    DESIGN,
    GENERAL,
    TEAM_ID,
    Message,
    dm_of,
)
from tests.e2e.cut_answers import MODEL, ONE, THREE, TWO, cut, first, press, told
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import environment
from tests.e2e.stage import button, buttons, is_complete, last_line, markdown, on_stage, thumb
from tests.e2e.test_crashes import empty_stage


@pytest.mark.parametrize("endpoint", ["responses", "chat", "completions"])
@pytest.mark.parametrize(("mode", "streaming"), [("socket", "edit"), ("http", "native")])
async def test_a_cut_answer_goes_on_in_its_thread(
    redis_url: str, mode: str, endpoint: str, streaming: str
) -> None:
    how: dict[str, Any] = {"slack_streaming": streaming, "grok_endpoint": endpoint}
    async with on_stage(redis_url, mode=mode, **how) as stage:
        message = await first(stage, f"{MODEL} --temperature 0.4 --system Short Count")
        stage.grok.script(Script(text=TWO))
        await press(stage, ANA, message)
        more = await stage.reply(0, message.ts)
        await stage.workspace.wait_for(lambda: "continue" not in buttons(message))
        await stage.quiet()

    assert markdown(more).strip() == TWO.strip()
    assert buttons(more) == ["retry", "edit", "details"]
    assert buttons(message) == ["retry", "edit", "details"]
    assert words.ON_IN_THREAD in message.shown
    assert "it goes on below" in markdown(message)
    assert "--max-tokens" not in message.shown
    assert last_line(message).startswith("grok-")
    asked, on = stage.grok.requests
    for name in ("model", "temperature", "max_tokens", "max_output_tokens", "stream"):
        assert asked.body.get(name) == on.body.get(name)
    if endpoint == "completions":
        assert on.body["prompt"] == asked.body["prompt"] + ONE
    else:
        added = [{"role": "assistant", "content": ONE}, {"role": "user", "content": GO_ON}]
        assert on.messages == [*asked.messages, *added]
    assert not stage.workspace.problems


@pytest.mark.parametrize("ask", ["Count", "--max-tokens 60 Count"])
async def test_what_is_advised_below_a_cut_answer_is_allowed_there(
    redis_url: str, ask: str
) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("quota set max-tokens=100 channel")
        message = await first(stage, ask)
        advice = re.search(r"--max-tokens \d+", message.shown)
        stage.grok.script(Script(text=TWO))
        if advice:
            await stage.ask(f"{advice[0]} Count")
        else:
            assert "the most that is allowed here; press Continue" in message.shown
            await press(stage, ANA, message)
        await stage.grok.arrived(2)
        await stage.quiet()

    assert bool(advice) == ("--max-tokens" in ask)
    assert stage.sent()["max_tokens"] == 100


async def test_clicks_at_once_are_one_and_a_later_one_is_told(redis_url: str) -> None:
    async with on_stage(redis_url, replicas=2) as stage:
        message = await first(stage)
        seen = len(message.revisions) - 1
        release = asyncio.Event()
        stage.grok.script(Script(text=TWO, stall_after=1, release=release))
        await asyncio.gather(*(press(stage, BEN, message, seen=seen) for _ in range(3)))
        await stage.grok.arrived(2)
        await press(stage, CHLOE, message, seen=seen)
        await told(stage, CHLOE, talk.CONTINUED_ALREADY)
        release.set()
        more = await stage.reply(0, message.ts)
        await stage.quiet()
        await press(stage, BEN, message, seen=seen)
        await told(stage, BEN, talk.CONTINUED_ALREADY)
        await stage.quiet()

    assert len(stage.grok.requests) == 2
    assert len(stage.replies(message.ts)) == 1
    assert f"<@{BEN}> asked Grok to continue" in str(more.revisions[-1].blocks)
    assert len(stage.workspace.ephemerals(BEN)) == 1


async def test_three_in_a_row_and_what_is_remembered(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        stage.grok.script(cut(TWO))
        await press(stage, ANA, message)
        second = await stage.reply(0, message.ts)
        stage.grok.script(cut(THREE))
        await press(stage, BEN, second)
        third = await stage.reply(1, message.ts)
        stage.grok.script(Script(text=", done."))
        await press(stage, ANA, third)
        await stage.reply(2, message.ts)
        stage.grok.script(Script(text="Yes."))
        await stage.workspace.say(ANA, GENERAL, "All of them?", message.ts)
        await stage.reply(3, message.ts)
        await stage.quiet()

    for each in (message, second, third):
        assert buttons(each) == ["retry", "edit", "details"]
    contents = [each["content"] for each in stage.grok.requests[3].messages]
    assert contents == ["Count", ONE + TWO + THREE, GO_ON]
    contents = [each["content"] for each in stage.messages()]
    assert contents == ["Count", f"{ONE}{TWO}{THREE}, done.", "All of them?"]


async def test_a_continuation_is_retried_from_where_it_began(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        for text in (TWO, THREE, "Yes."):
            stage.grok.script(Script(text=text))
        await press(stage, ANA, message)
        more = await stage.reply(0, message.ts)
        await stage.workspace.click(ANA, GENERAL, more.ts, "retry")
        await stage.reply(1, message.ts)
        await stage.workspace.say(ANA, GENERAL, "All?", message.ts)
        await stage.reply(2, message.ts)

    bodies = [request.messages for request in stage.grok.requests]
    assert bodies[1] == bodies[2]
    assert [each["content"] for each in bodies[3]] == ["Count", ONE + THREE, "All?"]


async def test_each_of_several_answers_goes_on_by_itself(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(cut(("alpha ", "beta ", "gamma ")))  # type: ignore[arg-type]
        await stage.ask("-n 3 --seed 7 Name a letter")
        answers = await stage.answer()
        await stage.quiet()
        assert [buttons(each) for each in answers] == [
            ["continue", "retry", "edit", "details"],
            ["continue"],
            ["continue", "retry", "edit", "details"],
        ]
        assert words.OTHERS_IN_THREAD in answers[0].shown
        assert last_line(answers[0]) == last_line(answers[2]) != ""
        stage.grok.script(Script(text="and on"))
        await press(stage, ANA, answers[1])
        more = await stage.reply(2, answers[0].ts)
        await stage.quiet()

    assert "asked Grok to continue answer 2 of 3" in more.shown
    assert [buttons(each)[:1] for each in answers] == [["continue"], [], ["continue"]]
    assert [each["content"] for each in stage.messages()] == [
        "Name a letter", "beta ", GO_ON,
    ]  # fmt: skip
    assert stage.sent()["seed"] == 7
    assert "n" not in stage.sent()
    assert not stage.workspace.problems


LONG = "".join(f"Sentence number {number} of a long story.\n\n" for number in range(500))


@pytest.mark.parametrize("streaming", ["edit", "native"])
async def test_an_answer_of_several_messages_goes_on_behind_its_last(
    redis_url: str, streaming: str
) -> None:
    async with on_stage(redis_url, slack_streaming=streaming) as stage:
        stage.grok.script(cut(f"{LONG}```python\nx = [\n    1,"))
        await stage.ask("--max-tokens 50000 Tell me a story")
        answers = await stage.answer()
        assert len(answers) > 1
        stage.grok.script(Script(text="\n    2,\n]\n```\nThe end."))
        await press(stage, ANA, answers[-1])
        more = await stage.reply(len(answers) - 1, answers[0].ts)
        await stage.workspace.wait_for(lambda: "continue" not in buttons(answers[-1]))
        await stage.quiet()

    assert markdown(more) == "```python\n\n    2,\n]\n```\nThe end."
    assert buttons(answers[-1]) == ["retry", "edit", "details"]
    assert [words.ON_IN_THREAD in each.shown for each in answers] == [
        True, *[False] * (len(answers) - 1),
    ]  # fmt: skip
    assert not stage.workspace.problems


@pytest.mark.parametrize("streaming", ["edit", "native"])
async def test_in_a_thread_and_in_a_direct_message(redis_url: str, streaming: str) -> None:
    async with on_stage(redis_url, slack_streaming=streaming) as stage:
        stage.grok.script(cut())
        asked = await stage.workspace.say(BEN, GENERAL, "@grok count")
        answer = await stage.reply(0, asked.ts)
        stage.grok.script(Script(text=TWO))
        await press(stage, BEN, answer)
        more = await stage.reply(1, asked.ts)
        assert markdown(more).strip() == TWO.strip()
        assert words.ON_IN_THREAD not in answer.shown

        direct = dm_of(BEN)
        stage.grok.script(cut())
        await stage.workspace.say(BEN, direct, "count")

        def top() -> Message | None:
            found = [m for m in stage.workspace.messages(direct) if is_complete(m)]
            return found[0] if found else None

        said = await stage.workspace.wait_for(top)
        stage.grok.script(Script(text=TWO))
        await press(stage, BEN, said)
        more = await stage.reply(0, said.ts, channel=direct)
        assert markdown(more).strip() == TWO.strip()
        await stage.workspace.wait_for(
            lambda: not any("continue" in buttons(each) for each in (answer, said))
        )
        await stage.quiet()
    assert not stage.workspace.problems


async def test_a_private_answer_goes_on_privately(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(cut())
        await stage.ask("--private Count", user=BEN)
        answer = await told(stage, BEN, "one two")
        await stage.quiet()
        assert buttons(answer) == ["continue", "retry", "edit", "details", "share"]
        stage.grok.script(Script(text=TWO))
        await press(stage, BEN, answer)
        more = await told(stage, BEN, "five six")
        await stage.workspace.wait_for(lambda: "continue" not in buttons(answer))
        await stage.workspace.click(BEN, more.channel, more.ts, "share")
        await told(stage, BEN, talk.SHARED)
        await stage.quiet()

    assert buttons(answer) == ["retry", "edit", "details", "share"]
    assert thumb(answer)
    assert markdown(answer).startswith(ONE.strip())
    assert buttons(more) == ["retry", "edit", "details", "share"]
    (shared,) = stage.workspace.messages(GENERAL)
    assert (ONE + TWO).strip() in markdown(shared)
    assert not stage.workspace.problems


async def test_what_goes_on_privately_is_retried_beside_it(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(cut())
        await stage.ask("--private Count")
        answer = await told(stage, ANA, "one two")
        stage.grok.script(Script(text=TWO))
        await press(stage, ANA, answer)
        more = await told(stage, ANA, "five six")
        await stage.workspace.wait_for(lambda: "continue" not in buttons(answer))
        stage.grok.script(Script(text=THREE))
        await stage.workspace.click(ANA, more.channel, more.ts, "retry")
        retried = await told(stage, ANA, "nine ten")
        await stage.quiet()

    assert [markdown(each).split()[0] for each in (answer, more, retried)] == [
        "one",
        "five",
        "nine",
    ]
    assert stage.grok.requests[1].messages == stage.grok.requests[2].messages


async def test_where_the_bot_is_no_member_it_goes_on_for_its_asker_alone(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(cut())
        await stage.ask("Count", channel=DESIGN)
        answer = await told(stage, ANA, "one two")
        stage.grok.script(Script(text=TWO))
        await press(stage, ANA, answer)
        await told(stage, ANA, "five six")
        await stage.workspace.wait_for(lambda: "continue" not in buttons(answer))
        await stage.quiet()

    assert not stage.workspace.messages(DESIGN)
    assert not stage.workspace.problems


async def test_who_has_to_wait_for_their_turn_is_told(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        release = asyncio.Event()
        stage.grok.script(Script(text="slow", stall_after=1, release=release))
        stage.grok.script(Script(text=TWO))
        await stage.workspace.say(ANA, GENERAL, "And then?", message.ts)
        await stage.grok.arrived(2)
        await press(stage, BEN, message)
        await told(stage, BEN, talk.IN_LINE(1))
        release.set()
        more = await stage.reply(1, message.ts)
        await stage.quiet()

    assert markdown(more).strip() == TWO.strip()


async def test_what_was_stopped_before_anything_of_it_was_seen_can_be_continued(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(cut())
        await stage.ask("--private Count")
        answer = await told(stage, ANA, "one two")
        stage.grok.script(Script(text="never", first_delay=60))
        await press(stage, ANA, answer)
        await stage.grok.arrived(2)
        waiting = [m for m in stage.workspace.ephemerals(ANA) if buttons(m) == ["stop"]][-1]
        await stage.workspace.click(ANA, waiting.channel, waiting.ts, "stop")
        await told(stage, ANA, talk.STOPPED_ALONE)
        await stage.quiet()
        assert buttons(answer)[0] == "continue"
        stage.grok.script(Script(text=TWO))
        await press(stage, ANA, answer)
        await told(stage, ANA, "five six")
        await stage.workspace.wait_for(lambda: "continue" not in buttons(answer))
        await stage.quiet()

    assert not stage.workspace.problems


async def test_a_private_answer_sent_as_a_direct_message_goes_on_there(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(cut(LONG))
        await stage.ask("--private --max-tokens 50000 Tell me a story")
        direct = dm_of(ANA)
        await stage.answer(channel=direct)
        root = stage.workspace.messages(direct)[0]

        def replies() -> list[Message]:
            return stage.replies(root.ts, channel=direct)

        await stage.workspace.wait_for(lambda: "continue" in buttons(replies()[-1]))
        last, number = replies()[-1], len(replies())
        stage.grok.script(Script(text="The end."))
        await press(stage, ANA, last)
        more = await stage.reply(number, root.ts, channel=direct)
        await stage.workspace.wait_for(lambda: "continue" not in buttons(last))
        await stage.quiet()

    assert markdown(more) == "The end."
    assert words.ON_IN_THREAD in root.shown
    assert not stage.workspace.messages(GENERAL)
    assert not stage.workspace.problems


async def test_shown_afresh_it_has_no_button_either(redis_url: str, store: Store) -> None:
    queue = Queue(store, Keys(TEAM_ID), lease_seconds=15, retention_seconds=600)
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        stage.grok.script(Script(text=TWO))
        await press(stage, ANA, message)
        await stage.reply(0, message.ts)
        await stage.workspace.wait_for(lambda: "continue" not in buttons(message))
        await stage.quiet()
        revisions = len(message.revisions)
        assert await queue.reassert(button(message, "retry")["value"])
        await stage.workspace.wait_for(lambda: len(message.revisions) > revisions)
        await stage.quiet()

    assert buttons(message) == ["retry", "edit", "details"]
    assert words.ON_IN_THREAD in message.shown


async def test_killed_behind_the_click_it_goes_on_once(tmp_path: Path) -> None:
    async with empty_stage() as stage:
        env = environment(stage.workspace, stage.grok, tmp_path / "data")
        stage.grok.script(cut())
        async with loaded_bot(env, cwd=tmp_path) as bot:
            await stage.workspace.connected()
            await stage.ask("Count")
            (message,) = await stage.answer()
            await stage.quiet()
            stage.grok.script(Script(text=TWO, speed=2, times=2))
            await press(stage, ANA, message)
            await stage.grok.arrived(2)
            bot.send_signal(signal.SIGKILL)
            await bot.wait()
        async with loaded_bot(env, cwd=tmp_path):
            await stage.reply(0, message.ts)
            await stage.workspace.wait_for(lambda: "continue" not in buttons(message), 20)
            await stage.quiet()

    (more,) = stage.replies(message.ts)
    assert markdown(more).strip() == TWO.strip()
    assert words.ON_IN_THREAD in message.shown


@pytest.mark.parametrize("streaming", ["edit", "native"])
@pytest.mark.parametrize(
    ("begun", "more", "shown", "goes_on"),
    [
        ("- **Say", " what you want first.**", "- **Say**", "**what you want first.**"),
        ("**1. As a user.*", "* And then.", "**1. As a user.**", "And then."),
        (
            "Plan:\n\n| Phase | What |",
            " Do |\n| --- | --- | --- |\n| 1 | 2 | 3 |",
            "Plan:\n\n| Phase | What |\n|---|---|",
            "| Phase | What | Do |\n| --- | --- | --- |\n| 1 | 2 | 3 |",
        ),
    ],
)
async def test_what_is_open_at_the_cut_is_closed_there_and_opened_again(
    redis_url: str, streaming: str, begun: str, more: str, shown: str, goes_on: str
) -> None:
    async with on_stage(redis_url, slack_streaming=streaming) as stage:
        stage.grok.script(cut(begun))
        await stage.ask("Plan")
        (answer,) = await stage.answer()
        stage.grok.script(Script(text=more))
        await press(stage, ANA, answer)
        following = await stage.reply(0, answer.ts)
        await stage.quiet()

    assert markdown(answer).startswith(f"{shown}\n\n")
    assert markdown(following) == goes_on
    assert stage.grok.requests[1].messages[-2]["content"] == begun
    assert not stage.workspace.problems
