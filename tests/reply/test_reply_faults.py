"""An answer on Slack's bad days: still one, still whole."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import words
from bot.completion.result import Section
from bot.errors import SlackError
from bot.slack.pacing import EditBudget
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, GENERAL, Workspace
from tests.reply.conftest import DEADLINE, LAST_LINE, Start, answer, standing
from tests.reply.test_reply import check_revisions, shown, streaming

FAULTS: list[dict[str, Any]] = [
    {"retry_after": 1},
    {"drop_before": True},
    {"drop_after": True},
    {"status": 503},
    {"error": "internal_error"},
    {"error": "fatal_error", "times": 3},
    {"error": "service_unavailable"},
    {"delay": DEADLINE * 1.5},
    {"drop_before": True, "times": 3},
    {"drop_after": True, "times": 2},
]


@pytest.fixture
def deadline() -> float:
    return DEADLINE


def name(fault: dict[str, Any]) -> str:
    return "-".join(f"{key}={value}" for key, value in fault.items())


async def whole_journey(workspace: Workspace, start: Start) -> None:
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("some text")
        await shown(workspace, "some text")
        stream.say("some text and more " + "word " * 3_000)
        await workspace.wait_for(lambda: len(standing(workspace)) > 1)
    await reply.deliver(answer("some text and more " + "word " * 3_000))


@pytest.mark.parametrize("fault", FAULTS, ids=name)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_fault_loses_and_doubles_nothing(
    workspace: Workspace, start: Start, method: str, fault: dict[str, Any]
) -> None:
    workspace.fail(method, **fault)

    await whole_journey(workspace, start)

    root, second = standing(workspace)
    assert "some text and more" in root.shown
    assert words.WRITING not in root.shown
    assert second.shown.endswith(LAST_LINE)
    assert (root.shown + second.shown).count("word ") == 3_000
    check_revisions(root)


@pytest.mark.parametrize("fault", FAULTS, ids=name)
async def test_a_fault_while_looking_for_a_post_doubles_nothing(
    workspace: Workspace, start: Start, fault: dict[str, Any]
) -> None:
    workspace.fail("chat.postMessage", drop_after=True)
    workspace.fail("conversations.history", **fault)

    await whole_journey(workspace, start)

    assert len(standing(workspace)) == 2


async def test_a_post_whose_reply_was_lost_is_kept(workspace: Workspace, start: Start) -> None:
    workspace.fail("chat.postMessage", drop_after=True)
    reply = start()
    await reply.open()
    await reply.deliver(answer("the end"))

    assert len(standing(workspace)) == 1
    assert len(workspace.calls_of("chat.postMessage")) == 1
    assert not workspace.calls_of("chat.delete")


async def test_a_rate_limit_is_heeded_by_every_answer(
    workspace: Workspace, start: Start, store: Store, keys: Keys
) -> None:
    reply = start()
    await reply.open()
    workspace.fail("chat.update", retry_after=1)
    workspace.fail("chat.postMessage", retry_after=1)
    async with asyncio.TaskGroup() as group:
        delivery = group.create_task(reply.deliver(answer("one", "two")))
        for method in ("chat.update", "chat.postMessage"):
            while await store.redis.pttl(keys.rest(method)) <= 0:
                assert not delivery.done()


async def test_a_delivery_waits_while_edits_rest(
    workspace: Workspace, start: Start, budget: EditBudget
) -> None:
    reply = start()
    await reply.open()
    await budget.rest("chat.update", 30)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reply.deliver(answer("the end")), 0.1)

    assert not workspace.calls_of("chat.update")


async def test_a_thread_without_its_root_gets_no_more_messages(
    workspace: Workspace, start: Start
) -> None:
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.grow(Section(text="one", done=True), Section())
        await workspace.wait_for(lambda: len(standing(workspace)) == 2)
        root, second = standing(workspace)
        await workspace.delete(ANA, GENERAL, second.ts)
        await workspace.delete(ANA, GENERAL, root.ts)
        stream.grow(*[Section(text=text, done=True) for text in ("one", "", "three")])
        await workspace.wait_for(lambda: workspace.calls_of("chat.delete"))

    await reply.deliver(answer("one", "two", "three"))

    assert not [message for message in standing(workspace) if not message.tombstone]


@pytest.mark.parametrize("error", ["msg_too_long", "msg_blocks_too_long", "invalid_blocks"])
async def test_what_slack_finds_too_long_is_split_further(
    workspace: Workspace, start: Start, error: str
) -> None:
    def is_long(args: dict[str, Any]) -> bool:
        return len(str(args["blocks"])) > 6_000

    for method in ("chat.postMessage", "chat.update"):
        workspace.fail(method, error=error, times=None, where=is_long)
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("word " * 3_000)
        await workspace.wait_for(lambda: len(standing(workspace)) > 2)
    await reply.deliver(answer("word " * 3_000))

    messages = standing(workspace)
    assert sum(message.shown.count("word ") for message in messages) == 3_000
    assert [LAST_LINE in message.shown for message in messages] == [
        message in (messages[0], messages[-1]) for message in messages
    ]


async def test_what_slack_never_takes_ends_in_a_sentence(
    workspace: Workspace, start: Start
) -> None:
    reply = start()
    await reply.open()
    workspace.fail(
        "chat.update", error="invalid_blocks", times=None, where=lambda args: "|" in str(args)
    )
    await reply.deliver(answer("| a |"))

    (message,) = standing(workspace)
    assert words.UNSHOWABLE in message.shown


async def test_a_refusal_for_good_is_raised(workspace: Workspace, start: Start) -> None:
    reply = start()
    await reply.open()
    workspace.revoke(workspace.credentials.bot_token)

    with pytest.raises(SlackError, match="token_revoked"):
        await reply.deliver(answer("text"))


async def test_slack_away_for_long_is_waited_for(workspace: Workspace, start: Start) -> None:
    away = workspace.fail("*", status=502, times=None)
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("text")
        await workspace.wait_for(lambda: len(workspace.calls) > 3)
    async with asyncio.TaskGroup() as group:
        delivery = group.create_task(reply.deliver(answer("the end")))
        await workspace.wait_for(lambda: len(workspace.calls) > 8)
        assert not delivery.done()
        away.lift()

    (message,) = standing(workspace)
    assert "the end" in message.shown


async def test_no_history_to_read_means_at_least_once(workspace: Workspace, start: Start) -> None:
    workspace.fail("conversations.history", error="missing_scope", times=None)
    workspace.fail("chat.postMessage", drop_before=True)
    reply = start()
    await reply.open()
    await reply.deliver(answer("the end"))

    (message,) = standing(workspace)
    assert "the end" in message.shown
