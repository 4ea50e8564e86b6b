"""What was used in a month, as a table (CSV): a file, or pieces that Slack takes as messages."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.completion.excerpt import excerpt
from bot.slack.blocks import Block, Message
from bot.slack.documents import Document, File
from bot.slack_limits import MARKDOWN_CHARS
from bot.store.quotas import UsageRow
from bot.words import usage as words

MOST_MESSAGES = 10
"""A longer table would flood the direct messages: what was used least is added up."""

_PIECE_CHARS = MARKDOWN_CHARS - 500
_ROOM_FOR_OTHERS = 2
"""Rows that give way to the last one, which may be longer than one of them."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """A table, `whole` and in pieces, each with the columns' names; `summed` rows are added up in
    the last piece."""

    whole: str
    pieces: tuple[str, ...]
    summed: int = 0

    def document(self, month: str) -> Document:
        """All of it as a file, with the messages that take its place."""
        name, title = f"grok-usage-{month}.csv", words.EXPORT_TITLE(month=month, part=1, parts=1)
        return Document(File(name, title, file_of(self.whole)), self.messages(month))

    def messages(self, month: str) -> tuple[Message, ...]:
        """A message for each piece, to be copied."""
        count = len(self.pieces)
        return tuple(
            message_of(
                piece, words.EXPORT_TITLE(month=month, part=number, parts=count), self._foot(number)
            )
            for number, piece in enumerate(self.pieces, 1)
        )

    def _foot(self, number: int) -> str:
        last = number == len(self.pieces)
        return words.EXPORT_SUMMED(self.summed) if last and self.summed else ""


def table(month: str, rows: Sequence[UsageRow], names: Mapping[str, str]) -> Table:
    """`rows` of a month, those that used most first; `names` of people and channels by id."""
    ordered = sorted(rows, key=lambda row: (-row.tokens, row.channel, row.user))
    lines = [_line(month, row, names) for row in ordered]
    whole = "".join([row(words.COLUMNS), *lines])
    parts = _pieces(lines)
    if len(parts) <= MOST_MESSAGES:
        return Table(whole, parts)
    shown = sum(part.count("\n") - 1 for part in parts[:MOST_MESSAGES])
    kept = shown - _ROOM_FOR_OTHERS
    others = _line(month, _sum(ordered[kept:]), names)
    return Table(whole, _pieces([*lines[:kept], others]), summed=len(lines) - kept)


def _pieces(lines: Iterable[str]) -> tuple[str, ...]:
    return pieces(row(words.COLUMNS), lines)


def pieces(header: str, lines: Iterable[str]) -> tuple[str, ...]:
    """`lines`, as many as a message holds at a time, each time below `header`."""
    found = [header]
    for line in lines:
        if len(found[-1]) + len(line) > _PIECE_CHARS:
            found.append(header)
        found[-1] += line
    return tuple(found)


def _sum(rows: Sequence[UsageRow]) -> UsageRow:
    return UsageRow(
        words.OTHERS,
        words.OTHERS,
        requests=sum(row.requests for row in rows),
        tokens=sum(row.tokens for row in rows),
        micro_dollars=sum(row.micro_dollars for row in rows),
        unpriced=sum(row.unpriced for row in rows),
        searches=sum(row.searches for row in rows),
        posts=sum(row.posts for row in rows),
        search_micro_dollars=sum(row.search_micro_dollars for row in rows),
    )


def _line(month: str, used: UsageRow, names: Mapping[str, str]) -> str:
    return row(
        (
            month,
            used.channel,
            harmless(excerpt(names.get(used.channel, ""))),
            used.user,
            harmless(excerpt(names.get(used.user, ""))),
            used.requests,
            used.tokens,
            _dollars(used.micro_dollars),
            used.unpriced,
            harmless(excerpt(used.model)),
            used.searches,
            used.posts,
            _dollars(used.search_micro_dollars),
        )
    )


def _dollars(micro_dollars: int) -> str:
    return f"{micro_dollars / 1_000_000:.6f}"


def harmless(name: str) -> str:
    """A name that no program for tables takes for a formula."""
    return f"'{name}" if name.startswith(_FORMULA) else name


def row(cells: Iterable[object]) -> str:
    """A line of a table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def file_of(whole: str) -> bytes:
    """A table as a file: UTF-8, with the mark without which Excel takes it for something else."""
    return whole.encode("utf-8-sig")


def message_of(piece: str, title: str, foot: str) -> Message:
    """A piece of a table, to be copied."""
    block: Block = {"type": "markdown", "text": f"{title}\n```\n{piece}```\n{foot}".rstrip()}
    return Message((block,), title)
