"""The head of a table and the rule below it, written so that no reader loses anything of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from bot.markdown.rewriting.rows import (
    FIRST_BAR,
    LONGEST_HEAD,
    LONGEST_LINE,
    SPACED_BAR,
    columns_of,
    head_of,
    is_free_head,
    lead_of,
    may_be_rule,
    rule_at,
    rule_of,
)

_WIDE = 20
"""A table of more columns is shown as code, in a message of its own, and each of its rows begins
with a bar. Where the head does not, what stands before its first bar may have been shown already:
that stays, and the head follows whole below it."""

_MOST_KEPT = 64
"""Of so many heads is remembered how they are shown."""

NO_RULE = re.compile("").match("")


class Table(NamedTuple):
    """A table that goes on: its columns, the quotations it stands in, how far it is indented, and
    whether each of its rows is to begin with a bar."""

    columns: int
    quotes: int
    indent: int
    barred: bool


class Head(NamedTuple):
    """What is shown of a head that had not come out, what in place of the rule, and the table that
    follows."""

    shown: str
    rule: str
    table: Table


@lru_cache(maxsize=_MOST_KEPT)
def head_of_table(line: str, out: int, rule: str) -> Head:
    """The head that is `line`, of which `out` characters have come out, above its `rule`."""
    before = line[:out]
    free = is_free_head(line, out)
    head = head_of(line, columns_of(rule)) if free else line
    shown = head[out:] if head.startswith(before) else line[out:]
    columns = columns_of(before + shown)
    wide = columns > _WIDE
    if wide and free and not line.lstrip(" \t>").startswith("|"):
        bar = FIRST_BAR.match(head)
        kept = head[out : bar.end() - 1] if bar else ""
        shown = f"{kept}\n| {head.strip()} |\n"
    lead = lead_of(rule)
    table = Table(columns, rule.count(">", 0, lead), lead, wide)
    return Head(shown, rule_of(rule, columns, barred=wide), table)


def rule_below(held: str, start: int, line: str, *, whole: bool) -> re.Match[str] | None:
    """The rule below the `line` in which something stands at `start` of what is `held`, which is
    the head of a table then, or `NO_RULE`. None: it cannot be told yet; nothing more comes where
    that is `whole`."""
    if "|" not in line:
        return NO_RULE
    cut = f"{line[:LONGEST_LINE]}." if len(line) > LONGEST_LINE else line
    if not SPACED_BAR.search(cut):
        return NO_RULE
    end = held.find("\n", start, start + LONGEST_HEAD)
    if end < 0:
        return None if not whole and len(held) - start < LONGEST_HEAD else NO_RULE
    rule = rule_at(held, end + 1)
    if rule and (whole or rule.end() < len(held)):
        return rule if "|" in rule[0] else NO_RULE
    return None if not whole and may_be_rule(held, end + 1) else NO_RULE
