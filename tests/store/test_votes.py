"""Votes: one of each person on each answer, the last one by Slack's clock."""

from __future__ import annotations

import time
from datetime import UTC
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.rules.quota import windows_at
from bot.rules.votes import Judged, Vote
from bot.store import votes as module
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.store.votes import Votes
from tests.store.proxy import Proxy, every_other

NOW = time.time()
MONTH = windows_at(NOW, UTC).month


def a_vote(choice: str = "up", at: float = NOW, **fields: Any) -> Vote:
    return Vote(choice=choice, at=at, **fields)


def judged(**fields: Any) -> Judged:
    usual: dict[str, Any] = {
        "at": NOW,
        "channel": "C1",
        "surface": "command",
        "model": "grok-4.3",
        "endpoint": "chat",
        "seconds": 2.5,
    }
    return Judged(**(usual | fields))


async def cast(votes: Votes, vote: Vote, user: str = "U1", job: str = "j1") -> str:
    return await votes.cast(job, user, vote, judged(), UTC)


async def choices(votes: Votes) -> list[tuple[str, str, str]]:
    return [(each.job_id, each.user, each.vote.choice) for each in await votes.read(MONTH)]


async def test_each_person_has_one_vote_on_each_answer(store: Store, keys: Keys) -> None:
    votes = Votes(store, keys)

    assert await cast(votes, a_vote()) == "new"
    assert await cast(votes, a_vote()) == "same"
    assert await cast(votes, a_vote("down", NOW + 1)) == "changed"
    assert await cast(votes, a_vote(), user="U2") == "new"
    assert await cast(votes, a_vote(), job="j2") == "new"

    assert await choices(votes) == [("j1", "U1", "down"), ("j1", "U2", "up"), ("j2", "U1", "up")]
    assert (await votes.read(MONTH))[0].judged == judged()


async def test_the_last_one_by_slacks_clock_counts_whichever_comes_first(
    store: Store, keys: Keys
) -> None:
    votes = Votes(store, keys)
    await cast(votes, a_vote("down", NOW + 1))

    assert await cast(votes, a_vote("up", NOW)) == "late"
    assert await choices(votes) == [("j1", "U1", "down")]


async def test_reasons_go_with_a_vote_that_is_there(store: Store, keys: Keys) -> None:
    votes = Votes(store, keys)
    why = a_vote("down", NOW + 5, reasons=("wrong", "slow"), comment="No such river.")

    async def explain() -> str:
        return await votes.amend("j1", "U1", why, needs="down", at=NOW, zone=UTC)

    assert await explain() == "none"
    await cast(votes, a_vote("up"))
    assert await explain() == "none"
    await cast(votes, a_vote("down", NOW + 1))
    assert await explain() == "changed"
    assert await explain() == "same"
    assert await cast(votes, a_vote("down", NOW + 6)) == "same"

    (ballot,) = await votes.read(MONTH)
    assert ballot.vote == why


async def test_a_reaction_is_taken_back_and_a_button_is_not(store: Store, keys: Keys) -> None:
    votes = Votes(store, keys)
    gone = a_vote("none", NOW + 9, way="reaction")

    async def take_back() -> str:
        return await votes.amend("j1", "U1", gone, needs="up reaction", at=NOW, zone=UTC)

    await cast(votes, a_vote(way="reaction"))
    assert await take_back() == "changed"
    assert await votes.read(MONTH) == ()
    # What Slack delivers late does not bring it back.
    assert await cast(votes, a_vote(way="reaction")) == "late"

    assert await cast(votes, a_vote(at=NOW + 10)) == "new"
    assert await cast(votes, a_vote(at=NOW + 11, way="reaction")) == "same"
    assert await take_back() == "late"
    assert await choices(votes) == [("j1", "U1", "up")]


async def test_a_reaction_that_comes_after_it_was_taken_back_does_not_count(
    store: Store, keys: Keys
) -> None:
    votes = Votes(store, keys)
    gone = a_vote("none", NOW + 1, way="reaction")

    assert await votes.amend("j1", "U1", gone, needs="up reaction", at=NOW, zone=UTC) == "none"
    assert await cast(votes, a_vote(way="reaction")) == "late"
    assert await choices(votes) == []
    assert await cast(votes, a_vote(at=NOW + 2)) == "new"


async def test_a_button_makes_a_reaction_last(store: Store, keys: Keys) -> None:
    votes = Votes(store, keys)
    await cast(votes, a_vote(way="reaction"))
    await cast(votes, a_vote(at=NOW + 1))

    gone = a_vote("none", NOW + 2, way="reaction")
    assert await votes.amend("j1", "U1", gone, needs="up reaction", at=NOW, zone=UTC) == "none"


async def test_a_month_holds_so_many_and_those_may_still_change(
    store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_FIELDS", 4)
    votes = Votes(store, keys)

    said = [await cast(votes, a_vote(), job=f"j{number}") for number in range(4)]

    assert said == ["new", "new", "full", "full"]
    assert await cast(votes, a_vote("down", NOW + 1), job="j0") == "changed"


async def test_another_workspace_and_another_month_know_nothing_of_it(
    store: Store, keys: Keys
) -> None:
    await cast(Votes(store, keys), a_vote())

    assert await Votes(store, Keys("T0OTHER")).read(MONTH) == ()
    assert await Votes(store, keys).read("1999-12") == ()


async def test_what_cannot_be_read_hides_nothing_else(store: Store, keys: Keys) -> None:
    votes = Votes(store, keys)
    await cast(votes, a_vote())
    await store.redis.hset(
        keys.votes(MONTH),
        mapping={"v j1 U9": '{"choice": "sideways"}', "a j9": "{", "v j8 U1": "[]", "x": ""},
    )

    assert await choices(votes) == [("j1", "U1", "up")]


async def test_a_vote_whose_reply_is_lost_counts_once(
    valkey: str, store: Store, keys: Keys
) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        proxy.lose = every_other()
        assert await cast(Votes(shaky, keys), a_vote()) == "same"

    assert proxy.lost == 1
    assert await choices(Votes(store, keys)) == [("j1", "U1", "up")]


async def test_a_store_that_is_away_says_so(valkey: str, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as store:
        await proxy.away()
        with pytest.raises(StoreUnavailable):
            await cast(Votes(store, keys), a_vote())
        with pytest.raises(StoreUnavailable):
            await Votes(store, keys).read(MONTH)
