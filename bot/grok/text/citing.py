"""Citations in the text of an answer: `[[1]](https://…)` becomes a short link named by its host.

They are numbered anew, by the address and in the order in which they come: a model that searches in
several steps begins again at 1. A model that has read such links of ours in earlier answers may
write like that itself. In code nothing is a citation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.completion.references import LONGEST_ADDRESS, Numbers, Reference, is_label, link_to
from bot.completion.result import Chunk, ending_of

_NEXT = re.compile(r"\n|`+|~{3,}|\[(?=\[[ 0-9]|\[?\Z|[a-z0-9.-]{1,60}(?: |\Z))")
_OPENING = re.compile(r"\[(?:\[ {0,3}[0-9]{1,4} {0,3}\]|([a-z0-9.-]{1,60}) [0-9]{1,4})\]\((?=[hH])")
_BEGUN = re.compile(
    r"\[(?:\[(?: {0,3}[0-9]{0,4}(?: {0,3}(?:\](?:\]\(?)?)?)?)?"
    r"|[a-z0-9.-]{1,60}(?: [0-9]{0,4}(?:\]\(?)?)?)?\Z"
)
"""What may become the opening of a citation with what comes next."""
_CUT = re.compile(r"[\s()\[]")
_RUN = re.compile(r"`+")
_MARGIN = re.compile(r"[ \t>]*+(?:[-*+]|[0-9]{1,9}[.)])?+[ \t>]*+")
"""What may stand before a fence: quotes and the mark of an item."""

_SLICE_CHARS = 8_000
_LEAST_FENCE = 3
_LONGEST_RUN = 100
_LONGEST_MARGIN = 200
_MOST_HELD = 2 * LONGEST_ADDRESS
"""Characters that are waited for; what is longer is no citation."""

_INCOMPLETE = frozenset({"length", "max_context", "max_output", "time_limit", "broken"})
_UNBROKEN = frozenset(" \t\n([{")
"""After these a link stands apart already."""


class Citing:
    """Rewrites the citations of one answer, however its text is cut into chunks.

    The numbers are common to all of its choices.
    """

    def __init__(self, behind: str = "") -> None:
        """`behind`: the answer so far, which this one goes on with."""
        self._numbers = Numbers(behind)
        self._choices: dict[int, _CitingText] = {}

    def follow(self, chunk: Chunk) -> Iterator[Chunk]:
        """`chunk` with its text as far as it is sure what it is, and with what that cites; in
        slices, of which none keeps others from the event loop."""
        text = chunk.text
        while len(text) > _SLICE_CHARS:
            slice_, text = text[:_SLICE_CHARS], text[_SLICE_CHARS:]
            yield self._cited(Chunk(choice=chunk.choice, text=slice_, model=chunk.model))
        yield self._cited(chunk if text == chunk.text else replace(chunk, text=text))

    def _cited(self, chunk: Chunk) -> Chunk:
        if chunk.beside or not (chunk.text or chunk.finish_reason):
            return chunk
        choice = self._choices.setdefault(chunk.choice, _CitingText(self._numbers))
        text = choice.take(chunk.text)
        if chunk.finish_reason is not None:
            cut = ending_of(chunk.finish_reason) in _INCOMPLETE
            text += choice.rest(cut=cut)
        return replace(chunk, text=text, references=choice.cited())

    def rest(self, *, cut: bool = False) -> Iterator[Chunk]:
        """What was held back, now that nothing more comes; half of a citation is not, where the
        answer was `cut` off in it."""
        for index, choice in sorted(self._choices.items()):
            if text := choice.rest(cut=cut):
                yield Chunk(choice=index, text=text, references=choice.cited())


class _CitingText:
    """One text while it comes."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._held = ""
        self._last = " "
        self._margin: str | None = ""
        """What stands in the line so far, None once that is no margin any more."""
        self._fence = ""
        self._opened_here = False
        """Whether the fence may be a span of code after all: it stands in this line."""
        self._code = ""
        self._cited: list[Reference] = []

    def take(self, piece: str) -> str:
        """The text that is sure, now that `piece` came."""
        return self._read(self._held + piece, ended=False)

    def rest(self, *, cut: bool) -> str:
        """What is left when nothing more comes."""
        held, self._held = self._held, ""
        if cut and (held == "[" or held.startswith("[[") or _OPENING.match(held)):
            return ""
        return self._read(held, ended=True)

    def cited(self) -> tuple[Reference, ...]:
        """What was cited since this was asked last."""
        cited, self._cited = tuple(self._cited), []
        return cited

    def _read(self, text: str, *, ended: bool) -> str:
        out: list[str] = []
        place = 0
        while found := _NEXT.search(text, place):
            self._pass(text[place : found.start()], out)
            end = self._take_mark(text, found, out, ended=ended)
            if end is None:
                self._held = text[found.start() :]
                return "".join(out)
            place = end
        rest = text[place:]
        kept = 0 if ended else len(rest) - len(rest.rstrip("~"))
        self._pass(rest[: len(rest) - kept], out)
        self._held = rest[len(rest) - kept :]
        return "".join(out)

    def _take_mark(
        self, text: str, found: re.Match[str], out: list[str], *, ended: bool
    ) -> int | None:
        """Take what was found; where to read on, None where that is not known yet."""
        mark = found[0]
        if mark == "\n":
            self._end_line(out)
            return found.end()
        if mark[0] in "`~":
            if found.end() == len(text) and not ended and len(mark) < _LONGEST_RUN:
                return None
            self._mark(mark)
            self._pass(mark, out)
            return found.end()
        if self._fence or self._last == "\\":
            self._pass(mark, out)
            return found.end()
        if self._code and (end := self._end_of_code(text, found.start(), ended=ended)) != -1:
            if end is not None:
                self._pass(text[found.start() : end], out)
            return end
        return self._citation(text, found.start(), out, ended=ended)

    def _end_of_code(self, text: str, start: int, *, ended: bool) -> int | None:
        """Where the span of code ends that is open, before its mark; -1: it was none, None: that
        is not known yet."""
        within = text[start : start + _MOST_HELD]
        paragraph = within.find("\n\n")
        over = ended or paragraph >= 0 or len(within) == _MOST_HELD
        for run in _RUN.finditer(within[:paragraph] if paragraph >= 0 else within):
            if run[0] == self._code and (over or run.end() < len(within)):
                return start + run.start()
        if not over:
            return None
        self._code = ""
        return -1

    def _citation(self, text: str, start: int, out: list[str], *, ended: bool) -> int | None:
        """Take what may be a citation; where it ends, None where that has not come yet."""
        opening = _OPENING.match(text, start)
        if opening is None:
            if _BEGUN.match(text, start) and not ended:
                return None
            self._pass("[", out)
            return start + 1
        end = _end_of_address(text, opening.end(), ended=ended)
        if end is None and len(text) - start < _MOST_HELD:
            return None
        url = text[opening.end() : end] if end else ""
        ours = opening[1] is None or is_label(opening[1], url)
        reference = self._numbers.of(url) if ours else None
        if reference is None or not end:
            self._pass("[", out)
            return start + 1
        if self._last not in _UNBROKEN:
            out.append(" ")
        self._cited.append(reference)
        self._pass(link_to(reference), out)
        return end + 1

    def _pass(self, text: str, out: list[str]) -> None:
        """Let text through that says nothing more than itself."""
        if text:
            out.append(text)
            self._last = text[-1]
            if self._margin is not None:
                margin = self._margin + text[:_LONGEST_MARGIN]
                short = len(margin) < _LONGEST_MARGIN
                self._margin = margin if short and _MARGIN.fullmatch(margin) else None

    def _end_line(self, out: list[str]) -> None:
        if self._margin is not None and not self._margin.strip():
            self._code = ""  # no span goes on behind a blank line
        out.append("\n")
        self._last, self._margin, self._opened_here = "\n", "", False

    def _mark(self, run: str) -> None:
        """A run of backticks or tildes, which may open or close code."""
        at_margin = self._margin is not None
        if self._opened_here and run[0] == "`" == self._fence[:1]:
            self._fence, self._code, self._opened_here = "", self._fence, False
        if self._fence:
            closes = at_margin and run[0] == self._fence[0] and len(run) >= len(self._fence)
            self._fence = "" if closes else self._fence
        elif self._code:
            self._code = "" if run == self._code else self._code
        elif at_margin and len(run) >= _LEAST_FENCE:
            self._fence, self._opened_here = run, True
        elif run[0] == "`":
            self._code = run


def _end_of_address(text: str, start: int, *, ended: bool) -> int | None:
    """Where the address ends that begins at `start`: before the parenthesis that has no partner in
    it, or else the last one before a blank. 0: it is none, None: that is not known yet."""
    depth = last = 0
    for found in _CUT.finditer(text, start, start + _MOST_HELD):
        if found[0] == "(":
            depth += 1
        elif found[0] != ")":
            return last
        elif not depth:
            return found.start()
        else:
            depth, last = depth - 1, found.start()
    return last if ended else None
