"""One worker that writes one message natively, as `Messages` does, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bot.errors import OutcomeUnknown, RateLimited, SlackError, TryAgain
from bot.reply.ledger import Part, Stream
from bot.reply.native import Native
from bot.slack.blocks import Foot, Message, further_message
from bot.slack.pacing import EditBudget, nothing_taken
from bot.slack.refusals import STREAMING
from bot.slack.slack import Slack
from sandbox.workspace import GENERAL, Workspace
from sandbox.workspace import Message as Shown
from tests.reply.fake_ledger import FakeLedger

WORDS = [f"word{number} " for number in range(12)]
TEXT = "".join(WORDS)
WRITING = Foot("job1", ("stop",), ("writing…",))
ENDED = Foot("job1", ("retry", "edit"), ("grok-4.3 · 3 s",))
METHODS = ("chat.startStream", "chat.appendStream", "chat.stopStream")


@dataclass
class FakeBudget(EditBudget):
    """Gives every call, but those that `waits` names; `rests` is what was told of 429s."""

    waits: dict[str, float] = field(default_factory=dict)
    rests: dict[str, float] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)

    async def try_take(self, method: str, per_minute: int) -> float:
        self.taken.append(method)
        return self.waits.get(method, 0.0)

    async def rest(self, method: str, seconds: float) -> None:
        self.rests[method] = seconds


class Writer:
    """One worker that writes part 0 of the answer, as often as it takes."""

    def __init__(self, slack: Slack, native: Native, ledger: FakeLedger, root: str) -> None:
        self.native = native
        self.part = Part("0")
        self._slack = slack
        self._ledger = ledger
        self._root = root

    async def write(self, message: Message, *, final: bool = False) -> bool:
        """Once, by the stream; whether it shows `message` then."""
        ts = self._ledger.posts["0"].ts
        assert ts
        await self.native.write(self.part, ts, message, nothing_taken, final=final)
        return self.part.shown == message

    async def grow(self, words: int) -> None:
        await self._write(growing("".join(WORDS[:words])), final=False)

    async def finish(self) -> None:
        await self._write(further_message(1, TEXT, ENDED), final=True)

    async def _write(self, message: Message, *, final: bool) -> None:
        for _ in range(10):
            try:
                if await self._shown(message, final=final):
                    return
            except (OutcomeUnknown, RateLimited, TryAgain):
                continue
        raise AssertionError("not shown, however often it was tried")

    async def _shown(self, message: Message, *, final: bool) -> bool:
        ts = await self._ts()
        if ts is None:
            return await self._post(message)
        if not self.part.stream:
            return await self._edit(ts, message)
        if not self.native.lacks(self.part, message, final=final):
            return True
        return await self.write(message, final=final) and not (final and self.part.has_stop)

    async def _ts(self) -> str | None:
        post = self._ledger.posts.get("0")
        if post is None or post.ts:
            return post.ts if post else None
        found = await self._slack.find(GENERAL, self._root, self._ledger.job_id, post.at)
        for posted in found:
            await self._ledger.adopt("0", GENERAL, posted.ts)
        return found[0].ts if found else None

    async def _post(self, message: Message) -> bool:
        await self._ledger.intend("0", GENERAL)
        may = await self.native.may_start(message)
        ts = await self.native.start(self.part, self._root) if may else None
        streams = ts is not None
        if ts is None:
            ts = await self._slack.post(
                GENERAL, message, job_id="job1", part="0", thread_ts=self._root
            )
        await self._ledger.posted("0", GENERAL, ts)
        return not streams

    async def _edit(self, ts: str, message: Message) -> bool:
        try:
            await self._slack.update(GENERAL, ts, message, job_id="job1", part="0")
        except SlackError as error:
            if error.code != STREAMING:
                raise
            self.part.streams_by(Stream(time.monotonic(), certain=False))
            return False
        self.part.has_stop = False
        return True


def growing(text: str, settled: str | None = None) -> Message:
    message = further_message(1, text, WRITING)
    return replace(message, settled=text if settled is None else settled)


def answers(workspace: Workspace, root: str) -> list[Shown]:
    return [message for message in workspace.replies(GENERAL, root) if message.bot_id]


def only(workspace: Workspace, root: str) -> Shown:
    (message,) = answers(workspace, root)
    return message


def text_of(message: Shown) -> str:
    return "".join(block["text"] for block in message.blocks if block["type"] == "markdown")


def check_whole(workspace: Workspace, root: str, *, lifetime: float = 300.0) -> None:
    """The text once, its foot below, nothing that streams, pings or previews."""
    message = only(workspace, root)
    assert text_of(message) == TEXT
    kinds = [block["type"] for block in message.blocks if block["type"] != "rich_text"]
    assert kinds == ["markdown", "actions", "context"]
    assert not message.is_streaming(lifetime)
    assert message.metadata == {
        "event_type": "grok_answer",
        "event_payload": {"job_id": "job1", "part": "0"},
    }
    assert (message.pings, message.unfurl, message.edited) == ((), False, False)
    shown = [text_of_revision(revision.blocks) for revision in message.revisions]
    assert all(TEXT.startswith(text) for text in shown)


def text_of_revision(blocks: tuple[dict[str, Any], ...]) -> str:
    return "".join(block["text"] for block in blocks if block["type"] == "markdown")


async def journey(writer: Writer) -> None:
    for words in (2, 2, 5, 9):
        await writer.grow(words)
    await writer.finish()


def methods_of(workspace: Workspace) -> list[str]:
    return [call.method.removeprefix("chat.") for call in workspace.calls if call.ok]


Write = Callable[..., Writer]
