"""An answer while edits are scarce, and what its asker sees before there is any text."""

from __future__ import annotations

import asyncio

import pytest

from bot import words
from bot.completion.result import Section
from bot.reply import growing
from bot.reply.reply import Reply
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import talk
from sandbox.workspace import Message, Workspace
from tests.reply.conftest import LAST_LINE, Start, answer, ask, standing
from tests.reply.fake_ledger import FakeJob
from tests.reply.test_reply import shown, streaming

LONG = 3_600.0


@pytest.fixture
def scarce(store: Store, keys: Keys) -> EditBudget:
    """Enough for an answer alone, if it is no plenty."""
    return EditBudget(store, keys, per_minute=50)


@pytest.fixture
def reply(slack: Slack, scarce: EditBudget) -> Reply:
    return Reply(slack, scarce, FakeJob().take(), ask(), backoff=0.01)


async def open_others(budget: EditBudget, count: int) -> None:
    for number in range(count):
        assert not (await budget.ask("post", f"other{number}", age=LONG)).wait


def looks(message: Message) -> list[str]:
    """What was to be seen of a message, one after the other."""
    return [revision.shown for revision in message.revisions]


async def test_alone_it_says_at_once_that_grok_is_thinking(
    workspace: Workspace, reply: Reply
) -> None:
    await reply.open()
    await shown(workspace, words.THINKING)


async def test_among_others_the_first_thing_shown_is_text(
    workspace: Workspace, scarce: EditBudget, reply: Reply
) -> None:
    await open_others(scarce, 10)
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("The first words")
        await shown(workspace, "The first words")
    await reply.deliver(answer("The first words."))

    (message,) = standing(workspace)
    assert not any(words.THINKING in look for look in looks(message))


async def test_text_that_is_long_in_coming_is_not_waited_for(
    workspace: Workspace, scarce: EditBudget, reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "PATIENCE_SECONDS", 0.02)
    await open_others(scarce, 10)
    await reply.open()
    assert not standing(workspace)
    async with streaming(reply):
        await shown(workspace, words.THINKING)


async def test_without_edits_it_is_posted_when_it_is_whole(
    workspace: Workspace, scarce: EditBudget, reply: Reply
) -> None:
    await open_others(scarce, 50)
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("Half of")
        await asyncio.sleep(0.05)
    await reply.deliver(answer("Half of it, and the rest."))

    (message,) = standing(workspace)
    assert len(message.revisions) == 1
    assert "and the rest" in message.shown
    assert LAST_LINE in message.shown
    assert not workspace.calls_of("chat.update")


async def test_its_end_leaves_the_edits_to_others(
    workspace: Workspace, store: Store, keys: Keys, reply: Reply
) -> None:
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("It")
        await shown(workspace, "It")
    open_answers = keys.open("chat.update")
    assert await store.redis.zcard(open_answers) == 1

    await reply.deliver(answer("It is done."))
    assert await store.redis.zcard(open_answers) == 0
    assert await store.redis.hexists(keys.pace("chat.update"), "typical")


async def test_it_says_for_how_long_grok_thinks(
    workspace: Workspace, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "TELL_SECONDS", 1.0)
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        await shown(workspace, talk.THINKING_FOR(1))
        stream.say("Now")
        await shown(workspace, "Now")


async def test_it_says_how_many_are_before_it(workspace: Workspace, start: Start) -> None:
    reply = start()
    await reply.open()
    async with streaming(reply):
        for count in (2, 1, 0):
            reply.behind(count)
            await shown(workspace, talk.QUEUED_BEHIND(count))
        reply.behind(None)
        await shown(workspace, words.THINKING)


async def test_telling_stops_when_its_share_is_used_up(workspace: Workspace, reply: Reply) -> None:
    await reply.open()
    async with streaming(reply) as stream:
        for count in reversed(range(5)):
            reply.behind(count)
            await shown(workspace, talk.QUEUED_BEHIND(count))
        reply.behind(None)
        await asyncio.sleep(0.05)
        assert len(workspace.calls_of("chat.update")) == 5
        stream.grow(Section(text="At last"))
        await shown(workspace, "At last")
