"""A person as the judge: what is shown of two answers, and what a choice means."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.eval.dataset import Item
from bot.eval.judge import Chosen, Pair, Person, agreement_between, points
from bot.eval.record import Record
from tests.eval.test_judge import judged

ITEM = Item(prompt="Name a river", expected="Nile")
PAIRS = [Pair(ITEM, f"river {number}", f"lake {number}") for number in range(200)]


def test_each_pair_comes_once_in_an_order_that_stays(tmp_path: Path) -> None:
    with Record(tmp_path / "out.jsonl") as record:
        same = Pair(ITEM, "the same", "the same")
        shown = Person(record).comparisons([*PAIRS, same, *PAIRS])
        again = Person(record).comparisons(reversed(PAIRS))

    assert shown == again
    assert len(shown) == len(PAIRS)
    assert [each.pair for each in shown] != PAIRS
    assert 60 < sum(each.swapped for each in shown) < 140


def test_a_choice_is_of_the_answer_that_was_shown_there(tmp_path: Path) -> None:
    wanted: dict[Chosen, float] = {"a": 1.0, "b": 0.0, "tie": 0.5}
    with Record(tmp_path / "out.jsonl") as record:
        person = Person(record)
        for chosen, gets in wanted.items():
            for each in person.comparisons(PAIRS):
                person.choose(each, chosen)
                liked = gets if each.shown[0] == each.pair.other else 1 - gets
                assert points(person, each.pair) == liked


def test_choices_are_kept_and_the_last_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with Record(path) as record:
        person = Person(record)
        first, second, *_ = person.comparisons(PAIRS)
        person.choose(first, "a")
        person.choose(first, "tie")
    with Record(path) as record:
        person = Person(record)
        assert person.has_chosen(first)
        assert person.better(first.pair) == "same"
        assert not person.has_chosen(second)
        assert points(person, second.pair) is None
        assert person.better(Pair(ITEM, "x", "x")) == "same"


@pytest.mark.parametrize(
    ("chosen", "agreed"), [("second", (1, 1)), ("first", (0, 1)), ("same", (0, 1)), (None, None)]
)
def test_a_model_and_a_person_are_held_against_each_other(
    tmp_path: Path, chosen: str | None, agreed: tuple[int, int] | None
) -> None:
    pair = Pair(ITEM, "The Nile.", "A lake.")
    with Record(tmp_path / "out.jsonl") as record:
        judge, person = (
            judged(record, '{"better": "second"}', '{"better": "first"}'),
            Person(record),
        )
        (each,) = person.comparisons([pair])
        by_meaning: dict[str, Chosen] = {
            each.better("a"): "a",
            each.better("b"): "b",
            "same": "tie",
        }
        if chosen:
            person.choose(each, by_meaning[chosen])
        found = agreement_between(judge, person, [pair, Pair(ITEM, "x", "x")])

    assert (found and (found.share.hits, found.share.total)) == agreed
