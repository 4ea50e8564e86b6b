"""Markdown of an answer as blocks of other kinds, for where Slack takes no `markdown` block.

As `rich_text`, which an edit may put in the place of markdown, or as `section`s of mrkdwn, which
it may not (`block_mismatch`). Emphasis, links, code and headings look as they did; tables become
code, and what is left is shown as it was written. The text was made safe before, and stays so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot import words
from bot.markdown.filling import Room
from bot.markdown.lines import Fence, opened_fence, starts_table
from bot.markdown.markdown import Layout
from bot.slack.blocks import Block, Kind, Message
from bot.slack.inbound.payloads import shown

_BOLD = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]*)\*(?![\w*])")
_LIST_MARK = re.compile(r"^• ", re.MULTILINE)
_CODE = re.compile(r"`")

_SECTION = Room(2_700, 1_000)
"""Less than a section holds, in characters counted as entities."""

_INLINE = re.compile(
    r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>[^`\n]+)(?P=ticks)(?!`)"
    r"|\*\*(?=\S)(?P<bold>[^*`\n]{1,500})(?<=\S)\*\*"
    r"|(?<![\w*])\*(?=[^\s*])(?P<star>[^*`\n]{1,500})(?<=\S)\*(?![\w*])"
    r"|(?<![\w_])_(?=[^\s_])(?P<line>[^_`\n]{1,500})(?<=\S)_(?![\w_])"
    r"|\[(?P<label>[^\[\]`\n]{1,300})\]\((?P<address>https?://[^\s()<>]{1,2000})\)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
)
_HEADING = re.compile(r" {0,3}#{1,6}[ \t](.*)")
_BULLET = re.compile(r"^([ \t]*)[-*+][ \t]+")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def plain_words(mrkdwn: str, names: Mapping[str, str] | None = None) -> str:
    """`mrkdwn` (of `bot.words`) as one line of plain text: a time as its reader sees it, people by
    their `names` (by id)."""
    text = _BOLD.sub(r"\1", _LIST_MARK.sub("", mrkdwn))
    lines = (line.strip() for line in shown(_CODE.sub("", text), names).splitlines())
    return " ".join(filter(None, lines))


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines of the same kind."""

    text: str
    code: bool


def with_blocks_of(message: Message, kind: Kind) -> Message:
    """`message` with blocks of `kind` in the place of its markdown, where that is another."""
    if not message.body:
        return message
    blocks = _rich_text(message.body) if kind == "rich_text" else tuple(_sections(message.body))
    return replace(message, blocks=(*message.head, *blocks, *message.foot), settled="")


def _rich_text(markdown: str) -> tuple[Block, ...]:
    elements = [
        {"type": "rich_text_preformatted", "elements": [_text(part.text)]}
        if part.code
        else {"type": "rich_text_section", "elements": list(_styled(part.text))}
        for part in _parts(markdown)
    ]
    return ({"type": "rich_text", "elements": elements},)


def _sections(markdown: str) -> Iterator[Block]:
    layout = Layout(_SECTION, _SECTION)
    layout.feed(markdown)
    for piece in (*layout.sealed, layout.tail()):
        text = "\n".join(_mrkdwn(part) for part in _parts(piece.markdown))
        if text.strip():
            shown = {"type": "mrkdwn", "text": text, "verbatim": True}
            yield {"type": "section", "text": shown, "expand": True}


def _parts(markdown: str) -> list[_Part]:
    """What is code, tables included, and what is text; at least one of them."""
    parts: list[_Part] = []
    lines: list[str] = []
    fence: Fence | None = None
    table = False

    def end(*, code: bool) -> None:
        text = "\n".join(lines).strip("\n")
        if text.strip():
            parts.append(_Part(text, code))
        lines.clear()

    found = markdown.split("\n")
    for line, following in zip(found, [*found[1:], ""], strict=True):
        if fence:
            if fence.closes(line):
                end(code=True)
                fence = None
            else:
                lines.append(line)
            continue
        if table and "|" not in line:
            end(code=True)
            table = False
        if opened := opened_fence(line):
            end(code=table)
            fence, table = opened, False
            continue
        if not table and starts_table(line, following):
            end(code=False)
            table = True
        lines.append(line)
    end(code=table or fence is not None)
    return parts or [_Part(words.BLANK, code=False)]


def _styled(text: str) -> Iterator[Block]:
    """The elements of text that is no code."""
    for number, line in enumerate(text.split("\n")):
        if number:
            yield _text("\n")
        heading = _heading(line)
        bold = {} if heading is None else {"bold": True}
        shown = _BULLET.sub(r"\1• ", line) if heading is None else heading
        yield from _elements(shown, bold)


def _heading(line: str) -> str | None:
    """What a heading says, without the marks that may close it; None when it is none."""
    found = _HEADING.fullmatch(line)
    return found[1].strip(" \t").rstrip("#").rstrip(" \t") if found else None


def _elements(line: str, style: dict[str, bool]) -> Iterator[Block]:
    end = 0
    for found in _INLINE.finditer(line):
        if before := line[end : found.start()]:
            yield _text(before, style)
        end = found.end()
        if found["code"]:
            yield _text(_unpadded(found["code"]), style | {"code": True})
        elif found["bold"]:
            yield _text(found["bold"], style | {"bold": True})
        elif italic := found["star"] or found["line"]:
            yield _text(italic, style | {"italic": True})
        elif found["label"]:
            link = {"type": "link", "url": found["address"], "text": found["label"]}
            yield link | ({"style": style} if style else {})
        else:
            yield _text(found["escaped"], style)
    if rest := line[end:]:
        yield _text(rest, style)


def _text(text: str, style: dict[str, bool] | None = None) -> Block:
    element: dict[str, object] = {"type": "text", "text": text}
    return element | ({"style": style} if style else {})


def _mrkdwn(part: _Part) -> str:
    text = part.text.translate(_ENTITIES)
    if part.code:
        return f"```\n{text}\n```"
    return "\n".join(_mrkdwn_line(line) for line in text.split("\n"))


def _mrkdwn_line(line: str) -> str:
    if (heading := _heading(line)) is not None:
        return f"*{heading.replace('*', '')}*" if heading else ""
    return _INLINE.sub(_mrkdwn_of, _BULLET.sub(r"\1• ", line))


def _mrkdwn_of(found: re.Match[str]) -> str:
    if found["code"]:
        return f"`{_unpadded(found['code'])}`"
    if found["bold"]:
        return f"*{found['bold']}*"
    if italic := found["star"] or found["line"]:
        return f"_{italic}_"
    if found["label"]:
        return f"{found['label']} ({found['address']})"
    return found[0]


def _unpadded(code: str) -> str:
    """Code as CommonMark shows it: without one space at both ends."""
    padded = code.startswith(" ") and code.endswith(" ") and code.strip()
    return code[1:-1] if padded else code
