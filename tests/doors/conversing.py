"""A stage for messages: a strict workspace, a real Valkey, and `Conversing` between them.

Events come over a socket held by hand: all of them, the bot's own too, which Bolt would drop.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.acks import Reaction
from bot.admin.prompts import PromptCommands
from bot.asking.admission import Admission
from bot.completion.ask import Ask
from bot.doors.forms import FindTyped
from bot.doors.messages import Conversing
from bot.doors.messages_tab import MessagesTab
from bot.doors.mistyped import Mistyped
from bot.doors.slack_app import Listener, hearing_messages
from bot.doors.stopping import Deletions
from bot.grok.client import GrokClient
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.settings import Settings
from bot.slack.inbound.interactions import Click
from bot.slack.inbound.payloads import MessageEvent
from bot.slack.reading.thread import WholeMessages
from bot.slack.web_api import WebApi
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.store.side import StoreSide
from bot.words import talk
from sandbox.workspace import BOT_USER, Message, Workspace
from tests.asking.askings import asking_of
from tests.fixtures.workspace import slack_side
from tests.sandbox.slack_app import client_of, raw_socket


async def no_form(click: Click, find: FindTyped) -> Reaction:
    """Opens no form."""
    return Reaction()


@dataclass
class Stage:
    """What a test looks at."""

    workspace: Workspace
    store: Store
    keys: Keys
    queue: Queue
    on_message: Listener[MessageEvent]
    api: WebApi
    handled: int = 0
    progress: asyncio.Condition = field(default_factory=asyncio.Condition)
    holds_back: str = ""
    """The type of events that are handled after the other one about the same message."""
    refused: list[str] = field(default_factory=list)
    """The ts of events that were not acked, so that Slack delivers them again."""

    async def say(self, *args: Any, **kwargs: Any) -> Message:
        """`Workspace.say`, and wait until the bot has done all that it does about it."""
        message = await self.workspace.say(*args, **kwargs)
        await self.quiet()
        return message

    async def post(self, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Post as the bot; the ts."""
        body = {"channel": channel, "text": text, "thread_ts": thread_ts}
        reply = await self.api.call("chat.postMessage", {k: v for k, v in body.items() if v})
        await self.quiet()
        return str(reply["ts"])

    async def quiet(self) -> None:
        """Wait until every event is handled, its background task done."""
        async with asyncio.timeout(10), self.progress:
            await self.progress.wait_for(lambda: self.handled == len(self.workspace.deliveries))

    async def react(self, event: dict[str, Any]) -> bool:
        """Hand over an event that no sandbox sends; whether it is to be acked."""
        reaction = await self.on_message(MessageEvent.model_validate(event))
        if reaction.then:
            await reaction.then()
        return not reaction.again

    async def jobs(self) -> list[Job]:
        """What was accepted, oldest first."""
        names = [name async for name in self.store.redis.scan_iter(self.keys.job("*"))]
        jobs = [await self.queue.look(name.rpartition(":")[2]) for name in names]
        return sorted(filter(None, jobs), key=lambda job: job.ask.asked_at)

    async def asked(self) -> Ask:
        """The one question that was accepted."""
        (job,) = await self.jobs()
        return job.ask

    async def prompts(self) -> list[str]:
        """What was asked, oldest first."""
        return [str(job.ask.request.prompt) for job in await self.jobs()]

    def told(self, user: str) -> list[str]:
        """What `user` alone was told, without the button to stop it."""
        stop = f"\n{talk.BUTTONS['stop']}"
        return [each.shown.removesuffix(stop) for each in self.workspace.ephemerals(user)]


@asynccontextmanager
async def on_stage(
    workspace: Workspace,
    store: Store,
    keys: Keys,
    grok: GrokClient,
    *,
    through: Store | None = None,
    **values: Any,
) -> AsyncIterator[Stage]:
    """A bot that hears; nobody answers what it accepts. It reaches what is in `store` by
    `through`, if that is another way; `values` are its settings."""
    api = WebApi(client_of(workspace))
    way = through or store
    queue = Queue(way, keys, lease_seconds=60, retention_seconds=3600)
    records, slack = StoreSide.of(way, keys), slack_side(api, way, keys)
    settings = Settings(_env_file=None, **values)
    asking = asking_of(queue, way, keys, grok, slack.people, settings)
    conversing = Conversing(
        asking=asking,
        admission=Admission(slack.people, records.allowances, settings),
        mistyped=Mistyped(asking=asking, open=no_form, slack=slack, store=records),
        queue=queue,
        messages_tab=MessagesTab(
            asking=asking,
            prompts=PromptCommands(records.saved),
            admission=Admission(slack.people, records.allowances, settings),
            slack=slack,
            store=records,
        ),
        whole=WholeMessages(api, records.allowances),
        slack=slack,
        store=records,
        retention=3600,
    )
    looking = Queue(store, keys, lease_seconds=60, retention_seconds=3600)
    heard = hearing_messages(conversing, Deletions(queue, BOT_USER), BOT_USER)
    stage = Stage(workspace, store, keys, looking, heard, api)
    async with raw_socket(workspace) as socket:
        await workspace.connected()
        listening = asyncio.create_task(_listen(stage, socket))
        try:
            yield stage
        finally:
            listening.cancel()
            await asyncio.wait([listening])
            if not listening.cancelled() and (error := listening.exception()):
                raise error


async def _listen(stage: Stage, socket: aiohttp.ClientWebSocketResponse) -> None:
    held: dict[str, Any] = {}
    handled: set[str] = set()
    async for frame in socket:
        envelope = json.loads(frame.data)
        if envelope["type"] != "events_api":
            continue
        event = envelope["payload"]["event"]
        if event["type"] == stage.holds_back and event["ts"] not in handled:
            held[event["ts"]] = envelope
            continue
        await _handle(stage, socket, envelope)
        handled.add(event["ts"])
        if event["ts"] in held:
            await _handle(stage, socket, held.pop(event["ts"]))


async def _handle(stage: Stage, socket: aiohttp.ClientWebSocketResponse, envelope: Any) -> None:
    event = envelope["payload"]["event"]
    reaction = await stage.on_message(MessageEvent.model_validate(event))
    if reaction.again:
        stage.refused.append(event["ts"])
    else:
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
    if reaction.then:
        await reaction.then()
    async with stage.progress:
        stage.handled += 1
        stage.progress.notify_all()
