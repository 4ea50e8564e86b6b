"""The session of a thread under a lease: what is recorded first, taken back, and left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.errors import LeaseLost
from bot.ops.manifest import manifest
from bot.reply.native import Native
from bot.reply.session import BEGINS_PER_MINUTE, BEGUN, Session
from bot.slack.agent import SESSION, AgentSurface
from bot.slack.blocks import Foot, further_message
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, GENERAL, TEAM_ID, AppConfig, Limits, Workspace
from tests.doors.jobs import an_ask
from tests.reply.fake_ledger import FakeJob, FakeLedger
from tests.reply.native_writer import TEXT, FakeBudget, Writer, growing
from tests.sandbox.slack_app import client_of

AGENT = AppConfig.from_manifest(manifest(agent=True))


@dataclass
class Desk:
    """A thread, and the job of a question in it."""

    workspace: Workspace
    surface: AgentSurface
    budget: EditBudget
    root: str
    job: FakeJob

    def session(self, ledger: FakeLedger) -> Session:
        return Session(self.surface, self.budget, ledger, an_ask(thread_ts=self.root))

    @property
    def said(self) -> list[str]:
        found = self.workspace.state.sessions.get((GENERAL, self.root))
        return found.history if found else []


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    async with Workspace(app=AGENT, limits=Limits(scale=0)) as workspace:
        surface = AgentSurface(WebApi(client_of(workspace)))
        root = (await workspace.say(ANA, GENERAL, "question")).ts
        yield Desk(workspace, surface, EditBudget(store, Keys(TEAM_ID), 50), root, FakeJob())


async def test_who_takes_a_job_over_ends_what_was_begun(desk: Desk) -> None:
    await desk.session(desk.job.take()).begin()
    begun = desk.said.copy()
    await desk.session(desk.job.take()).end()

    assert (begun, desk.said) == (["processing"], ["processing", "active"])


async def test_what_was_begun_without_the_lease_is_taken_back(desk: Desk) -> None:
    ledger = desk.job.take()

    async def taken(step: str) -> None:
        if step == "check":
            desk.job.take()

    ledger.before = taken
    with pytest.raises(LeaseLost):
        await desk.session(ledger).begin()

    assert BEGUN in desk.job.posts
    assert desk.said == ["processing", "active"]


async def test_sessions_leave_calls_for_those_that_end(desk: Desk) -> None:
    for _ in range(BEGINS_PER_MINUTE):
        assert not await desk.budget.try_take(SESSION, BEGINS_PER_MINUTE)
    session = desk.session(desk.job.take())
    await session.begin()
    told = await session.say("is thinking…")
    await session.end()

    assert told
    assert not desk.said
    assert not desk.job.posts
    assert not desk.workspace.state.said


async def test_an_end_waits_for_slack_and_gives_up_where_there_is_no_thread(desk: Desk) -> None:
    session = desk.session(desk.job.take())
    await session.begin()
    desk.workspace.fail(SESSION, retry_after=1)
    desk.workspace.fail(SESSION, drop_after=True)
    await session.end()
    ended = desk.said.copy()
    await desk.workspace.delete(ANA, GENERAL, desk.root)
    await session.end()

    assert ended[-1] == "active"
    assert desk.workspace.calls_of(SESSION)[-1].error == "invalid_thread_ts"


async def test_nothing_is_said_of_an_answer_that_one_person_reads(desk: Desk) -> None:
    private = an_ask(thread_ts=desk.root, reply="private")
    for ask in (private, an_ask()):
        session = Session(desk.surface, desk.budget, desk.job.take(), ask)
        await session.begin()
        await session.end()

    assert not desk.workspace.calls_of(SESSION)


def writer_of(desk: Desk, root: str = "") -> Writer:
    """A new holder of the job, whose first message streams in the thread, or in another."""
    ledger = desk.job.take()
    slack = Slack(WebApi(client_of(desk.workspace)))
    native = Native(
        *(slack, FakeBudget(), ledger),
        channel=GENERAL,
        user=ANA,
        team=TEAM_ID,
        session=desk.session(ledger),
    )
    native.wanted = True
    return Writer(slack, native, ledger, root or desk.root)


async def test_a_stream_that_another_message_follows_leaves_the_thread_at_work(desk: Desk) -> None:
    writer = writer_of(desk)
    await writer.grow(2)
    begun, recorded = desk.said.copy(), BEGUN in desk.job.posts
    await writer.write(further_message(1, TEXT, Foot()))
    followed = desk.said.copy()
    await desk.session(desk.job.take()).end()

    assert recorded
    assert (begun, followed) == (["processing"], ["processing", "processing"])
    assert desk.said[-1] == "active"


async def test_a_stream_that_is_left_for_edits_leaves_the_thread_at_work(desk: Desk) -> None:
    writer = writer_of(desk)
    await writer.grow(3)
    await writer._write(growing("something else"), final=False)

    assert desk.workspace.calls_of("chat.update")
    assert set(desk.said) == {"processing"}


async def test_the_stream_that_ends_an_answer_says_so_and_nothing_else_need(desk: Desk) -> None:
    writer = writer_of(desk)
    await writer.grow(2)
    await writer.finish()
    await desk.session(desk.job.take()).end()

    assert desk.said == ["processing", "active"]
    assert not desk.workspace.calls_of(SESSION)


async def test_who_takes_a_stream_over_ends_what_that_began(desk: Desk) -> None:
    await writer_of(desk).grow(2)
    (message,) = desk.workspace.replies(GENERAL, desk.root)
    message.streaming_since = None  # Slack has ended it meanwhile, as after five minutes
    await desk.session(desk.job.take()).end()

    assert desk.said == ["processing", "active"]


async def test_streams_elsewhere_say_nothing_of_the_thread(desk: Desk) -> None:
    other = (await desk.workspace.say(ANA, GENERAL, "another")).ts
    await writer_of(desk, other).grow(2)

    assert BEGUN not in desk.job.posts
    assert desk.said == []
