"""What readers of CommonMark make of a text: its links, its code, and what in it pings.

It is read by a parser that shares nothing with the code it judges: with tables and without, with
HTML and without.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sandbox.workspace.blocks.pings import pings_in

READERS = ("text", "tables", "html")

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_AUTHORITY = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?[/\\]{2,}([^/\\?#]*)|https?:[/\\]*([^/\\?#]*)")


@dataclass(frozen=True, slots=True)
class Link:
    """One link as it is shown."""

    text: str
    href: str

    @property
    def looks(self) -> str:
        """Its text as a person sees it, in the plainest form."""
        return plain(self.text)

    @property
    def host(self) -> str:
        """The host that a browser would ask; empty when there is none."""
        found = _AUTHORITY.match(plain(unquote(self.href)))
        authority = (found[1] or found[2] or "") if found else ""
        return re.sub(r":\d*\Z", "", authority.rpartition("@")[2]).rstrip(".")


def plain(text: str) -> str:
    """`text` in lower case, of compatible letters, without what is not seen."""
    bare = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).lower()
    return re.sub("[\u3002\uff61]", ".", bare)


def links(markdown: str) -> Iterator[Link]:
    """The links of `markdown`, as any reader sees them; an image is a link to it, as in Slack."""
    for reader in READERS:
        for inline in _inlines(_parser(reader).parse(markdown)):
            yield from _links(inline.children or [])


def code(markdown: str, reader: str = "tables") -> list[str]:
    """The fenced blocks of `markdown` and what is code within its lines, in order."""
    found = []
    for token in _parser(reader).parse(markdown):
        if token.type == "fence":
            found.append(token.content)
        inside = token.children or []
        found += [child.content for child in inside if child.type == "code_inline"]
    return found


def languages(markdown: str, reader: str = "tables") -> list[str]:
    """What stands behind what opens each fenced block, which nobody is shown."""
    return [token.info for token in _parser(reader).parse(markdown) if token.type == "fence"]


def pings(markdown: str) -> list[str]:
    """What in the text of `markdown`, outside of code, Slack may take for a ping, however often it
    decodes entities, as any reader sees it."""
    found: list[str] = []
    for reader in READERS:
        for shown in _texts(markdown, reader):
            for _ in range(4):
                found += pings_in(shown, [], parse_text=True)
                shown = html.unescape(shown)  # noqa: PLW2901
    return found


def _texts(markdown: str, reader: str) -> Iterator[str]:
    for inline in _inlines(_parser(reader).parse(markdown)):
        parts = []
        for child in inline.children or []:
            parts.append(" " if child.type == "code_inline" else child.content)
            if child.type == "softbreak":
                parts.append("\n")
        yield "".join(parts)


@cache
def _parser(reader: str) -> MarkdownIt:
    if reader == "tables":
        return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return MarkdownIt("commonmark", {"html": reader == "html"})


def _inlines(tokens: Sequence[Token]) -> Iterator[Token]:
    return (token for token in tokens if token.type == "inline")


def _links(tokens: Sequence[Token]) -> Iterator[Link]:
    opened: list[tuple[str, list[str]]] = []
    for token in tokens:
        if token.type == "link_open":
            opened.append((str(token.attrs["href"]), []))
        elif token.type == "link_close":
            href, parts = opened.pop()
            yield Link("".join(parts), href)
        elif token.type == "image":
            alt = "".join(_shown(child) for child in token.children or [])
            yield Link(alt, str(token.attrs["src"]))
            yield from _links(token.children or [])
            for _, parts in opened:
                parts.append(alt)
        else:
            for _, parts in opened:
                parts.append(_shown(token))


def _shown(token: Token) -> str:
    if token.type == "image":
        return "".join(_shown(child) for child in token.children or [])
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "html_inline":
        return _TAG.sub("", token.content)
    return token.content


Mark = tuple[str, str]
"""One character that is seen, and what it stands in."""


def seen(markdown: str) -> list[Mark]:
    """Every character that is seen of `markdown` but space, each with the kind of block and the
    styles that it stands in; the mark of an item of a list is one."""
    found: list[Mark] = []
    above: list[str] = []
    for token in _parser("tables").parse(markdown):
        if token.type == "list_item_open":
            found.append(("•", "item"))
        if token.nesting > 0:
            above.append(token.type.removesuffix("_open"))
        elif token.nesting < 0:
            above.pop()
        if token.type in ("fence", "code_block"):
            found += [(char, token.type) for char in _without_space(token.content)]
        elif token.type == "hr":
            found.append(("—", "hr"))
        elif token.type == "inline":
            quoted = "quoted " if "blockquote" in above else ""
            found += _styled(token.children or [], quoted + above[-1])
    return found


def _styled(children: Sequence[Token], kind: str) -> list[Mark]:
    found: list[Mark] = []
    styles: list[str] = []
    for child in children:
        if child.nesting > 0:
            styles.append(child.tag)
        elif child.nesting < 0:
            styles.pop()
        elif child.type in ("text", "code_inline"):
            code = ["code"] if child.type == "code_inline" else []
            what = " ".join([kind, *sorted({*styles, *code})])
            found += [(char, what) for char in _without_space(child.content)]
    return found


def _without_space(text: str) -> str:
    return "".join(text.split())


def cells(markdown: str) -> list[list[str]]:
    """What stands in the cells of the tables of `markdown`, row by row."""
    rows: list[list[str]] = []
    for token in _parser("tables").parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level > 3:
            rows[-1].append("".join(child.content for child in token.children or []).strip())
    return [[cell.replace("\u2060", "") for cell in row] for row in rows]


def shown_text(markdown: str) -> str:
    """All that is read of `markdown`, without its markup and what is not seen."""
    parts: list[str] = []
    for token in _parser("tables").parse(markdown):
        if token.type in ("fence", "code_block"):
            parts.append(token.content)
        elif token.type == "inline":
            inside = token.children or []
            parts += ["\n" if each.type == "softbreak" else each.content for each in inside]
            parts.append("\n")
    return _UNSEEN.sub("", "".join(parts))
