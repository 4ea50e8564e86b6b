"""The whole journey on one stage: a strict Slack, a scripted Grok, a real Valkey, the bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from pydantic import SecretStr

from bot import words
from bot.app import open_bot
from bot.joining.bot import Bot
from bot.settings import Settings
from sandbox.grok import GrokServer
from sandbox.workspace import (
    ANA,
    BOT_USER,
    GENERAL,
    AppConfig,
    CommandResult,
    Limits,
    Message,
    View,
    Workspace,
)

MANIFEST = Path(__file__).parents[2] / "manifest.yml"


@cache
def installed_app() -> AppConfig:
    """The app as `manifest.yml` makes it: its scopes and events, and no others."""
    return AppConfig.from_manifest(yaml.safe_load(MANIFEST.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything a test looks at."""

    workspace: Workspace
    grok: GrokServer

    async def ask(self, text: str, *, user: str = ANA, channel: str = GENERAL) -> CommandResult:
        """Type `/grok text` and wait for the ack."""
        result = await self.workspace.command(user, channel, f"/grok {text}")
        assert result.error is None, result
        return result

    async def answer(self, number: int = 0, *, channel: str = GENERAL) -> list[Message]:
        """The messages of the `number`-th answer in `channel`, once it is complete."""
        await self.workspace.wait_for(lambda: self._complete(number, channel), 20)
        return self._chain(number, channel)

    def _chain(self, number: int, channel: str) -> list[Message]:
        first = self.workspace.messages(channel)[number]
        replies = self.workspace.replies(channel, first.ts)
        return [first, *(reply for reply in replies if reply.ts != first.ts)]

    def _complete(self, number: int, channel: str) -> bool:
        if len(self.workspace.messages(channel)) <= number:
            return False
        return last_line(self._chain(number, channel)[-1]) not in ("", words.WRITING)

    async def reply(self, number: int, root: str, *, channel: str = GENERAL) -> Message:
        """The bot's `number`-th message in a thread, once it is complete."""

        def complete() -> Message | None:
            replies = self.replies(root, channel=channel)
            return replies[number] if replies[number:] and is_complete(replies[number]) else None

        return await self.workspace.wait_for(complete, 20)

    def replies(self, root: str, *, channel: str = GENERAL) -> list[Message]:
        """What the bot wrote in a thread, oldest first."""
        found = self.workspace.replies(channel, root)
        return [message for message in found if message.user == BOT_USER]

    async def form(self, user: str = ANA, field: str = "prompt") -> View:
        """The form that `user` sees, once it is filled and has `field`."""

        def filled() -> View | None:
            view = self.workspace.view(user)
            return view if view and field in fields(view) else None

        return await self.workspace.wait_for(filled)

    async def more_options(self, view: View, field: str) -> None:
        """Have `view` show what few people set, of which `field` is one."""
        await self.workspace.click_view(ANA, view.id, "advanced")
        await self.workspace.wait_for(lambda: field in fields(view))

    async def edit(self, message: Message) -> View:
        """The form that `Edit` below an answer opens, with all that can be set."""
        assert "edit" in buttons(message)
        await self.workspace.click(ANA, GENERAL, message.ts, "edit")
        view = await self.form()
        await self.more_options(view, "effort")
        return view

    async def retry(self, number: int, *, user: str = ANA) -> None:
        """Ask again what the `number`-th message of the channel answers."""
        message = self.workspace.messages(GENERAL)[number]
        await self.workspace.click(user, GENERAL, message.ts, "retry")

    async def quiet(self) -> None:
        """Wait until everything that Slack had to say was heard, and nothing is being answered."""
        await self.workspace.settled()
        async with asyncio.timeout(10):
            for each in self.grok.requests:  # also those that begin meanwhile
                await each.closed.wait()

    def sent(self) -> dict[str, Any]:
        """The body of the newest request to Grok."""
        body: dict[str, Any] = self.grok.requests[-1].body
        return body

    def messages(self) -> list[dict[str, Any]]:
        """What the newest request says to Grok, message by message."""
        return self.grok.requests[-1].messages


