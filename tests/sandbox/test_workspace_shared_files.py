"""Files that people share: what messages and files.info say of them, and who gets their bytes."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.workspace import (
    ANA,
    ANA_AND_BEN,
    BEN,
    FINANCE,
    GENERAL,
    AppConfig,
    Message,
    NewFile,
    NotAllowedError,
    Workspace,
)
from sandbox.workspace.config import BOT_SCOPES
from tests.sandbox.slack_app import client_of, error_of, refusal

PLAN = NewFile("plan.txt", b"Ship it on Monday.")


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        yield workspace


async def fetched(ws: Workspace, url: str, token: str | None = None) -> tuple[int, str, bytes]:
    """Status, content type and body of a download, with the bot's own token by default."""
    headers = {"Authorization": f"Bearer {token or ws.credentials.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(url, allow_redirects=False) as reply,
    ):
        return reply.status, reply.content_type, await reply.read()


async def seen(ws: Workspace, message: Message) -> dict[str, Any]:
    """The file of a message, as the history shows it."""
    history = await client_of(ws).conversations_history(channel=message.channel)
    file: dict[str, Any] = history["messages"][0]["files"][0]
    return file


async def test_who_shows_the_token_gets_the_bytes(ws: Workspace) -> None:
    file = await seen(ws, await ws.say(ANA, GENERAL, "", files=[PLAN]))
    info = await client_of(ws).files_info(file=file["id"])

    assert info["file"]["url_private"] == file["url_private"]
    assert (file["name"], file["mimetype"], file["size"]) == ("plan.txt", "text/plain", 18)
    assert await fetched(ws, file["url_private"]) == (200, "text/plain", PLAN.content)


async def test_others_get_the_page_to_sign_in_at(ws: Workspace) -> None:
    file = await seen(ws, await ws.say(ANA, GENERAL, "", files=[PLAN]))

    status, kind, body = await fetched(ws, file["url_private"], "xoxb-wrong")

    assert (status, kind) == (200, "text/html")
    assert b"Sign in" in body


async def test_so_does_an_app_without_the_scope() -> None:
    async with Workspace(app=AppConfig(scopes=BOT_SCOPES - {"files:read"})) as ws:
        file = await seen(ws, await ws.say(ANA, GENERAL, "", files=[PLAN]))
        refused = await refusal(client_of(ws).files_info(file=file["id"]))

        assert (refused["error"], refused["needed"]) == ("missing_scope", "files:read")
        assert (await fetched(ws, file["url_private"]))[:2] == (200, "text/html")


async def test_where_the_bot_is_not_it_sees_no_file(ws: Workspace) -> None:
    message = await ws.say(ANA, ANA_AND_BEN, "", files=[PLAN])
    url = f"{ws.url}/files-pri/T0SANDBOX1-{message.files[0].id}/plan.txt"

    assert await error_of(client_of(ws).files_info(file=message.files[0].id)) == "file_not_found"
    assert (await fetched(ws, url))[0] == 404


async def test_a_deleted_file_leaves_a_tombstone(ws: Workspace) -> None:
    message = await ws.say(ANA, GENERAL, "look", files=[PLAN])
    file = await seen(ws, message)
    with pytest.raises(NotAllowedError, match="file_not_found"):
        await ws.delete_file(BEN, file["id"])

    await ws.delete_file(ANA, file["id"])

    assert await seen(ws, message) == {"id": file["id"], "mode": "tombstone"}
    assert await error_of(client_of(ws).files_info(file=file["id"])) == "file_deleted"
    assert (await fetched(ws, file["url_private"]))[0] == 404


async def test_of_another_organisations_file_a_message_holds_but_the_id(ws: Workspace) -> None:
    foreign = NewFile("plan.txt", b"Monday", is_foreign=True)

    file = await seen(ws, await ws.say(ANA, GENERAL, "", files=[foreign]))
    info = (await client_of(ws).files_info(file=file["id"]))["file"]

    assert file == {"id": file["id"], "mode": "file_access", "file_access": "check_file_info"}
    assert (await fetched(ws, info["url_private"]))[2] == b"Monday"


async def test_an_external_file_lies_elsewhere(ws: Workspace) -> None:
    drive = NewFile("notes", mode="external", url="https://drive.example.com/1")

    file = await seen(ws, await ws.say(ANA, GENERAL, "", files=[drive]))

    assert (file["mode"], file["is_external"]) == ("external", True)
    assert file["url_private"] == "https://drive.example.com/1"


async def test_an_address_may_send_on(ws: Workspace) -> None:
    moved = NewFile("plan.txt", moved_to="http://127.0.0.1:1/elsewhere")
    file = await seen(ws, await ws.say(ANA, GENERAL, "", files=[moved]))

    assert (await fetched(ws, file["url_private"]))[0] == 302


async def test_what_is_dropped_into_the_page_is_a_file(ws: Workspace) -> None:
    content = base64.b64encode(b"\x89PNG").decode()
    sent = {
        "user": ANA,
        "channel": GENERAL,
        "text": "/what is this?",
        "files": [{"name": "a.png", "content": content}],
    }
    async with aiohttp.ClientSession(ws.url) as page:
        async with page.post("/ui/send", json=sent) as reply:
            shown = (await reply.json())["message"]
        where = {"user": ANA, "channel": GENERAL, "ts": shown["ts"], "id": shown["files"][0]["id"]}
        async with page.get("/ui/file", params=where) as reply:
            saved = await reply.read()
        async with page.post("/ui/send", json=sent | {"files": [{"name": "a"}]}) as reply:
            assert reply.status == 400

    assert saved == b"\x89PNG"
    assert shown["files"][0]["mimetype"] == "image/png"


@pytest.mark.parametrize("path", ["file", "messages", "replies", "events"])
async def test_what_is_asked_of_the_page_without_saying_where_is_refused(
    ws: Workspace, path: str
) -> None:
    async with aiohttp.ClientSession(ws.url) as page, page.get(f"/ui/{path}") as reply:
        assert reply.status == 400


async def test_an_unseen_conversation_shows_no_file(ws: Workspace) -> None:
    message = await ws.say(ANA, FINANCE, "", files=[PLAN])
    where = {"user": "U0GUEST001", "channel": FINANCE, "ts": message.ts, "id": message.files[0].id}

    async with aiohttp.ClientSession(ws.url) as page, page.get("/ui/file", params=where) as reply:
        assert reply.status == 404
