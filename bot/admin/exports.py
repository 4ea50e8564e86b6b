"""A month of use, or of votes, as a table (CSV), and votes as JSONL for whoever computes with them:
files, and the messages that take their place where Slack takes none."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from pydantic import JsonValue

from bot.characters import excerpt
from bot.markdown import safety
from bot.rules.votes import Ballot
from bot.slack.blocks import Block, Message
from bot.slack.documents import Document, File
from bot.slack_limits import MARKDOWN_CHARS
from bot.store.quotas import UsageRow
from bot.words import usage as usage_words
from bot.words import votes as vote_words

MOST_MESSAGES = 10
"""A longer table would flood the direct messages."""

_PIECE_CHARS = MARKDOWN_CHARS - 500
_ROOM_FOR_OTHERS = 2
"""Rows that give way to the last one, which may be longer than one of them."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Titled = Callable[[int, int], str]
"""What the part of this number of so many is called."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What was asked and answered."""

    system: str
    prompt: str
    text: str


def usage_table(month: str, rows: Sequence[UsageRow], names: Mapping[str, str]) -> Document:
    """`rows` of a month, those that used most first; `names` of people and channels by id. In
    messages, what was used least is added up where there would be too many."""
    ordered = sorted(rows, key=lambda row: (-row.tokens, row.channel, row.user))
    header, lines = _row(usage_words.COLUMNS), [_used(month, row, names) for row in ordered]
    parts, foot = _pieces(header, lines), ""
    if len(parts) > MOST_MESSAGES:
        kept = sum(part.count("\n") - 1 for part in parts[:MOST_MESSAGES]) - _ROOM_FOR_OTHERS
        others = _used(month, _sum(ordered[kept:]), names)
        parts = _pieces(header, [*lines[:kept], others])
        foot = usage_words.EXPORT_SUMMED(len(lines) - kept)
    whole = _file_of("".join([header, *lines]))

    def titled(part: int, parts: int) -> str:
        return usage_words.EXPORT_TITLE(month=month, part=part, parts=parts)

    return _document(f"grok-usage-{month}.csv", whole, titled, parts, foot)


def vote_tables(
    month: str,
    ballots: Sequence[Ballot],
    texts: Mapping[str, Texts],
    names: Mapping[str, str],
) -> tuple[Document, Document]:
    """The same twice, as CSV and as JSONL. `texts` by the id of an answer, `names` by that of a
    channel. Messages that take the place of a file have no texts, and not all votes where there
    would be too many."""
    header = _row(vote_words.COLUMNS)
    table = _file_of("".join([header, *_voted(ballots, texts, names)]))
    rows = _pieces(header, _voted(ballots, {}, names))
    lines = "".join(_lines(ballots, texts)).encode()
    return (
        _votes(f"grok-votes-{month}.csv", table, month, rows),
        _votes(f"grok-votes-{month}.jsonl", lines, month, _pieces("", _lines(ballots, {}))),
    )


def _votes(name: str, content: bytes, month: str, parts: Sequence[str]) -> Document:
    foot = vote_words.LEFT_OUT if len(parts) > MOST_MESSAGES else ""
    shown = [safety.neutralise(part) for part in parts[:MOST_MESSAGES]]

    def titled(part: int, parts: int) -> str:
        return vote_words.EXPORT_TITLE(month=month, part=part, parts=parts)

    return _document(name, content, titled, shown, foot)


def _document(
    name: str, content: bytes, titled: Titled, parts: Sequence[str], foot: str
) -> Document:
    """A file, and a message to be copied for each of its `parts`; `foot` below the last."""
    messages = []
    for number, part in enumerate(parts, 1):
        title = titled(number, len(parts))
        below = foot if number == len(parts) else ""
        text = f"{title}\n```\n{part}```\n{below}".rstrip()
        block: Block = {"type": "markdown", "text": text}
        messages.append(Message((block,), title))
    return Document(File(name, titled(1, 1), content), tuple(messages))


