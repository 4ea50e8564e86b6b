"""What was said in each conversation, and the newest questions of each person. `Queue` writes them
as jobs come and end; here they are read."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from bot.completion.ask import Turn
from bot.files.file import FileRef
from bot.store.redis.connection import Records, answered, together

RecentFiles = tuple[tuple[FileRef, ...], ...]
RECENT: TypeAdapter[RecentFiles] = TypeAdapter(RecentFiles)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is remembered: `turns`, oldest first. `dropped`: how many older ones made room."""

    turns: tuple[Turn, ...]
    dropped: int


@dataclass(frozen=True, slots=True)
class Role:
    """What the bot is to a conversation. `known`: it was asked there; `own`: the thread begins
    with a question to it; `silent`: it was told to leave, and nobody has named it since."""

    known: bool = False
    own: bool = False
    silent: bool = False


class Conversations(Records):
    """The conversations of one workspace, by id (`bot.completion.ask`).

    Every method raises `StoreUnavailable`.
    """

    async def read(self, conversation: str) -> Conversation:
        """What is remembered of it; nothing of one that is not known."""
        commands = (
            ("LRANGE", self._keys.thread(conversation), 0, -1),
            ("HGET", self._keys.thread_facts(conversation), "dropped"),
        )
        entries, dropped = await together(self._redis, commands, whole=True)
        return Conversation(tuple(_turns(entries)), int(dropped or 0))

    async def known(self, conversation: str) -> bool:
        """Whether the bot takes part in it."""
        return bool(await answered(self._redis.exists(self._keys.thread_facts(conversation))))

    async def role(self, conversation: str) -> Role:
        """What the bot is to it."""
        facts = self._keys.thread_facts(conversation)
        asking = self._redis.hmget(facts, ["dropped", "own", "silent"])
        known, own, silent = await answered(asking)
        return Role(known is not None, own is not None, silent is not None)

    async def files(self, conversation: str) -> RecentFiles:
        """The files of the last questions that were asked in it, oldest first."""
        found = await answered(self._redis.hget(self._keys.thread_facts(conversation), "files"))
        try:
            return RECENT.validate_json(found) if found else ()
        except ValidationError:
            log.warning("files of a conversation cannot be read")
            return ()

    async def before(self, conversation: str, job_id: str) -> int:
        """How many questions of it are answered before that of `job_id`; 0 once it is its turn."""
        rank = await answered(self._redis.zrank(self._keys.thread_waiting(conversation), job_id))
        return rank + 1 if isinstance(rank, int) else 0

    async def leave(self, conversation: str, call: str, seconds: int) -> None:
        """Keep silent in it until somebody names the bot there, for so many seconds at most. The
        same `call` leaves once."""
        await self._script("leave")([self._keys.thread_facts(conversation)], [call, seconds])

    async def forget(self, conversation: str, call: str = "") -> None:
        """Forget every turn. It stays known, and a question that is being answered meanwhile
        is remembered with its answer once that is done. The same `call` forgets once."""
        keys = [self._keys.thread(conversation), self._keys.thread_facts(conversation)]
        await self._script("forget")(keys, [call or uuid.uuid4().hex])


def _turns(entries: Iterable[str]) -> Iterator[Turn]:
    """A turn that this version cannot read is no reason not to go on with the others."""
    for entry in entries:
        _, _, turn = entry.split(" ", 2)
        try:
            yield Turn.model_validate_json(turn)
        except ValidationError:
            log.warning("turn cannot be read")


MOST_RECENT = 10
"""How many questions of a person are remembered."""


class Recent(BaseModel):
    """One question that was answered."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    job_id: str
    channel: str
    ts: str
    """The first message of the answer; empty when nothing of it can be linked to."""
    prompt: str
    """An excerpt, safe to show."""
    at: float
    """Unix time in seconds at which it was asked."""
    private: bool


class Recents(Records):
    """The newest questions of the people of one workspace."""

    async def read(self, user: str) -> tuple[Recent, ...]:
        """Those of `user`, newest first, `MOST_RECENT` at most. Raises `StoreUnavailable`."""
        entries: Any = await answered(self._redis.lrange(self._keys.recent(user), 0, -1))
        return tuple(_readable(entries))


def _readable(entries: Iterable[str]) -> Iterator[Recent]:
    """A question that this version cannot read is no reason not to show the others."""
    for entry in entries:
        try:
            yield Recent.model_validate_json(entry)
        except ValidationError:
            log.warning("recent question cannot be read")
