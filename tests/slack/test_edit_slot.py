"""Who may edit when, told by the script itself: the clock is that of Redis."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from bot.store.keys import Keys
from bot.store.redis.connection import Store

MINUTE = 61_000
TYPICAL = 12_000
LONG_AGO = 10**8
"""Longer ago than any distance between two edits, in ms."""


class Edits:
    """`edit_slot` and `rest`, of a budget of `most` edits in `window` ms."""

    def __init__(self, store: Store, keys: Keys, most: int, window: int) -> None:
        self._slot = store.script("edit_slot")
        self._rest = store.script("rest")
        self._redis = store.redis
        of = (keys.budget, keys.rest, keys.open, keys.asked, keys.pace, keys.told)
        self._keys = [each("m") for each in of]
        self.most = most
        self.window = window
        self._calls = 0

    async def __call__(
        self, kind: str, answer: str = "a", *, age: int = 0, since: int = LONG_AGO, call: str = ""
    ) -> int:
        wait, _ = await self._slot(self._keys, self._args(kind, answer, age, since, call))
        return int(wait)

    async def in_a_row(self, *asked: tuple[str, str]) -> list[int]:
        """What each kind is told for each answer, asked right after it began or was shown; nothing
        stands still in between, however busy this machine is."""
        slot = self._slot.registered
        async with self._redis.pipeline() as pipe:
            for kind, answer in asked:
                await slot(self._keys, self._args(kind, answer, 0, 0, ""), client=pipe)
            return [int(wait) for wait, _ in await pipe.execute()]

    def _args(
        self, kind: str, answer: str, age: int, since: int, call: str
    ) -> list[str | int | float]:
        self._calls += 1
        budget = (self.most, self.window, TYPICAL)
        return [call or self._calls, kind, answer, *budget, age, since]

    async def taken(self, kind: str, answer: str = "a", *, since: int = LONG_AGO) -> int:
        """How many are given until one has to wait."""
        count = 0
        while not await self(kind, answer, since=since):
            count += 1
        return count

    async def refused(self, rest: int) -> None:
        """Slack has refused the last one: nothing for `rest` ms."""
        log, resting, *_, pace, _ = self._keys
        await self._rest([resting, log, pace], [rest, self.window, self.most])

    async def used(self) -> int:
        return int(await self._redis.zcard(self._keys[0]))

    async def open(self) -> Sequence[str]:
        return sorted(map(str, await self._redis.zrange(self._keys[2], 0, -1)))


@pytest.fixture
def edits(store: Store, keys: Keys) -> Edits:
    return Edits(store, keys, 50, MINUTE)


@pytest.fixture
def brief(store: Store, keys: Keys) -> Edits:
    """A budget whose window passes while one waits for it."""
    return Edits(store, keys, 50, 300)


async def test_a_window_holds_so_many_and_no_more(edits: Edits) -> None:
    assert await edits.taken("final") == 50
    assert MINUTE - 5_000 < await edits("final") <= MINUTE


async def test_a_spare_edit_is_none_that_is_owed_or_kept(edits: Edits) -> None:
    for number in range(10):
        await edits("post", f"a{number}", age=TYPICAL)

    spare = await edits.taken("spare", "over")

    assert 20 <= spare <= 50 - 10 - 10
    assert await edits.open() == sorted(f"a{number}" for number in range(10))
    assert await edits.taken("final") == 50 - spare


async def test_room_comes_back_with_time(brief: Edits) -> None:
    assert await brief.taken("final") >= 50
    while await brief("final"):
        pass
    assert await brief.used() <= 50


async def test_one_asked_for_twice_is_given_once(edits: Edits) -> None:
    assert [await edits("edit", call="the same") for _ in range(3)] == [0, 0, 0]
    assert await edits.used() == 1


async def test_first_text_is_shown_at_once(edits: Edits) -> None:
    for number in range(10):
        assert await edits("edit", f"a{number}", since=-1) == 0


async def test_an_answer_alone_is_fluent_at_first_and_slower_later(edits: Edits) -> None:
    await edits("edit", since=-1)
    early = await edits("edit", since=0)
    for _ in range(40):
        await edits("final")
    late = await edits("edit", since=0)

    assert early <= 310
    assert late > 4 * early


async def test_edits_of_one_follow_each_other_at_the_distance_that_is_asked_for(
    edits: Edits,
) -> None:
    distance = await edits("edit", age=0, since=0)
    half = distance // 2
    assert distance > 0
    assert await edits("edit", age=half, since=half) == pytest.approx(distance / 2, abs=2)
    assert await edits("edit", age=distance + 1, since=distance + 1) == 0


async def test_who_asks_a_moment_before_it_is_time_is_not_sent_away(edits: Edits) -> None:
    distance = await edits("edit", age=0, since=0)
    long_before, just_before = distance - MINUTE // 600, distance - MINUTE // 2400

    assert await edits("when", age=long_before, since=long_before) > 0
    assert await edits("when", age=just_before, since=just_before) == 0


async def test_several_answers_share(edits: Edits) -> None:
    alone = await edits("edit", "a", since=0)
    for number in range(4):
        assert await edits("post", f"b{number}") == 0
    shared = await edits("edit", "a", since=0)

    assert shared > 4 * alone


async def test_an_answer_that_lasts_longer_than_most_is_shown_less_often(edits: Edits) -> None:
    usual = await edits("edit", age=TYPICAL // 2, since=0)
    long = await edits("edit", age=5 * TYPICAL, since=0)
    assert long > 2 * usual


async def test_the_last_edit_of_each_open_answer_is_never_given_away(edits: Edits) -> None:
    answers = [f"a{number}" for number in range(12)]
    for answer in answers:
        assert await edits("post", answer, age=LONG_AGO) == 0
    for answer in answers * 5:
        await edits("edit", answer)

    assert [await edits("final", answer) for answer in answers] == [0] * 12


async def test_something_is_left_for_who_comes_after_many(edits: Edits) -> None:
    many = [f"a{number}" for number in range(12)]
    for answer in many:
        assert await edits("post", answer, age=LONG_AGO) == 0
    while not all([await edits("edit", answer, since=TYPICAL - 1) for answer in many]):
        pass
    for answer in many:
        assert await edits("final", answer) == 0
        await edits("end", answer)

    assert await edits("post", "next") == 0
    assert await edits.taken("edit", "next") >= 7
    assert await edits("final", "next") == 0


async def test_an_answer_that_goes_on_is_shown_again_though_edits_are_scarce(edits: Edits) -> None:
    for number in range(12):
        await edits("post", f"a{number}")
    while not await edits("edit", since=TYPICAL - 1):
        pass
    assert await edits("edit", age=LONG_AGO, since=LONG_AGO) == 0


async def test_a_message_without_text_is_shown_while_there_is_plenty(edits: Edits) -> None:
    begun = 0
    while not await edits("begin", f"a{begun}"):
        begun += 1

    assert 1 <= begun <= 4
    assert await edits.open() == [f"a{number}" for number in range(begun)]
    assert await edits.used() == 0


async def test_with_many_at_once_posts_wait_until_they_are_worth_reading(edits: Edits) -> None:
    at_once = 0
    while not (wait := await edits("post", f"a{at_once}")):
        at_once += 1

    assert 10 <= at_once <= 25
    assert 0 < wait <= TYPICAL // 2
    assert await edits("post", f"a{at_once}", age=TYPICAL // 2) == 0


async def test_without_a_last_edit_in_time_an_answer_is_not_begun(edits: Edits) -> None:
    posted = 0
    while not (wait := await edits("post", f"a{posted}", age=LONG_AGO)):
        posted += 1

    assert posted == 50
    assert wait > MINUTE / 2
    assert await edits("begin", "x") > 0


async def test_an_answer_is_begun_when_edits_come_back_before_its_end(brief: Edits) -> None:
    for number in range(50):
        await brief("final", f"a{number}")
    assert await brief("post", "x", age=LONG_AGO) == 0


async def test_while_answers_come_one_after_the_other_more_are_expected(edits: Edits) -> None:
    others = [("begin", f"b{number}") for number in range(4)]
    _, alone, *_, among, known_for = await edits.in_a_row(
        ("begin", "a"), ("edit", "a"), *others, ("edit", "a"), ("when", "a")
    )

    assert among > 2 * alone
    assert known_for <= MINUTE / 60 + 1


async def test_an_answer_that_begins_anew_is_none_that_came(edits: Edits) -> None:
    for _ in range(5):
        assert await edits("begin", "a") == 0


async def test_asking_when_takes_nothing(edits: Edits) -> None:
    assert await edits("when", since=-1) == 0
    assert await edits("when", since=0) > 0
    assert await edits.used() == 0


async def test_nothing_is_shown_right_before_an_answer_is_expected_to_end(
    store: Store, keys: Keys
) -> None:
    few = Edits(store, keys, 15, MINUTE)
    for number in range(12):
        assert await few("post", f"a{number}", age=TYPICAL // 2) == 0

    assert await few("edit", "a1", age=TYPICAL - 1, since=TYPICAL - 1) > 0
    assert await few("edit", "a1", age=3 * TYPICAL, since=3 * TYPICAL) == 0


async def test_an_answer_taken_over_counts_as_open(edits: Edits) -> None:
    await edits("edit", "a", since=-1)
    assert await edits.open() == ["a"]
    await edits("end", "a", age=TYPICAL)
    assert await edits.open() == []


async def test_an_answer_that_never_asks_again_is_forgotten(brief: Edits) -> None:
    await brief("edit", "crashed", since=-1)
    while "crashed" in await brief.open():
        await brief("edit", "other")


async def test_how_long_answers_take_is_learnt(edits: Edits) -> None:
    before = await edits("edit", "x", since=0)
    for number in range(20):
        await edits("post", f"a{number}")
        await edits("end", f"a{number}", age=4 * TYPICAL)
    after = await edits("edit", "x", since=0)
    for _ in range(20):
        await edits("end", "never begun", age=1)

    assert after > 2 * before
    assert await edits("edit", "x", since=0) >= after


async def test_telling_how_long_one_waits_has_a_share_of_its_own(edits: Edits) -> None:
    assert await edits.taken("tell") == 5
    assert await edits("edit") == 0


async def test_telling_is_the_first_thing_to_be_left_out(edits: Edits) -> None:
    for number in range(20):
        await edits("post", f"a{number}", age=LONG_AGO)
    while not await edits("edit", "a1", since=TYPICAL - 1):
        pass

    assert await edits("tell", "a1") > 0
    assert await edits("edit", "a1", since=-1) == 0


async def test_nothing_is_edited_while_slack_wants_rest(edits: Edits) -> None:
    await edits("edit")
    await edits.refused(30_000)
    await edits.refused(1_000)

    for kind in ("edit", "final", "tell", "begin"):
        assert await edits(kind) > 29_000


async def test_fewer_are_made_after_a_refusal_but_finals(edits: Edits) -> None:
    for _ in range(21):
        await edits("final", "other")
    await edits.refused(1)
    while await edits("final", "other") == 1:
        pass

    assert await edits("edit", since=-1) > 1_000
    assert await edits("final") == 0


async def test_what_a_refusal_took_comes_back(brief: Edits) -> None:
    for _ in range(21):
        await brief("final", "other")
    await brief.refused(1)
    while await brief.taken("edit", since=-1) < 40:
        while await brief.used():
            await brief("edit", since=0)


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_is_asked_the_budget_holds_and_each_open_answer_can_end(
    store: Store, keys: Keys, seed: int
) -> None:
    choose = random.Random(seed)
    edits = Edits(store, keys, choose.choice((5, 20, 50)), 10**9)
    answers = [f"a{number}" for number in range(30)]
    for _ in range(400):
        answer = choose.choice(answers)
        known = answer in await edits.open()
        kind = choose.choice(("edit", "edit", "tell", "end") if known else ("begin", "post"))
        age, since = choose.choice((0, 5_000, LONG_AGO)), choose.choice((-1, LONG_AGO))
        await edits(kind, answer, age=age, since=since)
        assert await edits.used() + len(await edits.open()) <= edits.most

    assert all([await edits("final", answer) == 0 for answer in await edits.open()])
