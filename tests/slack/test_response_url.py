"""Answers go through a response_url only where Slack itself, or the sandbox, takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import OutcomeUnknown, PostingDenied
from bot.slack.blocks import BARE, further_message
from bot.slack.ephemeral import Ephemeral
from bot.slack.slack import Slack
from bot.slack.web_api import ResponseUrls, WebApi
from bot.store.allowances import Allowances
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, FINANCE, GENERAL, Workspace

SLACK = "https://slack.com/api/"
MESSAGE = further_message(1, "private words", BARE)


@pytest.mark.parametrize(
    ("api_url", "response_url"),
    [
        (SLACK, "https://hooks.slack.com/commands/T1/2/abc"),
        (SLACK, "https://hooks.slack.com:443/actions/T1/2/abc?x=1"),
        (SLACK, "https://HOOKS.slack.com/app/T1/2/abc"),
        ("https://www.slack.com/api/", "https://hooks.slack.com/commands/T1/2/abc"),
        ("https://slack-gov.com/api/", "https://hooks.slack-gov.com/commands/T1/2/abc"),
        ("http://127.0.0.1:4000/api/", "http://127.0.0.1:4000/response/abc"),
        ("http://127.0.0.1:4000/api/", "http://localhost:4000/response/abc"),
        ("http://localhost:4000/api/", "http://127.0.0.1:4000/response/abc"),
        ("http://sandbox:4000/api/", "http://sandbox:4000/response/abc"),
        ("https://gateway.example.com/slack/", "https://gateway.example.com/response/abc"),
        ("https://gateway.example.com/slack/", "https://hooks.slack.com/commands/T1/2/abc"),
    ],
)
def test_slacks_own(api_url: str, response_url: str) -> None:
    assert ResponseUrls.of(api_url).checked(response_url) is not None


@pytest.mark.parametrize(
    "response_url",
    [
        "",
        "hooks.slack.com/commands/T1",
        "//hooks.slack.com/commands/T1",
        "http://hooks.slack.com/commands/T1",
        "ftp://hooks.slack.com/commands/T1",
        "https://hooks.slack.com:8443/commands/T1",
        "https://hooks.slack.com:443@evil.example/",
        "https://hooks.slack.com@evil.example/",
        "https://user:word@hooks.slack.com/commands/T1",
        "https://user@hooks.slack.com/commands/T1",
        "https://@evil.example/hooks.slack.com",
        "https://hooks.slack.com.evil.example/commands/T1",
        "https://hooks.slack.com./commands/T1",
        "https://evilhooks.slack.com/commands/T1",
        "https://a.hooks.slack.com/commands/T1",
        "https://slack.com/api/chat.postMessage",
        "https://hooks-slack.com/commands/T1",
        "https://hooks.slack-gov.com/commands/T1",
        "https://hooks.s\u200black.com/commands/T1",
        "https://hooks.\u0455lack.com/commands/T1",
        "https://evil.example/?https://hooks.slack.com/",
        "https://evil.example/#@hooks.slack.com/",
        "https://evil.example\\@hooks.slack.com/",
        "https://hooks.slack.com\\@evil.example/",
        "https://hooks.slack.com%2eevil.example/",
        "https://hooks.slack.com%00.evil.example/",
        "https://127.0.0.1/response/abc",
        "https://[::1]/response/abc",
        "https://[hooks.slack.com]/",
        "https://169.254.169.254/latest/meta-data",
        "https://hooks.slack.com:port/",
        "https://hooks.slack.com:99999/",
        "file:///etc/passwd",
        "https://hooks.slack.com\r\nX: y/",
        "\ud800",
    ],
)
def test_others(response_url: str) -> None:
    assert ResponseUrls.of(SLACK).checked(response_url) is None


@pytest.mark.parametrize(
    "response_url",
    [
        "https://127.0.0.1:4000/response/abc",
        "http://127.0.0.1:4001/response/abc",
        "http://127.0.0.1/response/abc",
        "http://localhost:4001/response/abc",
        "http://localhost.evil.example:4000/response/abc",
        "http://127.0.0.2:4000/response/abc",
        "http://127.0.0.1:4000@evil.example/",
        "https://hooks.slack.com/commands/T1",
    ],
)
def test_the_sandbox_is_left_by_no_other_way(response_url: str) -> None:
    assert ResponseUrls.of("http://127.0.0.1:4000/api/").checked(response_url) is None


@dataclass
class Elsewhere:
    """A server that is not Slack's, and what it heard; it may send on to another."""

    url: str = ""
    onward: str = ""
    says: str = "ok"
    heard: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.heard.append(await request.text())
        if self.onward:
            return web.Response(status=307, headers={"Location": self.onward})
        kind = "application/json" if self.says.startswith(("[", "{")) else "text/plain"
        return web.Response(text=self.says, content_type=kind)


@asynccontextmanager
async def elsewhere(onward: str = "", says: str = "ok") -> AsyncIterator[Elsewhere]:
    server = Elsewhere(onward=onward, says=says)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def slack_at(base_url: str) -> AsyncIterator[Slack]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token="xoxb-any", base_url=base_url, session=session, retry_handlers=[]
        )
        yield Slack(WebApi(client, deadline=5))


@pytest.mark.integration
async def test_nothing_is_sent_to_another_place() -> None:
    async with elsewhere() as slacks, elsewhere() as other, slack_at(slacks.url) as slack:
        for url in (other.url, slacks.url.replace("://", "://u:p@"), ""):
            with pytest.raises(PostingDenied):
                await slack.respond(url, MESSAGE)

    assert not other.heard
    assert not slacks.heard


@pytest.mark.integration
@pytest.mark.parametrize("says", ["[" * 4_000, '{"a":' * 800, "9" * 4_000, '{"ok":', "\x00", "[]"])
async def test_a_reply_that_cannot_be_read_is_no_refusal(says: str) -> None:
    async with elsewhere(says=says) as slacks, slack_at(slacks.url) as slack:
        await slack.respond(slacks.url + "response/abc", MESSAGE)

    assert len(slacks.heard) == 1


@pytest.mark.integration
@pytest.mark.parametrize(
    "says", ["[" * 100_000, '{"a":' * 50_000, '{"ok":', '{"ok": ' + "9" * 9_000]
)
async def test_nobody_knows_what_came_of_a_call_whose_reply_cannot_be_read(says: str) -> None:
    async with elsewhere(says=says) as slacks, slack_at(slacks.url) as slack:
        with pytest.raises(OutcomeUnknown):
            await slack.delete(GENERAL, "1.0")


@pytest.mark.integration
async def test_no_redirect_is_followed() -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(elsewhere())
        slacks = await stack.enter_async_context(elsewhere(onward=other.url))
        slack = await stack.enter_async_context(slack_at(slacks.url))
        with pytest.raises(PostingDenied):
            await slack.respond(slacks.url + "response/abc", MESSAGE)

    assert len(slacks.heard) == 1
    assert not other.heard


@pytest.mark.integration
async def test_who_comes_with_a_forged_address_is_told_another_way(
    workspace: Workspace, slack: Slack, store: Store, keys: Keys
) -> None:
    aside = Ephemeral(slack, Allowances(store, keys))
    async with elsewhere() as other:
        await aside.tell("not taken", user=ANA, channel=GENERAL, response_url=other.url)
        await aside.tell("nor here", user=ANA, channel=FINANCE, response_url=other.url)

    assert not other.heard
    assert [message.shown for message in workspace.ephemerals(ANA)] == ["not taken"]
