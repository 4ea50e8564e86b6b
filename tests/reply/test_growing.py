"""Any text, cut into any chunks: at any moment Slack takes what is shown, nothing in it is open
or notifies anybody, and the text as it was sent can be put together again."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.characters import printable
from bot.completion.result import Section
from bot.markdown.filling import Piece, Room
from bot.markdown.markdown import Layout
from bot.markdown.rewriting.rewriting import Rewriting
from bot.markdown.safety import SafeGrowth, make_safe
from bot.reply.chain import ROOMS, Chain
from bot.slack.blocks import Message, Question
from sandbox.workspace.blocks.validate import check_message_blocks
from tests.markdown.commonmark import pings
from tests.markdown.open_markup import left_open
from tests.markdown.undone import without_joiners
from tests.reply.conftest import answer

ROOM = Room(1_300, 8)
QUESTION = Question("U012AB3CD", "Explain TCP slow start")

SCRAPS = [
    *("word ", "a", "some more words ", "\n", "\n\n", "\r\n", " ", "    ", "é", "。", "x" * 90),
    *("**", "*", "_", "__", "~~", "***", "`", "``", "```", "\\", "![", "- ", "1. ", "> ", "# "),
    *("-", "=", "...", "!", "(", ")", '"quoted"', "**bold** ", "_so_ ", "`code` ", "2 * 3 "),
    *("a_b_c", "[text](https://example.com/a_(b) 't') ", "[1] ", "a[i] ", "![alt *t*](u) "),
    *("https://x.com/_a ", "<https://x.com>", "👩🏽\u200d🚀"),
    *("| a | b |\n", "|---|---|\n", "|", "| wide " * 22 + "|\n" + "|-" * 22 + "|\n"),
    *("```python\n", "\n```\n", "~~~\n", "  ```\n", "- ```sh\n", "> ```\n", "# a\n", "---\n"),
    *("<!channel>", "<@U012AB3CD> ", "@here", "<!-- x -->", "<", ">", "&", "&lt;"),
    *("````md\n", "\n````\n", "~~~~~\n", "> ~~~\n", ">> x\n", "> - ```\n", "   ~~~\n"),
    *("```` ```\n", "    ```\n", "1. ```\n", "    - b\n", "- [ ] task\n", "- **a\n", "a\r"),
    *("> *q\n", "> q* z\n", "| a \\| b | c |\n", "a | b\n", "--|--\n", "> | a |\n> |---|\n"),
    *("|-\n", "Title\n===\n", "***\n", "[t](<https://x.com/ a>) ", "[t][r] ", "www.x.com "),
    *("[r]: https://x.com\n", "[^1]: note\n", "[bank.com](https://evil.example/x) "),
    *("<https://x.com|bank.com>", "*a [b* c](d) ", "[**a](b) **c ", "<div>\n", "</div>\n"),
    *("\u3000", "\u2028", "e\u0301", "\u0301", "\ud83d", "\ude00", "\0", "🇩🇪" * 9, "漢" * 300),
    *("x" * 700, "https://x.com/" + "p" * 400 + " ", "word " * 90, "&amp;" * 90, "- a\n" * 30),
    *("# h\n" * 20, "| 1 | 2 |\n" * 50),
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=8), max_size=60).map("".join)
STEPS = st.lists(st.integers(1, 40), max_size=25)


def growing(text: str, steps: Sequence[int]) -> Iterator[str]:
    """`text` as far as it has come after each of `steps`, and whole."""
    at = 0
    for step in steps:
        at += step
        yield text[:at]
    yield text


def markdown(message: Message) -> str:
    (text,) = [block["text"] for block in message.blocks if block["type"] == "markdown"]
    return str(text)


def left_open_for_good(markdown: str) -> list[str]:
    """What is open at the end of a message: code in a quotation ends with it."""
    found = left_open(markdown)
    return left_open(f"{markdown}\n") if found == ["fence"] else found


@settings(max_examples=150)
@example("**¢**word ", [])
@example("*←*0", [])
@example("# a\n> ```\n# a\n# a\n# a\n", [])
@given(TEXTS, STEPS)
def test_nothing_shown_is_open_at_any_moment(text: str, steps: list[int]) -> None:
    layout, fed = Layout(ROOM, ROOM), ""
    for part in growing(text, steps):
        layout.feed(part[len(fed) :])
        fed = part
        assert left_open(make_safe(layout.tail(growing=True).markdown)) == []
        for piece in (*layout.sealed, layout.tail(growing=True)):
            # A row that is longer than a message has to be cut.
            assert left_open_for_good(make_safe(piece.markdown)) in ([], ["row"])
            assert not pings(make_safe(piece.markdown))


@given(TEXTS, STEPS)
def test_looking_at_it_changes_nothing(text: str, steps: list[int]) -> None:
    looked_at, whole, fed = Layout(ROOM, ROOM), Layout(ROOM, ROOM), ""
    for part in growing(text, steps):
        looked_at.feed(part[len(fed) :])
        looked_at.tail(growing=True)
        fed = part
    whole.feed(text)

    assert (looked_at.sealed, looked_at.tail()) == (whole.sealed, whole.tail())
    assert looked_at._ending.closing() == whole._ending.closing()


def test_a_link_too_long_to_wait_for_ends_the_message_where_it_would_have_anyway() -> None:
    text = "*a [b* c](https://x.com/" + "u" * 1_200 + ") " + "word " * 400
    looked_at, whole = Layout(Room(3_000, 8), ROOM), Layout(Room(3_000, 8), ROOM)
    for start in range(0, len(text), 50):
        looked_at.feed(text[start : start + 50])
        looked_at.tail(growing=True)
    whole.feed(text)

    assert looked_at.sealed == whole.sealed


@given(TEXTS, STEPS)
def test_what_is_shown_is_always_the_beginning_of_the_text(text: str, steps: list[int]) -> None:
    layout, fed = Layout(ROOM, ROOM), ""
    for part in growing(text, steps):
        layout.feed(part[len(fed) :])
        fed = part
        shown = "".join(piece.text for piece in (*layout.sealed, layout.tail(growing=True)))
        assert fed.startswith(shown)
    assert "".join(piece.text for piece in (*layout.sealed, layout.tail())) == text


@settings(max_examples=60)
@given(TEXTS, STEPS)
def test_slack_takes_every_message_at_any_moment(text: str, steps: list[int]) -> None:
    chain = Chain(QUESTION, "job1")
    for part in growing(text, steps):
        for message in chain.growing([Section(text=part)]):
            check_message_blocks(list(message.blocks))
    for message in chain.complete(answer(text)):
        check_message_blocks(list(message.blocks))


@pytest.mark.parametrize("seed", range(6))
def test_long_answers_come_back_byte_for_byte_from_their_messages(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choices(SCRAPS, k=4_000)).strip("\r\n \\")
    chain = Chain(QUESTION, "job1")
    for end in range(0, len(text), 700):
        for message in chain.growing([Section(text=text[:end])])[-2:]:
            check_message_blocks(list(message.blocks))
            assert not left_open(markdown(message))

    messages = chain.complete(answer(text))
    layout = chain._flows[0]._layout
    pieces = [*layout.sealed, layout.tail()]

    assert len(messages) == len(pieces) > 2
    rewriting = Rewriting()
    expected = rewriting.feed(text) + rewriting.end()
    shown = "".join(map(without_repairs, messages, pieces))
    assert shown.replace("_", "*") == printable(expected).replace("_", "*")  # some are mended


def without_repairs(message: Message, piece: Piece) -> str:
    """The text of a message as it stands in Slack, without what closes and opens again."""
    shown = without_joiners(markdown(message))
    before, after = printable(piece.before), printable(piece.after)
    if piece.moved and not shown.startswith(before + printable(piece.text[:2])):
        shown = re.sub(r"\A(?:> )+", "", shown)  # it goes on within a line of a quotation
    assert shown.startswith(before)
    end = len(shown) - piece.inset
    assert shown[end - len(after) : end] == after
    return shown[len(before) : end - len(after)] + shown[end:]


@given(TEXTS, STEPS)
def test_lines_made_safe_one_by_one_are_the_text_made_safe(text: str, steps: list[int]) -> None:
    growth = SafeGrowth()
    for part in growing(text, steps):
        assert growth.safe(part) == make_safe(part)


def shown(text: str) -> str:
    layout = Layout(ROOMS[0], ROOMS[0])
    layout.feed(text)
    return layout.tail(growing=True).markdown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a **bold wo", "a **bold wo**"),
        ("a **bold ", "a **bold**"),
        ("a **", "a "),
        ("a **bold *and so", "a **bold *and so***"),
        ("a **bold*", "a **bold**"),
        ("a **bold** b", "a **bold** b"),
        ("~~gone", "~~gone~~"),
        ("about ~5 and 2 * 3 and snake_case", "about ~5 and 2 * 3 and snake_case"),
        ("run `ls -l", "run `ls -l`"),
        ("run ``a `b", "run ``a `b``"),
        ("run ``` a `b` ", "run ``` a `b` ```"),
        ("run `", "run "),
        ("x**a y*b", "x**a y*b***"),
        ("*a [b* c](https://x.com) d", "*a [b* c](https://x.com) d*"),
        ("see [the do", "see "),
        ("see [the docs](https://exam", "see "),
        ("see **[the docs](https://exam", "see "),
        ("see [the docs](https://example.com) now", "see [the docs](https://example.com) now"),
        ("see https://exam", "see "),
        ("see https://example.com now", "see https://example.com now"),
        ("see [1", "see "),
        ("see [1] now", "see [1] now"),
        ("- item\n- [x", "- item\n"),
        ("text\n-", "text\n"),
        ("text\n## ", "text\n"),
        ("text\n> ", "text\n"),
        ("text\n1.", "text\n"),
        ("| a | b |", ""),
        ("| a | b |\n", ""),
        ("| a | b |\n|--", ""),
        ("| a | b |\n|---|---|\n", "| a | b |\n|---|---|\n"),
        ("| a | b |\n|---|---|\n| 1 | 2", "| a | b |\n|---|---|\n"),
        ("name | value\n", "name "),
        ("either | or, as you like\nit", "either | or, as you like\nit"),
        ("**a | b |\n", "**a**"),
        ("```py\nx = '<!chan", "```py\nx = '\n```"),
        ("hello <!chan", "hello "),
        ("hello @her", "hello "),
        ("> ```py\n> x", "> ```py\n> x\n> ```"),
        ("- ```py\n  x", "- ```py\n  x\n  ```"),
        ("a\\", "a"),
        ("a\r", "a"),
        ("a \ud83d", "a "),
    ],
)  # fmt: skip
def test_the_end_of_a_partial_text(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_no_more_is_held_back_than_is_worth_waiting_for() -> None:
    assert shown("see [" + "word " * 100).startswith("see [word")
    assert shown("see https://x.com/" + "a" * 1_100).startswith("see https://x")
    assert shown("either | " + "word " * 60).startswith("either | word")


def sealed(text: str, chars: int = 600) -> list[Piece]:
    layout = Layout(Room(chars, 20), Room(chars, 20))
    layout.feed(text)
    return [*layout.sealed, layout.tail()]


def test_a_message_ends_before_emphasis_code_or_a_link_rather_than_in_it() -> None:
    for markup in ("**bold words here**", "`code words here`", "[some words](https://x.com/a)"):
        for words in range(68, 84):
            first, second = sealed("word " * words + markup + " word" * 60)[:2]
            assert not left_open(first.markdown)
            assert markup in first.text or markup in second.text


def test_long_emphasis_is_closed_and_opened_again() -> None:
    first, second, *_ = sealed("**" + "word " * 200 + "end**")

    assert first.markdown.endswith("word** ")
    assert second.markdown.startswith("**word")


def test_long_code_is_closed_and_opened_again() -> None:
    first, second, *_ = sealed("a `" + "word " * 200 + "end`")

    assert first.markdown.endswith("word` ")
    assert second.markdown.startswith("`word")


def test_a_table_too_wide_for_slack_is_shown_as_code_in_a_message_of_its_own() -> None:
    row = "|" + " c |" * 25 + "\n"
    table = row + "|" + "---|" * 25 + "\n" + row * 3
    before, code, after = sealed(f"Look:\n\n{table}\nThat is all.\n", 2_000)

    assert before.markdown == "Look:\n\n"
    assert code.markdown == f"```\n{table}```\n\n"
    assert after.markdown == "That is all.\n"


@pytest.mark.parametrize("words", range(150, 215))
def test_a_wide_table_that_begins_late_does_not_depend_on_how_it_arrives(words: int) -> None:
    row = "|" + " c |" * 25 + "\n"
    table = row + "|" + "---|" * 25 + "\n" + row * 3
    text = "word " * words + "\n\nsome words\n" + table
    bit_by_bit, whole = Layout(ROOM, ROOM), Layout(ROOM, ROOM)
    for start in range(0, len(text), 9):
        bit_by_bit.feed(text[start : start + 9])
    whole.feed(text)

    assert (bit_by_bit.sealed, bit_by_bit.tail()) == (whole.sealed, whole.tail())


def test_blank_lines_around_a_wide_table_make_no_messages_of_their_own() -> None:
    row = "|" + " c |" * 25 + "\n"
    table = row + "|" + "---|" * 25 + "\n" + row

    assert [piece.markdown for piece in sealed(f"\n\n{table}\n\n{table}end", 3_000)] == [
        f"```\n\n\n{table}\n\n{table}```\n",
        "end",
    ]


def test_what_stands_below_a_quoted_block_of_code_is_no_code() -> None:
    pieces = sealed("> ```\n> code\n" + "word " * 300)

    assert "```" not in "".join(piece.markdown for piece in pieces[1:])


def test_a_long_line_below_a_table_is_no_part_of_it() -> None:
    first, second = sealed("| a | b |\n|---|---|\n" + "x" * 300 + "**" + "y" * 200, 700)

    assert not left_open(first.markdown)
    assert "|" not in second.markdown


def test_a_heading_that_is_underlined_is_not_parted_from_its_line() -> None:
    for words in range(60, 90):
        pieces = sealed("word " * words + "\n\nTitle\n=====\n\n" + "word " * 40 + "\n")
        assert not any(piece.text.endswith("Title\n") for piece in pieces)


def test_code_that_only_some_readers_see_closed_stays_within_the_blocks_of_a_message() -> None:
    for line in ("\u3000```\n", "     ```\n", "> ```\n"):
        for piece in sealed("```\n" + line + "# a\n" * 200, 11_000):
            check_message_blocks([{"type": "markdown", "text": printable(piece.markdown)}])


def test_what_is_shown_of_a_long_label_or_an_address_does_not_vanish_again() -> None:
    link, address, image = "](https://x.com) b", "see https://x.com now", "so! ![i](u) b"
    for text in ("[" + "label " * 60 + link, address, image):
        layout, seen = Layout(ROOM, ROOM), ""
        for char in text:
            layout.feed(char)
            assert layout.tail(growing=True).text.startswith(seen)
            seen = layout.tail(growing=True).text


def test_a_message_is_filled_before_it_ends() -> None:
    for text in ("word " * 60 + "\n\n" + "word " * 2_000, "a line of words\n" * 1_000):
        *full, _ = sealed(text, 2_000)
        assert min(len(piece.text) for piece in full) > 1_200


def test_a_table_as_wide_as_slack_allows_stays_a_table() -> None:
    table = "|" + " c |" * 20 + "\n|" + "---|" * 20 + "\n"

    assert [piece.markdown for piece in sealed(table)] == [table]


def test_words_below_a_broken_off_answer_are_not_part_of_its_markup() -> None:
    for text, end in (("a **bold", "**"), ("a `code", "`"), ("a", ""), ("a [link](htt", "")):
        layout = Layout(ROOM, ROOM)
        layout.feed(text)
        assert layout._ending.closing() == end
