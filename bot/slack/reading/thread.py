"""Reading a thread: what people said in it before the bot was called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from attrs import frozen
from pydantic import ValidationError

from bot.completion.ask import Said
from bot.errors import OutcomeUnknown, RateLimited
from bot.files.file import FileInfo
from bot.slack.files import files_of
from bot.slack.inbound.payloads import SAYING, SlackMessage, mentioned, says_forget, shown
from bot.slack.people.people import MOST_NAMED, NAMES_PER_MINUTE_EACH, People
from bot.slack.reading.message_text import names_of_files, text_of_message
from bot.slack.slack import HISTORY, REPLIES
from bot.slack.web_api import WebApi, mapping, mappings, ts_of
from bot.slack_limits import TIER_3_PER_MINUTE
from bot.store.allowances import Allowances
from bot.words import talk
from bot.words.form import AN_APP, ATTACHED

PAGE = 15
"""Messages of one call: Slack gives no app fewer ("conversations.replies")."""
PAGES_IN_A_ROW = 10
PAGES_TO_JUMP = 20
"""Then each further one bisects the time that is left, until it holds the newest messages."""

PAGES_OF_A_THREAD = PAGES_IN_A_ROW + PAGES_TO_JUMP
"""Of what is read on behalf of one person in a minute, too."""

PAGES_PER_MINUTE = TIER_3_PER_MINUTE - 5
"""How many pages are read for all together: the others are for finding messages of our own."""

PATIENCE_SECONDS = 5.0
"""How long an answer waits for its turn to read one page; it is given without the thread then."""

NAMES_SECONDS = 3.0
"""How long finding out what people are called may hold up an answer."""

READING = f"{REPLIES}:threads"

_SAYING = SAYING | {"bot_message"}
"""Subtypes by which somebody says something; the others tell of joins, topics and the like."""
_SMALL_PRINT = ("context", "actions")

PER_MINUTE = 30
PER_MINUTE_EACH = 10
"""How often a message is looked up, for all together and on behalf of one person: what
is looked up in a thread counts as reading threads, which is done by the same method."""

_NAME = "whole-message"


@frozen
class ThreadReader:
    """Reads threads with `conversations.replies`."""

    _api: WebApi
    _people: People
    _allowances: Allowances
    _bot_user: str

    async def read(
        self, channel: str, root_ts: str, before_ts: str, *, asker: str
    ) -> tuple[Said, ...]:
        """What was said in the thread before `before_ts`, oldest first, the bot's own words too,
        read on behalf of `asker`.

        Of a very long thread that is its beginning and its end; of one that the bot was told
        to forget, what came after that. Raises `SlackError`; `RateLimited` also when the asker
        has had threads enough read in the last minute.
        """
        messages = await self._messages(_ReadThread(channel, root_ts, asker), before_ts)
        said = [message async for message in self._all_parsed(messages)]
        return await self._named(await self._remembered(said, channel), asker)

    async def _messages(self, thread: _ReadThread, before_ts: str) -> Sequence[Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        newest, more = "", True
        for _ in range(PAGES_IN_A_ROW):
            page, more = await self._page(thread, newest, before_ts)
            found |= page
            more = more and bool(page)
            if not more:
                break
            newest = max(page)
        end = before_ts
        for _ in range(PAGES_TO_JUMP if more else 0):
            probe = _between(newest, end)
            page, more = await self._page(thread, probe, before_ts)
            found |= page
            if page and more:
                newest = max(page)
            else:
                end = probe
        return [found[ts] for ts in sorted(found)]

    async def _page(
        self, thread: _ReadThread, after: str, before_ts: str
    ) -> tuple[Mapping[str, Mapping[str, Any]], bool]:
        """The oldest messages between two moments, by their ts, and whether there are more. Slack
        adds the root to every page."""
        await self._turn(thread.asker)
        body = {
            "channel": thread.channel,
            "ts": thread.root_ts,
            "latest": before_ts,
            "limit": PAGE,
        }
        if after:
            body["oldest"] = after
        reply = await self._api.call(REPLIES, body, read=True)
        messages = {ts_of(message): message for message in mappings(reply, "messages")}
        page = {ts: message for ts, message in messages.items() if after < ts < before_ts}
        return page, bool(reply.get("has_more"))

    async def _turn(self, asker: str) -> None:
        """Wait for one of the calls that `asker`, and all together, have for reading threads."""
        if rest := await self._api.resting(REPLIES):
            raise RateLimited(rest)
        shares = ((f"{READING}:{asker}", PAGES_OF_A_THREAD), (READING, PAGES_PER_MINUTE))
        for name, most in shares:
            while wait := await self._allowances.take(name, most):
                if wait > PATIENCE_SECONDS:
                    raise RateLimited(wait)
                await asyncio.sleep(wait)

    async def _all_parsed(self, messages: Sequence[Mapping[str, Any]]) -> AsyncIterator[_Message]:
        """What each message says, others having their turn between them: they may be long."""
        for message in messages:
            if (parsed := self._parsed(message)) is not None:
                yield parsed
            await asyncio.sleep(0)

    def _parsed(self, message: Mapping[str, Any]) -> _Message | None:
        if message.get("hidden") or str(message.get("subtype") or "") not in _SAYING:
            return None
        user = str(message.get("user") or "")
        own = user == self._bot_user
        blocks = mappings(message, "blocks")
        if own:
            _drop_small_print(blocks)
        text = text_of_message(
            str(message.get("text") or ""),
            blocks,
            mappings(message, "attachments"),
            by_app=own or bool(message.get("bot_id")),
        )
        files = mappings(message, "files")
        forwarded = [
            file for each in mappings(message, "attachments") for file in mappings(each, "files")
        ]
        name = message.get("username") or mapping(message.get("bot_profile")).get("name")
        known = () if own else files_of([*files, *forwarded])
        return _Message(user, str(name or ""), text, ATTACHED(names_of_files(files)), known)

    async def _remembered(self, messages: Sequence[_Message], channel: str) -> Sequence[_Message]:
        """What was said since somebody told the bot to forget."""
        for index in range(len(messages), 0, -1):
            if self._tells_to_forget(messages[index - 1], channel):
                return messages[index:]
            await asyncio.sleep(0)
        return messages

    def _tells_to_forget(self, message: _Message, channel: str) -> bool:
        called = channel.startswith("D") or self._bot_user in mentioned(message.text)
        return called and says_forget(message.text, self._bot_user)

    async def _named(self, messages: Sequence[_Message], asker: str) -> tuple[Said, ...]:
        others = [user for user in await _people_in(messages) if user != self._bot_user]
        names = await self._people.names(
            others, asker=asker, within=NAMES_SECONDS, most=NAMES_PER_MINUTE_EACH
        )
        names = {**names, self._bot_user: talk.GROK}
        said: list[Said] = []
        for message in messages:
            own = message.user == self._bot_user
            said.append(message.said(names, own=own))
            await asyncio.sleep(0)
        return tuple(each for each in said if each.text)


@dataclass(frozen=True, slots=True)
class _ReadThread:
    """A thread, and on whose behalf it is read."""

    channel: str
    root_ts: str
    asker: str


@dataclass(frozen=True, slots=True)
class _Message:
    """What one message says, in Slack's notation; `username` is how an app calls itself."""

    user: str
    username: str
    text: str
    attached: str
    files: tuple[FileInfo, ...]

    def said(self, names: Mapping[str, str], *, own: bool) -> Said:
        author = names.get(self.user) or self.username or self.user or AN_APP
        parts = (shown(self.text, names).strip(), self.attached)
        text = "\n".join(filter(None, parts))
        return Said(author=author, text=text, own=own, files=self.files)


