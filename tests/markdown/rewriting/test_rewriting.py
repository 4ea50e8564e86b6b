"""Formulas, tables and footnotes: nothing of them is eaten, in every edit and at the last."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from bot.markdown.filling import Room
from bot.markdown.markdown import Layout
from bot.markdown.rewriting.rewriting import Rewriting
from bot.markdown.safety import make_safe
from tests.markdown.commonmark import cells, code, links, pings, shown_text
from tests.markdown.disguises import hides

ROOM = Room(4_000, 40)


def rewritten(text: str) -> str:
    rewriting = Rewriting()
    return rewriting.feed(text) + rewriting.end()


def looks(text: str, step: int = 1) -> Iterator[str]:
    """What is shown while `text` grows, and at the last."""
    rewriting, layout = Rewriting(), Layout(ROOM, ROOM)
    for at in range(0, len(text), step):
        layout.feed(rewriting.feed(text[at : at + step]))
        yield make_safe(layout.tail(growing=True).markdown)
    layout.feed(rewriting.end())
    yield make_safe(layout.tail().markdown)


FORMULAS = (
    r"\(x_1\)",
    r"\( a * b * c \)",
    r"\(\{a\}\)",
    r"\(f(x) = \frac{a_1}{b_2}\)",
    r"\[E = mc^2\]",
    r"\[ a < b \]",
    r"$$x_1 + x_2$$",
    r"$$\alpha \\ \beta$$",
    r"$x_1$",
    r"$\{1, 2\}$",
    r"$2^{n_1} * k$",
    r"\(`a`\)",
    r"$$<!channel>$$",
    r"\(<@U012AB3CD> @here\)",
    r"\([a.com](https://b.example)\)",
    r"$$x$$",
    r"$y^2$",
)
BLOCKS = (
    "\\[\nx_1 = \\frac{a}{b}\n- c * d * e\n= f\n\\]",
    "$$\n\\begin{aligned}\na &= b \\\\\n# c &= d\n\\end{aligned}\n$$",
    "\\begin{align}\na_1 &= b \\\\\nc_2 &= d\n\\end{align}",
    "$$\na_1\n\n+ b_2\n$$",
)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize(
    "around", ["{}", "so {} is", "- a {} b", "> {} b", "# h {}", "**{}** x", "次{}次", "({}), and"]
)
def test_a_formula_is_shown_as_it_was_written(formula: str, around: str) -> None:
    text = around.replace("{}", formula)
    *growing, last = looks(text)

    assert formula in shown_text(last)
    assert not pings(last)
    assert not hides(last)
    assert not any(pings(each) for each in growing)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("before", ["", "text:\n", "- item\n\n", "text\n\n"])
def test_a_formula_of_lines_is_a_block_of_code(block: str, before: str) -> None:
    *_, last = looks(f"{before}{block}\nThen *so*.")

    assert code(last) == [f"{block}\n"]
    assert "Then so." in shown_text(last)


def test_a_formula_in_a_list_or_a_quotation_stays_in_it() -> None:
    item = rewritten("- a:\n  $$\n  x_1\n  $$\n- b")
    quoted = rewritten("> a\n> \\[\n> x_1\n> \\]\n> b")

    assert code(item) == ["$$\nx_1\n$$\n"]
    assert code(quoted) == ["\\[\nx_1\n\\]\n"]


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10, or US$7 and $3.50 a month.",
        "between $5 *and* $10",
        "$5_000 or $6_000",
        "$HOME/*.py:$PATH/*.sh and echo $$ or $$",
        "`\\(x_1\\)` and `$$a_1$$`",
        "``\\(x_1`\\)`` and\n`\\[\nx\\]`",
        "```\n\\(x_1\\)\n$$\na_1\n$$\n| a | b |\n|---|---|\n| `c|d` | <br> |\n[^1]: x\n```",
        "- a\n  ~~~\n  \\(x_1\\)\n  ~~~",
        "    \\(x_1\\)",
        "[x](https://en.wikipedia.org/wiki/A_\\(b\\)) https://a.example/\\(x\\)",
        "\\[1\\] and - \\[ \\] and \\[text\\](https://a.example)",
        "unclosed \\(x and $$y and \\[ z",
        "a $ b $ c",
        "P(A|B) = a|b",
        "\\\\(x\\\\)",
    ],
)
def test_what_is_no_formula_stays_to_the_letter(text: str) -> None:
    assert rewritten(text) == text


def test_how_text_arrives_does_not_matter() -> None:
    chance = random.Random(7)
    tables = ["a | `b|c`\n---|---\n1 | 2<br>3 | 4\nfoo\n", "| n |\n|---|\n| \\(|x_1|\\) |\n"]
    notes = ["so[^1].\n[^1]: one\n[^2]: two\n\n    more\n", "`code` and `` co`de `` $5\n"]
    parts = [*FORMULAS, *(f"\n{each}\n" for each in BLOCKS), *tables, *notes, "\n\n", " a ", "`"]
    for _ in range(150):
        text = "".join(chance.choices(parts, k=chance.randint(2, 12)))
        whole, rewriting, came = rewritten(text), Rewriting(), ""
        while text and (size := chance.randint(1, 9)):
            came += rewriting.feed(text[:size])
            assert whole.startswith(came)
            text = text[size:]
        assert came + rewriting.end() == whole


def test_each_place_stands_for_one_in_the_text() -> None:
    text = "so \\(x_1\\) is\n[^1]: a\n[^2]: b\n\n| a<br>b |\n|---|\n| c |\n" * 9
    rewriting = Rewriting()
    made = rewriting.feed(text) + rewriting.end()
    places = [rewriting.given(at) for at in range(len(made) + 1)]

    assert places[0] == 0
    assert places[-1] == len(text)
    assert places == sorted(places)
    assert text[places[made.index(" is")] :].startswith(" is")


TABLES = (
    ("a | b\n---|---\n1 | 2\n", [["a", "b"], ["1", "2"]]),
    ("a | b\n:--|--:\n1 | 2\n3 | 4\n\nend", [["a", "b"], ["1", "2"], ["3", "4"]]),
    ("|a|b|\n|-|-|\n|1|2|3|\n|4|\n", [["a", "b"], ["1", "2|3"], ["4", ""]]),
    ("a | b\n---|---\nfoo\n1 | 2\n", [["a", "b"], ["foo", ""], ["1", "2"]]),
    ("| a |\n|---|\n| 1 |\n| x \\| y |\n", [["a"], ["1"], ["x | y"]]),
    ("| t | n |\n|--|--|\n| `a|b` | `c` |\n", [["t", "n"], ["a|b", "c"]]),
    ("| t | n |\n|--|--|\n| `a \\| b` | c |\n", [["t", "n"], ["a | b", "c"]]),
    ("| `a|b` | n |\n|--|--|\n| 1 | 2 |\n", [["a|b", "n"], ["1", "2"]]),
    (
        "| a<br>b | c |\n|---|---|\n| 1<br/>2 <BR /> 3 | <br> |\n",
        [["a · b", "c"], ["1 · 2 · 3", ""]],
    ),
    ("| a | c |\n|---|---|\n| `<br>` | x<br>y |\n", [["a", "c"], ["<br>", "x · y"]]),
    (
        "| f | c |\n|--|--|\n| \\(|x_1|\\) | $a_1*b*c$ |\n",
        [["f", "c"], ["\\(|x_1|\\)", "$a_1*b*c$"]],
    ),
    ("a | b | c\n---|---\n1 | 2 | 3\n", [["a", "b", "c"], ["1", "2", "3"]]),
    ("text\n\n> a | b\n> ---|---\n> 1 | 2 | 3\n", [["a", "b"], ["1", "2 | 3"]]),
    ("| 価格 | 色 |\n|---|---|\n| $5 | **赤（濃）**色 |\n", [["価格", "色"], ["$5", "赤（濃）色"]]),
)


@pytest.mark.parametrize(("text", "expected"), TABLES)
def test_a_table_says_all_that_it_said(text: str, expected: list[list[str]]) -> None:
    *growing, last = looks(text)

    assert cells(last) == expected
    for each in growing:
        assert all(row in expected for row in cells(each)) or not cells(each)


@pytest.mark.parametrize("columns", [2, 20, 21, 40])
@pytest.mark.parametrize("bar", ["", "|"])
def test_a_table_of_any_width_is_cut_between_rows(columns: int, bar: str) -> None:
    rule = f"{bar}{'|'.join(['---'] * columns)}{bar}\n"
    rows = [f"{bar}{'|'.join(f' {n}.{c} ' for c in range(columns))}{bar}\n" for n in range(60)]
    head = f"{bar}{'|'.join(f' h{c} ' for c in range(columns))}{bar}\n"
    layout = Layout(Room(2_000, 40), Room(2_000, 40))
    layout.feed(rewritten(f"Look:\n\n{head}{rule}{''.join(rows)}"))

    pieces = [piece.markdown for piece in (*layout.sealed, layout.tail())]
    said = "".join(map(shown_text, pieces))
    assert all(f"{n}.{c}" in said for n in range(60) for c in range(columns))
    for piece in pieces[columns > 20 :]:
        assert code(piece) if columns > 20 else cells(piece)[0][0] == "h0"


def test_footnotes_are_read() -> None:
    text = (
        "One[^1], two[^two](see there), three[^3][^1].\n[^1]: https://a.example/page\n"
        '[^two]: Book "The title"\n[^3]: word\n\n    More of it.\n\nEnd.'
    )
    *growing, last = looks(text)

    assert not [link for link in links(last) if "^" in link.text]
    read = shown_text(last)
    for part in (
        "One[^1]",
        "two[^two](see there)",
        "three[^3][^1].",
        "[^1]: https://a.example/page",
    ):
        assert part in read
    assert '[^two]: Book "The title"' in read
    assert "[^3]: word" in read
    assert code(last) == []
    assert "More of it." in read
    assert not any(link for each in growing for link in links(each) if "^" in link.text)


@pytest.mark.parametrize("indent", ["    ", "\t", " \t", "  \t", "   \t"])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_footnote_goes_on_behind_a_tab_as_behind_four_spaces(indent: str, size: int) -> None:
    text = f"[^1]: a\n\n{indent}b\n\n{indent}\tcode\n\n{indent}- item\n\nend"
    rewriting = Rewriting()
    parts = [rewriting.feed(text[at : at + size]) for at in range(0, len(text), size)]

    said = "".join(parts) + rewriting.end()

    assert said == "[^1]: a\n\nb\n\n\tcode\n\n- item\n\nend"


def test_a_mark_that_leads_somewhere_is_a_link() -> None:
    *_, last = looks("so [^1](https://a.example/page)")

    assert [link.href for link in links(last)] == ["https://a.example/page"] * 3


@pytest.mark.parametrize(
    "text",
    [
        "[^1]: [bank.example](https://evil.example)",
        "[bank.example][^1]\n\n[^1]: https://evil.example",
        "[^bank.example](https://evil.example)",
        "\\([bank.example](https://evil.example) \\",
        "| [bank.example](https://evil.example) | `x|y` |\n|--|--|\n| <!channel> | @here<br> |",
        "$$ [bank.example](https://evil.example)",
        "[^1]: <!channel> and @here",
        "`a \\(<!channel>\\) b",
    ],
)
def test_nothing_acts_or_hides_in_what_was_rewritten(text: str) -> None:
    for each in looks(text):
        assert not pings(each)
        assert not hides(each)


def test_a_text_of_nothing_but_formulas_is_rewritten_alike_however_it_came() -> None:
    text = "$$\na_1\n$$\n" * 1_000 + "words " * 800 + "and $a_1$."
    whole = Rewriting()
    shown = whole.feed(text) + whole.end()
    parts = Rewriting()

    assert (
        "".join(parts.feed(text[at : at + 7]) for at in range(0, len(text), 7)) + parts.end()
        == shown
    )
    assert 100 < shown.count("```") // 2 < 1_000
    assert shown.endswith("and `$a_1$`.")


def test_a_formula_is_shown_wherever_it_stands_in_a_long_line() -> None:
    for words in range(200, 300):
        rewriting = Rewriting()
        shown = (
            rewriting.feed(f"{'so' * (words // 2)}{' ' * (words % 2)} $a_1$ and more")
            + rewriting.end()
        )
        assert "`$a_1$`" in shown


@pytest.mark.parametrize(
    "text",
    [
        "`\\[\n`$<$|",
        "x [i](u)$a_1$ b",
        "a `b\n\\(c\nd` $e_1$ f",
        "``a\n$$ `` $b_1$ `c`",
        "` ``$\n~~~`|\n~~~\n\\(a\\)",
        "a `b $c_1$\n> ```d`\n> ```\n\ne $f_1$",
        "1$$|\n$$:$_$\n-|",
        "次```\n```$$\nx$$",
        "```p`\n```\\[*\\]",
        "[^1]: a\n    [^2]: b\n",
        "[^1]: a\n\t[^2]: b\n",
    ],
)
def test_code_of_several_lines_and_links_are_read_alike_wherever_they_are_parted(text: str) -> None:
    whole = Rewriting()
    shown = whole.feed(text) + whole.end()
    for at in range(1, len(text)):
        parts = Rewriting()
        assert parts.feed(text[:at]) + parts.feed(text[at:]) + parts.end() == shown
    parts = Rewriting()
    assert "".join(map(parts.feed, text)) + parts.end() == shown


def test_a_fence_is_one_however_much_came_out_above_it() -> None:
    text = "word " * 60 + "\n\n$$\nx_1\n$$\n> ```\nso \\(b_1\\)\n"

    assert rewritten(text).endswith("> ```\nso `\\(b_1\\)`\n")
