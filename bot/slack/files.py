"""Gets the files that people have attached, and lets nothing else in: which of a message's are
read, by Slack's "File object", and why not others.

The token goes to the host of Slack's own files, or to the sandbox's, and to no other: not to an
address that a message or a redirect names. What is taken is bounded in bytes and in time, and it is
what Slack says that it is: whoever is not let in gets a web page, with status 200.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import structlog
from pydantic import JsonValue

from bot.characters import excerpt
from bot.errors import OutcomeUnknown, RateLimited, SlackError
from bot.files.file import MOST_FILES, Enclosure, FileBounds, FileInfo, FileRef, Unread
from bot.files.kinds import kind_by
from bot.files.reading import FILE_BYTES, QUESTION_BYTES, Reading
from bot.slack.download import PAGE, REDIRECTED, TOO_LARGE
from bot.slack.web_api import WebApi, mapping
from bot.words import files as words
from bot.words import talk

log = structlog.get_logger(__name__)


_NO_FILES = {
    "canvas": "a canvas",
    "quip": "a canvas",
    "docs": "a canvas",
    "post": "a post",
    "space": "a post",
    "list": "a list",
    "email": "an e-mail",
}
"""Modes and types of what Slack makes itself, which has no file of its own to be read."""

_GONE = {"tombstone": words.DELETED, "hidden_by_limit": words.KEPT_FROM_ME}
"""Modes of what is there no more, or too old to be shown in a free workspace."""

LONGEST_ID = 64
"""Characters of what can be an id."""


def files_of(files: Iterable[Mapping[str, JsonValue]]) -> tuple[FileInfo, ...]:
    """The files of a message, those that were deleted apart."""
    return tuple(file_of(file) for file in files if file.get("mode") != "tombstone")


def file_of(file: Mapping[str, JsonValue]) -> FileInfo:
    """What Slack says of a file. One of another organisation has but an id: its name and kind are
    known once Slack is asked (`files.info`)."""
    name, size = _text(file, "name") or _text(file, "title"), file.get("size")
    known = FileInfo(
        id=_text(file, "id"),
        name=excerpt(name) or talk.A_FILE,
        size=size if isinstance(size, int) and size > 0 else 0,
        media_type=_text(file, "mimetype"),
        url=_text(file, "url_private"),
    )
    if not known.id or len(known.id) > LONGEST_ID:
        return known.model_copy(update={"unread": words.KEPT_FROM_ME})
    if file.get("file_access") == "check_file_info":
        return known
    kind, why = None, _unread(file, known.size)
    if not why:
        kind, called = kind_by(name, known.media_type)
        why = "" if kind else words.not_taken(called)
    return known.model_copy(update={"kind": None if why else kind, "unread": why})


def _unread(file: Mapping[str, JsonValue], size: int) -> str:
    if gone := _GONE.get(_text(file, "mode")):
        return gone
    if file.get("is_external") or file.get("mode") == "external":
        return words.ELSEWHERE
    if own := _NO_FILES.get(_text(file, "mode")) or _NO_FILES.get(_text(file, "filetype")):
        return words.not_taken(own)
    if file.get("file_access") in ("access_denied", "file_not_found"):
        return words.KEPT_FROM_ME
    return words.TOO_BIG(size=size, most=FILE_BYTES) if size > FILE_BYTES else ""


def _text(file: Mapping[str, JsonValue], name: str) -> str:
    value = file.get(name)
    return value if isinstance(value, str) else ""


INFO = "files.info"
LOOK_UP_SECONDS = 15.0
"""How long finding out what the files of one question are may take."""

FILE_SECONDS = 30.0
"""How long one file may take."""

QUESTION_SECONDS = 60.0
"""How long all files of one question may."""

HELD_BYTES = 100 * 1024 * 1024
"""Bytes of files, as they came, that one process holds at once: in a request they are several times
as many."""

AT_ONCE = 4
"""Files of one question that are fetched side by side."""

MOST_NAMES = 1_000
"""Files whose names one process remembers, of those that it was told of last."""

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


class Holding:
    """`most` bytes, for all questions together, given in the order in which they are asked for.
    What one question needs it takes at once, so that no two wait for what the other has."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> int:
        """Wait for so many bytes; how many were taken, to be given back."""
        size = min(size, self._most)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(size)
            self._serve()
            raise
        return size

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self._left += size
        self._serve()

    def _serve(self) -> None:
        while self._waiting:
            size, turn = self._waiting[0]
            if not turn.done():
                if size > self._left:
                    return
                self._left -= size
                turn.set_result(None)
            self._waiting.popleft()


