"""A click is acked once what it is for is stored; what is not stored is not acked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.acks import Reaction
from bot.doors import clicks as module
from bot.grok.client import GrokClient
from bot.jobs.queue import Queue
from bot.slack.inbound.interactions import Click
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import talk
from sandbox.workspace import ANA, Workspace
from tests.doors.panel import Panel, finished, on_panel, reason_of, running
from tests.store.proxy import Proxy


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A click waits only a moment for Redis."""
    monkeypatch.setattr(module, "ACT_SECONDS", 0.2)
    monkeypatch.setattr(module, "STORE_SECONDS", 0.1)


@pytest.fixture
def reactions(monkeypatch: pytest.MonkeyPatch) -> list[Reaction]:
    """What is made of each click, before the ack and what follows it."""
    found: list[Reaction] = []
    react = Panel.react

    async def noted(panel: Panel, click: Click) -> Reaction:
        found.append(await react(panel, click))
        return replace(found[-1], then=None)

    monkeypatch.setattr(Panel, "react", noted)
    return found


async def test_a_stop_is_stored_before_its_ack(
    workspace: Workspace, queue: Queue, grok_client: GrokClient, reactions: list[Reaction]
) -> None:
    await running(queue)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("stop")

    assert await reason_of(queue) == "asker"
    assert [reaction.again for reaction in reactions] == [False]


async def test_a_retry_is_stored_before_its_ack(
    workspace: Workspace, queue: Queue, grok_client: GrokClient, reactions: list[Reaction]
) -> None:
    await finished(queue)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("retry")

    assert (await queue.load()).depth == 1
    assert [reaction.again for reaction in reactions] == [False]


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("hangs", [False, True])
async def test_what_is_not_stored_is_not_acked(
    workspace: Workspace,
    valkey: str,
    keys: Keys,
    grok_client: GrokClient,
    reactions: list[Reaction],
    hangs: bool,
) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as far:
        if hangs:
            proxy.latency = 60
        else:
            await proxy.away()
        queue = Queue(far, keys, lease_seconds=60, retention_seconds=3600)
        async with on_panel(workspace, queue, grok_client) as panel:
            for action in ("stop", "retry"):
                await panel.click(action)
            for reaction in reactions:
                assert reaction.then is not None
                await reaction.then()

    assert [reaction.again for reaction in reactions] == [True, True]
    told = [message.blocks[0]["text"]["text"] for message in workspace.ephemerals(ANA)]
    assert told == [talk.BUTTON_FAILED] * 2
