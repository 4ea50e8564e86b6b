"""What a reader of CommonMark makes of an answer does not depend on where it was cut."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from itertools import chain

import pytest
import regex

from bot.characters import weigh
from bot.markdown.filling import Piece, Room
from bot.markdown.links.links import JOINER
from bot.markdown.markdown import Layout
from bot.markdown.rewriting.rewriting import Rewriting
from bot.markdown.safety import make_safe
from tests.markdown.commonmark import Mark, code, seen

ROOMS = (Room(400, 40), Room(550, 12), Room(800, 40))
SEEDS = 20
ANSWERS_OF_A_SEED = int(os.environ.get("CUT_ANSWERS", "2000")) // SEEDS
"""CUT_ANSWERS=100000 cuts that many answers."""

_PHRASES = "the key of rotate server café 重要 value 12 (below) it’s done, and check 7. - it"
_WORDS = (
    *_PHRASES.split(" "),
    "**wait here**",
    "`kubectl get`",
    "*soon*",
    "_now_",
    "[the docs](https://example.com/a)",
    "**重要（必読）：**次に",
    "これは**「必須」**です",
    "은**서울(Seoul)**은",
    "*注意！*と~~旧（注）~~新",
    "**`npm ci`**を実行",
    "\\(x_1 * y_2\\)",
    "$\\alpha_1$",
    "$$a_1 + b_2$$",
    "$5",
    "noted[^1]",
    "👩🏽\u200d🚀🇩🇪क्षत्रि",
)
_CELLS = (
    *("a", "`x|y`", "one<br>two", "**甲：**乙", "\\(|x_1|\\)", "a \\| b"),
    *("$5", "", "1 2 3", "`<br>`"),
)
_UNBROKEN = ("👩🏽\u200d🚀", "🇩🇪", "क्ष", "e\u0301", "한", "次", "1️⃣", "น้ำ")
_CHARACTER = regex.compile(r"\p{RI}{2}|\X")


def rewritten(text: str) -> str:
    rewriting = Rewriting()
    return rewriting.feed(text) + rewriting.end()


def laid_out(text: str, room: Room) -> list[Piece]:
    layout = Layout(room, room)
    layout.feed(text)
    return [*layout.sealed, layout.tail()]


class Writer:
    """Writes answers as models do, nested and long."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def answer(self) -> str:
        blocks = [self._block("", depth=0) for _ in range(self._random.randint(1, 4))]
        return "\n\n".join(blocks) + "\n"

    def _block(self, indent: str, *, depth: int) -> str:
        kinds: list[Callable[[str, int], str]] = [self._paragraph, self._code, self._paragraph]
        if depth < 3:
            kinds += [self._bullets, self._steps, self._bullets]
        if not depth:
            kinds += [self._heading, self._quote, self._table, self._bare_table]
            kinds += [self._formula, self._notes, self._unbroken]
        return self._random.choice(kinds)(indent, depth)

    def _words(self, most: int) -> str:
        return " ".join(self._random.choice(_WORDS) for _ in range(self._random.randint(3, most)))

    def _paragraph(self, indent: str, depth: int) -> str:
        return f"{indent}So {self._words(40)}."

    def _heading(self, indent: str, depth: int) -> str:
        mark = "#" * self._random.randint(1, 4)
        return f"{mark} Part {self._random.randint(1, 9)}\n\nHere {self._words(12)}"

    def _quote(self, indent: str, depth: int) -> str:
        return "\n".join(f"> said {self._words(9)}" for _ in range(self._random.randint(1, 4)))

    def _table(self, indent: str, depth: int) -> str:
        rows = [f"| {number} | x{number} |" for number in range(self._random.randint(1, 9))]
        return "\n".join(["| n | name |", "|---|---|", *rows])

    def _bare_table(self, indent: str, depth: int) -> str:
        columns = self._random.choice((1, 2, 3, 5))
        bar = "|" if columns == 1 else self._random.choice(("", "|"))
        rule = self._random.choice(("---", ":--", ":-:"))
        head = [f"h{number}" for number in range(columns)]
        rows = [head, [rule] * columns]
        for _ in range(self._random.randint(1, 12)):
            width = max(1, columns + self._random.choice((0, 0, 0, -1, 1)))
            rows.append([f"r {self._random.choice(_CELLS)}" for _ in range(width)])
        return "\n".join(f"{bar}{' | '.join(row)}{bar}" for row in rows)

    def _formula(self, indent: str, depth: int) -> str:
        begin, end = self._random.choice((("\\[", "\\]"), ("$$", "$$")))
        lines = [f"x_{number} &= a * b \\\\" for number in range(self._random.randint(1, 20))]
        return "\n".join((begin, *lines, end))

    def _notes(self, indent: str, depth: int) -> str:
        return f"[^1]: See {self._words(6)}\n[^2]: https://example.com/a"

    def _unbroken(self, indent: str, depth: int) -> str:
        return "".join(self._random.choices(_UNBROKEN, k=self._random.randint(20, 150)))

    def _code(self, indent: str, depth: int) -> str:
        fence = self._random.choice(("```", "~~~", "````"))
        lines = [
            self._random.choice(("    ", "", "  ")) + f"let x{number} = a < b; # @here"
            for number in range(self._random.randint(1, 25))
        ]
        return "\n".join(indent + line for line in (f"{fence}js", *lines, fence))

    def _bullets(self, indent: str, depth: int) -> str:
        return self._list(indent, depth, lambda _: "- ")

    def _steps(self, indent: str, depth: int) -> str:
        return self._list(indent, depth, lambda number: f"{number + 1}. ")

    def _list(self, indent: str, depth: int, mark: Callable[[int], str]) -> str:
        loose = self._random.choice(("\n", "\n\n"))
        items = []
        for number in range(self._random.randint(2, 12)):
            marker = mark(number)
            inner = indent + " " * len(marker)
            parts = [f"{indent}{marker}Item {self._words(14)}"]
            if self._random.random() < 0.4:
                parts.append(self._block(inner, depth=depth + 1))
            items.append("\n\n".join(parts))
        return loose.join(items)


