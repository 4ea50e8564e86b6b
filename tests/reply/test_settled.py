"""What is said to be settled of a growing answer stays as it is, to the byte."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings

from bot import words
from bot.completion.result import Section
from bot.reply.chain import ROOMS, Chain
from bot.slack.blocks import Question
from tests.reply.conftest import answer
from tests.reply.test_chain import texts
from tests.reply.test_growing import SCRAPS, STEPS, TEXTS, growing

QUESTION = Question("U012AB3CD", "Explain TCP slow start")


def narrow(*, in_thread: bool = False) -> Chain:
    """A chain of the smallest messages."""
    chain = Chain(QUESTION, "job1", in_thread=in_thread)
    for _ in ROOMS[1:]:
        chain.tighten()
    return chain


def stays(before: Sequence[str], now: Sequence[str]) -> bool:
    return len(before) <= len(now) and all(map(str.startswith, now, before))


@settings(max_examples=200)
@example("![alt *t*](u)   ```\n<@U012AB3CD> > - ```\n。[t](<https://x.com/ a>) ", [41, 25])
@example("![a [b]](u) `<@U012AB3CD>`\n\n![a [b]](u) `<@U012AB3CD>` [t](x)", [45, 9])
@given(TEXTS, STEPS)
def test_what_is_settled_is_the_beginning_of_all_that_comes_later(
    text: str, steps: list[int]
) -> None:
    chain, before = narrow(), [""]
    for part in growing(text, steps):
        now = chain.settled([Section(text=part)])
        assert stays(before, now)
        before = now
    assert stays(before, texts(chain.complete(answer(text))) if text.strip() else [""])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_long_answer_settles_message_by_message(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choices(SCRAPS, k=2_500))
    chain, before = narrow(), [""]
    for end in range(0, len(text), 37):
        now = chain.settled([Section(text=text[:end])])
        assert stays(before, now)
        before = now
    assert stays(before, texts(chain.complete(answer(text))))


@pytest.mark.parametrize("filled", range(300, 900, 9))
@pytest.mark.parametrize(
    "above", ["# a heading of words\n", "```\ncode\n```\n", "words\n", "a | b\n"]
)
def test_what_is_settled_stays_wherever_a_message_ends(filled: int, above: str) -> None:
    begun = "word " * (filled // 5) + "\n" + above
    rest = "plain words | b\n|---|---|\n" + "| 1 | 2 |\n" * 9 + "# a\n" * 9 + "x" * 900
    chain, before = narrow(), [""]
    for end in (*range(0, 24, 4), 45, 70, 110, 130, 500, 1_000):
        now = chain.settled([Section(text=begun + rest[:end])])
        assert stays(before, now)
        before = now


def test_a_finished_answer_is_settled_as_a_whole() -> None:
    whole = answer("word " * 5_000, "```py\ncode", "**open")
    chain = Chain(QUESTION, "job1", in_thread=True)

    assert chain.settled(whole.sections) == texts(chain.complete(whole))


def test_nothing_is_settled_before_there_is_text() -> None:
    chain = Chain(QUESTION, "job1", in_thread=True)

    assert chain.settled(()) == [words.IN_THREAD, ""]
    assert chain.settled([Section(title="**Answer 1**")]) == [words.IN_THREAD, ""]
    assert chain.settled([Section(title="**Answer 1**", text=" ")]) == [words.IN_THREAD, ""]


def settled(text: str) -> str:
    (only,) = Chain(QUESTION, "job1").settled([Section(text=text)])
    return only


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("some wor", "some "),
        ("some words", "some "),
        ("some words ", "some words "),
        ("some **bold words and", "some "),
        ("some **bold** words and", "some **bold** words "),
        ("some `code in", "some "),
        ("some [text](https://exam", "some "),
        ("some [text of a link", "some "),
        ("see @**open", "see "),
        ("see [" + "label " * 60, "see "),
        ("see *a [b* c", "see "),
        ('see *a [b* c](https://x.com "' + "title " * 200, "see "),
        ("see [a] b", "see [a] "),
        ("- item one\n- item two", "- item one\n- item "),
        ("- **Item** o", "- **Item** "),
        ("# Heading wor", ""),
        ("# Heading\nte", "# Heading\n"),
        ("Name | value\n", ""),
        ("Name | value\nis a", "Name | value\nis "),
        ("| a | b |\n|---|---|\n| 1 |", "| a | b |\n|---|---|\n"),
        ("```py\ncode\nmore", "```py\ncode\n"),
        ("hello <!channel> and @he", "hello <\u2060!channel> and "),
    ],
)
def test_all_but_what_is_open_settles_word_by_word(text: str, expected: str) -> None:
    assert settled(text) == expected


def test_a_note_below_a_full_message_leaves_it_as_it_was() -> None:
    for chars in range(1_100, 1_300, 7):
        chain = narrow()
        text = "```\n" + "x" * chars
        before = chain.settled([Section(text=text, done=True)])
        after = texts(chain.complete(answer(text, failure="Grok fell silent.")))
        assert stays(before, after)
