"""Text from a model, a person or an API, made so that it cannot notify anybody.

An invisible word joiner is put behind the `<` of a Slack mention and behind the `@` of
`@here`, `@channel` and `@everyone`. Only these exact patterns are touched, wherever they
stand (Slack honours some of them inside code); `<!DOCTYPE html>`, `List<@Nullable T>`,
redirections and addresses such as me@here.com stay as written. Characters written as HTML
entities count as what they stand for, since Slack decodes them in a `markdown` block.
"""

from __future__ import annotations

import re

from bot.markdown import links

JOINER = links.JOINER
_LONGEST = 160
"""No pattern is longer, every character of it written as an entity."""


def _char(char: str, *names: str) -> str:
    """A pattern of one ASCII character in either case, bare or as an entity."""
    codes = sorted({ord(char.lower()), ord(char.upper())})
    decimal = "|".join(str(code) for code in codes)
    hexadecimal = "|".join(f"{code:x}" for code in codes)
    entities = [*names, f"#0{{0,5}}(?:{decimal})", f"#[xX]0{{0,5}}(?i:{hexadecimal})"]
    return rf"(?:(?i:{re.escape(char)})|&(?:amp;){{0,3}}(?:{'|'.join(entities)});)"


def _word(word: str) -> str:
    return "".join(_char(char) for char in word)


_AT = _char("@", "commat")
_LESS = _char("<", "lt", "LT")
_GROUPS = "|".join(_word(word) for word in ("channel", "here", "everyone", "group"))
_CALLS = "|".join(_word(word) for word in ("channel", "here", "everyone"))
_LONGEST_ID = 40
_ID = r"(?:[A-Z0-9]|&(?:amp;){0,3}#\w{1,8};)"
_BANG = rf"\\*{_char('!', 'excl')}"
_END = r"[|>&\\]"
_MENTION = (
    rf"{_BANG}(?:{_GROUPS}){_END}"
    rf"|{_BANG}{_word('subteam')}\\*{_char('^', 'Hat')}"
    rf"|\\*{_AT}(?:[UWB]|&(?:amp;){{0,3}}#\w{{1,8}};){_ID}{{1,{_LONGEST_ID}}}{_END}"
)
_CALL = rf"(?:{_CALLS})(?!_*[A-Za-z0-9])"
_OPENERS = rf"{_LESS}(?=%s(?:{_MENTION}))|(?<![A-Za-z0-9]){_AT}(?=%s{_CALL})"

_FIRST = re.compile(r"[<&@]")
_LIVE = re.compile(_OPENERS % ("", ""))
_BROKEN = re.compile(f"({_OPENERS % (JOINER, JOINER)}){JOINER}")
_LONE_RETURN = re.compile(r"\r(?!\n)")
_BEGUN = re.compile(r"[<&@][\\!@^#;&_A-Za-z0-9]*\Z")


class Safe(str):
    """Text that was made safe and printable already."""

    __slots__ = ()


class SafeGrowth:
    """Makes one text safe while it grows, each finished line once: no pattern goes on behind
    the end of a line."""

    def __init__(self) -> None:
        self._lines = ""
        self._safe_lines = ""

    def safe(self, text: str) -> Safe:
        """The whole `text`, as `make_safe` makes it."""
        if not text.startswith(self._lines):
            self._lines = self._safe_lines = ""
        end = text.rfind("\n") + 1
        if end > len(self._lines):
            self._safe_lines += make_safe(text[len(self._lines) : end])
            self._lines = text[:end]
        return Safe(self._safe_lines + make_safe(text[end:]))


def make_safe(text: str) -> Safe:
    """`text` as Slack can be given it: printable, unable to notify anybody, and with links
    that show where they go."""
    return Safe(neutralise(links.show_targets(printable(text))))


def printable(text: str) -> str:
    """`text` without what JSON or Slack cannot carry, lone surrogates and NUL, and without
    line ends that are no newlines: the fences of code were followed line by line."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _LONE_RETURN.sub(" ", whole.replace("\0", "\ufffd"))


def neutralise(text: str) -> str:
    """`text` with every notifying pattern broken; twice is the same as once."""
    parts: list[str] = []
    end = 0
    for first in _FIRST.finditer(text):
        if live := _LIVE.match(text, first.start()):
            parts += text[end : live.end()], JOINER
            end = live.end()
    return "".join((*parts, text[end:]))


def restore(text: str) -> str:
    """What `neutralise` and `show_targets` were given, provided that it held no word joiner in
    such a place."""
    return links.without_joiners(_BROKEN.sub(r"\1", text))


def hold_back(text: str, end: int | None = None) -> int:
    """How many characters at the end of a text still growing, of `text` up to `end`, may begin
    such a pattern.

    What stands before them is neutralised the same whatever follows.
    """
    end = len(text) if end is None else end
    begun = _BEGUN.search(text, max(0, end - _LONGEST), end)
    return end - begun.start() if begun else 0
