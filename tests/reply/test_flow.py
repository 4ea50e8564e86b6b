"""One section laid out while it grows."""

from __future__ import annotations

import os
import random
import re

import pytest

from bot.completion.result import Section
from bot.markdown.filling import Room
from bot.markdown.links.links import JOINER
from bot.reply.flow import Flow
from tests.markdown.commonmark import Mark, seen
from tests.markdown.test_cuts import Writer

ROOM = Room(1_300, 8)
FULL = Room(11_000, 40)


async def test_what_no_message_has_room_for_is_not_laid_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = Flow(ROOM, ROOM, most=2)
    section = Section(text="Some words of a line.\n" * 2_000, done=True)
    await flow.prepare(section)
    begun: list[object] = []
    monkeypatch.setattr(Flow, "_restart", lambda flow, title: begun.append(title))

    assert len(flow.show(section)) > 2
    assert begun == []


async def test_another_text_is_laid_out_anew_where_no_message_had_room() -> None:
    flow = Flow(ROOM, ROOM, most=2)
    await flow.prepare(Section(text="Some words of a line.\n" * 2_000, done=True))

    shown = flow.show(Section(text="Other words of a line.\n" * 2_000, done=True))

    assert shown[0].startswith("Other")


SEEDS = 4
ANSWERS_OF_A_SEED = int(os.environ.get("CUT_ANSWERS", "24")) // SEEDS
CUTS_OF_AN_ANSWER = 8
_UNTOLD = re.compile(r"\s*(?:\d+\0.*|\|\s*\0.*|`{1,2}\0.*|\\\0.*|[^|]+\|.*|.*`[^`]*\|.*)")
"""Lines, cut at NUL, of which nobody knows what they become: what there is of them is shown."""


def whole(text: str, *, behind: str = "", cut: bool = False) -> list[str]:
    flow = Flow(FULL, FULL, None, behind)
    return [*flow.show(Section(text=text, done=True, cut=cut))]


@pytest.mark.parametrize(
    ("begun", "shown"),
    [
        ("1. **a** b\n2. ", "1. **a** b\n"),
        ("1. a\n2", "1. a\n"),
        ("9) a\n10)", "9) a\n"),
        ("> 1. a\n> 2. ", "> 1. a\n"),
        ("- a\n  1. b\n  2. [ ] ", "- a\n  1. b\n"),
        ("Steps:\n\n1.", "Steps:\n\n"),
        ("- a\n- ", "- a\n"),
        ("It is\n\n42.", "It is\n\n42."),
        ("It is\n1", "It is\n1"),
        ("1.", "1."),
    ],
)
def test_an_answer_that_was_cut_does_not_end_in_an_empty_item(begun: str, shown: str) -> None:
    assert whole(begun, cut=True) == [shown]


def marks(messages: list[str]) -> list[Mark]:
    return [mark for each in messages for mark in seen(each) if mark[0] != JOINER]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_an_answer_is_read_alike_wherever_its_cap_cuts_it(seed: int) -> None:
    writer, dice = Writer(seed), random.Random(seed)
    for _ in range(ANSWERS_OF_A_SEED):
        text = writer.answer()
        expected = marks(whole(text))
        for at in dice.sample(range(1, len(text)), CUTS_OF_AN_ANSWER):
            begun, more = text[:at], text[at:]
            if not (begun.strip() and more.strip()):
                continue
            before, after = marks(whole(begun, cut=True)), marks(whole(more, behind=begun))
            same = before == expected[: len(before)]
            line = f"{begun.rpartition(chr(10))[2]}\0{more.partition(chr(10))[0]}"
            assert same or _UNTOLD.fullmatch(line), (begun, before)
            heads = next((n for n, mark in enumerate(after) if mark[1] != "th"), 0)
            repeated = 0 if ends_with(expected, after) else heads
            assert ends_with(expected, after[repeated:]), (begun[-200:], more)
            assert len(before) + len(after) >= len(expected), (begun[-200:], more)


def ends_with(expected: list[Mark], after: list[Mark]) -> bool:
    return expected[len(expected) - len(after) :] == after


@pytest.mark.parametrize(
    ("begun", "more", "shown", "goes_on"),
    [
        ("so \\(x_1", " + y_2\\) is", "so ", "`\\(x_1 + y_2\\)` is"),
        ("a **b \\(x_1", "+y_2\\) c** d", "a **b**", "**`\\(x_1+y_2\\)` c** d"),
        ("it $", "a_1$ is", "it ", "`$a_1$` is"),
        ("costs $", "5 now", "costs ", "$5 now"),
        ("\n$$\na_1", "\n$$\n", "\n```\n$$\na_1\n```", "```\n$$\na_1\n$$\n```\n"),
        ("so \\begin{ali", "gn}a\\end{align}", "so ", "`\\begin{align}a\\end{align}`"),
        ("so:\n\n$$\na_1", "\n$$\n", "so:\n\n", "```\n$$\na_1\n$$\n```\n"),
        (
            "|a|b|\n|-|-|\n| 1<b",
            "r>2 | `x|y` |\n",
            "|a|b|\n|-|-|\n| 1",
            "|a|b|\n|-|-|\n| 1 · 2 | `x\\|y` |\n",
        ),
        (
            "|a|b|\n|-|-|\n| 1 | `x|",
            "y` |\n",
            "|a|b|\n|-|-|\n| 1 | ",
            "|a|b|\n|-|-|\n| 1 | `x\\|y` |\n",
        ),
        ("|a|b|\n|-|-|\n|1|2|", "\n|3|4|", "|a|b|\n|-|-|\n|1|2|", "|a|b|\n|-|-|\n|3|4|"),
        ("> ```\n> x =", " 2\n> ```\n> end", "> ```\n> x =\n> ```", "> ```\n>  2\n> ```\n> end"),
        ("Great!", " More.", "Great!", "More."),
        ("see https://x.com/a", " and more", "see https://x.com/a", "and more"),
    ],
)
def test_what_is_half_at_the_cut_is_whole_where_it_goes_on(
    begun: str, more: str, shown: str, goes_on: str
) -> None:
    flow = Flow(FULL, FULL, None, begun)
    for end in range(len(more)):
        flow.show(Section(text=more[:end]))

    assert whole(begun, cut=True) == [shown]
    assert whole(more, behind=begun) == [goes_on]
    assert flow.show(Section(text=more, done=True)) == [goes_on]
