"""What Slack would spoil of a growing answer, written so that it does not, before it is laid out.

Formulas are put into code (`formulas`), rows of tables lose nothing of what they say (`rows`), and
footnotes begin paragraphs of their own. Code stays to the letter. What comes out depends on the
text alone, not on how it arrived; what cannot be told yet is held back.
"""

from __future__ import annotations

import re

from bot.markdown.rewriting.formulas import (
    BEGUN_AT_END,
    Formula,
    Missing,
    formula_at,
    half_shown,
    is_half,
    is_told,
)
from bot.markdown.rewriting.held import (
    LONGEST_BEGUN,
    LONGEST_LINE,
    SHORTEST_FENCE,
    Above,
    Emitting,
    Ticks,
    Token,
    Tokens,
    told,
)
from bot.markdown.rewriting.looks import PAUSE_CHARS, PAUSE_FENCE, Cost, Looks
from bot.markdown.rewriting.openings import Alike, alike, may_open
from bot.markdown.rewriting.rows import (
    NO_RULE,
    TableShape,
    begins_table,
    ends_table,
    head_of_table,
    lead_of,
    row_of,
    rule_below,
)

_LONGEST_ROW = 4_000

_MOST_NOTES = 500
"""So many footnotes are looked into, lest a text of nothing else takes long: more are left as they
were written."""

_BEGINS_BLANK = frozenset(" \t\n")
_BLANK = re.compile(r"[ \t]*+\n")
_WORD = re.compile(r"[^\s`]*")
_NOT_INDENTED = re.compile(r"(?:(?!>[ \t\r>]*+(?:\n|\Z))\S[^\n]*+(?:\n|\Z))*+")
"""Lines that are not blank."""

_INDENT = re.compile(r"[ ]{0,3}\t|[ ]{0,4}")
"""Four columns, which a line is indented that goes on with a footnote (cmark-gfm, "blocks.c")."""

_CAME_OUT = -1


