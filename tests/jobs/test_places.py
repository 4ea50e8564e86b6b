"""Places: as many as there are, in the order of the queue, and news for those that wait."""

from __future__ import annotations

import asyncio

from bot.jobs.entry import Entry
from bot.jobs.places import Place, Places


def join(places: Places, *numbers: int) -> list[Place]:
    return [places.join(Entry(f"{number}-0", f"job-{number}")) for number in numbers]


def standing(places: Places) -> list[tuple[str, int]]:
    return [(place.entry.job_id, place.ahead) for place in places.line]


def test_places_are_given_until_none_is_left() -> None:
    places = Places(2)
    first, second, third = join(places, 1, 2, 3)
    assert (first.given, second.given, third.given) == (True, True, False)
    assert standing(places) == [("job-3", 0)]


def test_place_that_is_left_goes_to_the_next_in_line() -> None:
    places = Places(2)
    first, second, third, fourth = join(places, 1, 2, 3, 4)
    places.leave(second)
    assert third.given
    assert standing(places) == [("job-4", 0)]
    places.leave(first)
    places.leave(third)
    assert fourth.given
    (fifth,) = join(places, 5)
    assert fifth.given
    assert standing(places) == []


def test_who_leaves_the_line_takes_no_place_along() -> None:
    places = Places(1)
    first, second, third = join(places, 1, 2, 3)
    places.leave(second)
    assert standing(places) == [("job-3", 0)]
    assert not third.given
    places.leave(first)
    assert third.given


def test_line_is_in_the_order_of_the_queue() -> None:
    places = Places(1)
    join(places, 50, 9, 100, 10)
    entries = [places.join(Entry(f"10-{number}", f"same-{number}")) for number in (10, 9)]
    assert [place.entry.job_id for place in places.line] == [
        "job-9",
        "job-10",
        "same-9",
        "same-10",
        "job-100",
    ]
    assert [place.ahead for place in entries] == [3, 2]


async def test_turn_tells_of_each_change_and_ends_with_the_place() -> None:
    places, told = Places(1), asyncio.Queue[int]()
    asking, before, place = join(places, 1, 5, 9)
    assert not place.idle
    waiting = asyncio.create_task(place.turn(told.put_nowait))
    assert await told.get() == 1
    assert place.idle
    (earlier,) = join(places, 3)
    assert await told.get() == 2
    join(places, 20)
    places.leave(before)
    assert await told.get() == 1
    places.leave(asking)
    assert await told.get() == 0
    places.leave(earlier)
    await waiting
    assert place.given
    assert not place.idle
    assert told.empty()


async def test_turn_of_one_that_has_a_place_tells_nothing() -> None:
    (place,) = join(Places(1), 1)
    told: list[int] = []
    await place.turn(told.append)
    assert told == []


async def test_turn_that_is_given_up() -> None:
    places = Places(1)
    _, place = join(places, 1, 2)
    waiting = asyncio.create_task(place.turn())
    await asyncio.sleep(0)
    assert place.idle
    waiting.cancel()
    await asyncio.wait([waiting])
    assert not place.idle
    assert standing(places) == [("job-2", 0)]


async def test_near_ends_once_fewer_are_before_it() -> None:
    places = Places(1)
    asking, *before, place = join(places, 1, 2, 3, 4, 5)
    near = asyncio.create_task(place.near(2))
    places.leave(asking)
    await asyncio.sleep(0)
    assert not near.done()
    places.leave(before[0])
    await near
    assert place.ahead == 1
    await place.near(2)


async def test_near_none_ends_with_the_place() -> None:
    places = Places(1)
    asking, place = join(places, 1, 2)
    near = asyncio.create_task(place.near(0))
    await asyncio.sleep(0)
    assert not near.done()
    places.leave(asking)
    await near
    assert place.given
