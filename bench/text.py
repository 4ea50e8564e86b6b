"""Reading texts, hostile and ordinary: CPU of each way to read them, and its longest stretch.

Takes some minutes; `python -m bench.text NAME…` reads the texts of those names alone. Each figure
is the least of some rounds, since others may use the CPU.
"""

from __future__ import annotations

import gc
import random
import string
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from markdown_it import MarkdownIt
from pydantic import JsonValue

from bench._report import verdict, write_down
from bot.completion.result import Answer, Section
from bot.markdown.rewriting.rewriting import Rewriting
from bot.markdown.safety import make_safe
from bot.reply.chain import Chain
from bot.settings import Settings
from bot.slack.blocks import BARE, Question
from bot.slack.reading.block_text import text_of_blocks

SMALL, LARGE = 64 * 1_024, 1_000_000
"""Characters of the texts."""

BARS = {SMALL: 50.0, LARGE: 1_000.0}
"""CPU milliseconds for a whole text, at most."""

STRETCH_BAR = 100.0
"""CPU milliseconds before others have their turn, at most."""

ROUNDS = {SMALL: 5, LARGE: 2}
SLICE_CHARS = 4_000
"""So much of an answer is rewritten at a stretch."""

PIECE_CHARS = 40
PIECES_PER_LOOK = 3
"""About 60 tokens come between two edits of an answer alone, which is laid out twice for each."""

MESSAGES = Settings.model_fields["answer_messages"].default

