"""How Slack keeps a `markdown` block: as headers, dividers, tables and rich text.

Slack stores no markdown; what an app reads back, and what counts against 50 blocks, are the
blocks made of it. The inline styling is left out here: nothing depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sandbox.workspace.model import Json

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_HEADER = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_DIVIDER = re.compile(r"^ {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_ENTITIES = (("&", 5), ("<", 4), (">", 4))


def stored_blocks(blocks: Iterable[Json]) -> list[Json]:
    """`blocks` as Slack keeps and returns them."""
    stored: list[Json] = []
    for block in blocks:
        if block.get("type") == "markdown":
            stored.extend(_translate(block["text"]))
        else:
            stored.append(block)
    return stored


def counted_chars(text: str) -> int:
    """Length of `text` once `&`, `<` and `>` are entities."""
    return len(text) + sum(text.count(char) * (width - 1) for char, width in _ENTITIES)


def _translate(text: str) -> Iterator[Json]:
    prose: list[str] = []

    def flush() -> Iterator[Json]:
        if any(line.strip() for line in prose):
            yield _rich_text("\n".join(prose).strip("\n"))
        prose.clear()

    lines = text.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        if fence := _FENCE.match(line):
            end = _fence_end(lines, index, fence.group(1))
            prose += lines[index:end]
            index = end
        elif header := _HEADER.match(line):
            yield from flush()
            yield {"type": "header", "text": {"type": "plain_text", "text": header.group(1)}}
            index += 1
        elif _DIVIDER.match(line):
            yield from flush()
            yield {"type": "divider"}
            index += 1
        elif "|" in line and index + 1 < len(lines) and _is_rule(lines[index + 1]):
            yield from flush()
            end = _table_end(lines, index)
            yield _table([line, *lines[index + 2 : end]])
            index = end
        else:
            prose.append(line)
            index += 1
    yield from flush()


def _fence_end(lines: list[str], start: int, fence: str) -> int:
    for index in range(start + 1, len(lines)):
        if lines[index].strip().startswith(fence) and not lines[index].strip().strip(fence[0]):
            return index + 1
    return len(lines)


def _is_rule(line: str) -> bool:
    return "|" in line and _TABLE_RULE.match(line) is not None


def _table_end(lines: list[str], start: int) -> int:
    end = start + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return end


def _table(rows: list[str]) -> Json:
    return {
        "type": "table",
        "rows": [
            [
                {"type": "raw_text", "text": cell.strip()}
                for cell in row.strip().strip("|").split("|")
            ]
            for row in rows
        ],
    }


def _rich_text(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}