async def _people_in(messages: Sequence[_Message]) -> Sequence[str]:
    """Who said something, then who is mentioned; of those a few more than are looked up. A thread
    may mention a million people, so others have their turn between its messages."""
    users = dict.fromkeys(message.user for message in messages)
    for message in messages:
        if len(users) > 2 * MOST_NAMED:
            break
        users |= dict.fromkeys(islice(mentioned(message.text), MOST_NAMED))
        await asyncio.sleep(0)
    return list(users)


def _drop_small_print(blocks: list[dict[str, Any]]) -> None:
    """Leave out what stands below an answer: buttons, and the line with its model and cost."""
    while blocks and blocks[-1].get("type") in _SMALL_PRINT:
        blocks.pop()


def _between(ts: str, later_ts: str) -> str:
    """The ts halfway between two."""
    return f"{(float(ts) + float(later_ts)) / 2:.6f}"


@frozen
class WholeMessages:
    """Looks messages up with `conversations.history` and `conversations.replies`."""

    _api: WebApi
    """Has a deadline that fits into an ack, and lets a method rest after a 429."""
    _allowances: Allowances

    async def find(
        self, channel: str, ts: str, thread_ts: str, *, asker: str, within: float
    ) -> SlackMessage | None:
        """The message at `ts`, a reply when there is a `thread_ts`; None when Slack does not show
        it. Raises `SlackError`: `RateLimited` also for somebody who has had many looked up,
        `OutcomeUnknown` after so many seconds."""
        shared = (READING, PAGES_PER_MINUTE) if thread_ts else (_NAME, PER_MINUTE)
        for name, most in ((f"{_NAME}:{asker}", PER_MINUTE_EACH), shared):
            if wait := await self._allowances.take(name, most):
                raise RateLimited(wait)
        body = {"channel": channel, "latest": ts, "inclusive": "true", "limit": 1}
        body["include_all_metadata"] = "true"
        method = REPLIES if thread_ts else HISTORY
        if thread_ts:
            # By its own ts a reply is given alone, not behind the root of its thread.
            body |= {"ts": ts, "oldest": ts}
        try:
            async with asyncio.timeout(within):
                reply = await self._api.call(method, body, read=True)
        except TimeoutError:
            raise OutcomeUnknown(f"{method}: no reply in time") from None
        found = (message for message in mappings(reply, "messages") if ts_of(message) == ts)
        return next(map(_read, found), None)


def _read(message: Mapping[str, Any]) -> SlackMessage | None:
    try:
        return SlackMessage.model_validate(message)
    except ValidationError:
        return None