class Rewriting(Emitting):
    """One text, rewritten while it grows."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens = Tokens("", 0, begins_line=True)
        """What matters in what is held."""
        self._line_begins = True
        self._in_word = False
        self._missing: dict[str, int] = {}
        self._table: TableShape | None = None
        self._note = self._cut = False
        self._note_lines = 0
        """To there no line needs to be looked at for how it goes on with a footnote."""
        self.hidden = 0
        """How many characters at the end of a text that was cut are but half of a formula."""
        self._skipped = {"gap", "escape", "word"}
        self._notes = 0
        self._looks = Looks()
        self._pause_end = 0
        """To there all is shown as it was written, in code; 0: it is not."""

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

    def _take(self, *, whole: bool) -> str:
        code, held = self._code, self._held
        code.read_again()
        gaps = bool(code.run or code.stray) or "`" in held
        self._tokens = Tokens(held, self._at, begins_line=self._line_begins, gaps=gaps)
        self._looks.read(held, self._come)
        while self._at < len(held) and self._step(whole=whole):
            pass
        at, above = self._at, self._above
        if at:
            self._line_begins = held[at - 1] == "\n" or (self._dedented and not above.line)
        self._looks.leave(at)
        self._held = held[at:]
        self._come += at
        self._at = self._note_lines = 0
        made = "".join(self._out)
        self._out.clear()
        return made

    def _step(self, *, whole: bool) -> bool:
        """Let the next part come out; False: more has to come first."""
        if self._pause_end:
            return self._take_paused()
        if self._table:
            return self._take_row(self._table, whole=whole)
        if self._note and not self._dedented and not self._above.line:
            if not self._dedent(whole=whole):
                return False
            if self._pause_end > 0 or self._at == len(self._held):
                return True
        return self._take_text(whole=whole)

    def _dedent(self, *, whole: bool) -> bool:
        """Take from a line that goes on with a footnote what it is indented."""
        if self._held[self._at : self._at + 1].strip():
            self._note = not self._above.blank
            return True
        space = _INDENT.match(self._held, self._at)
        end = space.end() if space else self._at
        indented = end - self._at == 4 or self._held[self._at : end].endswith("\t")
        if end == len(self._held) and not (whole or indented):
            return False
        if indented:
            if self._looks.all_spent(self._at):
                self._pause(self._at)
                return True
            self._looks.count(Cost.NOTE_LINE)
            self._replace(end, "")
            self._tokens.begin_line(end)
            self._dedented = True
        elif self._held[end : end + 1].strip():
            self._note = not self._above.blank
        return True

    def _end_of_note_lines(self) -> int:
        """Where the line ends that goes on with a footnote, and those below it that do so and are
        not indented."""
        held = self._held
        if self._at >= self._note_lines:
            end = held.find("\n", self._at) + 1 or len(held)
            blank = not (self._above.line + held[self._at : end]).strip(" \t\r\n>")
            below = None if blank else _NOT_INDENTED.match(held, end)
            self._note_lines = below.end() if below else end
        return self._note_lines

    def _take_row(self, table: TableShape, *, whole: bool) -> bool:
        end = self._held.find("\n", self._at) + 1
        if not end and not whole and len(self._held) - self._at <= _LONGEST_ROW:
            return False
        end = end or len(self._held)
        if self._looks.all_spent(self._at):
            self._pause(self._at)
            return True
        line = self._held[self._at : end]
        lead = min(table.indent, lead_of(line)) if table.indent and not table.quotes else 0
        if len(line) > _LONGEST_ROW or ends_table(line[lead:], table.quotes):
            self._table = None
        else:
            cut = self._cut and not line.endswith("\n")
            shown = row_of(line, table.columns, barred=table.barred, cut=cut)
            self._looks.count(Cost.SAME_ROW if shown == line else Cost.ROW)
            self._replace(end, shown)
        return True

    def _take_text(self, *, whole: bool) -> bool:
        """Let text come out up to what is written otherwise, or cannot be told yet."""
        held, at = self._held, self._at
        blank = held[at] in _BEGINS_BLANK and not self._above.line.strip(" \t")
        if blank and _BLANK.match(held, at):
            self._code.begin_paragraph()
        word = (at, at)
        if held[at] == "(" and self._above.line.endswith("]"):
            self._in_word = True
        if self._in_word and (found_word := _WORD.match(held, at)):
            word, at = found_word.span(), found_word.end()
        end = self._end_of_note_lines() if self._note else len(held)
        tokens, code = self._tokens, self._code
        while True:
            token = tokens.next(at, code.run, ticks=not self._note)
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
        begun = self._above.line
        begins = self._at if self._dedented and not begun else 0
        upto = end if whole else told(held, self._at, end, begins, in_line=bool(begun))
        if upto <= self._at:
            return False
        self._in_word = word[0] < upto <= word[1]
        self._pass(upto)
        return upto < len(self._held)

    def _read(self, token: Token, *, whole: bool) -> int | None:
        """Where to go on behind `token`. None: it cannot be told yet; below 0: something came
        out."""
        kind, start, stop, _ = token
        if kind in self._skipped:
            return self._skip(token)
        held, above = self._held, self._above
        if kind in ("rule", "ticks") and stop == len(held) and not whole:
            return None  # it may go on, and ticks become a fence
        if kind == "rule":
            return self._begin_table(start, token.text)
        line = held.rfind("\n", self._at, start) + 1
        if kind == "ticks" and stop - start >= SHORTEST_FENCE and self._begins_line(start, line):
            self._code.leave(stop)
            return stop
        if line:
            self._pass(line)
            self._in_word = False
        before = self._before(start) if above.verdict is None or kind == "formula" else ""
        if above.is_code(before[:LONGEST_LINE] + held[start]):
            following = held.find("\n", start)
            return following if following >= 0 else len(held)
        if kind == "formula":
            return self._read_formula(token, before, whole=whole)
        if kind == "note":
            return self._begin_note(token)
        return self._code.read(token, len(held), whole=whole)

    def _skip(self, token: Token) -> int:
        """What has no meaning here but for the code around it."""
        if token.kind == "gap":
            self._code.change(token.start)
        self._note = self._note and token.kind != "note"
        above = self._above.line[-1:]
        within = token.start == self._at and above.isascii() and above.isalnum()
        if within and token.text.startswith("h"):
            return token.start + 1
        tick = token.text.find("`") if token.kind == "escape" and self._code.run else -1
        return token.end if tick < 0 else token.start + tick

    def _read_formula(self, token: Token, line: str, *, whole: bool) -> int | None:
        """What may be a formula behind `line`, the beginning of its line, where it is not in
        code."""
        start = token.start
        if self._code.run:
            behind = self._code.end_of_code(self._held, start, whole=whole)
            if behind is None or behind:
                return behind
        opens = is_told(self._held, start, token.text, line, whole=whole)
        if not opens:
            return None if opens is None else token.end
        if self._looks.all_spent(start):
            return self._pause(start)
        rule = rule_below(self._held, start, line, whole=whole)
        if rule is None:
            return None
        if rule is not NO_RULE:
            return self._begin_table(rule.start(), rule[0])
        found = self._formula(token, line, whole=whole)
        if isinstance(found, int):
            return self._pass_openings(token, found, line, whole=whole)
        return self._show(start, found, whole=whole) if found else None

    def _pass_openings(self, token: Token, behind: int, line: str, *, whole: bool) -> int:
        """Where to go on `behind` a token that opens no formula, and others like it."""
        looks, held = self._looks, self._held
        if self._cut and is_half(held[token.start :], line):
            return self._hide(token.start)
        looks.count_opening(token.start, token.end)
        if not may_open(held, behind):
            return behind
        return looks.pass_openings(behind, self._alike(behind, whole=whole).behind_dull(behind))

    def _show(self, start: int, formula: Formula, *, whole: bool) -> int:
        """Let a `formula` come out, which begins at `start`, and those that follow in its line."""
        self._looks.count_opening(start, formula.end, shown=True)
        self._pass(start)
        self._replace(formula.end, formula.shown)
        few = "\n" not in formula.shown and self._code.stray < SHORTEST_FENCE - 1
        if few and may_open(self._held, self._at):
            self._pass_plain(self._alike(self._at, whole=whole), barred="|" in formula.shown)
        return _CAME_OUT

    def _pause(self, at: int) -> int:
        """Show what follows on `at` as it was written, in code."""
        self._pass(at)
        self._table, self._note, self._dedented, self._in_word = None, False, False, False
        self._replace(at, f"\n{PAUSE_FENCE}\n" if self._above.line else f"{PAUSE_FENCE}\n")
        self._pause_end = self._come + at + PAUSE_CHARS
        return _CAME_OUT

    def _take_paused(self) -> bool:
        """Let come out what is shown as it was written, to the end of a line."""
        held, most = self._held, self._pause_end - self._come + LONGEST_BEGUN
        newline = held.find("\n", max(self._pause_end - self._come, self._at), most)
        end = min(newline + 1 or most, len(held))
        ended = held.endswith("\n", 0, end)
        self._out.append(held[self._at : end])
        self._at = end
        if not newline + 1 and end < most:
            return False
        self._replace(end, f"{PAUSE_FENCE}\n" if ended else f"\n{PAUSE_FENCE}\n")
        self._above, self._code, self._line_begins, self._pause_end = Above(), Ticks(), True, 0
        self._tokens = Tokens(held, end, begins_line=True, gaps="`" in held)
        return True

    def _hide(self, start: int) -> int:
        """Hide half of a formula, which begins at `start`; where nothing else is shown, put it in
        code."""
        alone, half = self._is_alone(start), self._held[start:]
        self.hidden += len(half)
        self._pass(start)
        self._replace(len(self._held), half_shown(half) if alone else "")
        return _CAME_OUT

    def _pass_plain(self, line: Alike, *, barred: bool) -> None:
        """Let the formulas come out that follow in `line`, as far as a glance tells them; in front
        of it is a bar where it is `barred`, which may make the head of a table of it."""
        if barred and not line.bars:
            return
        held, ticks, looks = self._held, "`" * (self._code.stray + 1), self._looks
        parts: list[str] = []
        at = self._at
        while found := line.next_plain(at):
            start, end = found
            if not looks.pass_formula(at, start, end):
                break
            parts += held[at:start], ticks, held[start:end], ticks
            self._grown += 2 * len(ticks)
            self._marks.append((self._come + end + self._grown, self._come + end))
            at = end
        if parts:
            self._at = at
            self._out.append("".join(parts))
            self._above.add(self._out[-1])

    def _alike(self, at: int, *, whole: bool) -> Alike:
        return alike(self._held, at, self._missing, self._come, whole=whole)

    def _formula(self, token: Token, line: str, *, whole: bool) -> Formula | int | None:
        opening, start = token.text, token.start
        if self._come + start < self._missing.get(opening, 0):
            return token.end
        found = formula_at(
            self._held, start, opening, line, whole=whole, least=self._code.stray + 1
        )
        if isinstance(found, Missing):
            self._missing[opening] = self._come + found.until
            return found.behind
        return found

    def _begin_table(self, end: int, rule: str) -> int:
        """Let the head of a table come out, which ends at `end`, and the `rule` below it."""
        if line_above := self._held.rfind("\n", self._at, max(end - 1, 0)) + 1:
            self._pass(line_above)
        before = self._above.line if end > self._at else self._above.last
        line = before + self._held[self._at : end]
        if "|" not in line or not begins_table(line) or self._above.is_code(line):
            self._pass(end + len(rule))
            return _CAME_OUT
        self._looks.count(Cost.TABLE)
        shown, below, self._table = head_of_table(line, len(before), rule)
        self._replace(end, shown)
        if below != rule:
            self._replace(end + len(rule), below)
        self._pass(min(end + len(rule) + 1, len(self._held)))
        self._code.begin_paragraph()
        return _CAME_OUT

    def _begin_note(self, token: Token) -> int:
        if self._looks.all_spent(token.start):
            return self._pause(token.start)
        self._looks.count(Cost.NOTE)
        if not self._above.blank:
            self._replace(self._at, "\n")
        self._pass(token.end)
        self._notes += 1
        if self._notes == _MOST_NOTES:
            self._skipped.add("note")
        self._note = self._dedented = True
        return _CAME_OUT
