"""Votes of a month, one by one: as a table (CSV), and as JSONL for whoever computes with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from bot.admin.usage_export import MOST_MESSAGES, file_of, harmless, message_of, pieces, row
from bot.markdown.safety import neutralise
from bot.rules.votes import Ballot
from bot.slack.blocks import Message
from bot.slack.documents import Document, File
from bot.words import votes as words


@dataclass(frozen=True, slots=True)
class Texts:
    """What was asked and answered."""

    system: str
    prompt: str
    text: str


NO_TEXTS = Texts("", "", "")


def documents(
    month: str,
    ballots: Sequence[Ballot],
    texts: Mapping[str, Texts],
    names: Mapping[str, str],
) -> tuple[Document, Document]:
    """The same twice, as CSV and as JSONL. `texts` by the id of an answer, `names` by that of a
    channel. Messages that take the place of a file have no texts."""
    header = row(words.COLUMNS)
    return (
        _document(
            f"grok-votes-{month}.csv",
            month,
            file_of("".join([header, *_table(ballots, texts, names)])),
            pieces(header, _table(ballots, {}, names)),
        ),
        _document(
            f"grok-votes-{month}.jsonl",
            month,
            "".join(_lines(ballots, texts)).encode(),
            pieces("", _lines(ballots, {})),
        ),
    )


def _document(name: str, month: str, content: bytes, parts: Sequence[str]) -> Document:
    title = words.EXPORT_TITLE(month=month, part=1, parts=1)
    return Document(File(name, title, content), tuple(_messages(month, parts)))


def _messages(month: str, parts: Sequence[str]) -> Iterator[Message]:
    shown = parts[:MOST_MESSAGES]
    for number, part in enumerate(shown, 1):
        left_out = number == len(shown) < len(parts)
        title = words.EXPORT_TITLE(month=month, part=number, parts=len(shown))
        yield message_of(neutralise(part), title, words.LEFT_OUT if left_out else "")


def _table(
    ballots: Iterable[Ballot], texts: Mapping[str, Texts], names: Mapping[str, str]
) -> Iterator[str]:
    for ballot in ballots:
        vote, judged = ballot.vote, ballot.judged
        said = texts.get(ballot.job_id, NO_TEXTS)
        yield row(
            (
                _moment(judged.at),
                ballot.job_id,
                judged.channel,
                harmless(names.get(judged.channel, "")),
                ballot.user,
                vote.choice,
                vote.way,
                " ".join(vote.reasons),
                harmless(vote.comment),
                harmless(judged.model),
                judged.endpoint,
                judged.surface,
                json.dumps(judged.parameters),
                judged.tokens,
                _dollars(judged.micro_dollars),
                judged.first_seconds,
                judged.seconds,
                *map(harmless, (said.system, said.prompt, said.text)),
            )
        )


def _lines(ballots: Iterable[Ballot], texts: Mapping[str, Texts]) -> Iterator[str]:
    for ballot in ballots:
        yield json.dumps(_entry(ballot, texts.get(ballot.job_id)), ensure_ascii=False) + "\n"


def _entry(ballot: Ballot, said: Texts | None) -> Mapping[str, JsonValue]:
    vote, judged = ballot.vote, ballot.judged
    entry: dict[str, JsonValue] = {
        "id": ballot.job_id,
        "at": _moment(judged.at),
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
    if said is not None:
        entry |= {"system": said.system, "prompt": said.prompt, "text": said.text}
    return entry


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _dollars(micro_dollars: int | None) -> str:
    return "" if micro_dollars is None else f"{micro_dollars / 1_000_000:.6f}"