def _pieces(header: str, lines: Iterable[str]) -> tuple[str, ...]:
    """`lines`, as many as a message holds at a time, each time below `header`."""
    found = [header]
    for line in lines:
        if len(found[-1]) + len(line) > _PIECE_CHARS:
            found.append(header)
        found[-1] += line
    return tuple(found)


def _sum(rows: Sequence[UsageRow]) -> UsageRow:
    amounts = [each.name for each in fields(UsageRow) if isinstance(each.default, int)]
    sums = {name: sum(getattr(row, name) for row in rows) for name in amounts}
    return UsageRow(usage_words.OTHERS, usage_words.OTHERS, **sums)


def _used(month: str, used: UsageRow, names: Mapping[str, str]) -> str:
    return _row(
        (
            month,
            used.channel,
            _harmless(excerpt(names.get(used.channel, ""))),
            used.user,
            _harmless(excerpt(names.get(used.user, ""))),
            used.requests,
            used.tokens,
            _dollars(used.micro_dollars),
            used.unpriced,
            _harmless(excerpt(used.model)),
            used.searches,
            used.posts,
            _dollars(used.search_micro_dollars),
        )
    )


def _voted(
    ballots: Iterable[Ballot], texts: Mapping[str, Texts], names: Mapping[str, str]
) -> Iterator[str]:
    for ballot in ballots:
        judged, said = ballot.judged, texts.get(ballot.job_id)
        given = {
            **_entry(ballot, said),
            "channel_name": names.get(judged.channel, ""),
            "reasons": " ".join(ballot.vote.reasons),
            "parameters": json.dumps(judged.parameters),
            "usd": "" if judged.micro_dollars is None else _dollars(judged.micro_dollars),
        }
        given |= {name: _harmless(str(given.get(name, ""))) for name in _TYPED}
        yield _row(given.get(_ALSO.get(name, name), "") for name in vote_words.COLUMNS)


_ALSO = {"asked_at": "at", "answer": "id"}
"""What columns are called in JSONL, where that is something else."""
_TEXTS = tuple(each.name for each in fields(Texts))
_TYPED = ("channel_name", "comment", "model", *_TEXTS)
"""What may begin like a formula."""


def _lines(ballots: Iterable[Ballot], texts: Mapping[str, Texts]) -> Iterator[str]:
    for ballot in ballots:
        yield json.dumps(_entry(ballot, texts.get(ballot.job_id)), ensure_ascii=False) + "\n"


def _entry(ballot: Ballot, said: Texts | None) -> dict[str, JsonValue]:
    vote, judged = ballot.vote, ballot.judged
    entry: dict[str, JsonValue] = {
        "id": ballot.job_id,
        "at": datetime.fromtimestamp(judged.at, UTC).isoformat(timespec="seconds"),
        "channel": judged.channel,
        "voter": ballot.user,
        "vote": vote.choice,
        "way": vote.way,
        "reasons": list(vote.reasons),
        "comment": vote.comment,
        "model": judged.model,
        "endpoint": judged.endpoint,
        "surface": judged.surface,
        "parameters": judged.parameters,
        "tokens": judged.tokens,
        "usd": None if judged.micro_dollars is None else judged.micro_dollars / 1_000_000,
        "first_seconds": judged.first_seconds,
        "seconds": judged.seconds,
    }
    return entry | ({name: getattr(said, name) for name in _TEXTS} if said else {})


def _dollars(micro_dollars: int) -> str:
    return f"{micro_dollars / 1_000_000:.6f}"


def _harmless(name: str) -> str:
    """A name that no program for tables takes for a formula."""
    return f"'{name}" if name.startswith(_FORMULA) else name


def _row(cells: Iterable[object]) -> str:
    """A line of a table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _file_of(whole: str) -> bytes:
    """A table as a file: UTF-8, with the mark without which Excel takes it for something else."""
    return whole.encode("utf-8-sig")
