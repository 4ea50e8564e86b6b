"""Reading and forgetting what was said in a conversation."""

from __future__ import annotations

import pytest

from bot.completion.ask import Turn
from bot.store.conversations import Conversation, Conversations
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.store.proxy import Proxy, every_other

TURN = Turn(job_id="job-1", user="U1", name="Änn", prompt="a b\n{}", answer="c d", context="e f")


@pytest.fixture
def conversations(store: Store, keys: Keys) -> Conversations:
    return Conversations(store, keys)


async def remember(store: Store, keys: Keys, *entries: str) -> None:
    await store.redis.rpush(keys.thread("C1:1.1"), *entries)
    await store.redis.hset(keys.thread_facts("C1:1.1"), "dropped", 7)


async def test_turns_are_read_as_they_were_stored(
    store: Store, keys: Keys, conversations: Conversations
) -> None:
    later = TURN.model_copy(update={"job_id": "job-2"})
    await remember(store, keys, TURN.entry, later.entry)
    assert await conversations.read("C1:1.1") == Conversation((TURN, later), 7)
    assert await conversations.known("C1:1.1")


async def test_turn_that_cannot_be_read_is_left_out(
    store: Store, keys: Keys, conversations: Conversations
) -> None:
    await remember(store, keys, '20 job-2 {"from": "a later version"}', TURN.entry)
    assert (await conversations.read("C1:1.1")).turns == (TURN,)


async def test_conversation_that_is_not_known(store: Store, conversations: Conversations) -> None:
    await conversations.forget("C1:1.1")
    assert await conversations.read("C1:1.1") == Conversation((), 0)
    assert not await conversations.known("C1:1.1")
    assert await store.redis.dbsize() == 0


async def test_what_comes_after_forgetting_is_not_forgotten_for_a_lost_reply(
    valkey: str, store: Store, keys: Keys, conversations: Conversations
) -> None:
    await remember(store, keys, TURN.entry)
    await conversations.forget("C1:0.0")  # so that the server knows the script
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        far = Conversations(shaky, keys)
        proxy.lose = every_other()
        await far.forget("C1:1.1")
        assert (proxy.scripts, proxy.lost) == (2, 1)
    assert await conversations.read("C1:1.1") == Conversation((), 0)

    forget = store.script("forget")
    names = [keys.thread("C1:1.1"), keys.thread_facts("C1:1.1")]
    await forget(names, ["a call"])
    await remember(store, keys, TURN.entry)
    await forget(names, ["a call"])
    assert await conversations.read("C1:1.1") == Conversation((TURN,), 7)
