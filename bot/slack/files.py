"""Gets the files that people have attached, and lets nothing else in.

The token goes to the host of Slack's own files, or to the sandbox's, and to no other: not to an
address that a message or a redirect names. What is taken is bounded in bytes and in time, and it is
what Slack says that it is: whoever is not let in gets a web page, with status 200.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

import structlog

from bot.errors import OutcomeUnknown, RateLimited, SlackError
from bot.files.material import Enclosure, Unread
from bot.files.reading import FILE_BYTES, QUESTION_BYTES, Reading
from bot.files.ref import Bounds, FileRef
from bot.slack.download import PAGE, REDIRECTED, TOO_LARGE
from bot.slack.file_refs import ref_of
from bot.slack.holding import Holding
from bot.slack.web_api import WebApi, mapping
from bot.words import files as words
from bot.words import talk

log = structlog.get_logger(__name__)

INFO = "files.info"
FILE_SECONDS = 30.0
"""How long one file may take."""

QUESTION_SECONDS = 60.0
"""How long all files of one question may."""

HELD_BYTES = 100 * 1024 * 1024
"""Bytes of files, as they came, that one process holds at once: in a request they are several times
as many."""

AT_ONCE = 4
"""Files of one question that are fetched side by side."""

TRIES = 2
_LONGEST_REST = 5.0
"""Seconds. After a rest, and where no reply came, a call is made once more."""

_REASONS = {
    "missing_scope": words.NOT_ALLOWED,
    "not_allowed_token_type": words.NOT_ALLOWED,
    "file_deleted": words.DELETED,
    "http_404": words.DELETED,
    "http_410": words.DELETED,
    "file_not_found": words.KEPT_FROM_ME,
    "access_denied": words.KEPT_FROM_ME,
    "team_access_not_granted": words.KEPT_FROM_ME,
    "http_401": words.KEPT_FROM_ME,
    "http_403": words.KEPT_FROM_ME,
    "foreign_url": words.SENT_ON,
    REDIRECTED: words.SENT_ON,
    PAGE: words.PAGE_INSTEAD,
}

T = TypeVar("T")


class Files:
    """The files of one workspace. Nothing here raises but cancellation: a file that is not read is
    `Unread`, with the reason."""

    def __init__(self, api: WebApi, reading: Reading) -> None:
        self._api = api
        self._reading = reading
        self._holding = Holding(HELD_BYTES)

    async def hold(self, refs: Iterable[FileRef]) -> int:
        """Wait until there is room for all that `refs` may have; how much, to be released."""
        sizes = sum(ref.size or FILE_BYTES for ref in refs if not ref.unread)
        return await self._holding.take(min(sizes, QUESTION_BYTES))

    def release(self, held: int) -> None:
        """What was held is there no more."""
        self._holding.give(held)

    @property
    def bounds(self) -> Bounds:
        """The most that each comes to."""
        return self._reading.bounds

    async def read(
        self, refs: Sequence[FileRef], *, most: int | None = None
    ) -> tuple[Enclosure, ...]:
        """Every file, in this order; `most`: no more tokens of each than that."""
        turns = asyncio.Semaphore(AT_ONCE)
        left = _Left(QUESTION_BYTES, asyncio.get_running_loop().time() + QUESTION_SECONDS)

        async def one(ref: FileRef) -> Enclosure:
            async with turns:
                return await self._one(ref, left, most)

        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(one(ref)) for ref in refs]
        return tuple(task.result() for task in reading)

    async def _one(self, ref: FileRef, left: _Left, most: int | None) -> Enclosure:
        if ref.unread:
            return Unread(ref.name, ref.unread)
        try:
            async with asyncio.timeout_at(left.until):
                return await self._fetched(ref, left, most)
        except TimeoutError:
            return Unread(ref.name or talk.A_FILE, words.SLOW)
        except SlackError as error:
            log.info("file not read", file=ref.id, error=str(error))
            return Unread(ref.name or talk.A_FILE, _reason(error, ref))

    async def _fetched(self, ref: FileRef, left: _Left, most: int | None) -> Enclosure:
        info = partial(self._api.call, INFO, {"file": ref.id}, read=True)
        file = mapping((await _tried(info)).get("file"))
        known = ref_of(file)
        name = ref.name if ref.name and ref.kind else known.name
        if known.unread:
            return Unread(name, known.unread)
        if known.size > left.bytes:
            return Unread(name, words.too_much(QUESTION_BYTES))
        left.bytes -= known.size
        data = await _tried(
            partial(
                self._api.download,
                str(file.get("url_private") or ""),
                media_type=str(file.get("mimetype") or ""),
                size=known.size,
                most=FILE_BYTES,
                seconds=FILE_SECONDS,
            )
        )
        left.bytes -= len(data) - known.size
        # What was reserved holds, whatever Slack says of the file by now.
        wanted = ref.model_copy(update={"name": name, "kind": ref.kind or known.kind})
        return await self._reading.read(wanted, data, most, question=left.reading)


class _Left:
    """What is left of the bytes and the time that the files of one question have together, and
    which of them has its turn to be read."""

    def __init__(self, most: int, until: float) -> None:
        self.bytes = most
        self.until = until
        self.reading = asyncio.Lock()


async def _tried(call: Callable[[], Awaitable[T]]) -> T:
    """What `call` gives, made once more where that may help."""
    for left in range(TRIES - 1, 0, -1):
        try:
            return await call()
        except RateLimited as error:
            if error.retry_after > _LONGEST_REST:
                raise
            await asyncio.sleep(error.retry_after)
        except OutcomeUnknown as error:
            log.info("file asked for again", left=left, error=str(error))
    return await call()


def _reason(error: SlackError, ref: FileRef) -> str:
    if error.code == TOO_LARGE:
        return words.too_big(max(ref.size, FILE_BYTES + 1), FILE_BYTES)
    slow = isinstance(error, OutcomeUnknown) and not error.status
    return _REASONS.get(error.code, words.SLOW if slow else words.NOT_GIVEN)