def markdown(message: Message) -> str:
    """The answer's text as the newest revision shows it."""
    return "\n".join(block["text"] for block in _blocks(message) if block["type"] == "markdown")


def fields(view: View) -> dict[str, dict[str, Any]]:
    """The input blocks of a view, by block_id."""
    return {
        block["block_id"]: block for block in view.content["blocks"] if block["type"] == "input"
    }


def buttons(message: Message) -> list[str]:
    """The action_ids of the buttons below the newest revision."""
    return [element["action_id"] for element in _buttons(message)]


def button(message: Message, action_id: str) -> dict[str, Any]:
    """One of those buttons."""
    return next(each for each in _buttons(message) if each["action_id"] == action_id)


def thumb(message: Message, choice: str = "up") -> str:
    """The value of one of the thumbs below an answer."""
    (block,) = [block for block in _blocks(message) if block["type"] == "context_actions"]
    half = {"up": "positive_button", "down": "negative_button"}[choice]
    value: str = block["elements"][0][half]["value"]
    return value


def _buttons(message: Message) -> list[dict[str, Any]]:
    found = [block for block in _blocks(message) if block["type"] == "actions"]
    return [element for block in found for element in block["elements"]]


def is_complete(message: Message) -> bool:
    """Whether the answer is in its final state."""
    found = buttons(message)
    return "retry" in found and "stop" not in found


def last_line(message: Message) -> str:
    """What stands below the answer, if anything does: model, tokens, cost and time at its end."""
    below = [block for block in _blocks(message)[1:] if block["type"] == "context"]
    text: str = below[-1]["elements"][0]["text"] if below else ""
    return text


def _blocks(message: Message) -> list[dict[str, Any]]:
    return list(message.revisions[-1].blocks or [])


def settings_for(workspace: Workspace, grok: GrokServer, redis_url: str, **values: Any) -> Settings:
    """Settings of a bot between `workspace`, `grok` and a Redis."""
    credentials = workspace.credentials
    way_in = (
        {"slack_app_token": SecretStr(credentials.app_token)}
        if workspace.mode == "socket"
        else {"slack_signing_secret": SecretStr(credentials.signing_secret)}
    )
    ours: dict[str, Any] = {
        "slack_bot_token": SecretStr(credentials.bot_token),
        "slack_api_url": workspace.api_url,
        "xai_api_key": SecretStr(grok.api_key or "any"),
        "xai_base_url": grok.base_url,
        "grok_dialect": grok.dialect,
        "redis_url": SecretStr(redis_url),
        "host": "127.0.0.1",
        "port": 0,
        "ops_port": 0,
        "shutdown_grace_seconds": 1,
    }
    return Settings(_env_file=None, **(ours | way_in | values))


@asynccontextmanager
async def on_stage(
    redis_url: str,
    *,
    mode: str = "socket",
    grok: GrokServer | None = None,
    limits: Limits | None = None,
    app: AppConfig | None = None,
    replicas: int = 1,
    **values: Any,
) -> AsyncIterator[Stage]:
    """A stage with so many bots that listen; `values` are their settings. `app`: as it is
    installed, otherwise by the manifest."""
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(
            Workspace(mode=mode, app=app or installed_app(), limits=limits)  # type: ignore[arg-type]
        )
        server = await stack.enter_async_context(grok or GrokServer(speed=None, first_delay=0))
        settings = settings_for(workspace, server, redis_url, **values)
        for number in range(replicas):
            bot = await stack.enter_async_context(open_bot(settings))
            await _connect(workspace, bot, number + 1)
        yield Stage(workspace, server)


async def _connect(workspace: Workspace, bot: Bot, sockets: int) -> None:
    if bot.http_port is None:
        await workspace.connected(sockets)
    else:
        workspace.request_url = f"http://127.0.0.1:{bot.http_port}/slack/events"


async def probe(bot: Bot) -> tuple[int, list[str]]:
    """What `/readyz` says: the status, and the reasons."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{bot.ops_port}/readyz") as reply,
    ):
        return reply.status, (await reply.json())["reasons"]
