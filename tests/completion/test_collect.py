from __future__ import annotations

import tracemalloc

import pytest

from bot import words
from bot.completion import CompletionRequest
from bot.completion.collect import Collector
from bot.completion.logprobs import MOST_CHANCES
from bot.completion.result import Chunk, Section, TokenLogprob, Usage


def collector_of(**values: object) -> Collector:
    return Collector(
        CompletionRequest.model_validate({"model": "grok-4.3", "prompt": "Hi", **values})
    )


def collected(*chunks: Chunk, **values: object) -> tuple[Section, ...]:
    collector = collector_of(**values)
    for chunk in chunks:
        collector.add(chunk)
    return collector.sections()


def test_text_grows() -> None:
    collector = collector_of()
    assert collector.sections() == (Section(),)

    collector.add(Chunk(text="Hel"))
    assert collector.sections() == (Section(text="Hel"),)
    collector.add(Chunk(text="lo"))
    collector.add(Chunk(finish_reason="stop"))

    assert collector.sections() == (Section(text="Hello", done=True),)


def test_a_section_that_did_not_move_is_not_made_again() -> None:
    collector = collector_of(n=2)
    collector.add(Chunk(choice=0, text="a"))
    first, _ = collector.sections()
    collector.add(Chunk(choice=1, text="b"))

    assert collector.sections()[0] is first


def test_answers_stand_in_order_however_they_come() -> None:
    sections = collected(
        Chunk(choice=2, text="three"),
        Chunk(choice=0, text="one"),
        Chunk(choice=2, finish_reason="stop"),
        n=3,
    )

    assert [(section.title, section.text, section.done) for section in sections] == [
        ("**Answer 1 of 3**", "one", False),
        ("**Answer 2 of 3**", "", False),
        ("**Answer 3 of 3**", "three", True),
    ]


def test_several_prompts_have_a_section_each_with_an_excerpt() -> None:
    sections = collected(prompt=["Name `three`\n**rivers** <!here>", "Why?"])

    assert [section.title for section in sections] == [
        "**Prompt 1 of 2** `Name ˋthreeˋ **rivers** ‹!here›`",
        "**Prompt 2 of 2** `Why?`",
    ]


def test_several_answers_to_several_prompts() -> None:
    sections = collected(Chunk(choice=3, text="last"), prompt=["a", "b"], n=2)

    assert [section.title for section in sections] == [
        "**Prompt 1 of 2, answer 1 of 2** `a`",
        "**Prompt 1 of 2, answer 2 of 2** `a`",
        "**Prompt 2 of 2, answer 1 of 2** `b`",
        "**Prompt 2 of 2, answer 2 of 2** `b`",
    ]
    assert sections[3].text == "last"


def test_the_best_of_several_is_one_answer() -> None:
    assert len(collected(best_of=5)) == 1
    assert len(collected(best_of=5, n=2)) == 2


def test_a_choice_that_was_not_asked_for_is_left_out() -> None:
    assert collected(Chunk(choice=7, text="x")) == (Section(),)


@pytest.mark.parametrize("reason", ["stop", "end_turn", "STOP"])
def test_an_ordinary_end_needs_no_note(reason: str) -> None:
    assert collected(Chunk(text="Hi", finish_reason=reason))[0].note == ""


@pytest.mark.parametrize(
    ("reason", "note"),
    [
        ("length", words.cut_off(7)),
        ("MAX_LEN", words.cut_off(7)),
        ("content_filter", words.ENDED["content_filter"]),
        ("TIME_LIMIT", words.ENDED["time_limit"]),
        ("<!here>", words.ENDED_OTHERWISE("‹!here›")),
    ],
)
def test_another_end_is_noted(reason: str, note: str) -> None:
    assert collected(Chunk(text="Hi", finish_reason=reason), max_tokens=7)[0].note == note


def test_the_note_of_a_cut_names_the_cap_and_the_flag() -> None:
    note = collected(Chunk(text="Hi", finish_reason="length"), max_tokens=1000)[0].note

    assert note == "_Cut off at 1,000 tokens; ask with --max-tokens 2000 for more._"


