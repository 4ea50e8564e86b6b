"""A small Bolt app over Socket Mode that hands payloads to the handlers of a test.

Handlers are named by the kind of payload: `command`, `shortcut`, `message_action`,
`block_actions`, `view_submission`, `block_suggestion`, `message`, `app_mention`,
`app_home_opened`. What is not named is acked and dropped.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pydantic import BaseModel
from slack_bolt.async_app import AsyncAck

from bot.acks import Reaction
from bot.slack.inbound.incoming import BackgroundTasks
from bot.slack.inbound.interactions import (
    Click,
    GlobalShortcut,
    HomeOpened,
    MessageShortcut,
    Submission,
    Suggestion,
)
from bot.slack.inbound.payloads import MessageEvent, SlashCommand
from sandbox.workspace import Workspace
from tests.sandbox.slack_app import app_of, socket_mode

Handler = Callable[[Any], Awaitable[Reaction]]

_MODELS: Mapping[str, type[BaseModel]] = {
    "command": SlashCommand,
    "shortcut": GlobalShortcut,
    "message_action": MessageShortcut,
    "block_actions": Click,
    "view_submission": Submission,
    "block_suggestion": Suggestion,
    "message": MessageEvent,
    "app_mention": MessageEvent,
    "app_home_opened": HomeOpened,
}
_ANY = re.compile("")


@asynccontextmanager
async def listening(workspace: Workspace, **handlers: Handler) -> AsyncIterator[BackgroundTasks]:
    """An app that reacts with `handlers` (kind=handler); what they leave to be done after the
    ack runs in the `BackgroundTasks`, which end once the app is gone."""
    unknown = handlers.keys() - _MODELS.keys()
    assert not unknown, unknown
    async with BackgroundTasks() as tasks:
        app = app_of(workspace)

        async def react(ack: AsyncAck, body: dict[str, Any]) -> None:
            content = body.get("event", body)
            kind = content.get("type", "command")
            if kind not in handlers:
                await ack()
                return
            reaction = await handlers[kind](_MODELS[kind].model_validate(content))
            if isinstance(reaction.ack, str):
                await ack(reaction.ack)
            else:
                await ack(**reaction.ack)
            if reaction.then:
                tasks.start(reaction.then)

        app.command(_ANY)(react)
        app.shortcut(_ANY)(react)
        app.action(_ANY)(react)
        app.view(_ANY)(react)
        app.options(_ANY)(react)
        app.event(_ANY)(react)
        async with socket_mode(workspace, app):
            yield tasks
