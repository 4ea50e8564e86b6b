"""Tables, written so that no reader loses anything of them.

GFM lets a bar end a cell even within code, and leaves out what is more than the head has cells for.
HTML is shown by no one: `<br>` becomes a dot between two words.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import NamedTuple

from bot.characters import half_mark
from bot.markdown.code_spans import spans_in
from bot.markdown.links.links import JOINER
from bot.markdown.rewriting.formulas import BEHIND_OPENING, Formula, Missing, formula_at, is_half
from bot.markdown.rewriting.held import (
    FIRST_BAR,
    LONGEST_HEAD,
    LONGEST_LINE,
    SPACED_BAR,
    may_begin_rule,
    rule_at,
)

_SHORT_ROW, _MOST_KEPT = 100, 128
"""Of rows of so many characters is remembered how they are shown, of so many of them."""

BREAK = r"</?br\b[^<>|\n]{0,40}>"
_BREAKS = re.compile(rf"(?:{BREAK}[ \t]*+)++", re.IGNORECASE)
_BEGINS_LEAD = frozenset(" \t>")
_LEAD = re.compile(r"(?:[ \t]*+>)*+[ \t]*+")
_ENDS_TABLE = re.compile(
    r"[ \t]*\r?\n?\Z|[ ]{0,3}(?:>|`{3}|~{3}|#{1,6}[ \t\r\n]|(?:[-*+]|\d{1,9}[.)])[ \t]"
    r"|(?:-[ \t]*){3,}\r?$|(?:\*[ \t]*){3,}\r?$|(?:_[ \t]*){3,}\r?$)|[ ]{4}|[ ]{0,3}\t",
    re.MULTILINE,
)
_MAY_END_TABLE = frozenset(("", *" \t\r\n>`~#-+*_", *string.digits))
"""What a line begins with that may end one."""

_OPENING = re.compile(rf"[\\$](?:(?P<formula>{BEHIND_OPENING})|(?<=\\).)", re.DOTALL)
_SPECIAL = re.compile(r"[`\\$<]")
_CELL = re.compile(r"[^|]+")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]+[^-*_\s]")
_BAR = re.compile(r"\\.|(\|)", re.DOTALL)
_BEGUN_RUN = re.compile(r"(?:^|(?<=[\s|]))[*_~]+\Z")
_FREE_BAR = re.compile(r"(?<!\\)\|")
SEPARATOR = " · "

_WIDE = 20
"""A table of more columns is shown as code, in a message of its own, and each of its rows begins
with a bar. Where the head does not, what stands before its first bar may have been shown already:
that stays, and the head follows whole below it."""

_MOST_HEADS = 64
"""Of so many heads is remembered how they are shown."""

NO_RULE = re.compile("").match("")


def columns_of(row: str) -> int:
    """How many cells GFM sees in `row`."""
    return _columns(row[lead_of(row) :].strip(" \t\r\n"))


def _columns(bare: str) -> int:
    """The same of a row without what stands around it."""
    count, begun, ended = bare.count("|"), bare[:1] == "|", bare[-1:] == "|"
    if "\\" in bare and "\\\\" not in bare:
        count -= bare.count("\\|")
        ended = ended and bare[-2:] != "\\|"
    elif "\\" in bare:
        ends = [found.end() for found in _BAR.finditer(bare) if found[1]]
        count, ended = len(ends), bool(ends) and ends[-1] == len(bare)
    return count + 1 - begun - (ended and count > begun)


def lead_of(row: str) -> int:
    """Where `row` begins behind its space and the marks of a quotation."""
    lead = _LEAD.match(row) if row[:1] in _BEGINS_LEAD else None
    return lead.end() if lead else 0


def ends_table(line: str, quotes: int) -> bool:
    """Whether `line` is no row of the table above it, which stands in so many quotations."""
    if not quotes and line.startswith("|"):
        return False
    lead = lead_of(line)
    if quotes:
        return line.count(">", 0, lead) != quotes or not line[lead:].strip()
    return line[:1] in _MAY_END_TABLE and _ENDS_TABLE.match(line) is not None


def begins_table(line: str) -> bool:
    """Whether `line` can be the head of a table: it is text, be it an item of a list."""
    lead = lead_of(line)
    return _ITEM.match(line, lead) is not None or not _ENDS_TABLE.match(line[lead:])


def head_of(line: str, columns: int) -> str:
    """`line`, the head of a table of so many columns, with what is in code kept together; what
    stands before its first bar stays."""
    first = FIRST_BAR.match(line)
    if not first or not _SPECIAL.search(line):
        return line
    body, bar = line.rstrip("\r\n"), first.end() - 1
    shown = _with_code(body[bar:], tight=columns_of(line) > columns)
    return f"{line[:bar]}{shown}{line[len(body) :]}"


def rule_of(rule: str, columns: int, *, barred: bool = False) -> str:
    """`rule` for a table of so many columns; `barred`: it is to begin with a bar."""
    if columns_of(rule) == columns and (not barred or rule.lstrip(" \t>").startswith("|")):
        return rule
    lead = lead_of(rule)
    cells = _CELL.findall(rule[lead:].strip(" \t\r"))[:columns]
    cells += ["---"] * (columns - len(cells))
    return f"{rule[:lead]}|{'|'.join(cells)}|{rule[len(rule.rstrip()) :]}"


def row_of(line: str, columns: int, *, barred: bool = False, cut: bool = False) -> str:
    """`line`, a row of a table of so many columns, with all that it says in cells of its own;
    `barred`: it is to begin with a bar; `cut`: without what is but half at its end."""
    row = _short_row if len(line) <= _SHORT_ROW else _row
    return row(line, columns, barred, cut)


def _row(line: str, columns: int, barred: bool, cut: bool) -> str:
    line = _without_half(line) if cut else line
    lead = lead_of(line)
    body = line[lead:].rstrip(" \t\r\n")
    end = line[lead + len(body) :]
    count = _columns(body.lstrip(" \t\r\n"))
    if _SPECIAL.search(body):
        written, body = body, _with_code(body, tight=cut or count > columns)
        count = columns_of(body) if body != written else count
    if count > columns:
        body = _joined(body, columns)
    unbarred = not cut and "|" not in (body.replace("\\|", "") if "\\" in body else body)
    if unbarred or (barred and not body.startswith("|")):
        body = f"| {body}" if body.endswith("|") else f"| {body} |"
    return f"{line[:lead]}{body}{end}"


_short_row = lru_cache(maxsize=_MOST_KEPT)(_row)


def _without_half(row: str) -> str:
    """`row`, which was cut, without what of code, of a formula, of a tag or of an entity is but
    half."""
    spans = spans_in(row)
    begin = spans[-1][1] if spans else 0
    tick = row.find("`", begin)
    row = _BEGUN_RUN.sub("", row[: half_mark(row)]) if tick < 0 else row[:tick]
    for found in _OPENING.finditer(row, begin):
        if found["formula"] is not None and is_half(row[found.start() :], "|"):
            return row[: found.start()]
    return row


def _with_code(body: str, *, tight: bool) -> str:
    """`body` with formulas in code, and without line breaks. Where it is `tight`, bars in code are
    escaped, as they are in formulas."""
    spans = spans_in(body)
    if not spans:
        return _plain(body, "", "")
    parts: list[str] = []
    at = 0
    for start, end in spans:
        written = body[start:end]
        parts += (
            _plain(body[at:start], body[max(at - 1, 0) : at], "`"),
            _escaped(written) if tight and "|" in written else written,
        )
        at = end
    parts.append(_plain(body[at:], body[at - 1], ""))
    return "".join(parts)


def _plain(text: str, before: str, after: str) -> str:
    """`text`, in which there is no code, between `before` and `after`."""
    if "$" not in text and "\\" not in text:
        return _without_breaks(text) if "<" in text else text
    parts: list[str] = []
    at = missing = 0
    for found in _OPENING.finditer(text):
        start = found.start()
        if start < at or start < missing or found["formula"] is None:
            continue
        line = f"|{text[start - 1] if start else before}"
        formula = formula_at(text, start, found[0], line, whole=True)
        if isinstance(formula, Missing):
            missing = formula.until
        elif isinstance(formula, Formula):
            shown = formula.shown
            if "|" in shown and shown.startswith(("`", f"{JOINER}`")):
                shown = shown.replace("|", "\\|")
            parts += _without_breaks(text[at:start]), shown
            at = formula.end
    if not parts:
        return _without_breaks(text)
    joiner = JOINER if at == len(text) and after == "`" else ""
    return "".join((*parts, joiner or _without_breaks(text[at:])))


def _escaped(written: str) -> str:
    """`written` with its bars escaped."""
    return _FREE_BAR.sub(r"\\|", written) if "\\" in written else written.replace("|", "\\|")


def _without_breaks(text: str) -> str:
    if "<" not in text:
        return text
    parts: list[str] = []
    end = 0
    for found in _BREAKS.finditer(text):
        before, following = text[end : found.start()], text[found.end() : found.end() + 1]
        bare = before.rstrip(" \t")
        edge = bare.endswith("|") or following in ("|", "")
        parts += bare, " " if edge or not (bare or parts) else SEPARATOR
        end = found.end()
    return "".join((*parts, text[end:]))


def _joined(body: str, columns: int) -> str:
    """`body` with all that is behind the last column in it."""
    bars = [found.start() for found in _BAR.finditer(body) if found[1]]
    first = bars[0] == 0
    last = bars[-1] == len(body.rstrip()) - 1
    spare = bars[columns - 1 + first : len(bars) - last]
    parts, end = [], 0
    for bar in spare:
        parts.append(body[end:bar])
        end = bar
    return "\\".join((*parts, body[end:]))


def is_free_head(line: str, out: int) -> bool:
    """Whether the head of a table may be written otherwise from its first bar on, before which
    `out` characters of it have come out already."""
    first = FIRST_BAR.match(line, 0, LONGEST_LINE)
    if first is None or first.end() <= out or len(line) - first.end() > LONGEST_HEAD:
        return False
    before, after = line[: first.end() - 1], line[first.end() : first.end() + 1]
    return not before.strip(" \t>") or before[-1] in " \t" or after in ("", *" \t\r\n")


class TableShape(NamedTuple):
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
    table: TableShape


@lru_cache(maxsize=_MOST_HEADS)
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
    table = TableShape(columns, rule.count(">", 0, lead), lead, wide)
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
    return None if not whole and may_begin_rule(held, end + 1) else NO_RULE
