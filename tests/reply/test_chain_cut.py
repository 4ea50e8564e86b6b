"""What is left out of an answer that takes more messages than it may, and what goes on with one."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from bot import words
from bot.completion.result import Section
from bot.reply.chain import Chain, left_out, rest_of
from bot.reply.ledger import CUT, Post
from tests.reply.conftest import LAST_LINE, answer, cut_answer
from tests.reply.test_chain import ALL, QUESTION, TEXTS, buttons, last_lines, markdown, texts


def test_as_many_messages_as_may_be_shown() -> None:
    chain = Chain(QUESTION, "job1")
    whole = answer("word " * 5_000, "second")
    shown = chain.complete(whole, 2)

    assert texts(shown) == texts(chain.complete(whole))[:2]
    assert last_lines(shown) == ["", words.left_out(2)]
    assert buttons(shown) == [[], ["retry", "edit", "details"]]
    assert chain.complete(whole, 4) == chain.complete(whole)


def test_an_answer_may_become_so_many_messages() -> None:
    whole = answer("word " * 5_000, "second", "third")
    limited = Chain(QUESTION, "job1", most=2)

    assert limited.complete(whole) == Chain(QUESTION, "job1").complete(whole, 2)
    assert limited.complete(whole, 1) == Chain(QUESTION, "job1").complete(whole, 1)
    assert limited.complete(answer("one", "two")) == Chain(QUESTION, "job1").complete(
        answer("one", "two")
    )
    assert limited.cut is None


@pytest.mark.parametrize("more", [28, 29, 30, 31, 32, 500])
@pytest.mark.parametrize("note", ["", "a note"])
def test_what_is_told_of_what_is_left_out_is_true(more: int, note: str) -> None:
    """No more of it is laid out than it takes to tell."""
    titles = "# title\n" * (20 * more + 19)
    whole = answer(titles)
    whole = whole.model_copy(update={"sections": (Section(text=titles, note=note, done=True),)})
    in_all = len(Chain(QUESTION, "job1").complete(whole))
    limited = Chain(QUESTION, "job1", most=2)

    shown = limited.complete(whole)
    assert shown == Chain(QUESTION, "job1").complete(whole, 2)
    (told,) = re.findall(r"Left out: (.*?) more messages", last_lines(shown)[-1])
    assert told == ("more than 30" if in_all - 2 > 30 else str(in_all - 2))
    assert limited.complete(whole) == shown
    assert limited.cut is not None


def test_while_it_grows_no_more_is_shown_either() -> None:
    chain = Chain(QUESTION, "job1", most=2)
    grown = ""
    for _ in range(10):
        grown += "word " * 1_000
        shown = chain.growing([Section(text=grown)])
        assert len(shown) <= 2
        assert buttons(shown)[-1] == ["stop"]

    assert texts(chain.complete(answer(grown)))[0] == texts(shown)[0]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("most", [1, 2, 3])
def test_what_is_left_out_can_be_read_on_from_where_it_was_cut(text: str, most: int) -> None:
    whole = answer(text, "the second one")
    chain = Chain(QUESTION, "job1", most=most)
    shown = "".join(texts(chain.complete(whole)))

    assert chain.cut is not None
    posts = {CUT: Post(CUT, "C1", 0.0, cut=chain.cut.record)}
    rest = left_out(whole, posts)
    assert rest.endswith("the second one")
    rest = rest.removesuffix("the second one").rstrip()
    words_of_it = re.compile(r"\w+")
    found = words_of_it.findall(shown) + words_of_it.findall(rest)
    assert len(rest) < len(text)
    assert text.rstrip().endswith(rest)
    assert Counter(found) >= Counter(words_of_it.findall(text))


def test_of_what_is_shown_whole_nothing_is_left_out() -> None:
    chain = Chain(QUESTION, "job1", most=2)
    chain.complete(answer("one", "two"))

    assert chain.cut is None
    assert left_out(answer("one", "two"), {}) == ""
    assert left_out(answer("one", "two"), {CUT: Post(CUT, "C1", 0.0)}) == ""


def test_whole_answers_that_are_not_shown_are_there_with_their_titles() -> None:
    titled = answer("a", "b").model_copy(
        update={
            "sections": (
                Section(title="**Answer 1**", text="one", note="cut off"),
                Section(title="**Answer 2**", text="two"),
                Section(title="**Answer 3**", text="three"),
            )
        }
    )
    chain = Chain(QUESTION, "job1", most=1)
    chain.complete(titled)

    assert chain.cut is not None
    assert rest_of(titled, chain.cut) == "**Answer 2**\n\ntwo\n\n**Answer 3**\n\nthree"


def test_what_is_left_out_is_told_at_the_end_alone() -> None:
    chain = Chain(QUESTION, "job1", opens_thread=True, most=2)

    assert last_lines(chain.complete(answer("word " * 8_000))) == [LAST_LINE, words.left_out(2)]


def test_an_answer_that_its_cap_has_cut_can_be_continued() -> None:
    offering = Chain(QUESTION, "job1").complete(cut_answer("word " * 5_000))
    assert buttons(offering) == [[], [], ["continue", *ALL]]

    (going_on,) = Chain(QUESTION, "job1", continued={0}, opens_thread=True).complete(
        cut_answer("one")
    )
    assert buttons([going_on]) == [ALL]
    assert words.ON_IN_THREAD in str(going_on.blocks)


@pytest.mark.parametrize("more", [{"failure": "It broke."}, {"stopped": True}])
def test_an_answer_that_ended_otherwise_cannot(more: dict[str, Any]) -> None:
    ended = cut_answer("one").model_copy(update=more)

    assert buttons(Chain(QUESTION, "job1").complete(ended)) == [ALL]


def test_each_of_several_answers_has_a_button_of_its_own() -> None:
    messages = Chain(QUESTION, "job1", continued={1}).complete(cut_answer("one", "two", "three"))
    assert buttons(messages) == [["continue"], [], ["continue", *ALL]]

    values = [re.findall(r"'value': '([^']*)'", str(message.blocks)) for message in messages]
    assert values == [["job1"], [], ["job1:2", "job1", "job1", "job1"]]


def test_what_of_an_answer_is_left_out_cannot_be_continued() -> None:
    messages = Chain(QUESTION, "job1").complete(cut_answer("word " * 5_000), 2)

    assert buttons(messages) == [[], ALL]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_what_goes_on_with_an_answer_opens_again_what_is_open(size: int) -> None:
    chain = Chain(QUESTION, "job1", behind=f"{'word ' * 3_000}\n\n```python\nx = [\n")
    text = "```python\n    1,\n]\n```\nDone, and **bold**."

    for end in range(0, len(text), size):
        (growing,) = chain.growing([Section(text=text[:end])])
        assert "word" not in markdown(growing)
    assert texts(chain.complete(answer(text))) == [text]


async def test_what_goes_on_with_a_long_answer_is_prepared_in_slices() -> None:
    chain = Chain(QUESTION, "job1", behind="```\n" + "code\n" * 10_000)

    await chain.prepare_all(answer("more"))
    assert texts(chain.complete(answer("more"))) == ["```\nmore\n```"]


def test_nothing_goes_on_behind_an_answer() -> None:
    chain = Chain(QUESTION, "job1", behind="```\ncode\n")
    nothing = answer("x").model_copy(
        update={"sections": (Section(note=words.NOTHING_WRITTEN, done=True),)}
    )

    assert texts(chain.complete(nothing)) == [words.NOTHING_WRITTEN]
