"""Reading the newest questions of a person."""

from __future__ import annotations

from bot.store.conversations import Recent, Recents
from bot.store.keys import Keys
from bot.store.redis.connection import Store

RECENT = Recent(job_id="job-1", channel="C1", ts="1.1", prompt="Hi", at=5.5, private=False)


async def test_person_who_never_asked(store: Store, keys: Keys) -> None:
    assert await Recents(store, keys).read("U1") == ()


async def test_question_that_cannot_be_read_is_left_out(store: Store, keys: Keys) -> None:
    entries = (RECENT.model_dump_json(), '{"from": "a later version"}', "nonsense")
    await store.redis.rpush(keys.recent("U1"), *entries)
    await store.redis.rpush(keys.recent("U2"), RECENT.model_dump_json())
    assert await Recents(store, keys).read("U1") == (RECENT,)
