"""One answer: asked again while nothing has come, at another endpoint where that helps. Several in
one stream are told apart, or found to be mixed up."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import chain
from typing import Self

import structlog
from attrs import define, field

from bot import tracing
from bot.completion.result import Chunk, ending_of
from bot.completion.tools import Searched
from bot.completion.transcript import carried, holds_pictures
from bot.errors import GrokFailed, GrokFailure
from bot.files.file import Pdf
from bot.grok.adapting import LongestAnswer, Way, adapted, room_after, shortened, ways_out
from bot.grok.call import Call
from bot.grok.endpoints.writing import enclosed, rewritten
from bot.grok.errors import Failure, not_searched, safe_name, tools_in
from bot.grok.http.api import Api
from bot.grok.http.sips import Deadlines, Sips
from bot.grok.meaning import lasts, takes_no_files, takes_no_pictures
from bot.grok.routing import Refused, Router
from bot.grok.text.citing import Citing
from bot.grok.text.progress import HeldBack, Thinking
from bot.grok.text.trimming import Trimming
from bot.metrics import known_model
from bot.settings import Settings
from bot.words import grok as words

log = structlog.get_logger(__name__)

_MAY_BE_A_TOOL: frozenset[GrokFailure] = frozenset(
    {"invalid", "unknown_model", "unavailable", "not_permitted"}
)
"""What is said where a tool cannot be had: servers have all kinds of words for that."""

TRIES = 3
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0
LONGEST_WAIT = 60.0
"""Seconds that somebody may be left waiting because the API asks for it; xAI's own client waits
two minutes at most (xai-org/grok-build)."""

_sleep, _random = asyncio.sleep, random.random

Again = Callable[[], Awaitable[None]]
Stage = Trimming | Thinking | Citing


def stages_of(call: Call) -> Sequence[Stage]:
    """What an answer to `call` goes through. In an echo nothing is a thought."""
    echo = call.request.echo
    trimmed = call.tail or (echo and call.lead)
    return [
        *([Trimming(call)] if trimmed else ()),
        *([] if echo else [Thinking()]),
        *([Citing(call.past.begun)] if call.beside.search.sources else ()),
    ]


def _passed(stages: Sequence[Stage], chunk: Chunk) -> Iterable[Chunk]:
    """What becomes of `chunk` in `stages`, one piece after the other."""
    chunks: Iterable[Chunk] = (chunk,)
    for stage in stages:
        chunks = chain.from_iterable(map(stage.follow, chunks))
    return chunks


def _rest(stages: Sequence[Stage], *, cut: bool = False) -> Iterator[Chunk]:
    """What they held back, now that nothing more comes, or that the answer was `cut` off."""
    for number, stage in enumerate(stages, 1):
        for chunk in stage.rest(cut=cut):
            yield from _passed(stages[number:], chunk)


def pause_after(failed: int, retry_after: float | None) -> float:
    """How many seconds to wait after the `failed`-th failure in a row: exponential backoff with
    full jitter, on top of what the API asks for."""
    backoff = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** (failed - 1))
    return (retry_after or 0.0) + _random() * backoff


def _facts(call: Call) -> dict[str, str]:
    """What a trace says of a call, by OpenTelemetry's names for it."""
    return {
        "gen_ai__operation__name": "chat",
        "gen_ai__provider__name": "x_ai",
        "gen_ai__request__model": known_model(call.request.model),
        "endpoint": call.endpoint,
    }


