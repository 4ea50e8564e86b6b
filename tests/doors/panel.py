"""An answer with its buttons in Slack, a queue behind it, and what the buttons have done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from bot.acks import Reaction
from bot.asking.admission import Permission, Presence
from bot.completion.ask import Ask
from bot.completion.result import Answer
from bot.doors.buttons import Buttons
from bot.doors.clicks import Clicks
from bot.grok.client import GrokClient
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.settings import Settings
from bot.slack.inbound.interactions import Click
from bot.slack.web_api import WebApi
from sandbox.workspace import ANA, GENERAL, Message, Workspace
from tests.asking.askings import asking_of
from tests.doors.app import listening
from tests.doors.jobs import an_answer, an_ask
from tests.fixtures.workspace import slack_side
from tests.jobs.steps import take_next
from tests.sandbox.slack_app import client_of

ACTIONS = ("stop", "retry", "edit", "details")
JOB = "job1"


class FakeForms:
    """Keeps what it was asked to open."""

    def __init__(self) -> None:
        self.opened: list[tuple[Click, Callable[[], Awaitable[Job | None]]]] = []

    async def on_edit(self, click: Click, find: Callable[[], Awaitable[Job | None]]) -> Reaction:
        self.opened.append((click, find))
        return Reaction()


class Panel:
    """An answer with its buttons in Slack, and what they do."""

    def __init__(self, workspace: Workspace, queue: Queue, grok: GrokClient) -> None:
        self.workspace = workspace
        self.queue = queue
        self.forms = FakeForms()
        self.message_ts = ""
        api = WebApi(client_of(workspace))
        store, keys = queue._store, queue._keys
        slack = slack_side(api, store, keys)
        self.buttons = Buttons(
            asking=asking_of(queue, store, keys, grok, slack.people),
            edit=self.forms.on_edit,
            clicks=Clicks(
                permission=Permission(Settings(_env_file=None)),
                presence=Presence(slack.people, slack.membership),
                queue=queue,
                slack=slack,
            ),
        )

    async def post(self, thread_ts: str | None = None) -> None:
        """Show the answer, as the reply room does."""
        elements = [
            {
                "type": "button",
                "action_id": action,
                "value": JOB,
                "text": {"type": "plain_text", "text": action},
            }
            for action in ACTIONS
        ]
        reply = await client_of(self.workspace).chat_postMessage(
            channel=GENERAL,
            text="The Amazon.",
            thread_ts=thread_ts,
            blocks=[{"type": "actions", "elements": elements}],
        )
        self.message_ts = reply["ts"]

    async def react(self, click: Click) -> Reaction:
        handler = getattr(self.buttons, f"on_{click.action.action_id}")
        reaction: Reaction = await handler(click)
        return reaction

    async def click(self, action: str, user: str = ANA) -> None:
        result = await self.workspace.click(user, GENERAL, self.message_ts, action)
        assert result.error is None

    async def told(self, user: str = ANA) -> str:
        """What `user` alone was told last."""
        return (await self.ephemeral(user)).blocks[0]["text"]["text"]  # type: ignore[no-any-return]

    async def ephemeral(self, user: str) -> Message:
        return await self.workspace.wait_for(
            lambda: next(iter(reversed(self.workspace.ephemerals(user))), None)
        )

    async def retries(self, number: int) -> list[Ask]:
        """What was asked again, once it was asked so often."""
        found: list[Ask] = []
        while len(found) < number:
            _, job = await take_next(self.queue)
            found.append(job.ask)
        return found


@asynccontextmanager
async def on_panel(
    workspace: Workspace, queue: Queue, grok: GrokClient, *, thread_ts: str | None = None
) -> AsyncIterator[Panel]:
    """A panel whose buttons work; what they began is over at the end."""
    panel = Panel(workspace, queue, grok)
    await panel.post(thread_ts)
    async with listening(workspace, block_actions=panel.react):
        yield panel


async def running(queue: Queue, **fields: Any) -> Job:
    """The job of the answer, taken by a worker."""
    await queue.accept(JOB, an_ask(**fields))
    _, job = await take_next(queue)
    return job


async def finished(queue: Queue, answer: Answer | None = None, **fields: Any) -> Job:
    """The job of the answer, done."""
    await queue.accept(JOB, an_ask(**fields))
    return await finish_next(queue, answer)


async def finish_next(queue: Queue, answer: Answer | None = None) -> Job:
    """Let a worker answer the next job."""
    lease, job = await take_next(queue)
    await queue.deliver(lease, answer or an_answer(), job.hold)
    assert await queue.finish(lease, 0, job) is None
    return job


async def reason_of(queue: Queue) -> str:
    job = await queue.look(JOB)
    assert job is not None
    return job.stop
