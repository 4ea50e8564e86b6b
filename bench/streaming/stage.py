"""The strict workspace of a row, and what people saw in it of every answer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import ne
from typing import Any

from bench.streaming.grok import PIECES
from bench.streaming.rows import EDITS_PER_MINUTE, LATENCY, Row
from sandbox.workspace import (
    ANA,
    BOT_USER,
    AppConfig,
    Channel,
    Limits,
    Message,
    Revision,
    Workspace,
)

METADATA_EVENT = "grok_answer"


def channel_id(number: int) -> str:
    """The id of a row's channel."""
    return f"C0BENCH{number:03}"


def open_workspace(row: Row) -> Workspace:
    """A workspace with the channels of `row` and Slack's real budgets. It sends no events: the
    echo of every edit is not what is measured."""
    workspace = Workspace(
        app=AppConfig(events=frozenset()),
        limits=Limits(tier3_per_minute=EDITS_PER_MINUTE),
        latency=LATENCY,
    )
    for number in range(row.channels):
        name = channel_id(number)
        channel = Channel(name, name.lower(), "channel", {ANA, BOT_USER})
        workspace.state.channels[name] = channel
        workspace.state.timelines[name] = {}
    return workspace


class Answers:
    """Which answer of the row each job is."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def began(self, job_id: str, number: int) -> None:
        """`job_id`, as in the metadata of its messages, is answer number `number`."""
        self._numbers[job_id] = number

    def messages(self, workspace: Workspace) -> dict[int, dict[int, Message]]:
        """The messages of every answer, by part, the deleted included: of a part that was posted
        again, the last."""
        found: dict[int, dict[int, Message]] = {number: {} for number in self._numbers.values()}
        for number, part, message in self._all(workspace):
            found[number][part] = message
        return found

    def doubled(self, workspace: Workspace) -> int:
        """How many messages stand beside another one with the same part of an answer."""
        standing = [
            (number, part)
            for number, part, message in self._all(workspace)
            if message.deleted_at is None
        ]
        return len(standing) - len(set(standing))

    def _all(self, workspace: Workspace) -> Iterator[tuple[int, int, Message]]:
        for timeline in workspace.state.timelines.values():
            for message in timeline.values():
                metadata: dict[str, Any] = message.metadata or {}
                payload = metadata.get("event_payload", {})
                if payload.get("job_id") in self._numbers and str(payload["part"]).isdigit():
                    yield self._numbers[payload["job_id"]], int(payload["part"]), message


@dataclass(frozen=True, slots=True)
class Sight:
    """From `at` (Unix time) on, `tokens` of an answer are visible."""

    at: float
    tokens: int


def sights(parts: dict[int, Message]) -> list[Sight]:
    """What could be seen of one answer, in order of time."""
    events = sorted(
        ((at, part, text) for part, message in parts.items() for at, text in _states(message)),
        key=lambda event: event[0],
    )
    shown: dict[int, str] = {}
    seen = []
    for at, part, text in events:
        shown[part] = text
        seen.append(Sight(at, tokens_in("".join(shown[part] for part in sorted(shown)))))
    return seen


def _states(message: Message) -> Iterator[tuple[float, str]]:
    for revision in message.revisions:
        yield revision.at, answer_text(revision)
    if message.deleted_at is not None:
        yield message.deleted_at, ""


def answer_text(revision: Revision) -> str:
    """The part of a message that holds the answer."""
    blocks = [block for block in revision.blocks if block["type"] == "markdown"]
    if not revision.blocks:
        return revision.text
    return "".join(block["text"] for block in blocks)


def unchanged(message: Message) -> int:
    """How many edits of `message` changed nothing that people see."""
    looks = [_look(revision) for revision in message.revisions]
    return sum(before == after for before, after in pairwise(looks))


def _look(revision: Revision) -> object:
    """A revision without the ids that every block is given anew."""
    blocks = [{k: v for k, v in block.items() if k != "block_id"} for block in revision.blocks]
    return blocks or revision.text


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


_LETTERS = _letters("".join(PIECES))
_ENDS = list(accumulate(len(_letters(piece)) for piece in PIECES))


def tokens_in(shown: str) -> int:
    """How many of Grok's tokens `shown` begins with. Marks and spaces are left out of the
    comparison: a renderer may close or hold back markup, but letters are shown or not."""
    letters = _letters(shown)
    unlike = map(ne, letters, _LETTERS)
    shortest = min(len(letters), len(_LETTERS))
    common = next((place for place, differs in enumerate(unlike) if differs), shortest)
    return bisect_right(_ENDS, common) if common else 0


def lag(sent: Sequence[float], seen: Sequence[Sight], until: float) -> float:
    """How many seconds what is visible is behind what was sent, over the life of the answer.

    That is the integral of tokens sent and not visible, from the first token until all are
    visible (or `until`), over the number of tokens: the mean delay of a token.
    """
    times = [0.0, *(sight.at for sight in seen), until]
    visible = [0, *(sight.tokens for sight in seen)]
    missing = 0.0
    for (begin, end), tokens in zip(pairwise(times), visible, strict=True):
        missing += sum(max(0.0, end - max(begin, at)) for at in sent[tokens:] if at < end)
    return missing / len(sent)
