"""Files are fetched from Slack's own host, bounded, and nothing is taken in their place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.files.file import Enclosure, FileBounds, FileRef, Picture, Text, Unread
from bot.files.reading import FILE_BYTES, Reading
from bot.slack import files as fetching
from bot.slack.files import Files, file_of, files_of
from bot.slack.web_api import WebApi
from bot.words import files as words
from sandbox.workspace import ANA, GENERAL, AppConfig, NewFile, Workspace
from sandbox.workspace.config import BOT_SCOPES
from tests.files.samples import in_base64, png
from tests.sandbox.slack_app import client_of

pytestmark = pytest.mark.integration

PLAN = NewFile("plan.txt", b"Ship it on Monday.")
PICTURE = NewFile("shot.png", png())
READ = Text("plan.txt", "Ship it on Monday.")
FEW = Reading(FileBounds(image=1_792, file=4_000))


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        yield workspace


async def refs(ws: Workspace, *files: NewFile) -> tuple[FileRef, ...]:
    """What is kept of a message with `files`."""
    message = await ws.say(ANA, GENERAL, "look", files=files)
    reply = await client_of(ws).conversations_history(channel=message.channel)
    return FEW.bounds.kept(files_of(reply["messages"][0]["files"]))


async def read(ws: Workspace, *files: NewFile) -> tuple[Enclosure, ...]:
    return await read_refs(ws, await refs(ws, *files))


async def read_refs(ws: Workspace, wanted: Sequence[FileRef]) -> tuple[Enclosure, ...]:
    files = Files(WebApi(client_of(ws)), FEW)
    return await files.read(await files.look_up(wanted))


def reason(found: tuple[Enclosure, ...]) -> str:
    (unread,) = found
    assert isinstance(unread, Unread)
    return unread.why


async def test_every_file_is_read_in_its_place(ws: Workspace) -> None:
    found = await read(ws, PLAN, PICTURE, NewFile("film.mp4"))

    assert found == (
        READ,
        Picture("shot.png", in_base64(png()), "image/png", 1_792),
        Unread("film.mp4", words.not_taken("a video")),
    )


async def test_without_the_scope_none_is_read_and_it_is_said_why() -> None:
    async with Workspace(app=AppConfig(scopes=BOT_SCOPES - {"files:read"})) as ws:
        assert reason(await read(ws, PLAN)) == words.NOT_ALLOWED


async def test_the_page_to_sign_in_at_is_no_file(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = await refs(ws, PLAN, NewFile("page.html", b"<p>My own page</p>"))
    known = ws.state.files[wanted[0].id]
    assert (await read_refs(ws, wanted))[1] == Text("page.html", "<p>My own page</p>")

    # Slack lets the bot ask about files, but not have them.
    monkeypatch.setattr("sandbox.workspace.serving.file_url._let_in", lambda *_: False)
    found = await read_refs(ws, wanted)

    assert known.name == "plan.txt"
    assert [each.why for each in found if isinstance(each, Unread)] == [words.PAGE_INSTEAD] * 2


async def test_a_deleted_file_is_said_to_be(ws: Workspace) -> None:
    (wanted,) = await refs(ws, PLAN)
    await ws.delete_file(ANA, wanted.id)

    assert reason(await read_refs(ws, [wanted])) == words.DELETED


async def test_names_are_asked_for_once_and_known_for_when_slack_does_not_say_them(
    ws: Workspace,
) -> None:
    files = Files(WebApi(client_of(ws)), FEW)
    wanted = await refs(ws, PLAN, PICTURE)

    assert await files.names(wanted, within=5) == (PLAN.name, PICTURE.name)
    assert await files.names(wanted, within=5) == (PLAN.name, PICTURE.name)
    assert len(ws.calls_of("files.info")) == 2
    ws.fail("files.info", error="file_not_found", times=None)
    (known, _) = await files.look_up(wanted)
    assert (known.name, known.unread) == (PLAN.name, words.KEPT_FROM_ME)
    assert await Files(WebApi(client_of(ws)), FEW).names(wanted[:1], within=5) == ("a file",)


async def test_of_many_that_are_not_read_only_those_that_are_named_are_asked_for(
    ws: Workspace,
) -> None:
    films = [NewFile(f"{number}.mp4") for number in range(40)]

    found = await read(ws, PLAN, *films)

    assert len(ws.calls_of("files.info")) == 1 + words.MOST_NAMED
    assert [each.why for each in found if isinstance(each, Unread)][:1] == [
        words.not_taken("a video")
    ]
    assert len(found) == 41


async def test_one_that_is_deleted_meanwhile_too(ws: Workspace) -> None:
    ws.fail("file_url", status=404)

    assert reason(await read(ws, PLAN)) == words.DELETED


async def test_of_another_organisations_file_slack_is_asked_for_the_rest(ws: Workspace) -> None:
    foreign = NewFile("shot.png", png(), is_foreign=True)

    (found,) = await read(ws, foreign)

    assert isinstance(found, Picture)
    assert found.name == "shot.png"


async def test_one_that_is_not_shown_is_said_so(ws: Workspace) -> None:
    ws.fail("files.info", error="file_not_found")

    assert reason(await read(ws, NewFile("a.txt", is_foreign=True))) == words.KEPT_FROM_ME


async def test_what_lies_elsewhere_is_not_asked_for(ws: Workspace) -> None:
    drive = NewFile("notes", mode="external", url="https://drive.example.com/1")

    assert reason(await read(ws, drive)) == words.ELSEWHERE
    assert ws.calls_of("file_url") == []


@asynccontextmanager
async def elsewhere() -> AsyncIterator[tuple[str, list[str]]]:
    """Another host, and the headers with which it is asked."""
    asked: list[str] = []

    async def serve(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization", ""))
        return web.Response(body=b"stolen")

    app = web.Application()
    app.router.add_get("/{rest:.*}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/plan.txt", asked
    finally:
        await runner.cleanup()


async def test_a_redirect_is_not_followed_and_gets_no_token(ws: Workspace) -> None:
    async with elsewhere() as (url, asked):
        assert reason(await read(ws, NewFile("plan.txt", moved_to=url))) == words.SENT_ON

    assert asked == []


async def test_an_address_of_another_host_gets_no_token(ws: Workspace) -> None:
    (wanted,) = await refs(ws, PLAN)
    async with elsewhere() as (url, asked):
        ws.state.origin = url.removesuffix("/plan.txt")
        assert reason(await read_refs(ws, [wanted])) == words.SENT_ON

    assert asked == []


async def test_a_file_of_60_mb_is_not_fetched(ws: Workspace) -> None:
    big = NewFile("big.txt", size=60 * 1024 * 1024)

    assert reason(await read(ws, big)) == words.TOO_BIG(size=60 * 1024 * 1024, most=FILE_BYTES)
    assert ws.calls_of("file_url") == []


async def test_one_that_is_larger_than_slack_says_is_not_read_to_its_end(ws: Workspace) -> None:
    big = NewFile("big.txt", b"x" * (FILE_BYTES + 1), size=100)

    assert "is the most" in reason(await read(ws, big))


async def test_all_together_have_a_bound_as_well(ws: Workspace) -> None:
    large = [NewFile(f"{number}.txt", size=FILE_BYTES) for number in range(3)]

    found = await read(ws, *large)

    assert [isinstance(each, Text) for each in found].count(True) == 1


async def test_a_slow_file_is_given_up(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "FILE_SECONDS", 0.2)
    slow = NewFile("slow.txt", b"x" * 1_000_000, pause=0.1)

    slow_one, other = await read(ws, slow, PLAN)

    assert slow_one == Unread("slow.txt", words.SLOW)
    assert other == READ


@pytest.mark.parametrize(
    "fault", [{"drop_before": True}, {"status": 503}, {"status": 429, "retry_after": 1}]
)
async def test_what_passes_is_tried_once_more(ws: Workspace, fault: dict[str, Any]) -> None:
    ws.fail("file_url", **fault)

    assert await read(ws, PLAN) == (READ,)


async def test_what_does_not_pass_is_said(ws: Workspace) -> None:
    ws.fail("file_url", status=500, times=None)

    assert reason(await read(ws, PLAN)) == words.NOT_GIVEN


@pytest.mark.parametrize(
    ("mode", "why"), [("tombstone", words.DELETED), ("hidden_by_limit", words.KEPT_FROM_ME)]
)
def test_what_is_there_no_more_is_said_to_be(mode: str, why: str) -> None:
    assert file_of({"id": "F1", "mode": mode}).unread == why


def test_what_slack_says_of_a_file_may_be_anything() -> None:
    odd = [{}, {"id": 7}, {"id": "F1", "name": "a <!here>.txt", "size": "x"}, {"mode": "tombstone"}]

    found = files_of(odd)  # type: ignore[arg-type]

    assert [bool(each.unread) for each in found] == [True, True, False]
    assert found[2].name == "a ‹!here›.txt"
