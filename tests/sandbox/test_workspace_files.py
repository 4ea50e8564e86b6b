"""files.*: a file is announced, uploaded whole, and shared once, where the bot is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import (
    ANA,
    BEN,
    DESIGN,
    FINANCE,
    GENERAL,
    AppConfig,
    Limits,
    Workspace,
    dm_of,
)
from sandbox.workspace.config import BOT_SCOPES
from tests.sandbox.slack_app import client_of, error_of, refusal

CONTENT = b"a,b\n1,2\n"


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace(limits=Limits(file_bytes=1_000)) as workspace:
        yield workspace


@pytest.fixture
def slack(ws: Workspace) -> AsyncWebClient:
    return client_of(ws)


async def announced(slack: AsyncWebClient, length: int = len(CONTENT)) -> tuple[str, str]:
    reply = await slack.files_getUploadURLExternal(filename="t.csv", length=length)
    return reply["file_id"], reply["upload_url"]


async def put(url: str, content: bytes = CONTENT) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=content) as reply:
        return reply.status


def shared(slack: AsyncWebClient, file_id: str, channel: str | None) -> Any:
    files: list[dict[str, str | None]] = [{"id": file_id, "title": "T"}]
    return slack.files_completeUploadExternal(files=files, channel_id=channel)


async def test_what_a_picture_shows_is_kept_in_words(ws: Workspace, slack: AsyncWebClient) -> None:
    told = "a" * 1_000
    sent: dict[str, Any] = {"filename": "p.png", "length": len(CONTENT)}
    reply = await slack.files_getUploadURLExternal(**sent, alt_txt=told)
    with pytest.raises(SlackApiError) as refused:
        await slack.files_getUploadURLExternal(**sent, alt_txt=told + "a")
    assert await put(reply["upload_url"]) == 200
    await shared(slack, reply["file_id"], dm_of(ANA))

    assert refused.value.response["error"] == "alt_txt_too_large"
    (file,) = ws.messages(dm_of(ANA))[0].files
    assert file.alt == told
    assert (await slack.files_info(file=file.id))["file"]["alt_txt"] == told


async def test_a_file_lies_where_it_was_shared(ws: Workspace, slack: AsyncWebClient) -> None:
    file_id, url = await announced(slack)
    assert await put(url) == 200
    assert ws.messages(dm_of(ANA)) == []

    await shared(slack, file_id, dm_of(ANA))

    (message,) = ws.messages(dm_of(ANA))
    (file,) = message.files
    assert (file.id, file.name, file.title, file.content) == (file_id, "t.csv", "T", CONTENT)
    seen = (await slack.conversations_history(channel=dm_of(ANA)))["messages"][0]
    assert seen["files"][0]["size"] == len(CONTENT)
    assert seen["subtype"] == "file_share"


async def test_both_methods_need_the_scope() -> None:
    app = AppConfig(scopes=BOT_SCOPES - {"files:write"})
    async with Workspace(app=app) as bare:
        slack = client_of(bare)
        asked = await refusal(slack.files_getUploadURLExternal(filename="t.csv", length=1))
        done = await refusal(shared(slack, "F1", GENERAL))

    assert [each["error"] for each in (asked, done)] == ["missing_scope"] * 2
    assert asked["needed"] == "files:write"


@pytest.mark.parametrize(
    ("length", "error"),
    [
        (0, "missing_argument"),
        (-1, "invalid_arguments"),
        ("many", "invalid_arguments"),
        (1_001, "file_upload_size_restricted"),
    ],
)
async def test_a_length_that_slack_does_not_take(
    slack: AsyncWebClient, length: Any, error: str
) -> None:
    call = slack.files_getUploadURLExternal(filename="t.csv", length=length)

    assert await error_of(call) == error


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"x"])
async def test_bytes_of_another_length_are_not_stored(
    slack: AsyncWebClient, content: bytes
) -> None:
    file_id, url = await announced(slack)

    assert await put(url, content) == 400
    assert await error_of(shared(slack, file_id, GENERAL)) == "file_not_found"


async def test_an_address_takes_one_file(slack: AsyncWebClient) -> None:
    _, url = await announced(slack)

    assert [await put(url), await put(url), await put(url + "x")] == [200, 404, 404]


async def test_what_was_never_announced_or_is_shared_already_is_not_there(
    slack: AsyncWebClient,
) -> None:
    file_id, url = await announced(slack)
    await put(url)
    await shared(slack, file_id, GENERAL)

    assert await error_of(shared(slack, file_id, GENERAL)) == "file_not_found"
    assert await error_of(shared(slack, "F0NOWHERE", GENERAL)) == "file_not_found"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        (FINANCE, "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
        (DESIGN, "not_in_channel"),
    ],
)
async def test_a_file_goes_only_where_the_bot_is(
    slack: AsyncWebClient, channel: str, error: str
) -> None:
    file_id, url = await announced(slack)
    await put(url)

    assert await error_of(shared(slack, file_id, channel)) == error
    await shared(slack, file_id, GENERAL)


@pytest.mark.parametrize("files", ["{}", "[]", '[{"title": "T"}]', "[7]", '[{"id": "F", "x": 1}]'])
async def test_a_list_of_files_that_is_none(slack: AsyncWebClient, files: str) -> None:
    body = {"files": files, "channel_id": GENERAL}

    call = slack.api_call("files.completeUploadExternal", json=body)

    assert await error_of(call) == "invalid_arguments"


async def test_who_sees_the_message_can_save_the_file(ws: Workspace, slack: AsyncWebClient) -> None:
    file_id, url = await announced(slack)
    await put(url)
    await shared(slack, file_id, dm_of(ANA))
    (message,) = ws.messages(dm_of(ANA))
    asked = {"channel": dm_of(ANA), "ts": message.ts, "id": file_id}

    async with aiohttp.ClientSession() as session:
        found = []
        for changed in ({"user": ANA}, {"user": BEN}, {"user": ANA, "id": "F0NOWHERE"}):
            async with session.get(f"{ws.url}/ui/file", params=asked | changed) as reply:
                found.append((reply.status, await reply.read()))

    assert found[0] == (200, CONTENT)
    assert [status for status, _ in found[1:]] == [404, 404]
