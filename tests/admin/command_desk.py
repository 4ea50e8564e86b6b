"""The commands that look after Grok, at work in a strict workspace, on a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.acks import Reaction
from bot.admin.changing import Changing
from bot.admin.commands import CommandRunner
from bot.admin.grok_key import GrokKeyForm
from bot.admin.prompts import PromptCommands
from bot.admin.usage import UsageCommands
from bot.admin.votes import VoteCommands
from bot.asking.admission import Permission
from bot.grok.client import GrokClient
from bot.jobs.queue import Queue
from bot.rules.commands import parse_command
from bot.settings import Settings, admins_of
from bot.slack.inbound.payloads import SlashCommand, mentioned, shown
from bot.slack.people.membership import ChannelNames
from bot.slack.web_api import WebApi
from bot.store.keys import Keys
from bot.store.policies import Policies
from bot.store.redis.connection import Store
from bot.store.side import StoreSide
from sandbox.workspace import ANA, GENERAL, TEAM_ID, Message, Workspace
from tests.doors.app import listening
from tests.fixtures.workspace import slack_side
from tests.sandbox.slack_app import client_of
from tests.store.proxy import Proxy, stores

KEYS = Keys(TEAM_ID)
NOW = 1_763_892_000.0
"""23 November 2025, 10:00 UTC: the time that quotas go by."""


@dataclass(slots=True)
class Desk:
    """Everything a test looks at. The handlers reach Redis through `proxy`; tests look into it
    with `policies` and `store` of their own."""

    workspace: Workspace
    proxy: Proxy
    store: Store
    policies: Policies

    async def command(self, text: str, user: str = ANA, channel: str = GENERAL) -> str:
        """What `user` alone is shown after they typed `/grok` and `text`."""
        before = len(self.workspace.ephemerals(user))
        result = await self.workspace.command(user, channel, f"/grok {text}")
        assert result.error is None, result

        def told() -> list[Message]:
            return self.workspace.ephemerals(user)[before:]

        return text_of((await self.workspace.wait_for(told))[0])


def text_of(message: Message) -> str:
    """What the sections of a message say."""
    return "\n".join(block["text"]["text"] for block in message.blocks or () if "text" in block)


@asynccontextmanager
async def desk(
    workspace: Workspace, grok: GrokClient, redis_url: str, **settings: Any
) -> AsyncIterator[Desk]:
    """Handlers at work in `workspace`; `settings` are the bot's."""
    ours = Settings(_env_file=None, **settings)
    async with AsyncExitStack() as stack:
        proxy, behind, store = await stack.enter_async_context(stores(redis_url))
        api = WebApi(client_of(workspace))
        records, slack = StoreSide.of(behind, KEYS), slack_side(api, behind, KEYS, admins_of(ours))
        permission = Permission(ours)
        managing = CommandRunner(
            usage=UsageCommands(
                permission=permission,
                channels=ChannelNames(api),
                slack=slack,
                store=records,
                settings=ours,
                clock=lambda: NOW,
            ),
            prompts=PromptCommands(records.saved),
            votes=VoteCommands(
                queue=Queue(behind, KEYS, lease_seconds=60, retention_seconds=3600),
                channels=ChannelNames(api),
                store=records,
                settings=ours,
            ),
            changing=Changing(records.policies, records.saved, grok, ours),
            grok_key=GrokKeyForm(keys=None, permission=permission, grok=grok, slack=slack),
            permission=permission,
            grok=grok,
            slack=slack,
            store=records,
            settings=ours,
        )

        async def typed(payload: SlashCommand) -> Reaction:
            command = parse_command(shown(payload.text), mentioned(payload.text))
            assert command is not None, payload.text
            return await managing(command, payload)

        await stack.enter_async_context(listening(workspace, command=typed))
        yield Desk(workspace, proxy, store, Policies(store, KEYS))
        assert not workspace.problems, workspace.problems
