"""What Slack fails, at each kind of write: no text is lost or doubled, and none older follows."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from bot import words
from bot.errors import SlackError
from bot.reply.messages import Messages
from bot.reply.native import Native
from bot.slack.blocks import Message as Sent
from bot.slack.blocks import note
from bot.slack.pacing import EditBudget, nothing_taken
from bot.slack.slack import Slack
from sandbox.workspace import ANA, GENERAL, TEAM_ID, Fault, Message, Revision, Workspace, dm_of
from tests.reply.conftest import DEADLINE, LAST_LINE, Start, answer, standing
from tests.reply.fake_ledger import FakeJob
from tests.reply.steps import WatchedSlack
from tests.reply.test_reply import check_revisions, markdown, shown, streaming

SLOW = DEADLINE * 2 / 3
"""As a Slack that answers in 10 s, where the deadline is 15."""
TOO_SLOW = DEADLINE * 1.5

PASSING: list[dict[str, Any]] = [
    {"retry_after": 1},
    {"status": 500},
    {"status": 503},
    {"error": "internal_error"},
    {"error": "fatal_error"},
    {"error": "fatal_error", "applied": True},
    {"drop_before": True},
    {"drop_after": True},
    {"delay": SLOW},
    {"delay": TOO_SLOW},
    {"error": "msg_too_long"},
    {"error": "msg_blocks_too_long"},
]
UNEDITABLE: list[dict[str, Any]] = [
    {"error": "cant_update_message"},
    {"error": "edit_window_closed"},
    {"error": "is_inactive"},
]


@pytest.fixture
def deadline() -> float:
    return DEADLINE


def name(fault: dict[str, Any]) -> str:
    return "-".join(f"{key}={value}" for key, value in fault.items())


class SpokenSlack(WatchedSlack):
    """Keeps the text of what is written, in the order of the calls."""

    said: list[str]

    async def post(self, channel: str, message: Sent, **fields: Any) -> str:
        self.said.append(_text(message))
        return await super().post(channel, message, **fields)

    async def update(self, channel: str, ts: str, message: Sent, **fields: Any) -> None:
        self.said.append(_text(message))
        await super().update(channel, ts, message, **fields)


def _text(message: Sent | Revision) -> str:
    return "".join(str(block["text"]) for block in message.blocks if block["type"] == "markdown")


@pytest.fixture
def slack(slack: Slack) -> SpokenSlack:
    spoken = SpokenSlack.of(slack)
    assert isinstance(spoken, SpokenSlack)
    spoken.said = []
    return spoken


def close_window(workspace: Workspace, message: Message) -> Fault:
    """From now on `message` cannot be edited, for as long as it stands."""
    return workspace.fail(
        "chat.update",
        error="edit_window_closed",
        times=None,
        where=lambda args: args["ts"] == message.ts and not message.deleted,
    )


def check_whole(workspace: Workspace, text: str) -> Message:
    """One message stands, with all of `text` in its final state."""
    (message,) = standing(workspace)
    assert markdown(message) == text
    assert message.shown.endswith(LAST_LINE)
    return message


@pytest.mark.parametrize("fault", PASSING + UNEDITABLE, ids=name)
async def test_after_an_interim_edit_that_fails_comes_the_newest_text(
    workspace: Workspace, start: Start, slack: SpokenSlack, fault: dict[str, Any]
) -> None:
    reply = start()
    await reply.open()
    workspace.fail("chat.update", **fault)
    async with streaming(reply) as stream:
        stream.say("one")
        while "one" not in slack.said:
            await asyncio.sleep(0)
        for text in ("one two", "one two three"):
            stream.say(text)
        await shown(workspace, "one two three")
    await reply.deliver(answer("one two three four"))

    said = slack.said[1:]
    assert said[:2] == ["one", "one two three"]
    assert said == sorted(said)
    assert said.count("one") == 1
    check_whole(workspace, "one two three four")


@pytest.mark.parametrize("fault", PASSING + UNEDITABLE, ids=name)
async def test_a_final_edit_that_fails_is_made_again(
    workspace: Workspace, start: Start, slack: SpokenSlack, fault: dict[str, Any]
) -> None:
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("half")
        await shown(workspace, "half")
    workspace.fail("chat.update", **fault)
    await reply.deliver(answer("half and the rest"))

    assert slack.said[2:] in (["half and the rest"], ["half and the rest"] * 2)
    check_whole(workspace, "half and the rest")


async def test_what_slack_finds_too_long_for_a_while_is_shown_all_the_same(
    workspace: Workspace, start: Start
) -> None:
    reply = start()
    await reply.open()
    workspace.fail("chat.update", error="msg_too_long", times=4)
    await reply.deliver(answer("the end"))

    check_whole(workspace, "the end")


@pytest.mark.parametrize("error", ["msg_too_long", "cant_update_message"])
async def test_what_slack_refused_is_not_sent_again_before_the_end(
    workspace: Workspace, slack: Slack, budget: EditBudget, job: FakeJob, error: str
) -> None:
    messages = messages_of(slack, budget, job)
    first, newer = note("first"), note("newer")
    await messages.write("0", note("thinking"), nothing_taken)
    workspace.fail("chat.update", error=error)
    with contextlib.suppress(SlackError):
        await messages.write("0", first, nothing_taken)

    assert messages.pending([first]) is None
    assert messages.pending([newer]) == "0"
    assert messages.pending([first], final=True) == "0"
    assert messages.too_long([first]) == (error == "msg_too_long")


async def test_what_can_never_be_edited_is_left_alone_until_the_end(
    workspace: Workspace, slack: Slack, budget: EditBudget, job: FakeJob
) -> None:
    messages = messages_of(slack, budget, job)
    await messages.write("0", note("thinking"), nothing_taken)
    close_window(workspace, *standing(workspace))
    for text in ("first", "second"):
        await messages.write("0", note(text), nothing_taken)

    assert messages.pending([note("third")]) is None
    assert messages.pending([note("third"), note("further")]) == "1"
    assert messages.pending([note("third")], final=True) == "0"


@pytest.mark.parametrize("fault", PASSING, ids=name)
async def test_a_post_that_fails_is_made_again(
    workspace: Workspace, start: Start, slack: SpokenSlack, fault: dict[str, Any]
) -> None:
    workspace.fail("chat.postMessage", **fault)
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("half")
        await shown(workspace, "half")
    await reply.deliver(answer("half and the rest"))

    check_revisions(check_whole(workspace, "half and the rest"))


@pytest.mark.parametrize("fault", PASSING, ids=name)
async def test_a_further_message_that_fails_is_posted_again(
    workspace: Workspace, start: Start, fault: dict[str, Any]
) -> None:
    text = " ".join(f"word{number}" for number in range(2_000))
    reply = start()
    await reply.open()
    workspace.fail("chat.postMessage", **fault)
    await reply.deliver(answer(text))

    messages = standing(workspace)
    assert " ".join(map(markdown, messages)).split() == text.split()
    assert [LAST_LINE in message.shown for message in messages] == [
        message in (messages[0], messages[-1]) for message in messages
    ]


async def test_an_edit_applied_after_the_final_one_is_written_over(
    workspace: Workspace, start: Start
) -> None:
    """Slack is slower than our deadline, and carries out all the same what it was asked."""
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        workspace.fail("chat.update", delay=TOO_SLOW)
        stream.say("half")
        await asyncio.sleep(0)
    await reply.deliver(answer("half and the rest"))

    message = check_whole(workspace, "half and the rest")
    assert [_text(revision) for revision in message.revisions[1:]] == [
        "half and the rest",
        "half",
        "half and the rest",
    ]


async def test_a_post_applied_after_it_was_made_again_is_deleted(
    workspace: Workspace, start: Start
) -> None:
    workspace.fail("chat.postMessage", delay=TOO_SLOW)
    reply = start()
    await reply.open()
    await reply.deliver(answer("the end"))

    check_whole(workspace, "the end")
    assert len(workspace.calls_of("chat.delete")) == 1


async def test_a_slack_that_takes_ten_seconds_for_everything_is_only_slow(
    workspace: Workspace, start: Start, slack: SpokenSlack
) -> None:
    workspace.fail("*", delay=SLOW, times=None)
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        for number in range(1_000):
            stream.say("word " * number)
            if not number % 100:
                await asyncio.sleep(0.001)
        assert len(slack.said) == 2, "one edit is under way, and nothing has waited for it"
        await workspace.wait_for(lambda: len(workspace.calls_of("chat.update")) == 1)
    await reply.deliver(answer("word " * 1_000 + "end"))

    check_whole(workspace, "word " * 1_000 + "end")
    assert [call.method for call in workspace.calls] == [
        "chat.postMessage",
        *["chat.update"] * (len(slack.said) - 1),
    ]


@pytest.mark.parametrize("moment", ["while it grows", "at its end"])
async def test_what_somebody_deleted_stays_deleted(
    workspace: Workspace, start: Start, moment: str
) -> None:
    reply = start()
    await reply.open()
    (message,) = standing(workspace)
    async with streaming(reply) as stream:
        stream.say("half")
        await shown(workspace, "half")
        await workspace.delete(ANA, GENERAL, message.ts)
        if moment == "while it grows":
            stream.say("half and more")
            await workspace.wait_for(lambda: len(workspace.calls_of("chat.update")) == 2)
    await reply.deliver(answer("half and more", "a second"))

    assert reply.deleted
    assert not standing(workspace)
    assert len(workspace.calls_of("chat.postMessage")) == 1


async def test_a_further_message_that_somebody_deleted_takes_nothing_else_with_it(
    workspace: Workspace, start: Start
) -> None:
    reply = start()
    await reply.deliver(answer("one", "two", "three"))
    _, second, _ = standing(workspace)
    await workspace.delete(ANA, GENERAL, second.ts)

    await start().deliver(answer("one!", "two!", "three!"))

    assert [markdown(message) for message in standing(workspace)] == ["one!", "three!"]


@pytest.mark.parametrize(
    "fault",
    [
        {"retry_after": 1},
        {"status": 503},
        {"error": "fatal_error", "applied": True},
        {"drop_before": True},
        {"drop_after": True},
        {"delay": TOO_SLOW},
        {"error": "cant_delete_message"},
        {"error": "cant_delete_message", "times": 4},
        {"error": "edit_window_closed", "times": 2},
    ],
    ids=name,
)
async def test_a_replaced_message_never_stands_twice(
    workspace: Workspace, start: Start, fault: dict[str, Any]
) -> None:
    reply = start()
    await reply.open()
    close_window(workspace, *standing(workspace))
    workspace.fail("chat.delete", **fault)
    await reply.deliver(answer("the end"))

    check_whole(workspace, "the end")


@pytest.mark.parametrize(
    "fault", [{"retry_after": 1}, {"status": 503}, {"error": "cant_delete_message"}], ids=name
)
async def test_what_landed_in_the_channel_for_want_of_its_thread_is_deleted(
    workspace: Workspace, start: Start, fault: dict[str, Any]
) -> None:
    root = await workspace.say(ANA, GENERAL, "a discussion")
    reply = start(thread_ts=root.ts)
    await workspace.delete(ANA, GENERAL, root.ts)
    workspace.fail("chat.delete", **fault)
    await reply.deliver(answer("the end"))

    assert not standing(workspace)
    (told,) = workspace.ephemerals(ANA)
    assert "the end" in told.shown


@pytest.mark.parametrize("by_url", [False, True])
async def test_a_post_applied_after_the_answer_took_another_way_is_deleted(
    workspace: Workspace, start: Start, by_url: bool
) -> None:
    url = (await workspace.command(ANA, GENERAL, "/grok why?")).response_url if by_url else None
    workspace.fail("chat.postMessage", delay=TOO_SLOW)
    workspace.fail(
        "chat.postMessage",
        error="restricted_action",
        times=None,
        where=lambda args: args["channel"] == GENERAL,
    )
    reply = start(response_url=url)
    await reply.open()
    await reply.deliver(answer("the end"))

    assert not standing(workspace)
    (told,) = workspace.ephemerals(ANA) if by_url else standing(workspace, dm_of(ANA))
    assert markdown(told) == "the end"
    assert len(workspace.calls_of("chat.delete")) == 1


async def test_a_deletion_applied_late_takes_no_text_along(
    workspace: Workspace, start: Start
) -> None:
    """The message could be edited after all, and then goes."""
    reply = start()
    await reply.open()
    workspace.fail("chat.update", error="edit_window_closed")
    workspace.fail("chat.delete", delay=TOO_SLOW)
    await reply.deliver(answer("the end"))

    check_whole(workspace, "the end")
    assert len(workspace.calls_of("chat.postMessage")) == 2


async def test_what_can_be_neither_edited_nor_deleted_is_left_and_the_whole_posted(
    workspace: Workspace, start: Start
) -> None:
    reply = start()
    await reply.open()
    workspace.fail("chat.update", error="cant_update_message", times=None)
    workspace.fail("chat.delete", error="cant_delete_message", times=None)
    await reply.deliver(answer("the end"))

    left, whole = standing(workspace)
    assert words.THINKING in left.shown
    assert markdown(whole) == "the end"
    assert len(workspace.calls_of("chat.postMessage")) == 2


def messages_of(slack: Slack, budget: EditBudget, job: FakeJob) -> Messages:
    ledger = job.take()
    native = Native(slack, budget, ledger, channel=GENERAL, user=ANA, team=TEAM_ID)
    return Messages(slack, budget, ledger, native=native, channel=GENERAL, thread_ts=None)
