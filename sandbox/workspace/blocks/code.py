"""What of a `markdown` block is code to every reader of markdown.

Slack makes rich text of such a block, and what is code becomes text that nothing is looked for
in (docs.slack.dev, "Markdown block": code and code blocks as they are; slack-markdown-parser, which
its authors tried live). Only the plainest forms count here: fences that stand free, and code that
begins and ends in one line, whether the lines around it are read with it or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`|]*$)|~{3,}(?=[^|]*$))")
_TICKS = re.compile(r"\\`|`+")
_RULE = re.compile(r"[-:|> \t]*-[-:|> \t]*")
_HTML = re.compile(r"[ \t>]*<[A-Za-z!?/]")


def without_code(text: str) -> str:
    """`text` with a space in place of each piece of code."""
    return "\n".join(_outside(text.split("\n")))


def _outside(lines: list[str]) -> Iterator[str]:
    paragraph: list[str] = []
    number, html = 0, False
    while number < len(lines):
        line = lines[number]
        html = (html or bool(_HTML.match(line))) and bool(line.strip())
        fence = None if html else _FENCE.match(line)
        if fence or not line.strip():
            yield from _prose(paragraph)
            paragraph = []
        if not fence:
            paragraph.append(line)
            number += 1
            continue
        yield line
        end = _end(lines, number + 1, fence[1], fence[2])
        yield " "
        number = end
    yield from _prose(paragraph)


def _end(lines: list[str], start: int, indent: str, marker: str) -> int:
    """The first line that is no code any more."""
    for number, line in enumerate(lines[start:], start):
        bare = line.strip()
        deep = len(line) - len(line.lstrip())
        if bare and deep < len(indent):
            return number
        if deep <= 3 and len(bare) >= len(marker) and not bare.strip(marker[0]):
            return number + 1
    return len(lines)


def _prose(lines: list[str]) -> Iterator[str]:
    together = "\n".join(lines)
    certain = set(_spans(together))
    in_table = any(_RULE.fullmatch(line) for line in lines)
    start = 0
    for line in lines:
        shown: list[str] = []
        end = 0
        for begin, stop in _spans(line):
            if (start + begin, start + stop) in certain and not (
                in_table and "|" in line[begin:stop]
            ):
                shown += line[end:begin], " "
                end = stop
        yield "".join((*shown, line[end:]))
        start += len(line) + 1


def _spans(text: str) -> Iterator[tuple[int, int]]:
    runs = [run.span() for run in _TICKS.finditer(text) if run[0][0] == "`"]
    number = 0
    while number < len(runs):
        begin, end = runs[number]
        ends = (
            place
            for place in range(number + 1, len(runs))
            if runs[place][1] - runs[place][0] == end - begin
        )
        closing = next(ends, None)
        if closing is None:
            number += 1
            continue
        yield begin, runs[closing][1]
        number = closing + 1