@pytest.mark.parametrize(
    ("tokens", "most", "text", "advice"),
    [
        (100, 100, "Hi", "the most that is allowed here; press Continue for more"),
        (100, 150, "Hi", "ask with --max-tokens 150 for more"),
        (100, 200, "Hi", "ask with --max-tokens 200 for more"),
        (100, 50, "Hi", "the most that is allowed here; press Continue for more"),
        (100, 100, "", "the most that is allowed here; ask for less, or without much thinking"),
    ],
)
def test_the_advice_keeps_to_what_may_be_asked(
    tokens: int, most: int, text: str, advice: str
) -> None:
    request = CompletionRequest(model="grok-4.3", prompt="Hi", max_tokens=tokens)
    collector = Collector(request, most_tokens=most)
    collector.add(Chunk(text=text, finish_reason="length"))

    (section,) = collector.sections()
    assert advice in section.note
    assert section.note.count("--max-tokens") == advice.count("--max-tokens")


def test_an_empty_answer_says_so() -> None:
    assert collected(Chunk(text=" \n", finish_reason="stop"))[0].note == words.NOTHING_WRITTEN


def test_an_answer_cut_off_before_its_first_word_only_says_so() -> None:
    assert collected(Chunk(finish_reason="length"), max_tokens=7)[0].note == words.cut_off(7)


def test_reasoning_is_never_in_the_text() -> None:
    collector = collector_of(n=2)
    for chunk in (
        Chunk(choice=0, reasoning="hm"),
        Chunk(choice=1, reasoning="well"),
        Chunk(choice=0, reasoning="m", text="Hi"),
    ):
        collector.add(chunk)

    assert collector.reasoning == "hmm\n\nwell"
    assert [section.text for section in collector.sections()] == ["Hi", ""]


def test_an_echo_is_set_apart() -> None:
    sections = collected(
        Chunk(text="Once"),
        Chunk(text=" upon a time", finish_reason="stop"),
        prompt="Once",
        echo=True,
    )

    assert sections == (Section(text="> Once\n\n upon a time", done=True),)


def test_each_echo_is_that_of_its_own_prompt() -> None:
    sections = collected(
        Chunk(choice=2, text="b!"), Chunk(choice=1, text="a!"), prompt=["a", "b"], n=2, echo=True
    )

    assert [section.text for section in sections] == ["", "> a\n\n!", "> b\n\n!", ""]


def test_token_chances_are_noted_below_a_finished_answer() -> None:
    chances = (TokenLogprob("Hi", -0.1, (("Hi", -0.1), ("Hey", -3.0))),)
    collector = collector_of(logprobs=2)
    collector.add(Chunk(text="Hi", logprobs=chances))
    assert collector.sections()[0].note == ""

    collector.add(Chunk(finish_reason="stop"))

    assert collector.sections()[0].note == (
        "| Token | Chance | Instead |\n| --- | --- | --- |\n| `Hi` | 90.5% | `Hey` 5.0% |"
    )


def test_missing_token_chances_are_noted() -> None:
    assert collected(Chunk(text="Hi", finish_reason="stop"), logprobs=0)[0].note == (
        words.NO_LOGPROBS
    )


def test_the_answer_holds_everything() -> None:
    usage = Usage(prompt_tokens=1, completion_tokens=2, total_tokens=3)
    collector = collector_of()
    collector.add(Chunk(text="Hi", reasoning="hm", model="grok-4.20"))
    collector.add(Chunk(usage=usage))

    answer = collector.answer(endpoint="chat", seconds=1.5)

    assert answer.sections == (Section(text="Hi", done=True),)
    assert answer.failure == ""
    assert answer.model_asked == "grok-4.3"
    assert answer.model == "grok-4.20"
    assert answer.endpoint == "chat"
    assert answer.usage == usage
    assert answer.seconds == 1.5
    assert answer.reasoning == "hm"
    assert type(answer).model_validate_json(answer.model_dump_json()) == answer


def test_the_newest_usage_counts() -> None:
    collector = collector_of()
    collector.add(Chunk(usage=Usage(total_tokens=3)))
    collector.add(Chunk(usage=Usage(total_tokens=5)))
    collector.add(Chunk(text="x"))

    assert collector.usage == Usage(total_tokens=5)


def test_a_failed_answer_keeps_what_came_without_calling_it_finished() -> None:
    collector = collector_of(n=2)
    collector.add(Chunk(choice=0, text="Once up"))

    answer = collector.answer(endpoint="completions", failure="Grok broke off.")

    assert [(section.text, section.note, section.done) for section in answer.sections] == [
        ("Once up", "", False),
        ("", "", False),
    ]
    assert answer.failure == "Grok broke off."


