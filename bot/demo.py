"""The demo: a whole Slack in the browser and a Grok to ask, with nothing to set up."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.app import open_bot, until
from bot.eval.demo_page import DIRECTORY, Notice, leave_notice
from bot.net.web_address import INSTALL_PATH
from bot.ops import command_words
from bot.ops.manifest import SCOPES, manifest
from bot.settings import Settings
from sandbox.grok import GrokServer
from sandbox.workspace import AppConfig, Workspace, Workspaces

T = TypeVar("T")

_SANDBOX_KEY = "xai-sandbox-"
"""What the keys of a sandbox begin with: who has one set asks no real Grok."""

_SECOND_KEY = "xai-sandbox-second-key"
"""Of another account, for a workspace that wants a Grok key of its own."""

_APP = AppConfig(scopes=frozenset(SCOPES))
"""The app as `manifest.yml` makes it."""

_AGENT = AppConfig.from_manifest(manifest(agent=True))
"""The same as an agent."""

FIRST_PORT = 4765
"""GROK, on the keys of a telephone."""
PORTS = 10
_NOT_TO_BE_HAD = (errno.EADDRINUSE, errno.EACCES)


async def demo(
    settings: Settings, stop: asyncio.Event, workspaces: int = 1, *, agent: bool = False
) -> None:
    """Run sandbox, Valkey and bot until `stop` is set, and print where the page is.

    Of `settings` only what concerns Grok is used: with a key, the real one answers. Of several
    `workspaces` none has the app at first: each installs it by the bot's pages. The app may be an
    `agent`. Raises `StartupError`.
    """
    print(command_words.DEMO_STARTING, flush=True)
    async with AsyncExitStack() as stack:
        one, app = workspaces == 1, _AGENT if agent else _APP
        opened = await (open_workspace(stack, app) if one else open_several(stack, workspaces, app))
        real = _has_key(settings)
        grok = None if real else await stack.enter_async_context(GrokServer())
        data_dir = stack.enter_context(tempfile.TemporaryDirectory(prefix=DIRECTORY))
        shown = opened if isinstance(opened, Workspace) else opened.workspaces[0]
        leave_notice(Path(data_dir), Notice(url=shown.url, secret=shown.judging_secret))
        ours = _settings(settings, opened, grok, data_dir).model_copy(update={"slack_agent": agent})
        bot = await stack.enter_async_context(open_bot(ours))
        kind = command_words.DEMO_REAL_GROK if real else command_words.DEMO_SANDBOX_GROK
        if one:
            print(command_words.demo_ready(opened.url, kind, agent=agent), flush=True)
        else:
            print(command_words.DEMO_SEVERAL_READY(page=opened.url, grok=kind), flush=True)
        if grok is not None:
            print(
                command_words.DEMO_GROK(address=grok.base_url, key=grok.api_key or ""), flush=True
            )
            if not one:
                grok.more_keys.add(_SECOND_KEY)
                print(command_words.DEMO_SECOND_KEY(_SECOND_KEY), flush=True)
        await until(stop, bot, settings.shutdown_grace_seconds)
    print(command_words.DEMO_STOPPED, flush=True)


def _has_key(settings: Settings) -> bool:
    """Whether there is a key for a Grok of one's own; that of another demo is none."""
    key = settings.xai_api_key
    return key is not None and not key.get_secret_value().startswith(_SANDBOX_KEY)


async def open_workspace(stack: AsyncExitStack, app: AppConfig = _APP) -> Workspace:
    """The workspace with `app`, at the first port that is free, so that its address stays from one
    start to the next."""
    workspace = await _at_first_port(stack, lambda port: Workspace(app=app, port=port))
    _settle_here(workspace)
    return workspace


async def open_several(stack: AsyncExitStack, count: int, app: AppConfig = _APP) -> Workspaces:
    """So many workspaces, without the `app`; a page with all of them is at such a port."""

    def opening(port: int) -> Workspaces:
        return Workspaces(count, app=app, port=port)

    workspaces = await _at_first_port(stack, opening)
    for workspace in workspaces.workspaces:
        _settle_here(workspace)
    pages = f"http://127.0.0.1:{_held_port(stack)}"
    workspaces.oauth.redirect_urls.append(pages)
    workspaces.oauth.install_url = pages + INSTALL_PATH
    return workspaces


def _settle_here(workspace: Workspace) -> None:
    """Its people are in the time zone of this machine, as the browser is, and are called by the
    names that the page shows."""
    here = time.localtime()
    workspace.state.zone, workspace.state.zone_seconds = here.tm_zone, here.tm_gmtoff
    for user in workspace.state.users.values():
        user.display_name = user.real_name


async def _at_first_port(
    stack: AsyncExitStack, opening: Callable[[int], AbstractAsyncContextManager[T]]
) -> T:
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        try:
            return await stack.enter_async_context(opening(port))
        except OSError as error:
            if error.errno not in _NOT_TO_BE_HAD:
                raise
    return await stack.enter_async_context(opening(0))


def _held_port(stack: AsyncExitStack) -> int:
    """A free port whose number is told before anything listens there. The system gives it to nobody
    else until `stack` is closed: beside a socket that is bound and does not listen, whoever knows
    the number can (Linux: ip(7), socket(7)). Elsewhere it is free when this returns.
    """
    holder = stack.enter_context(socket.socket())
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port: int = holder.getsockname()[1]
    if sys.platform != "linux":
        holder.close()
    return port


def _installed(workspace: Workspace) -> dict[str, object]:
    credentials = workspace.credentials
    return {
        "slack_bot_token": SecretStr(credentials.bot_token),
        "slack_client_id": None,
        "slack_app_token": SecretStr(credentials.app_token),
    }


def _installable(workspaces: Workspaces) -> dict[str, object]:
    pages = urlsplit(workspaces.oauth.install_url)
    return {
        "slack_bot_token": None,
        "slack_app_token": SecretStr(workspaces.app_token),
        "slack_client_id": workspaces.client_id,
        "slack_client_secret": SecretStr(workspaces.client_secret),
        "installation_keys": SecretStr(secrets.token_hex(32)),
        "public_url": f"{pages.scheme}://{pages.netloc}",
        "slack_teams": "",
        "host": "127.0.0.1",
        "port": pages.port,
    }


def _settings(
    settings: Settings, opened: Workspace | Workspaces, grok: GrokServer | None, data_dir: str
) -> Settings:
    slack = _installed(opened) if isinstance(opened, Workspace) else _installable(opened)
    ours: dict[str, object] = {
        **slack,
        "slack_api_url": opened.api_url,
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