@define(eq=False)
class Completion:
    """The chunks of one answer. Iterate it in one task; `aclose` hangs up at any time.

    An echo is that of the person's own prompt, and no answer goes on for the next speaker. Raises
    `GrokFailed` while iterating. `call` is what was sent last: its endpoint changes when the first
    ones turned out not to serve the model, and its form when the server refused that. `again` is
    awaited before a call is made after one that may have been served though nothing came of it;
    what it raises ends the answer. Where the cap is `nobodys` wish, a server that has no room for
    it is asked for as long an answer as it has room for. With an `own_key` what the API has
    against it is for the workspace's admins to mend, not for the operator. Nobody but who calls
    `sip` waits for what came.
    """

    call: Call
    _api: Api = field(kw_only=True)
    _router: Router = field(kw_only=True)
    _settings: Settings = field(kw_only=True)
    _again: Again | None = field(default=None, kw_only=True)
    _nobodys: bool = field(default=False, kw_only=True)
    _own_key: bool = field(default=False, kw_only=True)
    asked_at: float = field(init=False, factory=time.monotonic)
    """When `call` was sent, by that clock: what was sent before it, and the rests in between, are
    no part of how long Grok takes."""
    unsearched: tuple[Searched, ...] = field(init=False, default=())
    """Where the server would not search, though that was asked for."""
    _room: LongestAnswer | None = field(init=False, default=None)
    _tries: int = field(init=False, default=0)
    _began: bool = field(init=False, default=False)
    _ways: list[Way] = field(init=False, factory=list)
    _refused: list[Refused] = field(init=False, factory=list)
    _reached: bool = field(init=False, default=False)
    _spent: bool = field(init=False, default=False)
    _sips: Sips = field(init=False, factory=Sips)
    _sipping: bool = field(init=False, default=False)
    _chunks: AsyncGenerator[Chunk] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._chunks = self._run()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        chunk = await anext(self._chunks)
        if self._sipping and chunk.text:
            self._sips.begin()
        return chunk

    def sip(self) -> None:
        """Let what comes after the first text wait until it is wanted, if not for long."""
        self._sipping = True

    def want(self) -> None:
        """What comes next is waited for."""
        self._sips.want()

    async def fresh(self) -> None:
        """Let what came so far be read."""
        await self._sips.fresh()

    async def aclose(self) -> None:
        """Close the connection; nothing more comes."""
        await self._chunks.aclose()

    async def _run(self) -> AsyncGenerator[Chunk]:
        deadlines = Deadlines(self._settings)
        while True:
            self.call = self._router.fit(self.call)
            self._began = False
            self.asked_at = time.monotonic()
            try:
                with tracing.beside("grok", **_facts(self.call)):
                    async with aclosing(self._attempt(deadlines)) as chunks:
                        async for chunk in chunks:
                            yield chunk
            except Failure as failure:
                if self._own_key:
                    failure.sentence = words.OWN_KEY.get(failure.kind, failure.sentence)
                self._reached = failure.reached = self._reached or failure.reached
                self._spent = failure.spent = self._spent or failure.spent
                if self._began:
                    raise
                await self._recover(failure, deadlines)
            except _MixedUp:
                self._spent = True
                await self._pay_again()
            else:
                return

    async def _attempt(self, deadlines: Deadlines) -> AsyncGenerator[Chunk]:
        """The answer to one post; raises `_MixedUp` when it can be had in another way only."""
        several = self.call.stream and self.call.request.choices > 1
        held = HeldBack(holds=several and not self._router.tells_apart(self.call))
        try:
            async with aclosing(self._answer(deadlines)) as chunks:
                async for chunk in chunks:
                    self._begin()
                    for each in held.follow(self._with_end(chunk)):
                        yield each
        except Failure:
            for each in held.rest():
                yield each
            raise
        if held.mixed and self._try("no stream"):
            raise _MixedUp
        if held.apart:
            self._router.learn_apart(self.call)
        for each in held.rest():
            yield each

    async def _answer(self, deadlines: Deadlines) -> AsyncGenerator[Chunk]:
        """The answer to one post, without what its form on the wire has put there."""
        stages = stages_of(self.call)
        posted = self._api.post(self.call, deadlines, self._sips)
        try:
            async with aclosing(posted) as chunks:
                async for chunk in chunks:
                    for number, each in enumerate(_passed(stages, chunk)):
                        if number:
                            await asyncio.sleep(0)
                        yield each
        except Failure:
            for chunk in _rest(stages, cut=True):
                yield chunk
            raise
        for chunk in _rest(stages):
            yield chunk

    async def _recover(self, failure: Failure, deadlines: Deadlines) -> None:
        """Make ready to ask again, or raise what the person should read."""
        if self._search_less(failure) or self._with_less_of_files(failure):
            return
        if any(map(self._try, ways_out(self.call, failure))) or self._shorten(failure):
            return
        if failure.missing:
            self._refused.append((self.call.endpoint, failure))
            there = self._router.elsewhere(self.call, self._refused)
            self.call = rewritten(self.call, there)
            return
        if failure.retry and self._goes_elsewhere(failure):
            return
        self._tries += 1
        delay = pause_after(self._tries, failure.retry_after)
        if not failure.retry:
            self._router.note(self.call, failure)
            if not self._goes_elsewhere(failure):
                raise failure
            return
        asked = failure.retry_after or 0.0
        if asked > min(LONGEST_WAIT, deadlines.left):
            raise failure.later(asked)
        if self._tries >= TRIES or delay >= deadlines.left:
            raise failure
        await self._pay_again()
        log.info("asking grok again", kind=failure.kind, tries=self._tries, delay=round(delay, 2))
        await _sleep(delay)
        if self._tries == TRIES - 1 and failure.sentence == words.GROK_NOTHING:
            # Some servers say only where nothing is streamed what they refuse.
            self.call = adapted(self.call, "no stream") or self.call

    def _with_less_of_files(self, failure: Failure) -> bool:
        """Make ready to ask without pictures where the model turns out to look at none, or with
        what is written in PDFs where they are not taken as they are; whether that is all. Raises
        `GrokFailed` where the question is about pictures."""
        past = self.call.past
        if failure.kind != "invalid" or failure.spent:
            return False
        along = enclosed(past, self.call.endpoint)
        blind = holds_pictures(along) and takes_no_pictures(failure.said)
        if blind:
            self._router.learn_blind(self.call)
            if self.call.beside.pictures:
                sentence = words.GROK_FOUND_BLIND(safe_name(self.call.request.model))
                raise GrokFailed(sentence, kind="invalid", spent=False) from failure
        elif not (any(isinstance(file, Pdf) for file in along) and takes_no_files(failure.said)):
            return False
        files = carried(past.files, pictures=not blind, pdfs=False)
        call = replace(self.call, past=replace(past, files=files))
        self.call = rewritten(call, call.endpoint)
        return True

    def _goes_elsewhere(self, failure: Failure) -> bool:
        """Make ready to ask at an endpoint that may take what this one did not; whether there is
        one."""
        there = self._router.instead(self.call, failure, self._refused)
        if there is None:
            return False
        log.info("asking grok elsewhere", kind=failure.kind, endpoint=there)
        self._refused.append((self.call.endpoint, failure))
        self.call = rewritten(self.call, there)
        return True

    async def _pay_again(self) -> None:
        if self._spent and self._again is not None:
            await self._again()
            self._spent = False

    def _try(self, way: Way) -> bool:
        """Write the call in another way, once for each; whether there is something to try."""
        call = None if way in self._ways else adapted(self.call, way)
        if call is None:
            return False
        log.info("asking grok in another way", way=way)
        self._ways.append(way)
        self.call = call
        return True

    def _search_less(self, failure: Failure) -> bool:
        """Ask for a search of what is left where the server rejects a place; whether something is.
        Raises what the person should read where nothing is."""
        search = self.call.beside.search
        if failure.spent or failure.kind not in _MAY_BE_A_TOOL or not search.sources:
            return False
        rejected = tools_in(failure.said, search.sources)
        passes = failure.kind == "unavailable" and not lasts(failure.said)
        if passes or not rejected:
            return False
        self._router.learn_not_searched(self.call, rejected)
        left = search.but(rejected)
        if not left.sources:
            raise not_searched(failure, self.call.request.model, rejected)
        log.info("asking grok to search less", rejected=rejected)
        self.unsearched = (*self.unsearched, *rejected)
        beside = replace(self.call.beside, search=left)
        self.call = rewritten(replace(self.call, beside=beside), self.call.endpoint)
        return True

    def _shorten(self, failure: Failure) -> bool:
        """Ask for a shorter answer, once; whether there is room for one."""
        room = room_after(failure, self.call) if self._nobodys and not self._room else None
        if room is None:
            return False
        log.info("asking grok for less", tokens=room.tokens)
        self._room, self.call = room, shortened(self.call, room)
        return True

    def _with_end(self, chunk: Chunk) -> Chunk:
        """`chunk`, where it ends an answer by the cap, with what has set that."""
        if self._room is None or ending_of(chunk.finish_reason or "") != "length":
            return chunk
        return replace(chunk, finish_reason=self._room.bound)

    def _begin(self) -> None:
        """What was tried is known to work: another endpoint, another way to write the call."""
        if self._began:
            return
        self._began = True
        self._router.learn_served(self.call, self._refused, self._ways)


class _MixedUp(Exception):
    """Several answers came, and nothing says which piece belongs to which."""