def joined(pieces: list[Piece]) -> list[Mark]:
    """What is seen of the messages together; the head of a table that goes on is repeated."""
    found = [shown(piece.markdown) for piece in pieces]
    for piece, marks in zip(pieces, found, strict=True):
        if "|" in piece.before:
            del marks[: len(shown(piece.before))]
    return list(chain.from_iterable(found))


def shown(markdown: str) -> list[Mark]:
    """What is seen of a message, without what keeps it safe."""
    return [mark for mark in seen(make_safe(markdown)) if mark[0] != JOINER]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_cut_changes_nothing_of_what_is_seen(seed: int) -> None:
    writer = Writer(seed)
    for number in range(ANSWERS_OF_A_SEED):
        text = rewritten(writer.answer())
        room = ROOMS[number % len(ROOMS)]
        pieces = laid_out(text, room)
        assert "".join(piece.text for piece in pieces) == text
        assert all(weigh(piece.markdown) <= room.chars for piece in pieces)
        assert [each for piece in pieces for each in _CHARACTER.findall(piece.text)] == (
            _CHARACTER.findall(text)
        )
        assert joined(pieces) == shown(text), text


STEPS = "".join(
    f"{number}. **Step {number}.** Do it.\n\n    ```bash\n    kubectl apply -f {number}.yaml\n"
    "    ```\n\n    - first check it\n    - then the other\n\n"
    for number in range(1, 31)
)
NESTED = "".join(f"{'  ' * (number % 4)}- item {number} of them all\n" for number in range(260))
DEEP = (
    "- one\n  - two\n\n    ```js\n"
    + "".join(f"    let x{number} = {number};\n" for number in range(200))
    + "    ```\n\n  - three\n"
)


@pytest.mark.parametrize("text", [STEPS, NESTED, DEEP])
@pytest.mark.parametrize("chars", range(500, 2_000, 173))
def test_a_message_that_begins_in_a_list_shows_code_as_code_and_items_as_items(
    text: str, chars: int
) -> None:
    pieces = laid_out(text, Room(chars, 40))

    assert len(pieces) > 1
    assert joined(pieces) == seen(text)
    assert "".join(chain.from_iterable(code(piece.markdown) for piece in pieces)) == "".join(
        code(text)
    )


@pytest.mark.parametrize("chars", range(900, 1_500, 13))
def test_no_heading_stands_alone_at_an_end(chars: int) -> None:
    text = (
        "Some words of a text.\n\n# Part\n\n## Detail\n\nTitle\n---\n\nWords that follow it.\n\n"
        * 30
    )

    for piece in laid_out(text, Room(chars, 40))[:-1]:
        assert piece.text.endswith(("text.\n\n", "it.\n\n"))


@pytest.mark.parametrize("divider", ["---\n", "- - -\n", "***\n", "--- \r\n"])
def test_dividers_below_one_another_are_no_headings_that_move_to_the_next_message(
    divider: str,
) -> None:
    pieces = laid_out(divider * 100, Room(1_300, 12))

    assert {piece.text.count("\n") for piece in pieces[:-1]} == {5}


LISTED = "".join(f"[{number}]: https://example.com/a{number}\n" for number in range(60))


@pytest.mark.parametrize(
    "text",
    [
        f"Sources:\n{LISTED}",
        f"**Sources:**\n{LISTED.replace(chr(10), chr(13) + chr(10))}",
        f"- Sources:\n{LISTED}",
        f"- Sources:\n{LISTED.replace('[', '  [')}",
        f"Sources, which nobody is shown:\n\n{LISTED}",
        f"Sources: {LISTED.replace(chr(10), ' ').strip()}",
    ],
)
@pytest.mark.parametrize("chars", range(500, 900, 23))
def test_lines_of_a_paragraph_that_look_like_definitions_are_shown_in_each_message(
    text: str, chars: int
) -> None:
    assert joined(laid_out(text, Room(chars, 40))) == shown(text)
