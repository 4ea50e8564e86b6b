"""What Slack would spoil of a growing answer, written so that it does not, before it is laid out.

Formulas are put into code (`formulas`), rows of tables lose nothing of what they say (`rows`), and
footnotes begin paragraphs of their own. Code stays to the letter. What comes out depends on the
text alone, not on how it arrived; what cannot be told yet is held back.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from typing import NamedTuple

from bot.markdown.above import LONGEST_LINE, Above
from bot.markdown.formulas import (
    BEGUN,
    BEGUN_AT_END,
    Formula,
    Missing,
    formula_at,
    half_shown,
    is_half,
)
from bot.markdown.looks import Looks
from bot.markdown.openings import Alike, alike, may_open
from bot.markdown.rows import (
    FIRST_BAR,
    LONGEST_HEAD,
    SPACED_BAR,
    begins_table,
    columns_of,
    ends_table,
    head_of,
    is_free_head,
    lead_of,
    may_be_rule,
    may_become_head,
    row_of,
    rule_at,
    rule_of,
)
from bot.markdown.tokens import Token, Tokens

_LONGEST_ROW = 4_000
_LONGEST_CODE = 2_000
"""So far is code within a line followed before a formula in it is taken for one."""

_WIDE = 20
"""A table of more columns is shown as code, in a message of its own, and each of its rows begins
with a bar. Where the head does not, what stands before its first bar may have been shown already:
that stays, and the head follows whole below it."""

_MOST_NOTES = 500
"""So many footnotes are looked into, lest a text of nothing else takes long: more are left as they
were written."""

_BEGUN = re.compile(
    rf"(?:{BEGUN}|(?<!`)`{{1,60}}|(?<![A-Za-z0-9])h(?:t(?:t(?:ps?(?::/?)?)?)?)?"
    r"|^[ ]{1,3}|^[ ]{0,3}\[(?:\^[^\]\s]{0,60}\]?)?)\Z",
    re.MULTILINE,
)
_LONGEST_BEGUN = 80
_SHORTEST_FENCE = 3
_LEAD = re.compile(r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t>]++)*+")
_BLANK = re.compile(r"[ \t]*+\n")
_GAP = re.compile(r"\n[ \t]*\n")
_WORD = re.compile(r"[^\s`]*")
_INDENT = re.compile(r"[ ]{0,4}|[ ]{0,3}\t")
_TICKS = re.compile("``*+")  # searched for faster than one or more
_CAME_OUT = -1
_NO_RULE = re.compile("").match("")


class _Table(NamedTuple):
    """A table that goes on: its columns, the quotations it stands in, and how far it is
    indented."""

    columns: int
    quotes: int
    indent: int


class Rewriting:
    """One text, rewritten while it grows."""

    def __init__(self) -> None:
        self._held = ""
        self._at = 0
        """What stands before this in what is held has come out."""
        self._tokens = Tokens("", 0, begins_line=True)
        """What matters in what is held."""
        self._line_begins = True
        self._out: list[str] = []
        self._source = self._shown = 0
        self._marks: list[tuple[int, int]] = [(0, 0)]
        self._above = Above()
        self._ticks = ""
        """A run that may have opened code in what has come out."""
        self._runs: deque[tuple[int, str, int]] = deque()
        """What both are behind places in what is held."""
        self._stray = 0
        """How long the longest run is in this paragraph that opens nothing."""
        self._in_word = False
        self._missing: dict[str, int] = {}
        self._table: _Table | None = None
        self._note = self._dedented = self._cut = False
        self._blank = True
        """Nothing has come out but space."""
        self.hidden = 0
        """How many characters at the end of a text that was cut are but half of a formula."""
        self._skipped = {"gap", "escape", "word"}
        self._notes = 0
        self._looks = Looks()

    def feed(self, text: str) -> str:
        """What comes out now that `text` has come."""
        self._held += text
        return self._take(whole=False)

    def end(self, *, cut: bool = False) -> str:
        """The rest, as nothing follows; where the text is `cut`, without what is but half."""
        self._cut = cut
        begun = BEGUN_AT_END.search(self._held) if cut else None
        if begun and not self._is_alone(begun.start()):
            self.hidden = len(self._held) - begun.start()
            self._held = self._held[: begun.start()]
        return self._take(whole=True)

    @property
    def held(self) -> str:
        """What has come and has not come out."""
        return self._held

    def given(self, shown: int) -> int:
        """How many characters of the text the first `shown` of those stand for that came out."""
        number = bisect_right(self._marks, (shown, 1 << 62))
        begin, source = self._marks[number - 1]
        most = self._marks[number][1] if number < len(self._marks) else self._source
        return min(source + shown - begin, most)

    def _take(self, *, whole: bool) -> str:
        code = bool(self._ticks or self._stray) or "`" in self._held
        self._tokens = Tokens(self._held, self._at, begins_line=self._line_begins, gaps=code)
        self._runs.clear()
        while self._at < len(self._held) and self._step(whole=whole):
            pass
        self._held = self._held[self._at :]
        self._at = 0
        made = "".join(self._out)
        self._out.clear()
        return made

    def _pass(self, end: int, instead: str | None = None) -> None:
        """Let what is held up to `end` come out, or something `instead`."""
        source = self._held[self._at : end]
        shown = source if instead is None else instead
        self._at = end
        runs = self._runs
        while runs and runs[0][0] <= end:
            _, self._ticks, self._stray = runs.popleft()
        self._source += len(source)
        self._shown += len(shown)
        if source:
            self._line_begins = source[-1] == "\n"
        if shown != source:
            self._marks.append((self._shown, self._source))
        if shown:
            self._out.append(shown)
            self._above.add(shown)
            self._blank = self._blank and shown.isspace()
        if self._dedented and "\n" in source:
            self._dedented = False

    def _step(self, *, whole: bool) -> bool:
        """Let the next part come out; False: more has to come first."""
        if self._table:
            return self._take_row(self._table, whole=whole)
        if self._note and not self._dedented and not self._above.line:
            if not self._dedent(whole=whole):
                return False
            if self._at == len(self._held):
                return True
        return self._take_text(whole=whole)

    def _dedent(self, *, whole: bool) -> bool:
        """Take from a line that goes on with a footnote what it is indented."""
        if self._held[self._at : self._at + 1].strip():
            self._note = not self._above.blank
            return True
        space = _INDENT.match(self._held, self._at)
        end = space.end() if space else self._at
        if end == len(self._held) and not whole and end - self._at < 4:
            return False
        if end - self._at == 4 or self._held[self._at : end].endswith("\t"):
            self._pass(end, "")
            self._line_begins = True
            self._tokens.begin_line(end)
            self._dedented = True
        elif self._held[end : end + 1].strip():
            self._note = not self._above.blank
        return True

    def _take_row(self, table: _Table, *, whole: bool) -> bool:
        end = self._held.find("\n", self._at) + 1
        if not end and not whole and len(self._held) - self._at <= _LONGEST_ROW:
            return False
        end = end or len(self._held)
        line = self._held[self._at : end]
        lead = 0 if table.quotes else min(table.indent, lead_of(line))
        if len(line) > _LONGEST_ROW or ends_table(line[lead:], table.quotes):
            self._table = None
        else:
            cut = self._cut and not line.endswith("\n")
            self._pass(end, row_of(line, table.columns, barred=table.columns > _WIDE, cut=cut))
        return True

    def _take_text(self, *, whole: bool) -> bool:
        """Let text come out up to what is written otherwise, or cannot be told yet."""
        held, at = self._held, self._at
        if not self._above.line.strip(" \t") and _BLANK.match(held, at):
            self._ticks, self._stray = "", 0
        word = (at, at)
        if self._above.line.endswith("]") and held.startswith("(", at):
            self._in_word = True
        if self._in_word and (found_word := _WORD.match(held, at)):
            word, at = found_word.span(), found_word.end()
        end = held.find("\n", at) + 1 if self._note else 0
        end = end or len(held)
        tokens = self._tokens
        while True:
            pause = self._looks.pause
            token = tokens.next(at, pause and pause - self._source + self._at)
            if token is None or token.start >= end:
                break
            found = self._read(token, whole=whole)
            if found is None:
                end = token.start
                break
            if found == _CAME_OUT:
                self._in_word = False
                return True
            at = found
            if token.kind == "word" and found == token.end:
                word = token.start, token.end
        upto = end if whole else self._told(end)
        if upto <= self._at:
            return False
        self._in_word = word[0] < upto <= word[1]
        self._pass(upto)
        return upto < len(self._held)

    def _told(self, end: int) -> int:
        """`end`, or the place above from where on a table or a formula may have begun."""
        held = self._held
        ends_line = held[end - 1 : end] == "\n"
        if ends_line and end < len(held) - _LONGEST_BEGUN and held.find("\n", end) >= 0:
            return end
        begun = _BEGUN.search(held, max(self._at, len(held) - _LONGEST_BEGUN))
        if begun:
            before = held[self._at : begun.start()]
            escapes = len(before) - len(before.rstrip("\\"))
            end = min(end, begun.start() - escapes % 2)
        line = held.rfind("\n", self._at) + 1 or self._at
        if may_be_rule(held, line) and (line > self._at or not self._above.line):
            end = min(end, line)
            line = held.rfind("\n", self._at, line - 1) + 1 or self._at
        if may_become_head(held[line:], LONGEST_HEAD + _LONGEST_BEGUN):
            end = min(end, line)
        return end

    def _read(self, token: Token, *, whole: bool) -> int | None:
        """Where to go on behind `token`. None: it cannot be told yet; below 0: something came
        out."""
        start, kind = token.start, token.kind
        if kind in self._skipped:
            return self._skip(token)
        if kind == "rule":
            return self._read_rule(token, whole=whole)
        line = self._held.rfind("\n", self._at, start) + 1
        if kind == "ticks" and self._is_fence(token, line):
            if self._run or self._longest_stray:
                self._runs.append((token.end, "", 0))
            return token.end
        if line:
            self._pass(line)
            self._in_word = False
            if self._note:
                return _CAME_OUT
        if self._is_code(start):
            following = self._held.find("\n", start)
            return following if following >= 0 else len(self._held)
        if kind in ("ticks", "span"):
            return self._read_ticks(token, whole=whole)
        if kind == "note":
            return self._begin_note(token)
        return self._read_formula(token, whole=whole)

    def _is_code(self, start: int) -> bool:
        """Whether the line in which something stands at `start` is in a block of code."""
        told = self._above.verdict
        return self._above.is_code(self._before(start + 1)) if told is None else told

    def _before(self, at: int) -> str:
        """The beginning of the line that goes on at `at`, and what stands right in front of
        that."""
        line = self._above.line + self._held[self._at : min(at, self._at + LONGEST_LINE + 1)]
        if len(line) <= LONGEST_LINE:
            return line
        return line[:LONGEST_LINE] + (self._held[at - 1] if at > self._at else line[-1])

    def _is_fence(self, token: Token, line: int) -> bool:
        """Whether a fence begins or ends in the line that begins at `line`; 0: above."""
        begin = line or self._at
        if token.end - token.start < _SHORTEST_FENCE or token.start - begin > LONGEST_LINE:
            return False
        lead = self._held[line : token.start] if line else self._before(token.start)
        return _LEAD.fullmatch(lead) is not None

    def _skip(self, token: Token) -> int:
        """What has no meaning here but for the code around it."""
        if token.kind == "gap":
            self._runs.append((token.start, "", 0))
        self._note = self._note and token.kind != "note"
        above = self._above.line[-1:]
        within = token.start == self._at and above.isascii() and above.isalnum()
        if within and token.text.startswith("h"):
            return token.start + 1
        tick = token.text.find("`") if token.kind == "escape" and self._run else -1
        return token.end if tick < 0 else token.start + tick

    @property
    def _run(self) -> str:
        """A run that may have opened code above the place that is read."""
        return self._runs[-1][1] if self._runs else self._ticks

    @property
    def _longest_stray(self) -> int:
        return self._runs[-1][2] if self._runs else self._stray

    def _read_ticks(self, token: Token, *, whole: bool) -> int:
        """What opens or closes code within a line, or all of that code."""
        if token.kind == "span" and not self._run:
            last = token.text.rfind("`", 0, token.text.rfind("`"))
            told = whole or token.end < len(self._held)
            if told or last:
                return token.end if told else token.start + last
        ticks = "`" if token.kind == "span" else token.text
        end = token.start + len(ticks)
        if self._run in ("", ticks):
            self._runs.append((end, "" if self._run else ticks, self._longest_stray))
        return end

    def _read_formula(self, token: Token, *, whole: bool) -> int | None:
        """What may be a formula, where it is not in code."""
        start = token.start
        if self._run:
            behind = self._end_of_code(start, whole=whole)
            if behind is None or behind:
                return behind
        if not self._looks.may_look(self._source - self._at + start):
            return token.end
        line = self._before(start)
        rule = self._rule_below(start, line, whole=whole)
        if rule is None:
            return None
        if rule is not _NO_RULE:
            return self._begin_table(rule.start(), rule[0])
        found = self._formula(token, line, whole=whole)
        if found is None:
            return None
        if not isinstance(found, Formula):
            if self._cut and is_half(self._held[start:], line):
                return self._hide(start)
            more = may_open(self._held, found)
            return self._alike(found, whole=whole).behind_dull(found) if more else found
        self._pass(start)
        self._pass(found.end, found.shown)
        inline = "\n" not in found.shown
        self._looks.count(not inline)
        few = inline and self._longest_stray < _SHORTEST_FENCE - 1
        if few and may_open(self._held, self._at):
            self._pass_plain(self._alike(self._at, whole=whole))
        return _CAME_OUT

    def _hide(self, start: int) -> int:
        """Hide half of a formula, which begins at `start`; where nothing else is shown, put it in
        code."""
        alone, half = self._is_alone(start), self._held[start:]
        self.hidden += len(half)
        self._pass(start)
        self._pass(len(self._held), half_shown(half) if alone else "")
        return _CAME_OUT

    def _is_alone(self, start: int) -> bool:
        """Whether nothing is shown above `start`."""
        return self._blank and not self._held[self._at : start].strip()

    def _pass_plain(self, line: Alike) -> None:
        """Let the formulas come out that follow in `line`, as far as a glance tells them."""
        held, ticks = self._held, "`" * (self._longest_stray + 1)
        parts: list[str] = []
        at, source, shown = self._at, self._source, self._shown
        while found := line.next_plain(at):
            parts += held[at : found[0]], ticks, held[found[0] : found[1]], ticks
            source += found[1] - at
            shown += found[1] - at + 2 * len(ticks)
            self._marks.append((shown, source))
            at = found[1]
        if parts:
            self._at, self._source, self._shown = at, source, shown
            self._out.append("".join(parts))
            self._above.add(self._out[-1])

    def _alike(self, at: int, *, whole: bool) -> Alike:
        come = self._source - self._at
        missing = {opening: until - come for opening, until in self._missing.items()}
        return alike(self._held, at, missing, whole=whole)

    def _formula(self, token: Token, line: str, *, whole: bool) -> Formula | int | None:
        opening, start = token.text, token.start
        if self._source - self._at + start < self._missing.get(opening, 0):
            return token.end
        found = formula_at(
            self._held, start, opening, line, whole=whole, least=self._longest_stray + 1
        )
        if isinstance(found, Missing):
            self._missing[opening] = self._source - self._at + found.until
            return found.behind
        return found

    def _end_of_code(self, start: int, *, whole: bool) -> int | None:
        """Where the code ends that was opened above `start`; 0: it was none. None: it cannot be
        told yet."""
        gap = _GAP.search(self._held, start, start + _LONGEST_CODE)
        end = gap.start() if gap else start + _LONGEST_CODE
        runs = _TICKS.finditer(self._held, start, end)
        told = len(self._held) + whole
        closing = next((r.end() for r in runs if r[0] == self._run and r.end() < told), 0)
        if not closing and not (gap or whole or len(self._held) >= end):
            return None
        stray = max(self._longest_stray, 0 if closing else len(self._run))
        self._runs.append((closing or start, "", stray))
        return closing

    def _rule_below(self, start: int, line: str, *, whole: bool) -> re.Match[str] | None:
        """The rule below the `line` in which something stands at `start`, which is the head of a
        table then. None: it cannot be told yet."""
        held = self._held
        cut = f"{line[:LONGEST_LINE]}." if len(line) > LONGEST_LINE else line
        if "|" not in cut or not SPACED_BAR.search(cut):
            return _NO_RULE
        end = held.find("\n", start, start + LONGEST_HEAD)
        if end < 0:
            return None if not whole and len(held) - start < LONGEST_HEAD else _NO_RULE
        rule = rule_at(held, end + 1)
        if rule and (whole or rule.end() < len(held)):
            return rule if "|" in rule[0] else _NO_RULE
        return None if not whole and may_be_rule(held, end + 1) else _NO_RULE

    def _read_rule(self, token: Token, *, whole: bool) -> int | None:
        waits = token.end == len(self._held) and not whole
        return None if waits else self._begin_table(token.start, token.text)

    def _begin_table(self, end: int, rule: str) -> int:
        """Let the head of a table come out, which ends at `end`, and the `rule` below it."""
        if line_above := self._held.rfind("\n", self._at, max(end - 1, 0)) + 1:
            self._pass(line_above)
        before = self._above.line if end > self._at else self._above.last
        line = before + self._held[self._at : end]
        if "|" not in line or not begins_table(line) or self._above.is_code(line):
            self._pass(end + len(rule))
            return _CAME_OUT
        free = is_free_head(line, len(before))
        head = head_of(line, columns_of(rule)) if free else line
        shown = head[len(before) :] if head.startswith(before) else line[len(before) :]
        columns = columns_of(before + shown)
        wide = columns > _WIDE
        if wide and free and not line.lstrip(" \t>").startswith("|"):
            bar = FIRST_BAR.match(head)
            kept = head[len(before) : bar.end() - 1] if bar else ""
            shown = f"{kept}\n| {head.strip()} |\n"
        self._pass(end, shown)
        if (below := rule_of(rule, columns, barred=wide)) != rule:
            self._pass(end + len(rule), below)
        self._pass(min(end + len(rule) + 1, len(self._held)))
        lead = lead_of(rule)
        self._table = _Table(columns, rule.count(">", 0, lead), lead)
        self._ticks, self._stray = "", 0
        return _CAME_OUT

    def _begin_note(self, token: Token) -> int:
        if not self._above.blank:
            self._pass(self._at, "\n")
        self._pass(token.end)
        self._notes += 1
        if self._notes == _MOST_NOTES:
            self._skipped.add("note")
        self._note = self._dedented = True
        return _CAME_OUT