REPEATED: Mapping[str, str] = {
    "prose": "Plain words of an answer, some eighty characters in each of its lines, **so**.\n",
    "one long line": "word ",
    "short lines": "ab\ncde\nfghi\n",
    "newlines": "\n",
    "paragraphs": "ab\n\n",
    "items": "- a\n",
    "quotation": "> a\n",
    "headings": "#\n",
    "dividers": "---\n",
    "small fences": "```\na\n```\n",
    "quoted fences": "> ```\n",
    "fences in items": "- ```\n  a\n  ```\n",
    "quoted items": "> - a\n",
    "bars": "|\n",
    "tables": "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "links": "[a.com](https://b.c) ",
    "a link in a paragraph": "[a.com](https://b.c)\n\n",
    "a mention in an item": "- @here <@U1> a\n",
    "half links": "[a.co](x",
    "references": "[a.com][x] ",
    "definitions": "[x.com]: https://b.c\n",
    "brackets": "][",
    "nested": "[",
    "entities": "&#60;",
    "ampersands": "&",
    "mentions": "<@U1> @here ",
    "angles": "<a:",
    "emphasis": "**a** _b_ ",
    "code": "`a` ",
    "emoji": "🚀日 ",
    "lone surrogates": "\ud800",
    "returns": "a\r\n",
    "dollars": "$a$ ",
    "formulas": "$a_1$ ",
    "parentheses": "\\( \\) ",
    "open brackets": "\\[",
    "formulas below": "$$\na\n$$\n",
    "open formulas below": "\\[a\n\n",
    "environments": "\\begin{a}",
    "unbarred tables": "a | b\n---|---\n1 | 2\n\n",
    "footnotes": "[^1]: a\n",
    "footnotes of two": "[^1]: a\n\n    b\n\n",
    "CJK emphasis": "**重要（注）：**次",
    "CJK in paragraphs": "中文**“重点”**中文\n\n",
    "emphasis of two": "**_重_**要",
    "blocks of HTML": "<div>\n`a` @here\n</div>\n\n",
    "comments": "<!-- `a` --> `b` @here\n",
    "code and links": "`a` [b.com](c.d) `e`\n",
    "notes and links": "a[^1] [b.com](c.d)\n\n[^1]: e\n\n",
    "tables of code": "| a | b |\n|---|---|\n| `1|2` | $c_1$ |\n\n",
    "a mark in a paragraph": "<_🚀\n\n",
    "names and references": "（注）\\/][java.io`",
    "names of other dots": "a·co```.][",
    "headings below bars": "|a\n--\n`b\n@here`\n",
}
"""What texts are made of, again and again."""

MARKS = "*_~ a（`"
ALL_MARKS = f"{MARKS}|\n$\\[]()<>-#"
WITHIN_LINES = "*_`[]()<>&\\ ab.:"
PUNCTUATION = f"{string.punctuation}\n a"
HEAD = "| a | b |\n|---|---|\n"
FENCED = ("> ```\n", "> a\n", "```\n", ">> ```\n")

FOUND: Mapping[str, tuple[str, ...]] = {
    "notes and formulas": ("\u202e", "> ```\n", "[^1]: a\n", "1", "+", "$$\nx_1\n$$\n"),
    "headings and formulas": ("<@U1>", "\\]\n", "__", "\n", "$$\nx_1\n$$\n", "## ", "1", "\r"),
    "names and marks": ("b.com", "_", "<", "- a\n", "][", "*", "—", "+"),
    "comments and marks": ("__", "~", "\n", ">", "<!--", "_", "—", "``"),
    "fences in items and dollars": ("- ```\n", "]", "$$", "\\*", " ", "<@U1>", ":", "\n"),
    "formulas and returns": ("\\(a_1\\)", "\r\n", "````\n", "<@U1>", "<br>", "\\[\n"),
    "rows and dollars": ("a | b\n---|---\n", "$", "`c` | $d_1$\n", "_重_", ")", ">"),
    "lists, notes and formulas": (
        *("1. a\n", " [1](u) ", "`c` | $d_1$\n", "h", ">\n", ")", "[^2]: b\n\n    c\n"),
        "\\[x^2\\]",
    ),
    "formulas and emphasis": (
        *("_重_", "\r\n", "$$\nx_1\n$$\n", "__", "\u202e", ">", "[^1]", "<", "**", "\n"),
    ),
    "headings and dollars": ("# a\n", "|-|-|\n", "$", "> |-|\n"),
}
"""What a search among all of these found to take most, by chance in any order."""

LINES = (
    *("a\n", "\n", "> a\n", ">\n", "> > b\n", "- a\n", "-\n", "  - b\n", "1. a\n", "# a\n", "#\n"),
    *("---\n", "===\n", "* * *\n", "```\n", "~~~\n", "> ```\n", "- ```\n", "  ```\n", "    code\n"),
    *("|a|b|\n", "|-|-|\n", "|1|2|\n", "> |a|\n", "> |-|\n", "- |a|b|\n", "  |-|-|\n", "\ta\n"),
    *("$$\n", "$$\nx_1\n$$\n", "\\[\n", "\\]\n", "[^1]: a\n", "    b\n", "[x]: y.com\n", "<div>\n"),
    *("</div>\n", "<!--\n", "-->\n", "a<br>b\n", "a\\\n", "| a<br>b | `c|d` | $e_1$ |\n"),
)
WORDS = (
    *(
        "*",
        "**",
        "_",
        "__",
        "~~",
        "`",
        "``",
        "[",
        "]",
        "(",
        ")",
        "](",
        "][",
        "]:",
        "<",
        ">",
        "|",
        "\\",
    ),
    *(
        "<@U1>",
        "@here",
        "<!here>",
        "<b>",
        "</b>",
        "<br>",
        "&amp;",
        "&#60;",
        "&lt;",
        "\\*",
        "[^1]",
        "[1]",
    ),
    *("https://a.co/x", "a.com", "[a.com](https://b.c)", "[a.com][x]", "![i](u)", "<https://x.y>"),
    *(
        "<a@b.c>",
        "<x:y|z>",
        "$",
        "$$",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "\\begin{align}",
        "$a_1$",
        "a_b",
    ),
    *(
        "word ",
        " ",
        "\n",
        "重要",
        "（注）",
        "：**",
        "🚀",
        "\u200d",
        "\u0301",
        "\u202e",
        "\ud800",
        "\r",
        "\t",
        ".",
    ),
    *("—", ":", "!", '"', "1", "한국", "[[1]](https://a.b/c)", " [1](u) "),
)
"""What any mix is made of: lines of every kind, and markup within them."""

DRAWN = 12
"""Mixes of some of these, by chance."""

MIXED = ("--a ", '"a" ', "> ```\n", "1. ", "#\n", "[a](", "[a.co](b.co)", "<@U1>", "`", "|", "\n\n")


@dataclass(frozen=True, slots=True)
class Read:
    """CPU milliseconds of one text; `stretch` is the longest without a turn for others, and
    `growing` all the looks at it while it grows, some hundreds."""

    text: str
    chars: int
    rewritten: float
    safe: float
    whole: float
    question: float
    blocks: float
    stretch: float
    bar: float
    growing: float | None = None
    baseline: float | None = None

    @property
    def most(self) -> float:
        """Of what reads it all at once."""
        return max(self.rewritten, self.safe, self.whole, self.question, self.blocks)

    @property
    def verdict(self) -> str:
        return verdict(self.most <= self.bar and self.stretch <= STRETCH_BAR)


def main(names: Sequence[str] = ()) -> None:
    """Print and write down what each text takes, or each of those `names`, and whether the bars
    hold."""
    make_safe("[a.com](https://b.c)")  # lists of names are read once
    gc.collect()
    gc.freeze()
    found = []
    for size in (SMALL, LARGE):
        _print_head(size)
        for name, text in texts(size):
            if names and name not in names:
                continue
            found.append(read(name, text))
            _print(found[-1])
    gc.unfreeze()
    _print_verdicts(found)
    write_down("text", [asdict(each) for each in found])


def texts(size: int) -> Iterator[tuple[str, str]]:
    """Texts of `size` characters, by name."""
    for name, unit in REPEATED.items():
        yield name, (unit * (size // len(unit) + 1))[:size]
    dice = random.Random(20_061)
    yield "mixed", "".join(dice.choices(MIXED, k=size))[:size]
    hosts = (f"{dice.randrange(10**6)}.com" for _ in range(size))
    links = (f"[{next(hosts)}](https://{next(hosts)}) " for _ in range(size // 25))
    yield "other hosts", "".join(links)[:size]
    names = (f"[l{number}.com][r{number % 50}]\n\n" for number in range(size // 15))
    yield "other references", "".join(names)[:size]
    defined = "".join(f"[x]: https://a.com/{number}\n" for number in range(16))
    yield "references of many", (defined + "\n" + "[a.com][x] " * (size // 11))[:size]
    items = "".join(f"{number}. a\n" for number in range(1, size // 4))
    yield "numbered items", items[:size]
    yield "breaks in cells", (HEAD + "| a<br>b | c |\n" * (size // 14))[:size]
    yield "code in cells", (HEAD + "| `a|b` | $c_1$ |\n" * (size // 18))[:size]
    yield "unbarred rows", ("a | b\n---|---\n" + "`c` | $d_1$\n" * (size // 12))[:size]
    yield "one unbarred table", ("a | b\n---|---\n" + "1 | 2\n" * (size // 6))[:size]
    yield "random marks", "".join(dice.choices(MARKS, k=size))
    yield "all random marks", "".join(dice.choices(ALL_MARKS, k=size))
    yield "marks within lines", "".join(dice.choices(WITHIN_LINES, k=size))
    yield "punctuation", "".join(dice.choices(PUNCTUATION, k=size))
    yield "random quoted fences", "".join(dice.choices(FENCED, k=size))[:size]
    yield "any lines", "".join(dice.choices(LINES, k=size))[:size]
    yield "any words", "".join(dice.choices(WORDS, k=size))[:size]
    yield "any of both", "".join(dice.choices(LINES + WORDS, k=size))[:size]
    for number in range(DRAWN):
        some = dice.sample(LINES + WORDS if number % 3 else LINES, dice.choice((1, 2, 3, 5, 8)))
        if number % 2:
            text = "".join(dice.choices(some, k=8)) * (size // 8 + 1)
        else:
            text = "".join(dice.choices(some, k=size))
        yield f"drawn {number}", text[:size]
    for name, found in FOUND.items():
        yield name, "".join(random.Random(7).choices(found, k=size))[:size]
    yield "short lines and a mention", ("ab\n" * (size // 3))[: size - 5] + "@here"


def read(name: str, text: str) -> Read:
    """Read `text` in every way; beside it, small ones with markdown-it-py."""
    small = len(text) <= SMALL
    size = SMALL if small else LARGE
    rounds = ROUNDS[size]
    whole, stretch = _laid_out(text, rounds)
    return Read(
        name,
        len(text),
        rewritten=_milliseconds(lambda: _rewritten(text), rounds),
        safe=_milliseconds(lambda: make_safe(text), rounds),
        whole=whole,
        question=_milliseconds(lambda: Question("U1", text).first_message("", BARE), rounds),
        blocks=_milliseconds(lambda: _blocks(text), rounds),
        stretch=stretch,
        bar=BARS[size],
        growing=_grown(text) if small else None,
        baseline=_milliseconds(lambda: _rendered(text), rounds=1) if small else None,
    )


def _rewritten(text: str) -> None:
    rewriting = Rewriting()
    for start in range(0, len(text), SLICE_CHARS):
        rewriting.feed(text[start : start + SLICE_CHARS])
    rewriting.end()


def _milliseconds(work: Callable[[], object], rounds: int) -> float:
    """The least CPU milliseconds of some rounds."""
    taken = []
    for _ in range(rounds):
        started = time.thread_time()
        work()
        taken.append(time.thread_time() - started)
    return min(taken) * 1e3


def _laid_out(text: str, times: int) -> tuple[float, float]:
    """Milliseconds of a whole answer, and of its longest stretch."""
    answer = Answer(
        sections=(Section(text=text, done=True),), model_asked="m", model="m", endpoint="chat"
    )
    rounds = []
    for _ in range(times):
        chain = Chain(Question("U1", "q"), "job1", most=MESSAGES)
        stretches = [*_stretches(chain, answer)]
        stretches.append(_milliseconds(partial(chain.complete, answer), rounds=1))
        rounds.append((sum(stretches), max(stretches)))
    return min(whole for whole, _ in rounds), min(stretch for _, stretch in rounds)


def _stretches(chain: Chain, answer: Answer) -> Iterator[float]:
    """Milliseconds between the turns that laying out `answer` leaves to others."""
    prepared = chain.prepare_all(answer).__await__()
    going = True
    while going:
        started = time.thread_time()
        going = next(prepared, prepared) is not prepared
        yield (time.thread_time() - started) * 1e3


def _grown(text: str) -> float:
    """Milliseconds of all looks at `text` while it comes in small pieces."""
    chain = Chain(Question("U1", "q"), "job1", most=MESSAGES)
    started = time.thread_time()
    said, looked = "", 0
    while len(said) < len(text):
        said += text[len(said) : len(said) + PIECE_CHARS]
        looked += 1
        if looked % PIECES_PER_LOOK == 0:
            chain.growing([Section(text=said)])
    return (time.thread_time() - started) * 1e3


def _blocks(text: str) -> str:
    inside: JsonValue = {"type": "text", "text": text}
    quote: JsonValue = {"type": "rich_text_quote", "elements": [inside]}
    return text_of_blocks([{"type": "rich_text", "elements": [quote]}])


def _rendered(text: str) -> str:
    html: str = MarkdownIt("commonmark").enable("table").render(text)
    return html


def _print_head(size: int) -> None:
    heads = (
        "rewritten",
        "safe",
        "whole",
        "question",
        "blocks",
        "of bar",
        "stretch",
        "growing",
        "baseline",
    )
    print(f"{f'CPU ms of {size:,}':>26}" + "".join(f"{head:>10}" for head in heads))
    bars = (*(f"{BARS[size]:,.0f}",) * 5, "", f"{STRETCH_BAR:,.0f}")
    print(f"{'the bar':>26}" + "".join(f"{bar:>10}" for bar in bars))


def _print(found: Read) -> None:
    numbers = (found.rewritten, found.safe, found.whole, found.question, found.blocks)
    shown = [f"{number:.2f}" for number in numbers]
    shown += [f"{found.most / found.bar:.0%}", f"{found.stretch:.2f}"]
    shown += ["" if each is None else f"{each:.2f}" for each in (found.growing, found.baseline)]
    columns = "".join(f"{each:>10}" for each in shown)
    print(f"{found.text:>26}{columns}  {found.verdict}", flush=True)


def _print_verdicts(found: list[Read]) -> None:
    for size, bar in BARS.items():
        of_size = [each for each in found if (each.chars <= SMALL) == (size == SMALL)]
        if not of_size:
            continue
        worst = max(of_size, key=lambda each: each.most)
        _verdict(f"{size:,} characters at once", worst.most, bar, worst.text)
    if not found:
        return
    longest = max(found, key=lambda each: each.stretch)
    _verdict("the longest stretch", longest.stretch, STRETCH_BAR, longest.text)


def _verdict(what: str, taken: float, bar: float, text: str) -> None:
    said = verdict(taken <= bar)
    print(f"{what}: {taken:.1f} ms at most ({text}), the bar is {bar:,.0f} ms: {said}")


if __name__ == "__main__":
    main(sys.argv[1:])