def test_a_stopped_answer_ends_with_what_it_has() -> None:
    collector = collector_of(n=3, max_tokens=7, logprobs=1)
    collector.add(Chunk(choice=0, text="All of it", finish_reason="length"))
    collector.add(Chunk(choice=1, text="Once up", logprobs=(TokenLogprob("Once up", -0.1),)))

    answer = collector.answer(endpoint="chat", stopped=True)

    assert answer.stopped
    assert answer.failure == ""
    assert [(section.text, section.done) for section in answer.sections] == [
        ("All of it", True),
        ("Once up", True),
        ("", True),
    ]
    assert words.cut_off(7) in answer.sections[0].note
    assert [section.note for section in answer.sections[1:]] == ["", ""]


def test_a_stopped_answer_that_failed_keeps_its_sentence() -> None:
    answer = collector_of().answer(endpoint="chat", stopped=True, failure="Grok broke off.")

    assert (answer.stopped, answer.failure, answer.sections[0].done) == (
        True,
        "Grok broke off.",
        True,
    )


def test_what_went_along_is_passed_on() -> None:
    answer = collector_of().answer(endpoint="chat", context="SHARED", forgotten=3)

    assert (answer.context, answer.forgotten, answer.stopped) == ("SHARED", 3, False)


def test_the_first_chances_are_kept_choice_after_choice() -> None:
    token = TokenLogprob("a", -0.1, (("a", -0.1), ("b", -3.0)))
    other = TokenLogprob("c", -0.2)
    collector = collector_of(n=2, logprobs=2)
    for _ in range(MOST_CHANCES - 1):
        collector.add(Chunk(choice=1, text="c", logprobs=(other,)))
        collector.add(Chunk(choice=0, text="a", logprobs=(token,)))

    answer = collector.answer(endpoint="chat")

    assert answer.chances == (token,) * (MOST_CHANCES - 1) + (other,)
    assert type(answer).model_validate_json(answer.model_dump_json()) == answer


def test_chances_that_nobody_asked_for_are_not_kept() -> None:
    collector = collector_of()
    collector.add(Chunk(text="a", logprobs=(TokenLogprob("a", -0.1),)))

    assert collector.answer(endpoint="chat").chances == ()


def test_any_token_can_be_stored() -> None:
    half, long = "\ud83d", "x" * 1000
    collector = collector_of(logprobs=5)
    alternatives = tuple((half, -1.0) for _ in range(100))
    collector.add(Chunk(logprobs=(TokenLogprob(half, -0.1, alternatives), TokenLogprob(long, 0.0))))

    answer = collector.answer(endpoint="chat")

    assert type(answer).model_validate_json(answer.model_dump_json()) == answer
    assert answer.chances[0].token == "?"
    assert len(answer.chances[0].alternatives) == 8
    assert len(answer.chances[1].token) == 64


def test_an_answer_without_any_chunk_names_the_model_asked_for() -> None:
    answer = collector_of().answer(endpoint="chat")

    assert answer.model == "grok-4.3"
    assert answer.sections == (Section(note=words.NOTHING_WRITTEN, done=True),)


def test_one_of_several_that_never_came_says_so() -> None:
    collector = collector_of(n=3)
    collector.add(Chunk(text="one", choice=0))
    collector.add(Chunk(choice=2, finish_reason="stop"))

    first, second, third = collector.answer(endpoint="chat").sections

    assert (first.note, second.note) == ("", words.NOT_GIVEN)
    assert third.note == words.NOTHING_WRITTEN
    assert not collector.whole


def test_many_chunks_are_collected_whole() -> None:
    collector = collector_of()
    text = "".join(f"word {number} 🚀" for number in range(5_000))
    shown = []
    for start in range(0, len(text), 4):
        piece = text[start : start + 4]
        collector.add(Chunk(text=piece, reasoning=piece.upper()))
        if start % 100 == 0:
            shown.append((start + len(piece), collector.sections()[0].text))

    assert collector.sections()[0].text == text
    assert collector.reasoning == text.upper()
    assert all(text[:length] == seen for length, seen in shown)


def test_chunks_that_nobody_looks_at_take_little_more_memory_than_their_letters() -> None:
    collector = collector_of()
    text = "".join(map(str, range(20_000)))
    pieces = range(0, len(text), 4)

    tracemalloc.start()
    try:
        for start in pieces:
            piece = text[start : start + 4]
            collector.add(Chunk(text=piece, reasoning=piece))
        taken, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 2 * len(text) < taken < 3 * len(text)
    assert most < 5 * len(text)
