"""A message that streams, whatever Slack, a person or another worker does: its text is shown
once."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import LeaseLost, MessageGone, RateLimited, TooLong
from bot.reply.native import Native
from bot.slack.blocks import further_message
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from sandbox.workspace import ANA, GENERAL, TEAM_ID, Limits, Workspace
from tests.reply.conftest import DEADLINE
from tests.reply.fake_ledger import FakeJob
from tests.reply.native_writer import (
    ENDED,
    METHODS,
    TEXT,
    WORDS,
    FakeBudget,
    Write,
    Writer,
    answers,
    check_whole,
    growing,
    journey,
    methods_of,
    only,
    text_of,
)

FAULTS: list[dict[str, Any]] = [
    {"error": "some_refusal"},
    {"error": "message_not_in_streaming_state"},
    {"error": "internal_error"},
    {"error": "service_unavailable"},
    {"status": 500},
    {"retry_after": 0},
    {"drop_before": True},
    {"drop_after": True},
    {"delay": DEADLINE * 1.3},
]


@pytest.fixture
def deadline() -> float:
    return DEADLINE


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_the_text_is_shown_once_whichever_call_fails(
    workspace: Workspace, worker: Write, root: str, method: str, fault: dict[str, Any]
) -> None:
    workspace.fail(method, **fault)

    await journey(worker())

    check_whole(workspace, root)


@pytest.mark.parametrize("first", METHODS[1:])
@pytest.mark.parametrize("fault", FAULTS[:-1], ids=str)
async def test_the_text_is_shown_once_when_leaving_the_stream_fails_too(
    workspace: Workspace, worker: Write, root: str, first: str, fault: dict[str, Any]
) -> None:
    workspace.fail(first, drop_after=True)
    workspace.fail("chat.stopStream", **fault)
    workspace.fail("chat.update", drop_after=True)

    await journey(worker())

    check_whole(workspace, root)


async def test_after_a_lost_reply_nothing_is_appended_again(
    workspace: Workspace, worker: Write, root: str
) -> None:
    writer = worker()
    await writer.grow(2)
    workspace.fail("chat.appendStream", drop_after=True)

    await writer.grow(5)
    await writer.grow(9)

    assert len(workspace.calls_of("chat.appendStream")) == 2
    assert methods_of(workspace)[-3:] == ["stopStream", "update", "update"]
    assert text_of(only(workspace, root)) == "".join(WORDS[:9])


@pytest.mark.parametrize("error", ["invalid_thread_ts", "missing_recipient_team_id"])
async def test_what_slack_will_not_stream_is_posted_and_not_tried_again(
    workspace: Workspace, worker: Write, root: str, error: str
) -> None:
    workspace.fail("chat.startStream", error=error)
    writer = worker()

    await journey(writer)

    check_whole(workspace, root)
    assert not writer.native.wanted
    assert {"appendStream", "stopStream"}.isdisjoint(methods_of(workspace))


@pytest.mark.parametrize("method", METHODS)
async def test_a_429_rests_the_method_for_everybody(
    workspace: Workspace, worker: Write, calls: FakeBudget, method: str
) -> None:
    workspace.fail(method, retry_after=7, times=1)
    writer = worker()
    if method == "chat.startStream":
        assert await writer._post(growing("text"))
        assert calls.rests == {method: 7.0}
        return
    await writer.grow(2)
    if method == "chat.appendStream":
        await writer.grow(5)
    else:
        with pytest.raises(RateLimited):
            await writer.write(further_message(1, TEXT, ENDED), final=True)

    assert calls.rests == {method: 7.0}


async def test_a_stream_that_is_over_before_its_end_does_not_wait_for_one(
    workspace: Workspace, worker: Write, root: str, calls: FakeBudget
) -> None:
    writer = worker()
    await writer.grow(2)
    calls.waits["chat.stopStream"] = 30.0
    workspace.fail("chat.appendStream", error="message_not_in_streaming_state")

    last = further_message(1, TEXT, ENDED)
    assert not await writer.write(last, final=True)
    assert not writer.part.stream


@pytest.fixture
async def short_lived() -> AsyncIterator[Workspace]:
    """Where streams end as soon as they have begun."""
    async with Workspace(limits=Limits(scale=0, stream=0)) as ws:
        yield ws


@pytest.mark.integration
async def test_a_stream_that_slack_ends_goes_on_by_edits(
    short_lived: Workspace, job: FakeJob, calls: FakeBudget
) -> None:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=short_lived.credentials.bot_token,
            base_url=short_lived.api_url,
            session=session,
            retry_handlers=[],
        )
        slack, ledger = Slack(WebApi(client)), job.take()
        root = (await short_lived.say(ANA, GENERAL, "question")).ts
        native = Native(slack, calls, ledger, channel=GENERAL, user=ANA, team=TEAM_ID)
        native.wanted = True

        await journey(Writer(slack, native, ledger, root))

    check_whole(short_lived, root, lifetime=0.0)


@pytest.mark.parametrize("words", [1, 4, 12])
async def test_a_worker_that_takes_over_ends_the_stream_and_edits(
    workspace: Workspace, worker: Write, root: str, words: int
) -> None:
    await worker().grow(words)

    await journey(worker())

    check_whole(workspace, root)


async def test_a_worker_that_takes_over_finds_a_stream_whose_ts_was_lost(
    workspace: Workspace, worker: Write, slack: Slack, root: str, job: FakeJob
) -> None:
    before = worker()
    await before._ledger.intend("0", GENERAL)
    assert await before.native.may_start(growing("text"))
    ts = await before.native.start(before.part, root)
    assert job.posts["0"].ts is None

    await journey(worker())

    assert only(workspace, root).ts == ts
    check_whole(workspace, root)


@pytest.mark.parametrize("step", range(12))
async def test_a_worker_may_be_killed_at_any_call(
    workspace: Workspace, worker: Write, root: str, step: int
) -> None:
    writer = worker()
    left = step

    async def before(name: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise RuntimeError("killed")

    writer._ledger.before = before
    with contextlib.suppress(RuntimeError):
        await journey(writer)

    await journey(worker())

    check_whole(workspace, root)


async def test_a_worker_without_its_lease_appends_nothing(
    workspace: Workspace, worker: Write, root: str
) -> None:
    first = worker()
    await first.grow(2)
    await worker().finish()

    for write in (first.grow(5), first.finish()):
        with pytest.raises(LeaseLost):
            await write

    check_whole(workspace, root)


async def test_a_worker_that_freezes_in_a_call_does_no_harm(
    workspace: Workspace, worker: Write, root: str
) -> None:
    first = worker()
    await first.grow(2)
    other = worker()
    checks = 0

    async def before(name: str) -> None:
        nonlocal checks
        checks += 1
        if checks == 1:
            first._ledger.before = unhindered
            await other.finish()

    first._ledger.before = before
    with pytest.raises(LeaseLost):
        await first.grow(5)

    check_whole(workspace, root)


async def unhindered(name: str) -> None:
    return


@pytest.mark.parametrize("last", ["grow", "finish", "leave"])
async def test_a_message_that_somebody_deletes_is_gone(
    workspace: Workspace, worker: Write, root: str, last: str
) -> None:
    writer = worker()
    await writer.grow(2)
    await workspace.delete(ANA, GENERAL, only(workspace, root).ts)
    if last == "leave":
        workspace.fail("chat.appendStream", error="some_refusal")
    message = further_message(1, TEXT, ENDED) if last == "finish" else growing(TEXT)

    with pytest.raises(MessageGone):
        await writer.write(message, final=last == "finish")

    assert not writer.part.stream
    assert not answers(workspace, root)


@pytest.mark.parametrize("final", [False, True])
async def test_a_message_that_is_too_long_says_so(
    workspace: Workspace, worker: Write, root: str, final: bool
) -> None:
    writer = worker()
    await writer.grow(2)
    long = TEXT + "& " * 3_000
    message = further_message(1, long, ENDED) if final else growing(long)

    with pytest.raises(TooLong):
        await writer.write(message, final=final)

    await writer.finish()
    check_whole(workspace, root)


async def test_a_message_that_streams_is_deleted_like_any_other(
    workspace: Workspace, slack: Slack, worker: Write, root: str
) -> None:
    await worker().grow(2)

    await slack.delete(GENERAL, only(workspace, root).ts)

    assert not answers(workspace, root)