class Files:
    """The files of one workspace. Nothing here raises but cancellation: a file that is not read is
    `Unread`, with the reason."""

    def __init__(self, api: WebApi, reading: Reading) -> None:
        self._api = api
        self._reading = reading
        self._holding = Holding(HELD_BYTES)
        self._names: dict[str, str] = {}

    def kept(self, files: Iterable[FileInfo]) -> tuple[FileRef, ...]:
        """What is kept of `files`, with what is to be reserved for each. What they are called is
        only remembered here, for when Slack does not say it any more."""
        files = tuple(files)
        self._remember(files)
        return self.bounds.kept(files)

    def _remember(self, files: Iterable[FileInfo]) -> None:
        for file in files:
            self._names.pop(file.id, "")
            self._names[file.id] = file.name
        for oldest in list(self._names)[: max(0, len(self._names) - MOST_NAMES)]:
            del self._names[oldest]

    async def names(self, refs: Sequence[FileRef], *, within: float) -> tuple[str, ...]:
        """What files are called. Slack is asked in so many seconds at most, of those alone whose
        names are not remembered here: anybody may want to know, again and again."""
        unknown = [ref for ref in refs if ref.id not in self._names]
        found = {file.id: file.name for file in await self.look_up(unknown, within=within)}
        return tuple(found.get(ref.id) or self._names.get(ref.id) or talk.A_FILE for ref in refs)

    async def look_up(
        self, refs: Sequence[FileRef], *, within: float = LOOK_UP_SECONDS
    ) -> tuple[FileInfo, ...]:
        """What Slack says of each, in this order, in so many seconds at most. Of those that are not
        read anyway only as many are asked for as are named."""
        until = asyncio.get_running_loop().time() + within
        turns = asyncio.Semaphore(AT_ONCE)
        named = {id(ref) for ref in [ref for ref in refs if ref.unread][: words.MOST_NAMED]}

        async def one(ref: FileRef) -> FileInfo:
            if ref.unread and id(ref) not in named:
                return self._nameless(ref, words.TOO_MANY(MOST_FILES))
            async with turns:
                return await self._looked_up(ref, until)

        async with asyncio.TaskGroup() as group:
            looking = [group.create_task(one(ref)) for ref in refs]
        return tuple(task.result() for task in looking)

    async def _looked_up(self, ref: FileRef, until: float) -> FileInfo:
        if not ref.id:
            return FileInfo(name=talk.AN_ATTACHMENT, unread=words.NOTHING_IN_IT)
        if len(ref.id) > LONGEST_ID:
            return self._nameless(ref, words.KEPT_FROM_ME)
        asked = partial(self._api.call, INFO, {"file": ref.id}, read=True)
        try:
            async with asyncio.timeout_at(until):
                found = file_of(mapping((await _tried(asked)).get("file")))
        except TimeoutError:
            return self._nameless(ref, words.SLOW)
        except SlackError as error:
            log.info("file not looked up", file=ref.id, error=str(error))
            return self._nameless(ref, _reason(error))
        why = found.unread or (words.TOO_MANY(MOST_FILES) if ref.unread else "")
        known = found.model_copy(update={"id": ref.id, "most": ref.tokens, "unread": why})
        self._remember([known])
        return known

    def _nameless(self, ref: FileRef, why: str) -> FileInfo:
        return FileInfo(id=ref.id, name=self._names.get(ref.id) or talk.A_FILE, unread=why)

    async def hold(self, files: Iterable[FileInfo]) -> int:
        """Wait until there is room for all that `files` may have; how much, to be released."""
        sizes = sum(file.size or FILE_BYTES for file in files if not file.unread)
        return await self._holding.take(min(sizes, QUESTION_BYTES))

    def release(self, held: int) -> None:
        """What was held is there no more."""
        self._holding.give(held)

    @property
    def bounds(self) -> FileBounds:
        """The most that each comes to."""
        return self._reading.bounds

    async def read(
        self, files: Sequence[FileInfo], *, most: int | None = None
    ) -> tuple[Enclosure, ...]:
        """Every file, in this order; `most`: no more tokens of each than that."""
        turns = asyncio.Semaphore(AT_ONCE)
        left = _Left(QUESTION_BYTES, asyncio.get_running_loop().time() + QUESTION_SECONDS)

        async def one(file: FileInfo) -> Enclosure:
            async with turns:
                return await self._one(file, left, most)

        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(one(file)) for file in files]
        return tuple(task.result() for task in reading)

    async def _one(self, file: FileInfo, left: _Left, most: int | None) -> Enclosure:
        if file.unread:
            return Unread(file.name, file.unread)
        try:
            async with asyncio.timeout_at(left.until):
                return await self._fetched(file, left, most)
        except TimeoutError:
            return Unread(file.name, words.SLOW)
        except SlackError as error:
            log.info("file not read", file=file.id, error=str(error))
            return Unread(file.name, _reason(error, file.size))

    async def _fetched(self, file: FileInfo, left: _Left, most: int | None) -> Enclosure:
        if file.size > left.bytes:
            return Unread(file.name, words.TOO_MUCH(QUESTION_BYTES))
        left.bytes -= file.size
        data = await _tried(
            partial(
                self._api.download,
                file.url,
                media_type=file.media_type,
                size=file.size,
                most=FILE_BYTES,
                seconds=FILE_SECONDS,
            )
        )
        left.bytes -= len(data) - file.size
        return await self._reading.read(file, data, most, question=left.reading)


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


def _reason(error: SlackError, size: int = 0) -> str:
    if error.code == TOO_LARGE:
        return words.TOO_BIG(size=max(size, FILE_BYTES + 1), most=FILE_BYTES)
    slow = isinstance(error, OutcomeUnknown) and not error.status
    return _REASONS.get(error.code, words.SLOW if slow else words.NOT_GIVEN)
