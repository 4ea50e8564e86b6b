"""Where the keys of workspaces lie."""

from __future__ import annotations

from collections import Counter

import pytest
from redis.crc import key_slot

from bot.store.keys import ALL_SHARDS, Keys, Shard, named

SLOTS = 16_384
TEAMS = [f"T0{number:07X}" for number in range(0, 70_000, 70)]


def slots(keys: Keys) -> set[int]:
    every = (keys.queue, keys.rooms, keys.job("1"), keys.used("user:U{1}", "2026-01"))
    return {key_slot(key.encode()) for key in every}


@pytest.mark.parametrize("make", [Keys, Keys.among_several])
def test_all_keys_of_a_workspace_have_one_slot(make: type[Keys]) -> None:
    assert [team for team in TEAMS if len(slots(make(team))) != 1] == []


def test_those_of_several_share_it_with_their_shard() -> None:
    for team in TEAMS:
        shard = Shard.of(team)
        assert slots(Keys.among_several(team)) == {key_slot(shard.busy.encode())}


@pytest.mark.parametrize("masters", [3, 4, 6])
def test_a_thousand_of_them_keep_every_master_of_a_cluster_busy(masters: int) -> None:
    """Each has at least half of its share."""
    found = [key_slot(Keys.among_several(team).queue.encode()) for team in TEAMS]
    counts = Counter(slot * masters // SLOTS for slot in found)

    assert len(TEAMS) == 1_000
    assert min(counts[master] for master in range(masters)) > 1_000 / masters / 2


def test_no_two_shards_share_a_slot() -> None:
    assert len({key_slot(shard.busy.encode()) for shard in ALL_SHARDS}) == len(ALL_SHARDS)


def test_a_key_says_whose_it_is() -> None:
    for keys in (Keys("T1"), Keys.among_several("T1")):
        assert named(keys.thread("C1:1.2")) == (keys, "thread:C1:1.2")
    assert named(Shard(7).busy) is None
    assert named("another:{07}:T1:queue") is None
