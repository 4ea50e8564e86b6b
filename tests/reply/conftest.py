"""A reply joined to the strict workspace by the real slack_sdk, and to a real Valkey."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.completion.ask import Ask
from bot.completion.request import CompletionRequest
from bot.completion.result import Answer, Section, Usage
from bot.reply.native import Native
from bot.reply.reply import Reply
from bot.settings import Streaming
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, GENERAL, TEAM_ID, Limits, Message, Workspace
from tests.reply.fake_ledger import FakeJob, FakeLedger
from tests.reply.native_writer import FakeBudget, Write, Writer

DEADLINE = 0.5
"""Slack's deadline in these tests, in seconds: a slow Slack is slower than this."""


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    """Without budgets in time: what is tested of them has a workspace of its own."""
    async with Workspace(limits=Limits(scale=0)) as ws:
        yield ws


@pytest.fixture
def deadline() -> float:
    """How long a call to Slack may take, in seconds: tests of a slow one have `DEADLINE`."""
    return 2.5


@pytest.fixture
async def slack(workspace: Workspace, deadline: float) -> AsyncIterator[Slack]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=workspace.credentials.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        yield Slack(WebApi(client, deadline=deadline))


@pytest.fixture
def budget(store: Store, keys: Keys) -> EditBudget:
    """So large that no test waits for it."""
    return EditBudget(store, keys, per_minute=100_000, scale=0.001)


@pytest.fixture
def job() -> FakeJob:
    return FakeJob()


Start = Callable[..., Reply]


@pytest.fixture
def start(slack: Slack, budget: EditBudget, job: FakeJob) -> Start:
    """A reply of a new holder of the job; keywords go to `ask`."""

    def reply(
        ledger: FakeLedger | None = None,
        *,
        tell_after: float = 60.0,
        streaming: Streaming = "edit",
        **fields: Any,
    ) -> Reply:
        return Reply(
            slack,
            budget,
            ledger or job.take(),
            ask(**fields),
            backoff=0.01,
            tell_after=tell_after,
            streaming=streaming,
        )

    return reply


@pytest.fixture
async def root(workspace: Workspace) -> str:
    return (await workspace.say(ANA, GENERAL, "question")).ts


@pytest.fixture
def calls() -> FakeBudget:
    return FakeBudget()


@pytest.fixture
def worker(slack: Slack, job: FakeJob, root: str, calls: FakeBudget) -> Write:
    """A new holder of the job."""

    def write() -> Writer:
        ledger = job.take()
        native = Native(slack, calls, ledger, channel=GENERAL, user=ANA, team=TEAM_ID)
        native.wanted = True
        return Writer(slack, native, ledger, root)

    return write


_OF_THE_ASK = frozenset(Ask.model_fields) - {"request"}


def ask(prompt: str = "Explain TCP slow start", **fields: Any) -> Ask:
    """A question typed as `/grok` in GENERAL; `fields` of the ask, else of its request."""
    known = {name: fields.pop(name) for name in _OF_THE_ASK & fields.keys()}
    usual = {
        "dedupe": "d1",
        "surface": "command",
        "team": "T0TEST",
        "channel": GENERAL,
        "user": ANA,
        "asked_at": time.time(),
    }
    request = CompletionRequest(model="grok-4.3", prompt=prompt, **fields)
    return Ask(**{**usual, **known}, request=request)


def answer(*texts: str, failure: str = "", model: str = "grok-4.3") -> Answer:
    return Answer(
        sections=tuple(Section(text=text, done=True) for text in texts),
        failure=failure,
        model_asked="grok-4.3",
        model=model,
        endpoint="chat",
        usage=Usage(
            prompt_tokens=10,
            completion_tokens=1_024,
            reasoning_tokens=200,
            total_tokens=1_234,
            cost_in_usd_ticks=42_000_000,
        ),
        seconds=3.2,
    )


LAST_LINE = "grok-4.3 (chat) · 1,234 tokens (200 reasoning) · $0.0042 · 3.2 s"


def standing(workspace: Workspace, channel: str = GENERAL) -> list[Message]:
    """Every message that stands in `channel`, thread replies behind their root."""
    return [
        message
        for root in workspace.messages(channel)
        for message in (root, *workspace.replies(channel, root.ts))
    ]


def buttons(message: Message) -> list[str]:
    """The action_ids below the newest revision of `message`."""
    found: list[Any] = [block for block in message.blocks if block["type"] == "actions"]
    return [element["action_id"] for block in found for element in block["elements"]]


def cut_answer(*texts: str) -> Answer:
    """Answers that their cap has ended."""
    sections = tuple(Section(text=text, done=True, cut=True) for text in texts)
    return answer("x").model_copy(update={"sections": sections})
