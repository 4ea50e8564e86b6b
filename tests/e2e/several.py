"""Several workspaces on one stage, and the browser of somebody who installs the app in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from pydantic import SecretStr
from redis.asyncio import Redis
from yarl import URL

from bot.app import open_bot
from bot.duties import Duty
from bot.ops.manifest import manifest
from bot.settings import Settings
from sandbox.grok import GrokServer
from sandbox.workspace import AppConfig, Limits, Workspace, Workspaces
from tests.e2e.stage import Stage, settings_for
from tests.ports import free_port

KEY = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Several:
    """`stages`: one for each workspace, with the same Grok. `address`: of the bot's pages."""

    slack: Workspaces
    grok: GrokServer
    settings: Settings
    stages: list[Stage] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(self.settings.public_url)

    async def install(self, workspace: Workspace) -> str:
        """Install the app there by its pages; what the last page says."""
        async with browser(self.address) as session:
            back = await self.allowed(session, workspace.state.team_id)
            async with session.get(back) as reply:
                return await reply.text()

    async def install_everywhere(self) -> str:
        """The same in the whole organisation, and add it to each of its workspaces."""
        async with browser(self.address) as session:
            back = await self.allowed(session, self.slack.organisation.enterprise.id)
            async with session.get(back) as reply:
                said = await reply.text()
        for workspace in self.slack.workspaces:
            await self.slack.add(workspace)
        return said

    async def allowed(self, session: aiohttp.ClientSession, team: str) -> str:
        """Where Slack sends somebody who allows the app in `team`, or in none."""
        async with session.get(f"{self.address}/slack/install") as reply:
            assert reply.status == 200
            authorize = (await reply.text()).partition('href="')[2].partition('"')[0]
        authorize = authorize.replace("&amp;", "&")
        asked = parse_qs(urlsplit(authorize).query)
        async with session.get(authorize) as reply:
            assert reply.status == 200, await reply.text()
        form = {name: asked[name][0] for name in ("redirect_uri", "state")} | {"team": team}
        async with session.post(authorize, data=form, allow_redirects=False) as reply:
            return reply.headers["Location"]


@asynccontextmanager
async def browser(address: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser takes this machine for a safe one, and keeps the cookies of its pages."""
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=URL(address))
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield session


@asynccontextmanager
async def several(
    redis_url: str,
    *,
    count: int = 2,
    install: bool = True,
    mode: str = "socket",
    replicas: int = 1,
    duties: tuple[Duty, ...] = (),
    rotating: bool = False,
    token_seconds: float = 43_200.0,
    organisation: bool = False,
    agent: bool = False,
    grok: GrokServer | None = None,
    **values: Any,
) -> AsyncIterator[Several]:
    """So many workspaces, and bots that serve them, one for each of `duties` or so many
    `replicas`. The app may be an `agent`."""
    async with AsyncExitStack() as stack:
        port = free_port()
        slack = await stack.enter_async_context(
            Workspaces(
                count,
                redirect_urls=[f"http://127.0.0.1:{port}/"],
                mode=mode,  # type: ignore[arg-type]
                app=AppConfig.from_manifest(
                    manifest(pages="https://grok.example.com", agent=agent)
                ),
                limits=Limits(scale=0),
                rotating=rotating,
                token_seconds=token_seconds,
                organisation=organisation,
            )
        )
        server = await stack.enter_async_context(grok or GrokServer(speed=None, first_delay=0))
        settings = settings_for(slack.workspaces[0], server, redis_url).model_copy(
            update={
                "slack_bot_token": None,
                "slack_api_url": slack.api_url,
                "slack_client_id": slack.client_id,
                "slack_client_secret": SecretStr(slack.client_secret),
                "installation_keys": SecretStr(KEY),
                "public_url": f"http://127.0.0.1:{port}",
                "port": port,
                "slack_agent": agent,
                **values,
            }
        )
        for number, duty in enumerate(duties or (Duty.BOTH,) * replicas):
            own = settings if number == 0 else settings.model_copy(update={"port": 0})
            bot = await stack.enter_async_context(open_bot(own, duty))
            if bot.http_port is not None:
                slack.shared.http.request_url = f"http://127.0.0.1:{bot.http_port}/slack/events"
        if mode == "socket":
            await slack.workspaces[0].connected()
        stages = [Stage(workspace, server) for workspace in slack.workspaces]
        found = Several(slack, server, settings, stages)
        if install and organisation:
            assert "Grok is installed" in await found.install_everywhere()
        elif install:
            for workspace in slack.workspaces:
                assert "Grok is installed" in await found.install(workspace)
        yield found


async def keys_of(redis_url: str, team: str) -> list[str]:
    """Every key in the store that names `team`."""
    redis = Redis.from_url(redis_url, decode_responses=True)
    try:
        return sorted([str(key) async for key in redis.scan_iter(f"*{team}*", count=1_000)])
    finally:
        await redis.aclose()
