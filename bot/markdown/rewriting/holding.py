"""What is held back of a text that is rewritten, since it cannot be told yet what it begins."""

from __future__ import annotations

import re

from bot.markdown.rewriting.formulas import BEGUN
from bot.markdown.rewriting.rows import LONGEST_HEAD, may_be_rule, may_become_head

_BEGUN = re.compile(
    rf"(?:{BEGUN}|(?<!`)`{{1,60}}|(?<![A-Za-z0-9])h(?:t(?:t(?:ps?(?::/?)?)?)?)?"
    r"|^[ ]{1,3}|^[ ]{0,3}\[(?:\^[^\]\s]{0,60}\]?)?)\Z",
    re.MULTILINE,
)
LONGEST_BEGUN = 80


def told(held: str, at: int, end: int, begins: int, *, in_line: bool) -> int:
    """`end`, or the place above in what is `held`, from `at` on, from where on a table, a formula
    or a footnote may have begun. A line begins at `begins`; `in_line`: that at `at` began above."""
    ends_line = held[end - 1 : end] == "\n"
    if ends_line and end < len(held) - LONGEST_BEGUN and held.find("\n", end) >= 0:
        return end
    begun = _BEGUN.search(held[begins:], max(at, len(held) - LONGEST_BEGUN) - begins)
    if begun:
        start = begins + begun.start()
        before = held[at:start]
        escapes = len(before) - len(before.rstrip("\\"))
        end = min(end, start - escapes % 2)
    line = held.rfind("\n", at) + 1 or at
    if may_be_rule(held, line) and (line > at or not in_line):
        end = min(end, line)
        line = held.rfind("\n", at, line - 1) + 1 or at
    if may_become_head(held[line:], LONGEST_HEAD + LONGEST_BEGUN):
        end = min(end, line)
    return end
