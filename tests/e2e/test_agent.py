"""The surface of agents, over the whole bot: what is suggested, what a thread says while its answer
is worked on, Slack's own Stop, and what people look at beside it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.ops.manifest import manifest
from bot.words import home as home_words
from bot.words import prompts as prompt_words
from bot.words import talk
from sandbox.grok import Script
from sandbox.workspace import (
    ANA,
    BEN,
    CHLOE,
    ENGINEERING,
    FINANCE,
    GENERAL,
    GUEST,
    AppConfig,
    Message,
    Session,
    dm_of,
)
from tests.e2e.stage import Stage, installed_app, on_stage
from tests.e2e.test_admin import told

AGENT = AppConfig.from_manifest(manifest(agent=True))
HERE = dm_of(BEN)


@asynccontextmanager
async def agent(redis_url: str, **values: Any) -> AsyncIterator[Stage]:
    """The bot as an agent."""
    async with on_stage(redis_url, app=values.pop("app", AGENT), **values) as stage:
        yield stage


async def said(stage: Stage, text: str, user: str = BEN) -> Message:
    return await stage.workspace.say(user, dm_of(user), text)


def session(stage: Stage, root: Message) -> Session | None:
    return stage.workspace.session(root.channel, root.ts)


async def rests(stage: Stage, root: Message) -> Session:
    """The session of a thread, once the answer there is whole."""

    def waits() -> Session | None:
        found = session(stage, root)
        return found if found and found.status == "active" else None

    return await stage.workspace.wait_for(waits)


def called(stage: Stage) -> set[str]:
    return {call.method for call in stage.workspace.calls}


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_thread_says_what_is_done_until_its_answer_is_whole(
    redis_url: str, mode: str
) -> None:
    async with agent(redis_url, mode=mode) as stage:
        stage.grok.script(Script(pieces=["one ", "two"], stall_after=1))
        root = await said(stage, "Name: a <!channel> *lake*\nplease")
        await stage.workspace.wait_for(lambda: stage.replies(root.ts, channel=HERE))
        begun = session(stage, root)
        assert begun is not None
        working, title = begun.status, begun.title
        await stage.workspace.press_stop(BEN, HERE, root.ts)
        ended = await rests(stage, root)
        (answer,) = stage.replies(root.ts, channel=HERE)
        first = [each for each in stage.workspace.state.said if each[1] == root.ts]
        again = await said(stage, "And a river?")
        whole = await rests(stage, again)

    assert working == "processing"
    assert "lake" in title
    assert "<" not in title
    assert "\n" not in title
    assert begun.initiator == BEN
    assert ended.history == ["processing", "processing", "active"] or ended.history[-1] == "active"
    assert "one" in answer.shown
    assert talk.STOPPED.strip("_") in answer.shown
    assert first
    assert "thinking" in first[0][2]
    assert whole.history[-1] == "active"
    assert not stage.workspace.problems


async def test_each_thread_of_the_messages_is_a_conversation_of_its_own(redis_url: str) -> None:
    async with agent(redis_url) as stage:
        root = await said(stage, "The codeword is Ucayali.")
        await rests(stage, root)
        await stage.workspace.say(BEN, HERE, "What is it?", root.ts)
        await stage.grok.arrived(2)
        within = json.dumps(stage.messages())
        await stage.workspace.wait_for(lambda: len(stage.replies(root.ts, channel=HERE)) == 2)
        await said(stage, "forget")
        heard = await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(BEN))
        other = await said(stage, "What is the codeword?")
        await rests(stage, other)
        apart = json.dumps(stage.messages())

    assert "Ucayali" in within
    assert "Ucayali" not in apart
    assert talk.NOTHING_TO_FORGET_HERE in heard[0].shown


async def test_a_search_is_told_below_the_thread(redis_url: str) -> None:
    async with agent(redis_url) as stage:
        root = await said(stage, "--search web What is new in Lisbon?")
        await rests(stage, root)
        lines = [each[2] for each in stage.workspace.state.said if each[1] == root.ts]

    assert any("search" in line for line in lines), lines


async def test_prompts_are_suggested_nearest_first_and_sent_as_they_are(redis_url: str) -> None:
    async with agent(redis_url) as stage:
        workspace = stage.workspace
        await told(stage, "prompts save brief In one line: {text}", user=BEN)
        await told(stage, "prompts save rivers -t 0.3 Name a river", user=ANA)
        await told(stage, "prompts share rivers", user=ANA, channel=ENGINEERING)
        await told(stage, f"prompts save long {'x' * 2_400}", user=BEN)
        assert [each["title"] for each in workspace.suggested(BEN)] == [
            title for title, _ in home_words.PROMPTS
        ]
        await workspace.open_home(BEN, "messages")
        await workspace.wait_for(lambda: workspace.suggested(BEN)[0]["title"] == "brief")
        await workspace.look_at(BEN, ENGINEERING)
        await workspace.wait_for(lambda: workspace.suggested(BEN)[1]["title"] == "rivers")
        titles = [each["title"] for each in workspace.suggested(BEN)]
        root = await workspace.pick(BEN, 1)
        await rests(stage, root)
        asked, temperature = stage.messages()[-1]["content"], stage.sent()["temperature"]
        await workspace.pick(BEN, 0)
        needed = prompt_words.NEEDS_WORDS("brief")
        await workspace.wait_for(lambda: needed in workspace.ephemerals(BEN)[-1].shown)
        requests = len(stage.grok.requests)

    assert titles == ["brief", "rivers", *[title for title, _ in home_words.PROMPTS][:2]]
    assert asked.endswith("\nName a river")
    assert temperature == 0.3
    assert requests == 1
    assert not workspace.problems


async def test_what_somebody_looks_at_is_a_hint_and_never_a_right(redis_url: str) -> None:
    async with agent(redis_url) as stage:
        workspace = stage.workspace
        await told(stage, "prompts save secret Tell it all", user=ANA)
        await told(stage, "prompts share secret", user=ANA, channel=FINANCE)
        await workspace.look_at(BEN, ENGINEERING)
        await rests(stage, await said(stage, "What is this about?"))
        seen = json.dumps(stage.messages())
        workspace.state.viewing[BEN] = FINANCE
        await workspace.emit("app_context_changed", forged(BEN, FINANCE))
        await workspace.emit("app_context_changed", {**forged(BEN, FINANCE), "context": [1, {}]})
        await workspace.emit("app_context_changed", {"type": "app_context_changed", "context": 7})
        await workspace.emit("app_context_changed", forged(ANA, "C0../x"))
        await rests(stage, await said(stage, "And this?"))
        unseen = json.dumps(stage.messages())
        await stage.quiet()
        titles = [each["title"] for each in workspace.suggested(BEN)]
        deliveries = list(workspace.deliveries)

    assert talk.LOOKING_AT("engineering") in seen
    assert "finance" not in unseen
    assert "secret" not in titles
    assert all(each.acked for each in deliveries)


def forged(user: str, channel: str) -> dict[str, Any]:
    entity = {"type": "slack#/types/channel_id", "value": channel, "team_id": "T0SANDBOX1"}
    return {
        "type": "app_context_changed",
        "user": user,
        "channel": dm_of(user),
        "context": {"entities": [entity]},
    }


async def test_stop_is_for_the_asker_and_admins_and_moves_the_session_on(redis_url: str) -> None:
    async with agent(redis_url) as stage:
        workspace = stage.workspace
        for _ in range(2):
            stage.grok.script(Script(pieces=["one ", "two"], stall_after=1))
        roots = [await workspace.say(BEN, GENERAL, "@grok Count") for _ in range(2)]
        await workspace.wait_for(lambda: all(stage.replies(root.ts) for root in roots))
        await workspace.press_stop(CHLOE, GENERAL, roots[0].ts)
        heard = await workspace.wait_for(lambda: workspace.ephemerals(CHLOE))
        still = session(stage, roots[0])
        assert still is not None
        going = still.status
        await workspace.press_stop(ANA, GENERAL, roots[0].ts)
        await workspace.press_stop(BEN, GENERAL, roots[1].ts)
        for root in roots:
            await rests(stage, root)
        idle = await workspace.say(BEN, GENERAL, "nobody is asked")
        await stage.workspace.emit(
            "agent_session_stopped",
            {
                "type": "agent_session_stopped",
                "user": CHLOE,
                "channel": GENERAL,
                "thread_ts": idle.ts,
                "streaming_message_ts": [],
            },
        )
        await rests(stage, idle)

    assert "They can stop it" in heard[0].shown
    assert going == "processing"
    assert all(talk.STOPPED.strip("_") in stage.replies(root.ts)[-1].shown for root in roots)


async def test_an_app_that_is_no_agent_calls_none_of_it(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        root = await stage.workspace.say(BEN, GENERAL, "@grok Name a lake")
        await stage.reply(0, root.ts)
        await stage.workspace.open_home(BEN, "messages")
        await stage.workspace.wait_for(lambda: stage.workspace.messages(HERE))
        await stage.quiet()

    assert not {each for each in called(stage) if each.startswith(("agents.", "assistant."))}


async def test_a_refused_method_is_left_alone_and_nobody_notices(redis_url: str) -> None:
    """The scope of agents, of an app that Slack takes for none."""
    plain = installed_app()
    scopes = plain.scopes | {"assistant:write"}
    async with agent(redis_url, app=replace(plain, scopes=scopes)) as stage:
        for number in range(3):
            root = await stage.workspace.say(BEN, GENERAL, f"@grok Name lake {number}")
            await stage.reply(0, root.ts)
        calls = stage.workspace.calls_of("agents.sessions.setStatus")

    assert [call.error for call in calls] == ["not_authorized"]


@pytest.mark.parametrize("disturbed", [False, True])
async def test_streams_of_an_agent_leave_no_thread_working(redis_url: str, disturbed: bool) -> None:
    async with agent(redis_url, slack_streaming="native") as stage:
        if disturbed:
            stage.workspace.fail("agents.sessions.setStatus", retry_after=30)
        stage.grok.script(Script(pieces=["one. ", "two. "] * 4, speed=20))
        root = await stage.workspace.say(BEN, GENERAL, "@grok Count")
        await stage.reply(0, root.ts)
        whole = await rests(stage, root)
        streamed = "chat.startStream" in called(stage)
        lines = [each for each in stage.workspace.state.said if each[1] == root.ts]

    assert streamed
    assert whole.history[-1] == "active"
    assert bool(lines) != disturbed


async def test_guests_do_without(redis_url: str) -> None:
    async with agent(redis_url) as stage:
        root = await stage.workspace.say(GUEST, GENERAL, "@grok Name a lake")
        await stage.reply(0, root.ts)
        found = session(stage, root)

    assert found is not None
    assert found.history[-1] == "active"


async def test_a_thread_that_is_deleted_meanwhile_ends_without_a_trace(redis_url: str) -> None:
    async with agent(redis_url) as stage:
        stage.grok.script(Script(pieces=["one ", "two"], stall_after=1))
        root = await said(stage, "Count")
        await stage.workspace.wait_for(lambda: session(stage, root))
        await stage.grok.arrived(1)
        await stage.workspace.delete(BEN, HERE, root.ts)
        await stage.quiet()
        await stage.workspace.wait_for(lambda: "agents.sessions.setStatus" in called(stage))

    assert not stage.workspace.problems


async def test_a_stream_that_alone_says_that_it_works_is_ended_too(redis_url: str) -> None:
    """Slack lets a session begin with a stream, and does not end it by its own Stop."""
    async with agent(redis_url, slack_streaming="native") as stage:
        stage.workspace.fail("agents.sessions.setStatus", retry_after=1)
        stage.grok.script(Script(pieces=["one.\n\n", "two.\n\n", "three"], stall_after=2))
        root = await stage.workspace.say(BEN, GENERAL, "@grok Count")
        await stage.workspace.wait_for(
            lambda: any("one" in each.shown for each in stage.replies(root.ts))
        )
        begun = session(stage, root)
        assert begun is not None
        assert begun.history == ["processing"]
        await stage.workspace.press_stop(BEN, GENERAL, root.ts)
        whole = await rests(stage, root)

    assert whole.history[-1] == "active"
