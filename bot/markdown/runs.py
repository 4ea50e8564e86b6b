"""Runs of lines that are nothing but text or code, each found at once by a pattern."""

from __future__ import annotations

import re

from bot.markdown.lines import LIST_MARKER

_REST = r"[^\n`~]*+(?:(?:`{1,2}+(?!`)|~{1,2}+(?!~))[^\n`~]*+)*+\n"
"""To the end of a line in which no fence can begin."""

_TEXT = (
    r"[ \t\r]*+(?:(?=[\n`~])|[^\s#=\-*_|:`~]"
    r"|#(?=[^#\s])|[=\-*_][=\-*_ \t\r]*+(?=[^\s|:])|[*_][*_ \t\r]*+(?=[|:])"
    rf"|[|:][|: \t\r]*+(?=[^\-\s]|\n)){_REST}"
)
"""A line that is no heading, no divider, no fence and no rule below the head of a table."""

_CODE = r"(?![^\S\n]*+(?:```|~~~))[^\n]*+\n"
"""A line that does not close a fence, nor look so to anybody."""

_BLOCK = "|".join(
    rf"{marker}[A-Za-z0-9+#./_-]{{0,64}}+[ \t\r]*+\n(?:{_CODE})*+{marker}[ \t\r]*+\n"
    for marker in ("```", "~~~")
)
"""A whole block of code that everybody sees."""

_TEXTS = re.compile(rf"(?:({_TEXT}))++")
_TEXTS_AND_BLOCKS = re.compile(rf"(?:({_TEXT}|({_BLOCK})))++")
_CODES = re.compile(rf"(?:{_CODE})++")
_LAST_BLANK = re.compile(r"(?s:.*)^[ \t\r]*+\n", re.MULTILINE)
_LAST_PARAGRAPH = re.compile(
    r"(?s:.*)(?:^[ \t\r]*+(?:>[ \t\r>]*+)?\n|^(?![ \t\r]*+>)[^\n]*+\n(?=[ \t\r]*>)"
    rf"|^(?=[ \t\r]*+{LIST_MARKER}))",
    re.MULTILINE,
)


Span = tuple[int, int]
"""Two places in a text."""


def text_in(text: str, at: int, end: int, *, blocks: bool) -> Span:
    """Where the lines end that are nothing but text, the first of them at `at`, and where the last
    one begins; whole blocks of code count as lines of text where there are `blocks`."""
    run = _TEXTS_AND_BLOCKS.match(text, at, end) if blocks else _TEXTS.match(text, at, end)
    return (run.end(), run.start(1)) if run else (at, at)


def end_of_code(text: str, at: int) -> int:
    """Where lines end that stand in a block of code and leave it open, the first at `at`."""
    run = _CODES.match(text, at)
    return run.end() if run else at


def last_block(text: str, at: int, end: int) -> Span | None:
    """Where the last block of code begins and ends, from `at` to `end`, which are nothing but text
    and blocks of code."""
    if text.find("```", at, end) < 0 and text.find("~~~", at, end) < 0:
        return None
    run = _TEXTS_AND_BLOCKS.match(text, at, end)
    return run.span(2) if run and run[2] else None


def last_blank(text: str, at: int, end: int) -> int | None:
    """Where the last blank line ends, from `at` to `end`, which are nothing but text."""
    found = _LAST_BLANK.match(text, at, end)
    return found.end() if found else None


def last_paragraph(text: str, at: int, end: int) -> int | None:
    """Where the last paragraph begins, from `at` to `end`, which are nothing but text; None where
    it goes on from the first line."""
    found = _LAST_PARAGRAPH.match(text, at, end)
    return found.end() if found else None
