"""What the form on the wire adds to an answer is taken off, however the text is cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.completion.ask import Turn
from bot.completion.result import Chunk, TokenLogprob, Usage
from bot.completion.transcript import NO_PAST, STOP, Past
from bot.grok.answering import stages_of
from bot.grok.call import Call
from bot.grok.endpoints.writing import write
from bot.grok.text.trimming import Trimming
from tests.grok.answers import PLAIN, request, text

TALK = Past((Turn(job_id="j", user="U1", name="Ana", prompt="Hi", answer="Hello!"),), "", "U1")
MARK = "=====[ Ana says ]====="
PROMPT = f"x\n{MARK}\ny"

pieces = st.sampled_from(["=====[", "\n=====[ Ana", "a=====[", "\n", "=====", "=", "[", "🚀"])
answers = st.lists(pieces, max_size=8).map("".join)
cuts = st.lists(st.sampled_from([1, 1, 1, 2, 3, 7, 40]), max_size=30)


def call(past: Past = TALK, system: str = "", **values: Any) -> Call:
    asked = request(**({"model": PLAIN, "prompt": PROMPT} | values))
    return write(asked, system, "completions", "xai", past)


def wire(planned: Call, prompt: int = 0) -> str:
    prompts = planned.body["prompt"]
    whole: str = prompts if isinstance(prompts, str) else prompts[prompt]
    return whole


def cut(whole: str, sizes: list[int]) -> list[str]:
    """`whole` in parts of these sizes, and what is left in one."""
    parts = []
    for size in sizes:
        parts.append(whole[:size])
        whole = whole[size:]
    return [*parts, whole]


def trimmed(planned: Call, chunks: list[Chunk]) -> list[Chunk]:
    trimming = Trimming(planned)
    return [*(each for chunk in chunks for each in trimming.follow(chunk)), *trimming.rest()]


def until_mark(answer: str) -> str:
    return f"\n{answer}".partition(STOP)[0][1:]


@given(answers, cuts, st.sampled_from(["with the text", "after it", "never"]))
def test_any_chunks_end_at_the_same_mark(answer: str, sizes: list[int], end: str) -> None:
    chunks = [Chunk(text=part) for part in cut(answer, sizes)]
    if end == "with the text":
        chunks[-1] = Chunk(text=chunks[-1].text, finish_reason="stop")
    elif end == "after it":
        chunks.append(Chunk(finish_reason="stop"))

    seen = trimmed(call(), chunks)

    assert text(seen) == until_mark(answer)
    reached = STOP in f"\n{answer}"
    assert [c.finish_reason for c in seen if c.finish_reason] == ["stop"] * (
        reached or end != "never"
    )


@given(answers, cuts, st.sampled_from(["", "Be brief."]), st.sampled_from([TALK, NO_PAST]))
def test_any_chunks_show_the_same_echo(
    answer: str, sizes: list[int], system: str, past: Past
) -> None:
    planned = call(past, system, echo=True)

    seen = trimmed(planned, [Chunk(text=part) for part in cut(wire(planned) + answer, sizes)])

    assert text(seen) == PROMPT + (until_mark(answer) if past else answer)


@given(st.integers(0, 400), cuts, st.booleans())
def test_what_is_no_whole_echo_stays(length: int, sizes: list[int], other: bool) -> None:
    planned = call(NO_PAST, "Be brief. " * 9, echo=True)
    came = wire(planned)[: min(length, len(wire(planned)) - 1)] + ("§ else" if other else "")

    parts = [Chunk(text=part) for part in cut(came, sizes)]

    assert text(trimmed(planned, [*parts, Chunk(finish_reason="stop")])) == came


@given(answers, st.integers(0, 60), st.booleans(), st.booleans())
def test_chances_are_those_of_the_text_that_is_shown(
    answer: str, start: int, echo: bool, first_is_missing: bool
) -> None:
    planned = call(echo=True) if echo else call()
    came = (wire(planned) if echo else "") + answer
    tokens = [TokenLogprob(letter, -0.1) for letter in came]
    split = min(start, len(came))
    chunks = [
        Chunk(text=came[:split], logprobs=tuple(tokens[first_is_missing and split > 0 : split])),
        Chunk(text=came[split:], logprobs=tuple(tokens[split:])),
    ]

    seen = trimmed(planned, chunks)

    shown = "".join(token.token for chunk in seen for token in chunk.logprobs)
    prompt = PROMPT.replace(MARK, f"> {MARK}") if echo else ""
    expected = prompt + until_mark(answer)
    assert shown == expected or (first_is_missing and not echo and shown == expected[1:])


def test_a_mark_inside_a_line_is_none_wherever_it_is_cut() -> None:
    assert text(trimmed(call(), [Chunk(text="a"), Chunk(text="=====[b")])) == "a=====[b"


def test_a_token_longer_than_its_text_is_kept() -> None:
    token = TokenLogprob("<0xE2>", -0.1)

    seen = trimmed(call(), [Chunk(text="a\n=", logprobs=(token,)), Chunk(finish_reason="stop")])

    assert [chunk.logprobs for chunk in seen] == [(token,), ()]


def test_text_is_shown_as_soon_as_it_is_sure() -> None:
    trimming = Trimming(call())
    steps = ["Hel", "lo\n", "\n==", "=", "\n", "====", "=[ An", "a", "!"]

    shown = [each.text for step in steps for each in trimming.follow(Chunk(text=step))]

    assert shown == ["Hel", "lo", "\n", "", "\n===", "", "", "", ""]


def test_the_mark_ends_a_choice_for_good() -> None:
    seen = trimmed(
        call(),
        [
            Chunk(text=f"Hello!\n{MARK}\nAnd"),
            Chunk(text="?", reasoning="hm"),
            Chunk(finish_reason="length"),
            Chunk(usage=Usage(total_tokens=9)),
        ],
    )

    assert text(seen) == "Hello!"
    assert [chunk.finish_reason for chunk in seen] == ["stop", None, None, None]
    assert [chunk.reasoning for chunk in seen] == ["", "hm", "", ""]
    assert seen[-1].usage == Usage(total_tokens=9)


def test_each_choice_has_an_end_and_an_echo_of_its_own() -> None:
    planned = call(prompt=["a", "b"], n=2, echo=True)
    chunks = [
        Chunk(choice=3, text=wire(planned, 1)[:9]),
        Chunk(choice=0, text=f"{wire(planned, 0)}A\n{MARK}"),
        Chunk(choice=1, text=f"{wire(planned, 0)}A", finish_reason="length"),
        Chunk(choice=3, text=f"{wire(planned, 1)[9:]}B"),
        Chunk(choice=7, text="unasked"),
    ]

    seen = trimmed(planned, chunks)

    assert [text(seen, choice) for choice in (0, 1, 2, 3, 7)] == ["aA", "aA", "", "bB", "unasked"]


@pytest.mark.parametrize(
    "planned",
    [
        write(request(), "Be brief.", "chat", "xai", TALK),
        call(NO_PAST, echo=True),
        call(NO_PAST, "Be brief."),
    ],
    ids=["chat", "an echo of the prompt alone", "no echo"],
)
def test_where_nothing_was_added_nothing_is_taken(planned: Call) -> None:
    assert not any(isinstance(stage, Trimming) for stage in stages_of(planned))
    assert any(isinstance(stage, Trimming) for stage in stages_of(call()))


@pytest.mark.slow
def test_work_does_not_grow_with_the_square_of_the_text() -> None:
    planned = call(system="Be brief. " * 3_000, echo=True)
    steps = [Chunk(text=letter) for letter in f"{wire(planned)}{'=' * 30_000}"]

    assert len(text(trimmed(planned, steps))) == len(PROMPT) + 30_000
