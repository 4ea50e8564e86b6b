"""The form on the screen: it opens at once, is filled after, and keeps what is typed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot import words as general
from bot.doors import form_window
from bot.words import form as words
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, BEN, GENERAL, Limits, View, Workspace, dm_of
from tests.doors.form_desk import Desk, desk, fields, held, text_of
from tests.sandbox.test_workspace_views import modal, text_input


@pytest.fixture
async def stage(
    workspace: Workspace, grok: GrokServer, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(form_window, "PAUSE_SECONDS", 0.01)
    async with desk(workspace, grok, valkey) as found:
        yield found


async def opened(stage: Desk) -> View:
    """The form of `/grok`, filled or not."""
    result = await stage.workspace.command(ANA, GENERAL, "/grok")
    assert result.error is None
    return await stage.workspace.wait_for(lambda: stage.workspace.view(ANA))


async def filled(stage: Desk) -> View:
    await opened(stage)
    return await stage.form()


async def told(stage: Desk) -> str:
    await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))
    (message,) = stage.workspace.ephemerals(ANA)
    return message.shown


async def updates(stage: Desk, number: int) -> list[str]:
    """What became of the first so many attempts to draw: error codes, empty for success."""
    calls = stage.workspace.calls_of
    await stage.workspace.wait_for(lambda: len(calls("views.update")) >= number)
    return [call.response.get("error", "") for call in calls("views.update")]


async def test_it_opens_before_anything_is_looked_up(stage: Desk) -> None:
    stage.drafts.free.clear()

    view = await opened(stage)
    await stage.drafts.waiting.wait()

    assert text_of(view) == words.LOADING
    methods = [call.method for call in stage.workspace.calls]
    assert methods.index("views.open") < methods.index("users.info")
    stage.drafts.free.set()
    assert held(await stage.form(), "model") == "grok-4.3"


async def test_nobody_waits_long_for_a_name(stage: Desk) -> None:
    stage.workspace.fail("users.info", delay=30)

    await stage.submit(await filled(stage), prompt="hi")

    assert [ask.name for ask in await stage.asked()] == [""]


@pytest.mark.parametrize("code", ["expired_trigger_id", "exchanged_trigger_id"])
async def test_a_trigger_that_no_longer_serves_ends_in_a_sentence(stage: Desk, code: str) -> None:
    stage.workspace.fail("views.open", error=code)

    await stage.workspace.command(ANA, GENERAL, "/grok")

    assert await told(stage) == words.NOT_OPENED
    assert stage.workspace.view(ANA) is None
    assert len(stage.workspace.responses) == 1


async def test_a_listener_that_is_late_says_so(grok: GrokServer, valkey: str) -> None:
    async with Workspace(limits=Limits(trigger=0)) as late, desk(late, grok, valkey) as stage:
        said = await late.say(BEN, GENERAL, "hello")
        await late.shortcut(ANA, "ask_grok", GENERAL, said.ts)

        assert await told(stage) == words.NOT_OPENED


async def test_without_a_place_the_sentence_comes_as_a_direct_message(stage: Desk) -> None:
    stage.workspace.fail("views.open", error="expired_trigger_id")

    await stage.workspace.shortcut(ANA, "new_grok")
    await stage.workspace.wait_for(lambda: stage.workspace.messages(dm_of(ANA)))

    assert [m.shown for m in stage.workspace.messages(dm_of(ANA))] == [words.NOT_OPENED]


async def test_without_redis_the_form_opens_with_a_sentence(stage: Desk) -> None:
    await stage.proxy.away()

    await opened(stage)

    assert await stage.sentence() == general.STORE_AWAY


async def test_a_redis_that_hangs_is_not_waited_for(stage: Desk) -> None:
    stage.proxy.latency = 30

    await opened(stage)

    assert await stage.sentence() == general.STORE_AWAY


async def test_what_shows_something_else_by_now_is_left_alone(
    workspace: Workspace, grok: GrokServer, valkey: str
) -> None:
    async with desk(workspace, grok, valkey) as stage:
        stage.drafts.free.clear()
        view = await opened(stage)
        newer = modal(text_input("newer"))
        await stage.client.views_update(view_id=view.id, view=newer, hash=view.hash)
        stage.drafts.free.set()
        assert await updates(stage, 2) == ["", "hash_conflict"]

    assert fields(view) == {"newer"}
    assert workspace.responses == []


async def test_a_form_that_was_closed_meanwhile_stays_closed(
    workspace: Workspace, grok: GrokServer, valkey: str
) -> None:
    async with desk(workspace, grok, valkey) as stage:
        stage.drafts.free.clear()
        view = await opened(stage)
        await workspace.close_view(ANA, view.id)
        stage.drafts.free.set()
        assert await updates(stage, 1) == ["not_found"]

    assert workspace.view(ANA) is None
    assert workspace.responses == []


async def test_a_lost_reply_is_asked_for_again(stage: Desk) -> None:
    stage.workspace.fail("views.update", drop_before=True)
    stage.workspace.fail("views.update", drop_after=True)

    view = await filled(stage)

    assert len(await updates(stage, 3)) == 3
    assert "prompt" in fields(view)


async def test_a_busy_slack_is_waited_for(stage: Desk) -> None:
    stage.workspace.fail("views.update", retry_after=1)

    await filled(stage)

    assert await updates(stage, 2) == ["ratelimited", ""]


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"error": "view_too_large"}, {"retry_after": 60}]
)
async def test_a_form_that_cannot_be_filled_ends_in_a_sentence(
    stage: Desk, fault: dict[str, object]
) -> None:
    stage.workspace.fail("views.update", times=None, **fault)  # type: ignore[arg-type]

    await opened(stage)

    assert await told(stage) == words.NOT_OPENED


async def test_the_switch_keeps_what_is_typed_in_both_directions(stage: Desk) -> None:
    view = await filled(stage)
    assert "top_p" not in fields(view)

    await stage.advanced(view, prompt="first", temperature="1.5")
    assert [held(view, name) for name in ("prompt", "temperature")] == ["first", "1.5"]
    await stage.advanced(view, top_p="0.25", stop="a\nb", system="Be brief", echo="on")
    assert not fields(view) & {"top_p", "stop", "system", "echo"}
    await stage.advanced(view, prompt="second")

    names = ("prompt", "temperature", "top_p", "stop", "system", "echo")
    assert [held(view, name) for name in names] == [
        "second", "1.5", "0.25", "a\nb", "Be brief", "on",
    ]  # fmt: skip


async def test_what_is_hidden_is_asked_too(stage: Desk) -> None:
    view = await filled(stage)
    await stage.advanced(view)
    await stage.advanced(view, top_p="0.25", seed="7", system="Be brief")

    await stage.submit(view, prompt="hi")

    (ask,) = await stage.asked()
    assert (ask.request.top_p, ask.request.seed, ask.system) == (0.25, 7, "Be brief")


async def test_a_value_out_of_bounds_survives_being_hidden(stage: Desk) -> None:
    view = await filled(stage)
    await stage.advanced(view)
    await stage.advanced(view, top_p="9", n="many")

    await stage.advanced(view)
    result = await stage.submit(view, prompt="hi")

    assert set(result.errors) == {"top_p", "n"}
    assert await stage.asked() == []


async def test_half_of_an_emoji_is_no_obstacle(stage: Desk) -> None:
    view = await filled(stage)

    await stage.advanced(view, prompt="half: \ud83d")

    assert "top_p" in fields(view)


async def test_what_a_message_says_stays_above_the_fields(stage: Desk) -> None:
    said = await stage.workspace.say(BEN, GENERAL, "to be or not")
    await stage.workspace.shortcut(ANA, "ask_grok", GENERAL, said.ts)
    view = await stage.form()

    await stage.advanced(view, task="explain")

    assert "to be or not" in text_of(view)
    assert held(view, "task") == "explain"


async def test_a_double_switch_loses_nothing(stage: Desk) -> None:
    view = await filled(stage)

    await asyncio.gather(
        *(
            stage.workspace.click_view(ANA, view.id, "advanced", typed={"prompt": "mine"})
            for _ in range(2)
        )
    )
    outcomes = await updates(stage, 3)

    assert sorted(outcomes) == ["", "", "hash_conflict"]
    assert "top_p" in fields(view)
    assert held(view, "prompt") == "mine"


async def test_a_switch_that_comes_late_takes_nothing_back(
    stage: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_window, "KEEP_SECONDS", 30)
    view = await filled(stage)
    stage.drafts.free.clear()
    await stage.workspace.click_view(ANA, view.id, "advanced", typed={"prompt": "old"})
    await stage.drafts.waiting.wait()
    late, stage.drafts.free = stage.drafts.free, asyncio.Event()
    stage.drafts.free.set()
    await stage.advanced(view, prompt="new")
    await stage.advanced(view, top_p="0.5")

    late.set()
    assert await updates(stage, 4) == ["", "", "", "hash_conflict"]

    await stage.advanced(view)
    assert (held(view, "prompt"), held(view, "top_p")) == ("new", "0.5")


@pytest.mark.parametrize("away", ["refused", "silent", "forgotten"])
async def test_a_switch_without_its_draft_leaves_the_form_as_it_is(stage: Desk, away: str) -> None:
    view = await filled(stage)
    match away:
        case "refused":
            await stage.proxy.away()
        case "silent":
            stage.proxy.latency = 30
        case _:
            await stage.store.redis.flushall()

    await stage.workspace.click_view(ANA, view.id, "advanced", typed={"prompt": "mine"})

    sentence = await stage.sentence()
    on_top = stage.workspace.view(ANA)
    assert on_top is not None
    assert on_top.previous == view.id
    assert sentence.endswith(words.STILL_THERE)
    assert held(view, "prompt") == "mine"
    assert not view.closed


async def test_a_switch_that_slack_refuses_says_so(stage: Desk) -> None:
    view = await filled(stage)
    stage.workspace.fail("views.update", error="view_too_large")

    await stage.workspace.click_view(ANA, view.id, "advanced", typed={"prompt": "mine"})

    assert (await stage.sentence()).startswith(words.NOT_SWITCHED)
    assert held(view, "prompt") == "mine"
