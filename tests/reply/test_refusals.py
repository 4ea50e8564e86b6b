"""Answers that Slack refuses to show as they are: other blocks, other ways, at last a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot import words
from bot.errors import SlackError
from bot.words import talk
from sandbox.workspace import ANA, DESIGN, GENERAL, Message, Workspace, dm_of
from tests.reply.conftest import Start, answer, buttons, standing
from tests.reply.test_ephemeral import told
from tests.reply.test_reply import streaming

Json = dict[str, Any]

TEXT = "## How\n\nUse **two** keys, as in `a < b`:\n\n```sh\necho '<!here>' & wait\n```\n\nThe end."
LONG = "".join(f"Line {number} of what there is to say.\n\n" for number in range(1_500))
MOST_TRIES = 8


def has(*kinds: str) -> Callable[[Json], bool]:
    """Whether a call has a block of one of `kinds`."""

    def found(args: Json) -> bool:
        return any(block["type"] in kinds for block in args.get("blocks") or [])

    return found


def answers_in(args: Json) -> bool:
    """Whether a call shows anything of an answer, and is no note."""
    return "The end." in str(args)


def kinds(message: Message) -> list[str]:
    return [block["type"] for block in message.revisions[-1].blocks or []]


def refuse(workspace: Workspace, where: Callable[[Json], bool], *methods: str, **how: Any) -> None:
    for method in methods:
        workspace.fail(method, times=None, where=where, **how)


POSTING = ("chat.postMessage", "chat.update")


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_blocks_format", "invalid_arguments"])
@pytest.mark.parametrize("method", POSTING)
async def test_where_no_markdown_is_taken_it_is_rich_text(
    workspace: Workspace, start: Start, code: str, method: str
) -> None:
    refuse(workspace, lambda args: has("markdown")(args) and answers_in(args), method, error=code)
    reply = start()
    await reply.open()
    await reply.deliver(answer(TEXT))

    messages = [message for message in standing(workspace) if not message.tombstone]
    shown = "".join(message.shown for message in messages)
    assert "The end." in shown
    assert "echo '<!here>' & wait" in shown
    assert buttons(messages[-1]) == ["retry", "edit", "details"]
    assert {ping for message in messages for ping in message.pings} <= {f"<@{ANA}>"}
    assert len(workspace.calls_of(method)) <= MOST_TRIES


async def test_where_no_markdown_is_taken_at_all_it_grows_all_the_same(
    workspace: Workspace, start: Start
) -> None:
    refuse(workspace, has("markdown"), *POSTING, error="invalid_blocks")
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("some words and")
        await workspace.wait_for(lambda: standing(workspace))
    await reply.deliver(answer(TEXT))

    (message,) = standing(workspace)
    assert "rich_text" in kinds(message)
    assert "The end." in message.shown
    assert set(message.pings) <= {f"<@{ANA}>"}


async def test_where_only_sections_are_taken_it_is_posted_anew(
    workspace: Workspace, start: Start
) -> None:
    reply = start()
    await reply.open()
    refuse(
        workspace,
        lambda args: has("markdown", "rich_text")(args) and answers_in(args),
        *POSTING,
        error="invalid_blocks",
    )
    await reply.deliver(answer(TEXT))

    (message,) = standing(workspace)
    assert "section" in kinds(message)
    assert "*two* keys, as in `a &lt; b`" in message.shown
    assert "```\necho '&lt;!here&gt;' &amp; wait\n```" in message.shown
    assert buttons(message) == ["retry", "edit", "details"]
    assert set(message.pings) <= {f"<@{ANA}>"}


async def test_long_sections_hold_the_whole_answer(workspace: Workspace, start: Start) -> None:
    refuse(workspace, has("markdown", "rich_text"), *POSTING, error="invalid_blocks")
    reply = start()
    await reply.deliver(answer(LONG))

    shown = "\n".join(message.shown for message in standing(workspace))
    assert [f"Line {number} of" in shown for number in range(1_500)] == [True] * 1_500


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_arguments"])
@pytest.mark.parametrize("refused", [("markdown",), ("markdown", "rich_text")])
async def test_a_private_answer_is_told_in_other_blocks(
    workspace: Workspace, start: Start, code: str, refused: tuple[str, ...]
) -> None:
    refuse(workspace, has(*refused), "chat.postEphemeral", error=code)
    await told(start(reply="private"), TEXT)

    (message,) = workspace.ephemerals(ANA)
    assert "The end." in message.shown
    assert len(workspace.calls_of("chat.postEphemeral")) <= MOST_TRIES


async def test_a_private_answer_that_is_taken_in_no_form_comes_as_a_direct_message(
    workspace: Workspace, start: Start
) -> None:
    refuse(workspace, answers_in, "chat.postEphemeral", error="invalid_blocks")
    await told(start(reply="private"), TEXT)

    (message,) = standing(workspace, dm_of(ANA))
    assert "The end." in message.shown
    assert talk.asked_in(f"<#{GENERAL}>", "unshowable") in message.shown
    assert len(workspace.calls_of("chat.postEphemeral")) <= MOST_TRIES


@pytest.mark.parametrize(
    "how", [{"status": 500}, {"status": 503}, {"error": "invalid_blocks"}, {"status": 400}]
)
@pytest.mark.parametrize("private", [False, True])
async def test_where_a_response_url_takes_no_markdown_the_asker_reads_the_answer(
    workspace: Workspace, start: Start, how: Json, *, private: bool
) -> None:
    url = (await workspace.command(ANA, DESIGN, "/grok hi")).response_url
    refuse(workspace, has("markdown"), "response_url", **how)
    reply = "private" if private else "channel"
    await told(start(channel=DESIGN, response_url=url, reply=reply), TEXT)

    (message,) = workspace.ephemerals(ANA)
    assert "The end." in message.shown
    assert set(message.pings) <= {f"<@{ANA}>"}


async def test_where_a_response_url_takes_nothing_it_is_a_direct_message(
    workspace: Workspace, start: Start
) -> None:
    url = (await workspace.command(ANA, DESIGN, "/grok hi")).response_url
    workspace.fail("response_url", status=500, times=None)
    await told(start(channel=DESIGN, response_url=url), TEXT)

    (message,) = standing(workspace, dm_of(ANA))
    assert "The end." in message.shown


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_what_slack_refuses_for_a_reason_nobody_knows_goes_another_way(
    workspace: Workspace, start: Start, method: str
) -> None:
    workspace.fail(
        method, error="some_refusal", times=None, where=lambda args: args["channel"] == GENERAL
    )
    await told(start(channel=GENERAL), TEXT)

    (message,) = standing(workspace, dm_of(ANA))
    assert "The end." in message.shown
    assert not standing(workspace, GENERAL)


async def test_where_no_block_is_taken_anywhere_the_asker_reads_why(
    workspace: Workspace, start: Start
) -> None:
    url = (await workspace.command(ANA, DESIGN, "/grok hi")).response_url

    def blocks(args: Json) -> bool:
        return bool(args.get("blocks"))

    refuse(workspace, blocks, *POSTING, "chat.postEphemeral", error="invalid_blocks")
    refuse(workspace, blocks, "response_url", status=500)
    reply = start(channel=DESIGN, response_url=url)
    with pytest.raises(SlackError):
        await told(reply, TEXT)
    with pytest.raises(SlackError):
        await reply.deliver(answer(TEXT))

    (message,) = workspace.ephemerals(ANA)
    assert message.shown == talk.UNSHOWN


async def test_in_a_channel_everybody_reads_why_where_they_read_the_question(
    workspace: Workspace, start: Start
) -> None:
    refuse(workspace, answers_in, *POSTING, error="invalid_blocks")
    reply = start()
    await reply.open()
    await reply.deliver(answer(TEXT))

    (message,) = standing(workspace)
    assert words.UNSHOWABLE in message.shown
    assert "details" in buttons(message)
    assert len(workspace.calls_of("chat.update")) <= MOST_TRIES
