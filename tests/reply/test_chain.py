"""Sections become messages, in order."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import words
from bot.completion.result import Answer, Section
from bot.reply.chain import ROOMS, Chain
from bot.reply.final import CUT, left_out
from bot.reply.ledger import Post
from bot.slack.blocks import Message, Question
from bot.words import talk
from sandbox.workspace.blocks.validate import check_message_blocks
from tests.reply.conftest import LAST_LINE, answer

QUESTION = Question("U012AB3CD", "Explain TCP slow start")


def markdown(message: Message) -> str:
    (text,) = [block["text"] for block in message.blocks if block["type"] == "markdown"]
    return str(text)


def texts(messages: list[Message]) -> list[str]:
    return [markdown(message) for message in messages]


def last_lines(messages: list[Message]) -> list[str]:
    found: list[str] = []
    for message in messages:
        last: Any = message.blocks[-1]
        found.append(last["elements"][0]["text"] if last["type"] == "context" else "")
    return found


def buttons(messages: list[Message]) -> list[list[str]]:
    """The action_ids below each message."""
    found: list[list[str]] = []
    for message in messages:
        blocks: Any = [block for block in message.blocks if block["type"] == "actions"]
        found.append([element["action_id"] for block in blocks for element in block["elements"]])
    return found


def test_an_answer_begins_with_waiting() -> None:
    (first,) = Chain(QUESTION, "job1").growing(())

    assert markdown(first) == words.THINKING
    assert last_lines([first]) == [""]
    assert buttons([first]) == [["stop"]]


def test_growing_text_is_shown_below_the_question() -> None:
    chain = Chain(QUESTION, "job1")

    (first,) = chain.growing([Section(text="Slow")])
    (second,) = chain.growing([Section(text="Slow start")])

    assert [block["type"] for block in second.blocks] == [
        "context", "section", "divider", "markdown", "actions", "context",
    ]  # fmt: skip
    assert (markdown(first), markdown(second)) == ("Slow", "Slow start")
    assert last_lines([second]) == [words.WRITING]


def test_an_answer_in_a_thread_leaves_the_question_alone_above_it() -> None:
    chain = Chain(QUESTION, "job1", in_thread=True)

    question, waiting = chain.growing(())
    assert (markdown(question), markdown(waiting)) == (words.IN_THREAD, words.THINKING)

    question, answer = chain.growing([Section(text="Slow")])
    assert (markdown(question), markdown(answer)) == (words.IN_THREAD, "Slow")
    assert last_lines([question, answer]) == ["", words.WRITING]
    assert buttons([question, answer]) == [[], ["stop"]]


def test_the_same_sections_give_the_same_messages() -> None:
    chain = Chain(QUESTION, "job1")
    sections = [Section(text="word " * 5_000)]

    assert chain.growing(sections) == chain.growing(sections)


def test_a_section_opens_when_the_one_before_is_done() -> None:
    chain = Chain(QUESTION, "job1")

    early = chain.growing([Section(text="one"), Section(text="two", done=True)])
    later = chain.growing([Section(text="one.", done=True), Section(text="two", done=True)])

    assert texts(early) == ["one"]
    assert texts(later) == ["one.", "two"]


def test_a_section_of_which_nothing_came_says_that_grok_is_thinking() -> None:
    sections = [Section(title="**Answer 1**", text="one", done=True), Section(title="**Answer 2**")]
    waiting = f"**Answer 2**\n\n{words.THINKING}"

    assert texts(Chain(QUESTION, "job1").growing(sections))[1:] == [waiting]
    held_back = [sections[0], Section(title="**Answer 2**", text="**")]
    assert texts(Chain(QUESTION, "job1").growing(held_back))[1:] == [waiting]


def test_a_note_that_does_not_fit_has_a_message_of_its_own() -> None:
    text = "```\n" + "x" * 10_400 + "\n"
    messages = texts(Chain(QUESTION, "job1").complete(answer(text, failure="It broke. " * 90)))

    assert messages[0] == f"{text}```"
    assert messages[1].strip() == words.broken_off("It broke. " * 90).strip()


def test_titles_and_notes_stand_around_the_text_of_a_section() -> None:
    sections = [Section(title="**Answer 1**", text="```\ncode", note="a note", done=True)]
    given_answer = answer("x").model_copy(update={"sections": tuple(sections)})

    assert texts(Chain(QUESTION, "job1").complete(given_answer)) == [
        "**Answer 1**\n\n```\ncode\n```\n\na note"
    ]


def test_only_the_last_message_has_the_last_line_and_the_buttons() -> None:
    messages = Chain(QUESTION, "job1").complete(answer("word " * 5_000, "second"))

    assert len(messages) == 4
    assert last_lines(messages) == ["", "", "", LAST_LINE]
    assert buttons(messages) == [[], [], [], ["retry", "edit", "details"]]


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


def test_the_question_alone_in_its_message_takes_nothing_from_the_answer() -> None:
    shown = Chain(QUESTION, "job1", in_thread=True, most=1).complete(answer("one", "two"))

    assert texts(shown) == [words.IN_THREAD, "one"]


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


TEXTS = (
    "word " * 5_000,
    "# One\n\n" + "A paragraph of *some* words.\n\n" * 900,
    "```py\n" + "x = 1\n" * 6_000 + "```\nand after it",
    "| a | b |\n| - | - |\n" + "| 1 | 2 |\n" * 5_000 + "\nthe end",
)


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
    assert chain.cut.rest_of(titled) == "**Answer 2**\n\ntwo\n\n**Answer 3**\n\nthree"


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ({"failure": "Grok fell silent."}, words.broken_off("Grok fell silent.")),
        ({"stopped": True}, talk.STOPPED),
    ],
)
def test_why_there_is_no_more_is_said_below_what_is_shown(end: dict[str, Any], said: str) -> None:
    ended = answer("word " * 5_000).model_copy(update=end)
    chain = Chain(QUESTION, "job1", most=1)
    (message,) = chain.complete(ended)

    lines = [b["elements"][0]["text"] for b in message.blocks if b["type"] == "context"]  # type: ignore[index]
    assert said in lines
    assert chain.cut is not None
    assert said in chain.cut.rest_of(ended)


def test_a_notice_stands_above_everything() -> None:
    (first,) = Chain(QUESTION, "job1", notice="I may not write there.").growing(())

    assert "I may not write there." in str(first.blocks[0])


def test_a_failure_is_told_below_the_text_that_came() -> None:
    failed = answer("partial", "", failure="Grok fell silent.")

    assert texts(Chain(QUESTION, "job1").complete(failed)) == [
        "partial\n\n" + words.broken_off("Grok fell silent.")
    ]


def test_a_failure_without_any_text_is_the_answer() -> None:
    for failed in (answer(failure="No credit."), answer("", " ", failure="No credit.")):
        assert texts(Chain(QUESTION, "job1").complete(failed)) == [words.failed("No credit.")]


@pytest.mark.parametrize("failure", ["", "Grok fell silent."])
def test_a_stopped_answer_keeps_its_text_and_says_so(failure: str) -> None:
    stopped = answer("partial", "", failure=failure).model_copy(update={"stopped": True})

    assert texts(Chain(QUESTION, "job1").complete(stopped)) == ["partial\n\n" + talk.STOPPED]


@pytest.mark.parametrize("more", [{"failure": "It broke."}, {"stopped": True}])
def test_an_answer_that_ended_within_a_list_shows_no_empty_item(more: dict[str, Any]) -> None:
    ended = answer("1. **Begin.** Small.\n2. ").model_copy(update=more)

    shown = texts(Chain(QUESTION, "job1").complete(ended))

    assert shown[0].startswith("1. **Begin.** Small.\n\n")
    assert "2." not in shown[0]


def test_an_answer_stopped_before_its_first_word_says_so() -> None:
    for empty in (answer(), answer("", " ")):
        stopped = empty.model_copy(update={"stopped": True})
        chain = Chain(QUESTION, "job1")
        assert texts(chain.complete(stopped)) == [talk.STOPPED_UNWRITTEN]
        assert buttons(chain.complete(stopped)) == [["retry", "edit", "details"]]


def test_an_empty_answer_says_so() -> None:
    assert texts(Chain(QUESTION, "job1").complete(answer(""))) == [words.NOTHING_WRITTEN]
    assert texts(Chain(QUESTION, "job1").complete(answer())) == [words.NOTHING_WRITTEN]


def test_text_that_is_not_a_continuation_is_laid_out_anew() -> None:
    chain = Chain(QUESTION, "job1")
    chain.growing([Section(text="a first attempt")])

    assert texts(chain.growing([Section(text="another")])) == ["another"]


@pytest.mark.parametrize("times", [1, 100, 3_000])
def test_the_final_answer_is_exact_whatever_was_shown_before(times: int) -> None:
    chain = Chain(QUESTION, "job1")
    rest = " start, and so on" * times
    chain.growing([Section(text=f"Quick{rest}")])

    for final in (answer(f"Slow!{rest}"), answer(f"Slow!{rest}, in the end")):
        assert chain.complete(final) == Chain(QUESTION, "job1").complete(final)


def test_less_goes_into_a_message_each_time_slack_finds_it_too_long() -> None:
    chain = Chain(QUESTION, "job1")
    whole = answer("word " * 2_000)
    counts = [len(chain.complete(whole))]
    for _ in ROOMS[1:]:
        assert chain.tighten()
        counts.append(len(chain.complete(whole)))

    assert counts == sorted(set(counts))
    assert not chain.tighten()
    assert chain.give_up()
    shown = chain.complete(whole)
    assert texts(shown) == [words.UNSHOWABLE]
    assert buttons(shown) == [["retry", "edit", "details"]]
    assert chain.cut is not None
    assert chain.cut.rest_of(whole) == ("word " * 2_000).strip()
    assert not chain.give_up()


@pytest.mark.parametrize("question", ["", " ", "<!channel> " * 600, "&" * 5_000, "👩🏽‍🚀" * 3_000])
def test_any_question_leaves_room_for_the_answer(question: str) -> None:
    asked = Question("U012AB3CD", question)

    for message in Chain(asked, "job1").complete(answer("<&>" * 20_000)):
        check_message_blocks(list(message.blocks))
        assert len(message.text) <= 150


@given(st.text(max_size=300), st.lists(st.integers(1, 40), max_size=12))
def test_streaming_ends_where_the_whole_answer_stands(text: str, steps: list[int]) -> None:
    streamed, whole = Chain(QUESTION, "job1"), Chain(QUESTION, "job1")
    at = 0
    for step in steps:
        at += step
        for message in streamed.growing([Section(text=text[:at])]):
            check_message_blocks(list(message.blocks))

    assert streamed.complete(answer(text)) == whole.complete(answer(text))


def cut_answer(*texts: str) -> Answer:
    """Answers that their cap has ended."""
    sections = tuple(Section(text=text, done=True, cut=True) for text in texts)
    return answer("x").model_copy(update={"sections": sections})


ALL = ["retry", "edit", "details"]


def test_a_first_message_outside_of_threads_says_where_the_answer_goes_on() -> None:
    chain = Chain(QUESTION, "job1", opens_thread=True)

    growing = chain.growing([Section(text="word " * 5_000)])
    assert buttons(growing) == [["stop"], [], ["stop"]]
    assert last_lines(growing) == [words.WRITING, "", words.WRITING]
    whole = chain.complete(answer("word " * 5_000))
    assert buttons(whole) == [ALL, [], ALL]
    assert last_lines(whole) == [LAST_LINE, "", LAST_LINE]
    for messages in (growing, whole):
        says = [words.ON_IN_THREAD in str(message.blocks) for message in messages]
        assert says == [True, False, False]
    assert words.ON_IN_THREAD not in str(chain.complete(answer("short"))[0].blocks)


def test_what_is_left_out_is_told_at_the_end_alone() -> None:
    chain = Chain(QUESTION, "job1", opens_thread=True, most=2)

    assert last_lines(chain.complete(answer("word " * 8_000))) == [LAST_LINE, words.left_out(2)]


def test_a_first_message_is_not_complete_before_the_others_are_there() -> None:
    chain = Chain(QUESTION, "job1", opens_thread=True)
    sections = [Section(text="word " * 5_000)]
    messages = chain.complete(answer("word " * 5_000))

    assert chain.opened(messages) == chain.growing(sections)[0]
    assert chain.opened(chain.complete(answer("short"))) is None
    beside = Chain(QUESTION, "job1")
    assert beside.opened(beside.complete(answer("word " * 5_000))) is None


def test_an_answer_that_its_cap_has_cut_can_be_continued() -> None:
    offering = Chain(QUESTION, "job1").complete(cut_answer("word " * 5_000))
    assert buttons(offering) == [[], [], ["continue", *ALL]]

    (going_on,) = Chain(QUESTION, "job1", continued={0}, opens_thread=True).complete(
        cut_answer("one")
    )
    assert buttons([going_on]) == [ALL]
    assert words.ON_IN_THREAD in str(going_on.blocks)


def cut_with_notes() -> Answer:
    note = f"{words.cut_off(60)}\n\nAnother note; with --max-tokens 3."
    section = Section(text="one", note=note, done=True, cut=True)
    return cut_answer("one").model_copy(update={"sections": (section,)})


def test_nobody_is_advised_to_ask_for_what_goes_on_already() -> None:
    chain = Chain(QUESTION, "job1")
    (before,) = chain.complete(cut_with_notes())
    chain.continued({0})
    (after,) = chain.complete(cut_with_notes())
    chain.keep_notes()
    (kept,) = chain.complete(cut_with_notes())

    assert "Cut off at 60 tokens; ask with --max-tokens 120 for more" in before.body
    assert "Cut off at 60 tokens; it goes on below." in after.body
    assert "Another note; with --max-tokens 3." in after.body
    assert kept.body == before.body
    assert buttons([after]) == buttons([kept]) == [ALL]


@pytest.mark.parametrize("most", [None, 60])
@pytest.mark.parametrize("tokens", [None, 1, 60, 12_345])
def test_each_way_to_say_that_it_was_cut_off_is_known(tokens: int | None, most: int | None) -> None:
    told = words.gone_on(words.cut_off(tokens, most))

    assert told.startswith("_Cut off at ")
    assert told.endswith("; it goes on below._")
    assert not any(advice in told for advice in ("ask", "press", "--"))


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
