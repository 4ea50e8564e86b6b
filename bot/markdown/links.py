"""Links that show where they go.

A link whose text names one host and which leads to another is taken apart by an invisible word
joiner, so that Slack shows its text and its address as they were written. So is `<address|text>`,
Slack's own form, which is no markdown. Like a mention (`safety`), it is found by its exact
pattern, in one line, wherever it stands.
"""

from __future__ import annotations

import html
import re

JOINER = "\u2060"

_BEHIND_LABEL = re.compile(r"\](?=[(\[:])")
_BRACKET = re.compile(r"[\[\]]")
_OWN_FORM = re.compile(r"<(?=[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>|]*\|)")
_TAKEN_APART = re.compile(
    rf"(?:(?<=\]){JOINER}(?=[(\[:])|(?<=<){JOINER}(?=[A-Za-z][A-Za-z0-9+.-]{{1,31}}:))"
)
_TARGET = re.compile(r"\([ \t]*+<?[ \t]*+[A-Za-z][A-Za-z0-9+.-]{0,31}+://([^\s/?#)>]*)")
_NO_TARGET = re.compile(r"\([ \t]*+<?[ \t]*+(?:\n|\Z)")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://([^\s/?#)>\]]+)|\b(www\.[\w.-]+\w)")
_HOST = re.compile(r"(?<![\w.@-])(?:[\w-]+\.)+([^\W\d_]{2,24})(?![\w-])")
_UNSEEN = re.compile("[*_~`\\\\\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")

_TOP = re.compile(
    "com|org|net|edu|gov|mil|int|info|biz|dev|app|cloud|online|site|store|shop|xyz|tech|blog"
    "|news|page|link|live|click|[a-z]{2}"
)
_FILES = re.compile("as|bz|cc|gz|hs|js|kt|md|mk|ml|mm|pl|pm|ps|py|rb|rs|sc|sh|so|st|ts|vb")
"""Ends of two letters by which a name is rather one of a file."""

_LONGEST_LABEL = 300


def show_targets(text: str) -> str:
    """`text` with every link taken apart that hides where it goes; twice is the same as once."""
    text = _OWN_FORM.sub(rf"\g<0>{JOINER}", text)
    parts: list[str] = []
    end = 0
    for label in _BEHIND_LABEL.finditer(text):
        if _hides(text, label.start()):
            parts += text[end : label.end()], JOINER
            end = label.end()
    return "".join((*parts, text[end:]))


def without_joiners(text: str) -> str:
    """What `show_targets` was given, provided that it held no word joiner in such a place."""
    return _TAKEN_APART.sub("", text)


def _hides(text: str, end: int) -> bool:
    """Whether the label that ends at `end`, in front of its `]`, hides where its link goes."""
    line = max(text.rfind("\n", 0, end) + 1, end - _LONGEST_LABEL)
    begin = _begin(text, line, end)
    if text[end + 1] != "(":
        return begin is not None and _ADDRESS.search(_plain(text[begin:end])) is not None
    target = _TARGET.match(text, end + 1)
    if target is None and not _NO_TARGET.match(text, end + 1):
        return False
    if begin is None:
        return target is not None
    named = _hosts(text[begin:end])
    host = _plain(target[1]).rpartition("@")[2].partition(":")[0] if target else ""
    return any(host != name and not host.endswith(f".{name}") for name in named)


def _begin(text: str, line: int, end: int) -> int | None:
    """Where the label in front of `end` begins; None when that is not below `line`."""
    depth = 0
    for bracket in reversed([*_BRACKET.finditer(text, line, end)]):
        depth += 1 if bracket[0] == "]" else -1
        if depth < 0:
            return bracket.end()
    return None


def _hosts(label: str) -> list[str]:
    """The hosts that `label` names, or seems to."""
    plain = _plain(label)
    full = [first or second for first, second in _ADDRESS.findall(plain)]
    bare = [found[0] for found in _HOST.finditer(plain) if _is_top(found[1])]
    named = [host.rpartition("@")[2].partition(":")[0] for host in (*full, *bare)]
    return [host.removeprefix("www.") for host in named]


def _is_top(end: str) -> bool:
    return _TOP.fullmatch(end) is not None and not _FILES.fullmatch(end)


def _plain(label: str) -> str:
    """`label` as it looks, in lower case."""
    return _UNSEEN.sub("", html.unescape(label)).translate(_DOTS).lower()
