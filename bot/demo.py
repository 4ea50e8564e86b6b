"""The demo: a whole Slack in the browser and a Grok to ask, with nothing to set up."""

from __future__ import annotations

import asyncio
import errno
import tempfile
from contextlib import AsyncExitStack

from pydantic import SecretStr

from bot.app import open_bot, until
from bot.ops import words
from bot.ops.scopes import SCOPES
from bot.settings import Settings
from sandbox.grok import GrokServer
from sandbox.workspace import AppConfig, Workspace

_APP = AppConfig(scopes=frozenset(SCOPES))
"""The app as `manifest.yml` makes it."""

FIRST_PORT = 4765
"""GROK, on the keys of a telephone."""
PORTS = 10
_NOT_TO_BE_HAD = (errno.EADDRINUSE, errno.EACCES)


async def demo(settings: Settings, stop: asyncio.Event) -> None:
    """Run sandbox, Valkey and bot until `stop` is set, and print where the page is.

    Of `settings` only what concerns Grok is used: with a key, the real one answers.
    """
    print(words.DEMO_STARTING, flush=True)
    async with AsyncExitStack() as stack:
        workspace = await open_workspace(stack)
        real = settings.xai_api_key is not None
        grok = None if real else await stack.enter_async_context(GrokServer())
        data_dir = stack.enter_context(tempfile.TemporaryDirectory(prefix="grok-bot-demo-"))
        bot = await stack.enter_async_context(
            open_bot(_settings(settings, workspace, grok, data_dir))
        )
        kind = words.DEMO_REAL_GROK if real else words.DEMO_SANDBOX_GROK
        print(words.demo_ready(workspace.url, kind), flush=True)
        if grok is not None:
            print(words.demo_grok(grok.base_url, grok.api_key or ""), flush=True)
        await until(stop, bot, settings.shutdown_grace_seconds)


async def open_workspace(stack: AsyncExitStack) -> Workspace:
    """The workspace at the first port that is free, so that its address stays from one start to
    the next."""
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        try:
            return await stack.enter_async_context(Workspace(app=_APP, port=port))
        except OSError as error:
            if error.errno not in _NOT_TO_BE_HAD:
                raise
    return await stack.enter_async_context(Workspace(app=_APP))


def _settings(
    settings: Settings, workspace: Workspace, grok: GrokServer | None, data_dir: str
) -> Settings:
    credentials = workspace.credentials
    ours: dict[str, object] = {
        "slack_bot_token": SecretStr(credentials.bot_token),
        "slack_app_token": SecretStr(credentials.app_token),
        "slack_api_url": workspace.api_url,
        "redis_url": None,
        "data_dir": data_dir,
        "grok_admins": "",
    }
    if grok is not None:
        ours |= {
            "xai_api_key": SecretStr(grok.api_key or ""),
            "xai_base_url": grok.base_url,
            "grok_dialect": "xai",
        }
    if "ops_port" not in settings.model_fields_set:
        ours["ops_port"] = 0
    return settings.model_copy(update=ours)
