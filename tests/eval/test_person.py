"""A person as the judge: what is shown of two answers, and what a choice means."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.eval.dataset import Item
from bot.eval.judge import AnswerPair, Chosen, PersonJudge, agreement_between, points
from bot.eval.record import EvalRecord
from tests.eval.test_judge import judged

ITEM = Item(prompt="Name a river", expected="Nile")
PAIRS = [AnswerPair(ITEM, f"river {number}", f"lake {number}") for number in range(200)]


def test_each_pair_comes_once_in_an_order_that_stays(tmp_path: Path) -> None:
    with EvalRecord(tmp_path / "out.jsonl") as record:
        same = AnswerPair(ITEM, "the same", "the same")
        shown = PersonJudge(record).comparisons([*PAIRS, same, *PAIRS])
        again = PersonJudge(record).comparisons(reversed(PAIRS))

    assert shown == again
    assert len(shown) == len(PAIRS)
    assert [each.pair for each in shown] != PAIRS
    assert 60 < sum(each.swapped for each in shown) < 140


def test_a_choice_is_of_the_answer_that_was_shown_there(tmp_path: Path) -> None:
    wanted: dict[Chosen, float] = {"a": 1.0, "b": 0.0, "tie": 0.5}
    with EvalRecord(tmp_path / "out.jsonl") as record:
        person = PersonJudge(record)
        for chosen, gets in wanted.items():
            for each in person.comparisons(PAIRS):
                person.choose(each, chosen)
                liked = gets if each.shown[0] == each.pair.other else 1 - gets
                assert points(person, each.pair) == liked


def test_choices_are_kept_and_the_last_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with EvalRecord(path) as record:
        person = PersonJudge(record)
        first, second, *_ = person.comparisons(PAIRS)
        person.choose(first, "a")
        person.choose(first, "tie")
    with EvalRecord(path) as record:
        person = PersonJudge(record)
        assert person.has_chosen(first)
        assert person.better(first.pair) == "same"
        assert not person.has_chosen(second)
        assert points(person, second.pair) is None
        assert person.better(AnswerPair(ITEM, "x", "x")) == "same"


@pytest.mark.parametrize(
    ("chosen", "agreed"), [("second", (1, 1)), ("first", (0, 1)), ("same", (0, 1)), (None, None)]
)
def test_a_model_and_a_person_are_held_against_each_other(
    tmp_path: Path, chosen: str | None, agreed: tuple[int, int] | None
) -> None:
    pair = AnswerPair(ITEM, "The Nile.", "A lake.")
    with EvalRecord(tmp_path / "out.jsonl") as record:
        judge, person = (
            judged(record, '{"better": "second"}', '{"better": "first"}'),
            PersonJudge(record),
        )
        (each,) = person.comparisons([pair])
        by_meaning: dict[str, Chosen] = {
            each.better("a"): "a",
            each.better("b"): "b",
            "same": "tie",
        }
        if chosen:
            person.choose(each, by_meaning[chosen])
        found = agreement_between(judge, person, [pair, AnswerPair(ITEM, "x", "x")])

    assert (found and (found.share.hits, found.share.total)) == agreed
