"""Sections become messages, in order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import words
from bot.completion.result import Answer, Section
from bot.reply.chain import ROOMS, Chain, rest_of
from bot.slack.blocks import Message, Question
from bot.words import talk
from sandbox.workspace.blocks.validate import check_message_blocks
from tests.reply.conftest import LAST_LINE, answer, cut_answer

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
    assert messages[1].strip() == words.BROKEN_OFF("It broke. " * 90).strip()


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


def test_the_question_alone_in_its_message_takes_nothing_from_the_answer() -> None:
    shown = Chain(QUESTION, "job1", in_thread=True, most=1).complete(answer("one", "two"))

    assert texts(shown) == [words.IN_THREAD, "one"]


TEXTS = (
    "word " * 5_000,
    "# One\n\n" + "A paragraph of *some* words.\n\n" * 900,
    "```py\n" + "x = 1\n" * 6_000 + "```\nand after it",
    "| a | b |\n| - | - |\n" + "| 1 | 2 |\n" * 5_000 + "\nthe end",
)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ({"failure": "Grok fell silent."}, words.BROKEN_OFF("Grok fell silent.")),
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
    assert said in rest_of(ended, chain.cut)


def test_a_notice_stands_above_everything() -> None:
    (first,) = Chain(QUESTION, "job1", notice="I may not write there.").growing(())

    assert "I may not write there." in str(first.blocks[0])


def test_a_failure_is_told_below_the_text_that_came() -> None:
    failed = answer("partial", "", failure="Grok fell silent.")

    assert texts(Chain(QUESTION, "job1").complete(failed)) == [
        "partial\n\n" + words.BROKEN_OFF("Grok fell silent.")
    ]


def test_a_failure_without_any_text_is_the_answer() -> None:
    for failed in (answer(failure="No credit."), answer("", " ", failure="No credit.")):
        assert texts(Chain(QUESTION, "job1").complete(failed)) == [words.FAILED("No credit.")]


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
    assert rest_of(whole, chain.cut) == ("word " * 2_000).strip()
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


def test_a_first_answer_of_several_that_is_whole_says_where_the_others_are() -> None:
    for first, said in (("word", words.OTHERS_IN_THREAD), ("word " * 5_000, words.ON_IN_THREAD)):
        chain = Chain(QUESTION, "job1", opens_thread=True)
        sections = [Section(text=first, done=True), Section(text="another")]
        root, *_ = chain.growing(sections)
        assert said in str(root.blocks)
        chain.continued({0})
        root, *_ = chain.growing(sections)
        assert words.ON_IN_THREAD in str(root.blocks)


def test_a_first_message_is_not_complete_before_the_others_are_there() -> None:
    chain = Chain(QUESTION, "job1", opens_thread=True)
    sections = [Section(text="word " * 5_000)]
    messages = chain.complete(answer("word " * 5_000))

    assert chain.opened(messages) == chain.growing(sections)[0]
    assert chain.opened(chain.complete(answer("short"))) is None
    beside = Chain(QUESTION, "job1")
    assert beside.opened(beside.complete(answer("word " * 5_000))) is None


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
