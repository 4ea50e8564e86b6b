"""A demo that shows the page in which answers are judged: found by its notice, and told no more
than it needs to know."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from bot.eval.demo_page import Notice, leave_notice, notices, shown_in_demo
from sandbox.workspace import Workspace
from tests.ports import free_port

ADDRESS = "http://127.0.0.1:4000/#a-token-of-an-eval"
SECRET = "a-secret-of-a-demo"


def notice(number: int = 1) -> Notice:
    return Notice(url=f"http://127.0.0.1:{number}", secret=SECRET)


def a_demo(where: Path, name: str, left: Notice, *, at: float = 0.0) -> Path:
    directory = where / f"grok-bot-demo-{name}"
    directory.mkdir(mode=0o700)
    leave_notice(directory, left)
    os.utime(directory, (at, at))
    return directory


def test_the_newest_comes_first_and_nobody_else_reads_it(tmp_path: Path) -> None:
    for number in (2, 3, 1):
        directory = a_demo(tmp_path, str(number), notice(number), at=number)
        assert (directory / "page.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "another").mkdir()

    assert list(notices(tmp_path)) == [notice(3), notice(2), notice(1)]
    assert list(notices(tmp_path / "nowhere")) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"url": "http://127.0.0.1:1", "secret": "short"}',
        b'{"url": "http://evil.example:80", "secret": "a-secret-of-a-demo"}',
        b'{"url": "http://127.0.0.1:1@evil.example", "secret": "a-secret-of-a-demo"}',
        b'{"url": "http://127.0.0.1:1 https://evil.example", "secret": "a-secret-of-a-demo"}',
        b'{"url": "http://127.0.0.1:1", "secret": "a-secret-of-a-demo\\r\\nX-A: b"}',
    ],
)
def test_what_is_no_notice_is_none(tmp_path: Path, content: bytes) -> None:
    (a_demo(tmp_path, "1", notice()) / "page.json").write_bytes(content)

    assert list(notices(tmp_path)) == []


def test_what_others_may_have_left_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_demo(tmp_path, "open", notice()).chmod(0o755)
    mine = a_demo(tmp_path, "mine", notice(2))
    (tmp_path / "grok-bot-demo-link").symlink_to(mine)
    (tmp_path / "grok-bot-demo-file").write_text("{}")
    assert list(notices(tmp_path)) == [notice(2)]

    monkeypatch.setattr(os, "getuid", lambda: mine.stat().st_uid + 1)
    assert list(notices(tmp_path)) == []


@pytest.mark.integration
async def test_the_demo_that_answers_shows_it_for_as_long_as_it_lasts(tmp_path: Path) -> None:
    async with Workspace() as workspace:
        here = Notice(url=workspace.url, secret=workspace.judging_secret)
        a_demo(tmp_path, "gone", notice(free_port()), at=3)
        a_demo(tmp_path, "strange", here.model_copy(update={"secret": SECRET}), at=2)
        a_demo(tmp_path, "here", here, at=1)
        framed: list[str] = []
        async with shown_in_demo(tmp_path, ADDRESS, framed.append) as shown:
            assert shown == f"{workspace.url}/#judge//a-token-of-an-eval"
            await workspace.wait_for(lambda: workspace.judging == "http://127.0.0.1:4000/")
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{workspace.url}/ui/state") as reply,
            ):
                assert "a-token" not in await reply.text()
        await workspace.wait_for(lambda: not workspace.judging)

    assert framed[-1] == workspace.url


@pytest.mark.integration
async def test_where_no_demo_answers_no_page_may_show_it(tmp_path: Path) -> None:
    a_demo(tmp_path, "gone", notice(free_port()))
    framed: list[str] = []

    async with shown_in_demo(tmp_path, ADDRESS, framed.append) as shown:
        assert shown == ""

    assert framed[-1] == ""


@pytest.mark.integration
async def test_a_demo_that_ends_first_keeps_nobody(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        async with Workspace() as workspace:
            a_demo(tmp_path, "here", Notice(url=workspace.url, secret=workspace.judging_secret))
            await stack.enter_async_context(shown_in_demo(tmp_path, ADDRESS, lambda _: None))
            await workspace.wait_for(lambda: workspace.judging)
        async with asyncio.timeout(5):
            await stack.aclose()
