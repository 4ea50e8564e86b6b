"""Has the demo that the same person runs on this machine show the page in which answers are judged.

A demo leaves a notice in its own directory, which nobody else may read: where its page is, and a
secret. It shows what is told to it for as long as the connection lasts.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path

import aiohttp
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import what_it_says

log = structlog.get_logger(__name__)

DIRECTORY = "grok-bot-demo-"
"""What the name of a demo's directory begins with."""

SECRET = "X-Judging-Secret"  # noqa: S105
"""The header that the secret comes in."""

_NOTICE = "page.json"
_NOTICE_BYTES = 4_096
_SECONDS = 2.0
"""How long a demo may take to answer."""

_MOST = 5
"""Demos that are tried: one that was killed leaves its directory."""


class Notice(BaseModel):
    """Where a demo's page is, and what it knows whoever tells it something by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^http://127\.0\.0\.1:[0-9]{1,5}$")
    secret: str = Field(min_length=16, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")


def leave_notice(directory: Path, notice: Notice) -> None:
    """Leave it in the directory of a demo."""
    path = directory / _NOTICE
    path.touch(mode=0o600)
    path.write_text(notice.model_dump_json(), encoding="utf-8")


def notices(where: Path) -> Iterator[Notice]:
    """Those that lie in directories of one's own, the newest first."""
    for directory in sorted(where.glob(f"{DIRECTORY}*"), key=_changed, reverse=True):
        try:
            about = directory.lstat()
            if about.st_uid != os.getuid() or about.st_mode & 0o077:
                continue
            with (directory / _NOTICE).open("rb") as file:
                yield Notice.model_validate_json(file.read(_NOTICE_BYTES))
        except (OSError, ValidationError):
            continue


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


@asynccontextmanager
async def shown_in_demo(
    where: Path, address: str, frame: Callable[[str], None]
) -> AsyncIterator[str]:
    """While entered, the newest demo that answers shows the page at `address`; where that is seen,
    empty: nowhere. `frame` is told first which page will show it.

    The token at the end of `address` is for whoever reads where it is seen, and told to no demo:
    the page of that is there for everybody on this machine.
    """
    page, _, token = address.partition("#")
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for notice in islice(notices(where), _MOST):
            frame(notice.url)
            try:
                async with asyncio.timeout(_SECONDS):
                    socket = await session.ws_connect(
                        f"{notice.url}/ui/judging",
                        headers={SECRET: notice.secret},
                        timeout=aiohttp.ClientWSTimeout(ws_close=_SECONDS),
                    )
                    await socket.send_str(page)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                log.info("no demo there", url=notice.url, error=what_it_says(error))
                continue
            stack.push_async_callback(socket.close)
            yield f"{notice.url}/#judge//{token}"
            return
        frame("")
        yield ""
