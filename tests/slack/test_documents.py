"""A document comes as a file; where Slack takes none, as messages, and never not at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import OutcomeUnknown, PostingDenied, SlackError
from bot.slack.blocks import BARE, further_message
from bot.slack.documents import Announcing, Document, Documents, File
from bot.slack.slack import Slack
from bot.slack.web_api import FileUrls, WebApi
from sandbox.workspace import ANA, AppConfig, Limits, Workspace, dm_of
from sandbox.workspace.config import BOT_SCOPES
from tests.sandbox.slack_app import client_of

CONTENT = "name,tokens\nChloé,7\n".encode()
DOCUMENT = Document(
    File("use.csv", "Use in a month", CONTENT), (further_message(1, "as a message", BARE),)
)
BEGIN, COMPLETE = "files.getUploadURLExternal", "files.completeUploadExternal"


@asynccontextmanager
async def sending(
    *scopes: str, limits: Limits | None = None
) -> AsyncIterator[tuple[Workspace, Documents]]:
    app = AppConfig(scopes=BOT_SCOPES - {"files:write"} | {*scopes})
    async with Workspace(app=app, limits=limits) as workspace:
        api = WebApi(client_of(workspace))
        slack = Slack(api)
        yield workspace, Documents(api, slack, Announcing(slack))


def arrived(workspace: Workspace) -> list[bytes | None]:
    """The bytes of each file that lies in the direct messages."""
    return [file.content for message in workspace.messages(dm_of(ANA)) for file in message.files]


def said(workspace: Workspace) -> list[str]:
    return [message.shown for message in workspace.messages(dm_of(ANA)) if not message.files]


@pytest.mark.integration
async def test_a_document_is_a_file_with_its_name_and_every_byte() -> None:
    async with sending("files:write") as (workspace, documents):
        assert await documents.send(DOCUMENT, ANA)

    (message,) = workspace.messages(dm_of(ANA))
    (file,) = message.files
    assert (file.name, file.title, file.content) == ("use.csv", "Use in a month", CONTENT)
    assert said(workspace) == []


@pytest.mark.integration
async def test_without_the_scope_it_is_messages() -> None:
    async with sending() as (workspace, documents):
        assert await documents.send(DOCUMENT, ANA)

    assert arrived(workspace) == []
    assert said(workspace) == ["as a message"]
    assert workspace.calls_of(BEGIN)[0].response["needed"] == "files:write"


@pytest.mark.integration
@pytest.mark.parametrize("at", [BEGIN, "upload_url", COMPLETE])
@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 403}, {"error": "file_not_found"}])
async def test_a_slack_that_refuses_or_fails_at_any_step_gets_messages(
    at: str, fault: dict[str, object]
) -> None:
    async with sending("files:write") as (workspace, documents):
        workspace.fail(at, **fault)  # type: ignore[arg-type]

        assert await documents.send(DOCUMENT, ANA)

    assert arrived(workspace) == []
    assert said(workspace) == ["as a message"]


@pytest.mark.integration
@pytest.mark.parametrize("at", [BEGIN, COMPLETE])
async def test_one_that_wants_to_be_left_alone_for_a_while_too(at: str) -> None:
    async with sending("files:write") as (workspace, documents):
        workspace.fail(at, retry_after=30)

        assert await documents.send(DOCUMENT, ANA)

    assert said(workspace) == ["as a message"]


@pytest.mark.integration
async def test_a_file_that_is_too_large_for_slack_is_messages() -> None:
    limits = Limits(file_bytes=len(CONTENT) - 1)
    async with sending("files:write", limits=limits) as (workspace, documents):
        assert await documents.send(DOCUMENT, ANA)

    assert said(workspace) == ["as a message"]


@pytest.mark.integration
async def test_where_nobody_can_be_written_to_that_is_told() -> None:
    async with sending("files:write") as (workspace, documents):
        workspace.fail("conversations.open", error="user_not_found", times=None)

        assert not await documents.send(DOCUMENT, ANA)


# Where the bytes go


@pytest.mark.parametrize(
    ("api_url", "upload_url"),
    [
        ("https://slack.com/api/", "https://files.slack.com/upload/v1/abc"),
        ("https://slack-gov.com/api/", "https://files.slack-gov.com/upload/v1/abc"),
        ("https://gateway.example/api/", "https://gateway.example/upload/v1/abc"),
        ("https://gateway.example/api/", "https://files.slack.com/upload/v1/abc"),
        ("http://127.0.0.1:4000/api/", "http://localhost:4000/upload/v1/abc"),
    ],
)
def test_a_file_goes_to_slack(api_url: str, upload_url: str) -> None:
    assert str(FileUrls.of(api_url).checked(upload_url)) == upload_url


@pytest.mark.parametrize(
    "upload_url",
    [
        "https://files.slack.com.evil.example/upload",
        "https://evil.example/files.slack.com",
        "https://files.slack.com@evil.example/",
        "https://user:pass@files.slack.com/upload",
        "http://files.slack.com/upload",
        "https://files.slack.com:8443/upload",
        "https://hooks.slack.com/upload",
        "http://169.254.169.254/latest",
        "http://127.0.0.1:4000/upload",
        "file:///etc/passwd",
        "//files.slack.com/upload",
        "",
    ],
)
def test_and_nowhere_else(upload_url: str) -> None:
    assert FileUrls.of("https://slack.com/api/").checked(upload_url) is None


@asynccontextmanager
async def answering(status: int, text: str = "") -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers everything so; its address, and what it was sent."""
    heard: list[bytes] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        heard.append(await request.read())
        headers = {"Location": "/elsewhere", "Content-Type": "application/json"}
        return web.Response(status=status, text=text or None, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", heard
    finally:
        await runner.cleanup()


@pytest.mark.integration
async def test_no_byte_goes_to_another_place(workspace: Workspace) -> None:
    async with answering(200) as (url, heard):
        with pytest.raises(PostingDenied):
            await WebApi(client_of(workspace)).upload(f"{url}/upload/v1/abc", CONTENT)

    assert heard == []


@pytest.mark.integration
@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (307, "", PostingDenied),
        (500, "", OutcomeUnknown),
        (204, "", SlackError),
        (400, "<html>" + "x" * 100_000, SlackError),
        (400, '{"error": 7}', SlackError),
    ],
)
async def test_anything_but_200_is_an_error(
    status: int, text: str, error: type[SlackError]
) -> None:
    async with answering(status, text) as (url, heard):
        with pytest.raises(error):
            await api_at(url).upload(f"{url}/upload/v1/abc", CONTENT)

    assert heard == [CONTENT]


@pytest.mark.integration
@pytest.mark.parametrize(
    "reply",
    [
        {"ok": True},
        {"ok": True, "file_id": "F1", "upload_url": 7},
        {"ok": True, "upload_url": "https://files.slack.com/upload/v1/abc"},
        {"ok": True, "file_id": "F1", "upload_url": "http://169.254.169.254/"},
        ["ok"],
    ],
)
async def test_a_reply_that_makes_no_sense_leads_to_messages(reply: object) -> None:
    told: list[tuple[object, str]] = []

    class Noted(Announcing):
        async def send(self, messages: object, user: str) -> bool:
            told.append((messages, user))
            return True

    async with answering(200, json.dumps(reply)) as (url, _):
        slack = Slack(api_at(url))

        assert await Documents(api_at(url), slack, Noted(slack)).send(DOCUMENT, ANA)

    assert told == [(DOCUMENT.messages, ANA)]


def api_at(url: str) -> WebApi:
    return WebApi(AsyncWebClient(token="xoxb", base_url=f"{url}/api/", retry_handlers=[]))
