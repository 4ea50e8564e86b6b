"""Places: as many as there are, in the order of the queue, and news for those that wait."""

from __future__ import annotations

import asyncio

from bot.jobs.job import Entry
from bot.jobs.places import JobPlace, Places


def join(places: Places, *numbers: int) -> list[JobPlace]:
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


def ask(places: Places, number: int, person: str, channel: str) -> JobPlace:
    place = places.join(Entry(f"{number}-0", f"job-{number}"))
    places.know(place, person=person, channel=channel)
    return place


def line(places: Places) -> list[str]:
    return [place.entry.job_id for place in places.line]


def test_who_has_asked_much_waits_behind_who_has_asked_little() -> None:
    places = Places(1)
    for number in range(1, 5):
        ask(places, number, "ana", "C1")
    ask(places, 5, "ben", "C1")
    ask(places, 6, "ben", "C1")
    assert line(places) == ["job-5", "job-2", "job-6", "job-3", "job-4"]


def test_busy_channel_waits_behind_a_quiet_one() -> None:
    places = Places(1)
    for number, person in enumerate(("ana", "ben", "chloe", "dan"), start=1):
        ask(places, number, person, "busy")
    ask(places, 5, "eve", "quiet")
    assert line(places) == ["job-5", "job-2", "job-3", "job-4"]


def test_place_that_becomes_free_goes_to_whoever_had_none() -> None:
    places = Places(2)
    first = ask(places, 1, "ana", "C1")
    ask(places, 2, "ana", "C1")
    third, fourth = ask(places, 3, "ana", "C1"), ask(places, 4, "ben", "C1")
    places.leave(first)
    assert (third.given, fourth.given) == (False, True)


def test_those_who_wait_get_places_in_the_order_that_they_were_told() -> None:
    places = Places(1)
    asked = ("ana", "ana", "ana", "ben", "ben", "ben", "chloe")
    all_places = [ask(places, number, who, "C1") for number, who in enumerate(asked, start=1)]
    told, order = line(places), []
    running = all_places[0]
    while places.line:
        waiting = places.line
        places.leave(running)
        running = next(place for place in waiting if place.given)
        order.append(running.entry.job_id)
    assert told == ["job-4", "job-7", "job-2", "job-5", "job-3", "job-6"]
    assert order == told


def test_who_comes_late_does_not_make_up_for_what_was_answered_before() -> None:
    places = Places(1)
    running = ask(places, 1, "ana", "C1")
    for number in range(2, 10):
        places.leave(running)
        running = ask(places, number, "ana", "C1")
    ask(places, 20, "ana", "C1")
    for number in range(21, 25):
        ask(places, number, "ben", "C1")
    assert line(places)[:3] == ["job-21", "job-20", "job-22"]


def test_whose_asker_is_not_known_yet_overtakes_nobody_who_came_before() -> None:
    places = Places(1)
    ask(places, 1, "ana", "C1")
    ask(places, 3, "ana", "C1")
    later, earlier = (places.join(Entry(f"{number}-0", f"job-{number}")) for number in (4, 2))
    assert line(places) == ["job-2", "job-3", "job-4"]
    places.know(later, person="ben", channel="C1")
    places.know(earlier, person="ana", channel="C1")
    assert line(places) == ["job-4", "job-2", "job-3"]
