"""Deleting a question or its answer stops the answer; the bot's own edits cost nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.doors.stopping import REASON
from bot.grok.client import GrokClient
from bot.jobs.job import dump_post, post_field
from bot.reply.ledger import Post, withdrawn
from bot.slack.blocks import Block, Foot, Message
from bot.slack.slack import METADATA_EVENT, Slack
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, BEN, BOT_USER, GENERAL, AppConfig, Workspace, dm_of
from tests.doors.conversing import Stage, on_stage

TEXT: Block = {"type": "markdown", "text": "so far"}


@pytest.fixture
async def stage(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> AsyncIterator[Stage]:
    async with on_stage(workspace, store, keys, grok_client) as stage:
        yield stage


async def answering(
    stage: Stage, question_ts: str, *, recorded: bool = True, buttons: bool = True
) -> str:
    """The ts of the answer to the one question, as it grows."""
    (job,) = await stage.jobs()
    foot = Foot(job.id, ("stop",)).blocks if buttons else ()
    shown = Message((TEXT, *foot), "so far")
    ts = await Slack(stage.api).post(GENERAL, shown, job_id=job.id, part="0", thread_ts=question_ts)
    if recorded:
        await record(stage, "0", ts)
    await stage.quiet()
    return ts


async def record(stage: Stage, part: str, ts: str) -> None:
    (job,) = await stage.jobs()
    post = dump_post(Post(part, GENERAL, at=1.0, ts=ts))
    await stage.store.redis.hset(stage.keys.job(job.id), post_field(part), post)


async def stopped(stage: Stage) -> list[str]:
    return [job.stop for job in await stage.jobs()]


async def delete(stage: Stage, user: str, channel: str, ts: str) -> None:
    await stage.workspace.delete(user, channel, ts)
    await stage.quiet()


@pytest.mark.parametrize(("channel", "text"), [(GENERAL, "@grok hello"), (dm_of(ANA), "hello")])
async def test_deleting_the_question_stops_the_answer(
    stage: Stage, channel: str, text: str
) -> None:
    asked = await stage.say(ANA, channel, text)
    await delete(stage, ANA, channel, asked.ts)

    assert await stopped(stage) == [REASON]


async def test_deleting_a_question_with_replies_stops_the_answer(stage: Stage) -> None:
    asked = await stage.say(ANA, GENERAL, "@grok hello")
    await stage.say(BEN, GENERAL, "--help", asked.ts)
    await delete(stage, ANA, GENERAL, asked.ts)

    assert stage.workspace.deliveries[-1].payload["event"]["subtype"] == "message_changed"
    assert (await stopped(stage))[0] == REASON


async def test_deleting_the_answer_stops_it(stage: Stage) -> None:
    asked = await stage.say(ANA, GENERAL, "@grok hello")
    ts = await answering(stage, asked.ts)
    await delete(stage, ANA, GENERAL, ts)

    assert await stopped(stage) == [REASON]


async def test_metadata_names_the_answer_where_slack_sends_it(
    store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    app = replace(AppConfig(), metadata_events=frozenset({METADATA_EVENT}))
    async with Workspace(app=app) as ws, on_stage(ws, store, keys, grok_client) as stage:
        asked = await stage.say(ANA, GENERAL, "@grok hello")
        ts = await answering(stage, asked.ts, buttons=False)
        await delete(stage, ANA, GENERAL, ts)

        assert await stopped(stage) == [REASON]


async def test_what_the_bot_posted_twice_and_takes_back_stops_nothing(stage: Stage) -> None:
    asked = await stage.say(ANA, GENERAL, "@grok hello")
    stray = await answering(stage, asked.ts, recorded=False)
    await answering(stage, asked.ts)
    await Slack(stage.api).delete(GENERAL, stray)
    await stage.quiet()

    assert await stopped(stage) == [""]


@pytest.mark.parametrize("still_known", [True, False])
async def test_what_the_bot_replaces_stops_nothing(stage: Stage, still_known: bool) -> None:
    asked = await stage.say(ANA, GENERAL, "@grok hello")
    ts = await answering(stage, asked.ts, recorded=still_known)
    await record(stage, withdrawn("0"), ts)
    await Slack(stage.api).delete(GENERAL, ts)
    await stage.quiet()

    assert await stopped(stage) == [""]


async def test_other_deletions_stop_nothing(stage: Stage) -> None:
    await stage.say(ANA, GENERAL, "@grok hello")
    other = await stage.say(ANA, GENERAL, "something else")
    own = await stage.post(GENERAL, "no answer")
    await delete(stage, ANA, GENERAL, other.ts)
    await delete(stage, ANA, GENERAL, own)

    assert await stopped(stage) == [""]


def deletion(**previous: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": GENERAL,
        "ts": "1700000001.000100",
        "deleted_ts": "1700000000.000100",
        "previous_message": {"ts": "1700000000.000100", **previous},
    }


STRANGE: list[dict[str, Any]] = [
    {},
    {"event_type": "grok_answer"},
    {"event_type": "grok_answer", "event_payload": []},
    {"event_type": "grok_answer", "event_payload": {"part": "0"}},
    {"event_type": "grok_answer", "event_payload": {"job_id": "nobody", "part": "0"}},
    {"event_type": "theirs", "event_payload": {"job_id": "nobody"}},
]


async def test_metadata_that_slack_leaves_out_or_that_is_not_ours(stage: Stage) -> None:
    await stage.say(ANA, GENERAL, "@grok hello")
    for metadata in STRANGE:
        assert await stage.react(deletion(user=BOT_USER, metadata=metadata))

    assert await stopped(stage) == [""]


async def test_a_deletion_that_does_not_say_of_what(stage: Stage) -> None:
    asked = await stage.say(ANA, GENERAL, "@grok hello")
    event = deletion() | {"deleted_ts": asked.ts, "previous_message": None}

    assert await stage.react(event)
    assert await stopped(stage) == [REASON]


async def test_the_echo_of_an_edit_costs_nothing(stage: Stage) -> None:
    asked = await stage.say(ANA, GENERAL, "@grok hello")
    ts = await answering(stage, asked.ts)
    commands = await processed(stage)
    calls = len(stage.workspace.calls)
    for number in range(5):
        text = f"so far {number}"
        shown = Message(({"type": "markdown", "text": text},), text)
        await Slack(stage.api).update(GENERAL, ts, shown)
    await stage.quiet()

    assert await processed(stage) == commands + 1
    assert len(stage.workspace.calls) == calls + 5


async def processed(stage: Stage) -> int:
    """How many commands the store has carried out, the asking for it left out."""
    info = await stage.store.redis.info("stats")
    return int(info["total_commands_processed"])
