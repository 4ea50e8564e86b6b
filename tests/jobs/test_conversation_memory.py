"""What is remembered of a question once it is answered: a turn, and a line for its asker."""

from __future__ import annotations

import pytest

from bot.completion.ask import Turn
from bot.completion.result import Answer
from bot.jobs.holder import Held
from bot.jobs.queue import Queue
from bot.store.conversations import MOST_RECENT, Conversation, Conversations, Recents
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.steps import take_next

TURN_TOKENS = Turn(job_id="", user="", prompt="Hi!", answer="Bye").tokens


@pytest.fixture
def conversations(store: Store, keys: Keys) -> Conversations:
    return Conversations(store, keys)


@pytest.fixture
def recents(store: Store, keys: Keys) -> Recents:
    return Recents(store, keys)


@pytest.fixture
def forgetful(store: Store, keys: Keys) -> Queue:
    """A queue that remembers three short turns of a conversation."""
    return Queue(
        store,
        keys,
        lease_seconds=60,
        retention_seconds=3600,
        thread_tokens=3 * TURN_TOKENS,
        thread_retention_seconds=1000,
    )


async def answer(queue: Queue, job_id: str, text: str = "Bye", **place: str) -> Held:
    await queue.accept(job_id, make_ask("Hi!", **{"conversation": "D1", **place}))
    held = Held(queue, *await take_next(queue))
    await held.deliver(make_answer(text))
    assert not await held.finish()
    return held


async def ids(conversations: Conversations) -> list[str]:
    return [turn.job_id for turn in (await conversations.read("D1")).turns]


async def test_thirty_turns_keep_their_order_and_their_bound(
    forgetful: Queue, conversations: Conversations
) -> None:
    for number in range(30):
        await answer(forgetful, f"job-{number}")
        remembered = await conversations.read("D1")
        assert len(remembered.turns) == min(number + 1, 3)
        assert remembered.dropped == max(0, number - 2)
    assert await ids(conversations) == ["job-27", "job-28", "job-29"]


async def test_newest_turn_is_kept_however_long_it_is(
    forgetful: Queue, conversations: Conversations
) -> None:
    await answer(forgetful, "job-1")
    await answer(forgetful, "job-2")
    await answer(forgetful, "long", "x" * 10_000)
    assert await ids(conversations) == ["long"]
    assert (await conversations.read("D1")).dropped == 2


async def test_retry_takes_the_place_of_what_it_tries_again(
    forgetful: Queue, conversations: Conversations
) -> None:
    for number in range(3):
        await answer(forgetful, f"job-{number}")
    await answer(forgetful, "again", "Yo!", retry_of="job-1")
    remembered = await conversations.read("D1")
    assert [turn.job_id for turn in remembered.turns] == ["job-0", "job-1", "job-2"]
    assert [turn.answer for turn in remembered.turns][1] == "Yo!"
    assert remembered.dropped == 0

    await answer(forgetful, "more", "Yo! and more", retry_of="job-1")
    assert await ids(conversations) == ["job-1", "job-2"]
    assert (await conversations.read("D1")).dropped == 1
    await answer(forgetful, "unknown", retry_of="job-0")
    assert await ids(conversations) == ["job-2", "job-0"]


async def test_retry_that_gave_no_answer_leaves_the_old_one(
    queue: Queue, conversations: Conversations
) -> None:
    await answer(queue, "job-1")
    await answer(queue, "again", "", retry_of="job-1")
    assert await ids(conversations) == ["job-1"]


async def test_private_answer_is_no_turn(queue: Queue, conversations: Conversations) -> None:
    await answer(queue, "job-1", reply="private")
    assert await conversations.read("D1") == Conversation((), 0)
    assert await conversations.known("D1")


async def test_turn_says_who_asked_and_what_went_along(
    queue: Queue, conversations: Conversations
) -> None:
    await queue.accept("job-1", make_ask("Ünï 'code' \n", conversation="D1", name="Ann"))
    held = Held(queue, *await take_next(queue))
    stored = make_answer("{} [] \n").model_copy(update={"context": "Bo: hello"})
    await held.deliver(stored)
    await held.deliver(make_answer("another"))
    await held.finish()
    (turn,) = (await conversations.read("D1")).turns
    assert turn == Turn(
        job_id="job-1",
        user="U1",
        name="Ann",
        prompt="Ünï 'code' \n",
        answer="{} [] \n",
        context="Bo: hello",
    )


async def test_turn_is_remembered_once_though_its_job_finishes_twice(
    forgetful: Queue, conversations: Conversations, recents: Recents
) -> None:
    await answer(forgetful, "job-1")
    await conversations.forget("D1")
    await forgetful.reassert("job-1")
    held = Held(forgetful, *await take_next(forgetful))
    assert not await held.finish()
    assert await ids(conversations) == []
    assert [recent.job_id for recent in await recents.read("U1")] == ["job-1"]


async def test_forgetting_leaves_the_conversation_open(
    forgetful: Queue, conversations: Conversations
) -> None:
    await conversations.forget("D1")
    assert not await conversations.known("D1")
    for number in range(4):
        await answer(forgetful, f"job-{number}")
    await forgetful.accept("running", make_ask("Hi!", conversation="D1"))
    held = Held(forgetful, *await take_next(forgetful))

    await conversations.forget("D1")
    assert await conversations.known("D1")
    assert await conversations.read("D1") == Conversation((), 0)
    await held.deliver(make_answer("Bye"))
    await held.finish()
    assert await ids(conversations) == ["running"]


async def test_memory_lasts_from_its_last_use(
    forgetful: Queue, store: Store, keys: Keys, conversations: Conversations
) -> None:
    await answer(forgetful, "job-1")
    remembered = (keys.thread("D1"), keys.thread_facts("D1"), keys.recent("U1"))
    for key in remembered:
        assert 990 < await store.redis.ttl(key) <= 1000
        await store.redis.expire(key, 10)
    await forgetful.accept("job-2", make_ask(conversation="D1"))
    for key in remembered[:2]:
        assert 990 < await store.redis.ttl(key) <= 1000


async def test_newest_questions_of_a_person_come_first(queue: Queue, recents: Recents) -> None:
    assert await recents.read("U1") == ()
    for number in range(MOST_RECENT + 2):
        await answer(queue, f"job-{number}")
    await answer(queue, "of another", user="U2")
    found = [recent.job_id for recent in await recents.read("U1")]
    assert found == [f"job-{number}" for number in reversed(range(2, MOST_RECENT + 2))]


async def test_recent_question_says_where_its_answer_is(queue: Queue, recents: Recents) -> None:
    await queue.accept("job-1", make_ask("Hi <!channel>\n" + "x" * 200, asked_at=1.0))
    held = Held(queue, *await take_next(queue))
    await held.ledger.posted("0", "C1", "1.1")
    await held.deliver(make_answer())
    await held.finish()
    await answer(queue, "job-2", reply="private")

    private, public = await recents.read("U1")
    assert (public.channel, public.ts, public.at, public.private) == ("C1", "1.1", 1.0, False)
    assert len(public.prompt) == 80
    assert public.prompt.startswith("Hi ‹!channel› xxx")
    assert (private.ts, private.private) == ("", True)


async def test_question_without_an_answer_is_recent_but_no_turn(
    queue: Queue, conversations: Conversations, recents: Recents
) -> None:
    await queue.accept("job-1", make_ask(conversation="D1"))
    held = Held(queue, *await take_next(queue))
    await held.deliver(Answer.failed("grok-test", "Sorry."))
    await held.finish()
    assert await ids(conversations) == []
    assert len(await recents.read("U1")) == 1
