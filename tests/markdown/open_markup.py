"""A small reader of markdown that says what is left open at the end of a text.

It reads the whole text at once, by the letter of the CommonMark and GFM specifications, and
shares nothing with the code it judges.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_ITEM = r"(?:[-*+]|\d{1,9}[.)])"
_FENCE = re.compile(rf"(?:[ \t]*(?:{_ITEM}(?=[ \t])|>))*[ \t]*(`{{3,}}(?=[^`]*$)|~{{3,}})")
_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_BREAK = re.compile(r"#{1,6}(?:\s.*)?|=+|-+|(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}")
_STARTS = re.compile(rf"[ \t]*(?:{_ITEM}[ \t]|#{{1,6}}[ \t])")
_LONE_MARKER = re.compile(
    rf"{_ITEM}|#{{1,6}}|=+|[-_*]+|`{{3,}}[^`]*|~{{3,}}.*|{_ITEM}[ \t]+\[[ xX]?\]?"
)
_ATOM = re.compile(
    r"\\[!-/:-@\[-`{-~]"
    r"|(`+)(?!`)(?:[\s\S]*?[^`])??\1(?!`)|`+"
    r"|<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*>"
    r"|(?<![A-Za-z0-9])https?://[^\s<>\[\]()`|]*[^\s<>\[\]()`|*_~.,:;!?'\"]"
)
_LINK = re.compile(
    r"!?\[([^\[\]]*)\]\([ \t]*(?:<[^<>\n]*>|[^\s()<]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"""(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?\s*\)"""
)
_HALVES = {
    "link": re.compile(r"\[[^\[\]]{0,200}(?:\]\(https?:[^()\s]{0,200})?\Z"),
    "address": re.compile(r"(?<![A-Za-z0-9])https?://[^\s<>\[\]()`|]{0,200}\Z"),
}


@dataclass(slots=True)
class _Run:
    """A run of one character that may open or close emphasis."""

    char: str
    size: int
    left: int
    opens: bool
    closes: bool


def left_open(markdown: str) -> list[str]:
    """What is open, half or perhaps something else at the end of `markdown`."""
    lines = markdown.split("\n")
    fence, quotation, table = "", False, False
    paragraph: list[str] = []
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        code = bool(fence) and not quotation
        bare = line.strip(" \t\r>" if _is_quoted(line) and not code else " \t\r")
        if quotation and not _is_quoted(line):
            fence = fence if last and not line else ""
        if fence:
            fence = "" if len(bare) >= len(fence) and not bare.strip(fence[0]) else fence
            paragraph = []
        elif opened := _FENCE.match(line):
            fence, quotation = opened[1], ">" in opened[0]
            table, paragraph = False, []
        elif "|" in line and (table or _is_head("".join(paragraph[-1:]), line)):
            if last:
                return ["row"]
            table, paragraph = True, []
        else:
            table = False
            above = "".join(paragraph[-1:])
            if last and bare and _LONE_MARKER.fullmatch(bare):
                return ["marker"]
            if not bare or _BREAK.fullmatch(line.strip()):
                paragraph = [line] if last else []
                continue
            if _STARTS.match(line) or (_is_quoted(line) and not _is_quoted(above)):
                paragraph = []
            paragraph.append(line)
    return ["fence"] if fence else _open_inline("\n".join(paragraph))


def _is_quoted(line: str) -> bool:
    return line.lstrip(" \t").startswith(">")


def _is_head(line: str, rule: str) -> bool:
    return "|" in line and _RULE.fullmatch(rule.strip()) is not None


def _open_inline(text: str) -> list[str]:
    flat = _ATOM.sub(_flat, text)
    found = [name for name, half in _HALVES.items() if half.search(flat)]
    if re.search(r"`", flat):
        found.append("code")
    while link := _LINK.search(flat):
        flat = f"{flat[: link.start()]}{_quoted(link[0])}{flat[link.end() :]}"
    return [*found, *_open_emphasis(flat)]


def _flat(atom: re.Match[str]) -> str:
    half_address = atom[0].startswith("http") and atom.end() == len(atom.string)
    if half_address or not atom[0].strip("`"):
        return atom[0]
    return _quoted(atom[0]) if atom[0][0] in "\\`<" else "u" * len(atom[0])


def _quoted(text: str) -> str:
    """What stands for `text`: as long, with marks around it."""
    return f"'{'u' * (len(text) - 2)}'"


def _open_emphasis(text: str) -> list[str]:
    """The runs that open emphasis which nothing closes ("An algorithm for parsing nested
    emphasis and links")."""
    runs: list[_Run] = []
    for match in re.finditer(r"\*+|_+|~+", text):
        char, size = match[0][0], len(match[0])
        if size > 8 or (char == "~" and size != 2):
            continue
        opens, closes = _flanking(char, text[: match.start()][-1:], text[match.end() :][:1])
        runs.append(_Run(char, size, size, opens, closes))
    for number, closer in enumerate(runs):
        back = number - 1 if closer.closes else -1
        while back >= 0 and closer.left:
            opener = runs[back]
            if not _match(opener, closer):
                back -= 1
                continue
            for between in runs[back + 1 : number]:
                between.left = 0
            used = 2 if opener.left >= 2 <= closer.left else 1
            opener.left -= used
            closer.left -= used
    return [run.char for run in runs if run.opens and run.left]


def _match(opener: _Run, closer: _Run) -> bool:
    if not (opener.opens and opener.left and opener.char == closer.char):
        return False
    both = opener.closes or closer.opens
    thirds = (opener.size + closer.size) % 3 == 0
    whole = opener.size % 3 == 0 and closer.size % 3 == 0
    return opener.char == "~" or not (both and thirds) or whole


def _flanking(char: str, before: str, after: str) -> tuple[bool, bool]:
    space = [not side or side.isspace() for side in (before, after)]
    mark = [
        bool(side) and not side.isspace() and unicodedata.category(side)[0] in "PS"
        for side in (before, after)
    ]
    left = not space[1] and (not mark[1] or space[0] or mark[0])
    right = not space[0] and (not mark[0] or space[1] or mark[1])
    if char != "_":
        return left, right
    return left and (not right or mark[0]), right and (not left or mark[1])
