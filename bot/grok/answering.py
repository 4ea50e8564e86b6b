"""One answer: asked again while nothing has come, at the other endpoint where that helps."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Self

import structlog

from bot.completion.result import Chunk
from bot.grok.api import Api
from bot.grok.call import Call
from bot.grok.deadlines import Deadlines
from bot.grok.endpoints import without_mark, write
from bot.grok.errors import Failure
from bot.grok.retries import TRIES, Retries
from bot.grok.routing import Router
from bot.grok.trimming import Trimming
from bot.settings import Settings

log = structlog.get_logger(__name__)

Again = Callable[[], Awaitable[None]]


class Completion:
    """The chunks of one answer. Iterate it in one task; `aclose` hangs up at any time.

    An echo is that of the person's own prompt, and no answer goes on for the next speaker. Raises
    `GrokFailed` while iterating. `call` is what was sent last: its endpoint changes when
    the first one turned out not to serve the model. `again` is awaited before a call is made after
    one that may have been served though nothing came of it; what it raises ends the answer.
    """

    def __init__(
        self,
        call: Call,
        *,
        api: Api,
        router: Router,
        retries: Retries,
        settings: Settings,
        conversation: str | None,
        again: Again | None = None,
    ) -> None:
        self.call = call
        self._api = api
        self._router = router
        self._retries = retries
        self._settings = settings
        self._conversation = conversation
        self._again = again
        self._tries = 0
        self._refusals: list[Failure] = []
        self._reached = False
        self._spent = False
        self._chunks = self._run()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        return await anext(self._chunks)

    async def aclose(self) -> None:
        """Close the connection; nothing more comes."""
        await self._chunks.aclose()

    async def _run(self) -> AsyncGenerator[Chunk]:
        deadlines = Deadlines(self._settings)
        started = False
        while True:
            posted = self._api.post(self.call, deadlines, self._conversation)
            trimming = Trimming(self.call)
            try:
                async with aclosing(posted) as chunks:
                    async for chunk in chunks:
                        if not started:
                            started = True
                            self._learn()
                        yield trimming.follow(chunk)
                for chunk in trimming.rest():
                    yield chunk
                return
            except Failure as failure:
                self._reached = failure.reached = self._reached or failure.reached
                self._spent = failure.spent = self._spent or failure.spent
                if started:
                    raise
                await self._recover(failure, deadlines)

    async def _recover(self, failure: Failure, deadlines: Deadlines) -> None:
        """Make ready to ask again, or raise what the person should read."""
        if failure.missing:
            self._refusals.append(failure)
            there = self._router.elsewhere(self.call, self._refusals)
            call = self.call
            self.call = write(call.request, call.system, there, call.dialect, call.past)
            return
        if failure.parameter == "stop" and (plain := without_mark(self.call)):
            self.call = plain
            return
        self._tries += 1
        delay = self._retries.delay(self._tries, failure.retry_after)
        if not failure.retry or self._tries >= TRIES or delay >= deadlines.left:
            raise failure
        if self._spent and self._again is not None:
            await self._again()
            self._spent = False
        log.info("asking grok again", kind=failure.kind, tries=self._tries, delay=round(delay, 2))
        await self._retries.sleep(delay)

    def _learn(self) -> None:
        """The other endpoint answers, so the first one does not serve the model."""
        if self._refusals:
            self._router.learn(self.call.request.model, served=self.call.endpoint)
