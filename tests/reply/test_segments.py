"""An answer that streams for longer than Slack lets a message stream: it goes on in another one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from bot.completion.result import Answer, Section
from bot.reply import messages
from bot.reply import native as streams
from bot.reply.chain import Chain
from bot.reply.reply import Reply
from bot.slack.blocks import Question
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from bot.slack_limits import STREAM_SECONDS
from bot.words import talk
from sandbox.workspace import ANA, BEN, GENERAL, Message, Workspace
from tests.reply.conftest import LAST_LINE, Start, answer, buttons
from tests.reply.fake_ledger import FakeJob, FakeLedger
from tests.reply.steps import (
    AT_EVERY_STEP,
    frozen_at_each_step,
    killed_at_each_step,
)
from tests.reply.test_growing_natively import body, called, in_thread, native, refused, replies
from tests.reply.test_reply import Stream, shown, streaming

_TOKEN = re.compile(r"tok\d+")


def tokens(first: int, count: int) -> str:
    return " ".join(f"tok{number}" for number in range(first, first + count))


PROSE = "\n\n".join(f"{tokens(n, 10)}." for n in range(0, 300, 10)) + "\n"
ONE_PARAGRAPH = f"{tokens(0, 300)}\n"
CODE = "```python\n" + "".join(f"tok{n} = 1  # <!here>\n" for n in range(300)) + "```\n"
TABLE = "| a | b |\n| - | - |\n" + "".join(f"| tok{n} | x |\n" for n in range(150))
LIST = "".join(f"{n}. tok{2 * n} **b**\n   - tok{2 * n + 1} `c`\n" for n in range(100))
BOLD = "".join(f"**{tokens(n, 5)}** and\n" for n in range(0, 400, 5))
TEXTS = {
    "prose": PROSE,
    "paragraph": ONE_PARAGRAPH,
    "code": CODE,
    "table": TABLE,
    "list": LIST,
    "bold": BOLD,
}


class Clock:
    """What streams take for the time."""

    def __init__(self) -> None:
        self.now = 0.0

    def pass_by(self, share: float) -> None:
        """Such a share of the life of a stream passes by."""
        self.now += share * STREAM_SECONDS

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(streams, "time", SimpleNamespace(monotonic=found.monotonic))
    return found


@asynccontextmanager
async def begun(start: Start, root: str) -> AsyncIterator[tuple[Reply, Stream]]:
    """An answer in the thread at `root` that streams while entered."""
    reply = start(streaming="native", **in_thread(root))
    await reply.open()
    async with streaming(reply) as stream:
        yield reply, stream


async def said(workspace: Workspace, stream: Stream, text: str) -> None:
    """Grok has said `text`, and most of it is shown."""
    stream.say(text)
    await shown(workspace, _TOKEN.findall(text)[-8])


def check(workspace: Workspace, root: str, text: str) -> list[Message]:
    """All of it stands there once, and nothing of how it came."""
    found = replies(workspace, root)
    assert _TOKEN.findall("".join(map(body, found))) == _TOKEN.findall(text)
    assert [buttons(each) for each in found[:-1]] == [[]] * (len(found) - 1)
    assert buttons(found[-1]) == ["retry", "edit", "details"]
    assert found[-1].shown.endswith(LAST_LINE)
    assert not any(each.is_streaming(STREAM_SECONDS) or each.pings for each in found)
    for each in found:
        assert body(each).count("```") % 2 == 0
    return found


async def grown(
    workspace: Workspace, reply: Reply, clock: Clock, text: str, ends: Sequence[int]
) -> Answer:
    """`text` comes up to each of the `ends`, with most of the life of a stream between them; it is
    delivered as it was stored."""
    await reply.open()
    async with streaming(reply) as stream:
        for end in ends:
            await said(workspace, stream, text[:end])
            clock.pass_by(0.7)
            await said(workspace, stream, text[: end + 300])
            clock.pass_by(0.1)
            await said(workspace, stream, text[: end + 600])
            await said(workspace, stream, text[: end + 800])
    whole = reply.with_breaks(answer(text))
    await reply.deliver(whole)
    return whole


@pytest.mark.parametrize("kind", TEXTS)
async def test_it_goes_on_in_another_message(
    workspace: Workspace, start: Start, root: str, clock: Clock, kind: str
) -> None:
    text, reply = TEXTS[kind], start(streaming="native", **in_thread(root))

    await grown(workspace, reply, clock, text, (400, 1200))

    found = check(workspace, root, text)
    assert len(found) == 3
    assert called(workspace, "chat.startStream") == called(workspace, "chat.stopStream") == 3
    assert called(workspace, "chat.update") == 3  # which take Stop away
    assert not called(workspace, "chat.postMessage")
    for each in found:
        match kind:
            case "prose":
                assert body(each).rstrip().endswith(".")
            case "code":
                assert body(each).startswith("```python\n")
            case "table":
                assert body(each).startswith("| a | b |\n| - | - |\n")
            case "list":
                assert re.match(r"\s*(\d+\.|-) ", body(each))
            case "bold":
                assert body(each).count("**") % 2 == 0


async def test_it_is_laid_out_alike_by_whoever_takes_over(
    workspace: Workspace, slack: Slack, budget: EditBudget, root: str, clock: Clock
) -> None:
    job = FakeJob()
    reply = native(slack, budget, job.take(), root)
    whole = await grown(workspace, reply, clock, CODE, (400, 1200))
    before = [(each.ts, each.shown) for each in replies(workspace, root)]
    stored = Answer.model_validate_json(whole.model_dump_json())

    await native(slack, budget, job.take(), root).deliver(stored, afresh=True)

    assert [(each.ts, each.shown) for each in replies(workspace, root)] == before


async def test_stop_stands_above_each_message_and_goes_with_the_end(
    workspace: Workspace, start: Start, root: str, clock: Clock
) -> None:
    async with begun(start, root) as (reply, stream):
        await said(workspace, stream, PROSE[:300])
        clock.pass_by(0.7)
        await said(workspace, stream, PROSE[:600])
        assert [buttons(each) for each in replies(workspace, root)] == [["stop"]] * 2
    text = PROSE[:600].rpartition(" ")[0]
    stopped = answer(text).model_copy(update={"stopped": True})
    await reply.deliver(reply.with_breaks(stopped))

    one, two = replies(workspace, root)
    assert (buttons(one), buttons(two)) == ([], ["retry", "edit", "details"])
    assert body(two).endswith(talk.STOPPED)
    assert _TOKEN.findall(body(one) + body(two)) == _TOKEN.findall(text)


async def test_slacks_own_stop_in_the_second_message(
    workspace: Workspace, start: Start, root: str, clock: Clock
) -> None:
    async with begun(start, root) as (reply, stream):
        await said(workspace, stream, PROSE[:300])
        clock.pass_by(0.7)
        await said(workspace, stream, PROSE[:600])
        await workspace.stop_stream(BEN, GENERAL, replies(workspace, root)[1].ts)
        stream.say(PROSE[:700])
        await refused(workspace, "stopped_by_user")
    assert reply.stopped


async def test_while_nothing_comes_for_longer_than_a_stream_lives(
    workspace: Workspace, start: Start, root: str, clock: Clock
) -> None:
    async with begun(start, root) as (reply, stream):
        await said(workspace, stream, PROSE[:300])
        clock.pass_by(1.5)
        workspace.fail("chat.stopStream", error="message_not_in_streaming_state")
        await said(workspace, stream, PROSE[:600])
        await said(workspace, stream, PROSE[:900])
    await reply.deliver(reply.with_breaks(answer(PROSE)))

    assert len(check(workspace, root, PROSE)) == 2
    assert called(workspace, "chat.startStream") == 2


async def test_where_stop_cannot_be_taken_away_it_stays(
    workspace: Workspace, start: Start, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "STAYS_SECONDS", 0.01)
    workspace.fail("chat.update", error="some_refusal", times=None)
    async with begun(start, root) as (reply, stream):
        await said(workspace, stream, PROSE[:300])
    await reply.deliver(answer(PROSE))

    (message,) = replies(workspace, root)
    assert buttons(message) == ["stop", "retry", "edit", "details"]
    assert _TOKEN.findall(body(message)) == _TOKEN.findall(PROSE)
    assert not called(workspace, "chat.postEphemeral", "chat.postMessage")


async def test_what_cannot_be_edited_any_more_is_posted_anew_without_stop(
    workspace: Workspace, start: Start, root: str
) -> None:
    workspace.fail("chat.update", error="edit_window_closed")
    async with begun(start, root) as (reply, stream):
        await said(workspace, stream, PROSE[:300])
    await reply.deliver(answer(PROSE))

    assert len(check(workspace, root, PROSE)) == 1
    assert called(workspace, "chat.delete") == called(workspace, "chat.postMessage") == 1


@pytest.mark.parametrize("method", ["startStream", "appendStream", "stopStream"])
@pytest.mark.parametrize(
    "fault",
    [
        {"drop_after": True},
        {"error": "some_refusal"},
        {"error": "message_not_in_streaming_state"},
        {"retry_after": 1},
    ],
    ids=str,
)
async def test_a_call_fails_in_the_second_message(
    workspace: Workspace,
    start: Start,
    root: str,
    clock: Clock,
    method: str,
    fault: dict[str, Any],
) -> None:
    async with begun(start, root) as (reply, stream):
        await said(workspace, stream, CODE[:300])
        clock.pass_by(0.8)
        workspace.fail(f"chat.{method}", **fault)
        await said(workspace, stream, CODE[:600])
        stream.say(CODE[:900])
    await reply.deliver(reply.with_breaks(answer(CODE)))

    check(workspace, root, CODE)


async def journey(workspace: Workspace, reply: Reply, clock: Clock) -> None:
    """Code in three messages or more, streamed and delivered."""
    await reply.open()
    async with streaming(reply) as stream:
        for end in range(600, 3_600, 600):
            with suppress(TimeoutError):  # what an earlier worker showed may be more, or elsewhere
                async with asyncio.timeout(0.5):
                    await said(workspace, stream, CODE[:end])
            clock.pass_by(0.8)
    await reply.deliver(reply.with_breaks(answer(CODE)))


@AT_EVERY_STEP
async def test_killed_at_any_step(
    workspace: Workspace, slack: Slack, budget: EditBudget, root: str, where: str, clock: Clock
) -> None:
    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(workspace, native(slack, budget, ledger, root), clock)
        longest.append(len(replies(workspace, root)))

    longest: list[int] = []
    await killed_at_each_step(slack, where, work, partial(check_and_clear, workspace, slack, root))
    assert max(longest) >= 3


@AT_EVERY_STEP
async def test_frozen_at_any_step_while_another_takes_over_and_finishes(
    workspace: Workspace, slack: Slack, budget: EditBudget, root: str, where: str, clock: Clock
) -> None:
    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(workspace, native(slack, budget, ledger, root), clock)

    async def again(slack: Slack, ledger: FakeLedger) -> None:
        await native(slack, budget, ledger, root).deliver(answer(CODE), afresh=True)

    check_all = partial(check_and_clear, workspace, slack, root)
    await frozen_at_each_step(slack, where, work, again, check_all)


async def check_and_clear(workspace: Workspace, slack: Slack, root: str) -> None:
    for message in check(workspace, root, CODE):
        await slack.delete(GENERAL, message.ts)


@pytest.mark.parametrize("kind", TEXTS)
def test_what_was_said_stays_and_others_lay_it_out_alike(kind: str) -> None:
    """Broken anywhere, time and again, however it came."""
    text = TEXTS[kind]
    for step in (7, 61, 113):
        chain, before = Chain(Question(ANA, "?", visible=True), "job1"), ""
        ended: list[str] = []
        for done, end in enumerate(range(step, len(text), step)):
            sections = [Section(text=text[:end])]
            chain.growing(sections)
            if done % 3 == 2 and chain.end_message(sections, before, between_blocks=done % 2 > 0):
                bodies = [message.body for message in chain.growing(sections)]
                assert bodies[len(ended)].startswith(before)
                ended, before = bodies[:-1], ""
            settled = chain.settled(sections)
            before = settled[len(ended)] if len(settled) > len(ended) else ""
        whole = chain.with_breaks(answer(text))
        other = Chain(Question(ANA, "?", visible=True), "job1")
        assert whole.sections[0].breaks
        bodies = [message.body for message in chain.complete(whole)]
        assert bodies == [message.body for message in other.complete(whole)]
        assert bodies[: len(ended)] == ended
        assert _TOKEN.findall("\n".join(bodies)) == _TOKEN.findall(text)
