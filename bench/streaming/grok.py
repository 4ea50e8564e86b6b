"""A Grok that sends its tokens on time: the same chunks, without the cost of their HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

import httpx

from bench.streaming.rows import FIRST_TOKEN_SECONDS, TOKENS, TOKENS_PER_SECOND
from bot.completion.request import CompletionRequest
from bot.completion.result import Chunk, Usage
from bot.grok.answering import Again, Completion
from bot.grok.call import Call
from bot.grok.client import GrokClient
from bot.grok.http.sips import Sips
from bot.settings import Settings
from sandbox.grok import answers

MODEL = "grok-4.3"


def _pieces() -> tuple[str, ...]:
    """As much of what the sandbox's Grok says as makes `TOKENS` tokens.

    It begins with a word, since the marks of a heading are a token that shows nothing, and is
    without the closing links: what a bot writes beside a link could not be told from the answer.
    """
    text, number = "", 0
    while len(answers.tokens(text)) < TOKENS + 9:
        said = answers.answer(f"Explain part {number} of TCP slow start")
        text += said.rpartition("\n\n")[0] + "\n\n"
        number += 1
    return tuple(answers.tokens(text.lstrip("# "))[:TOKENS])


PIECES = _pieces()


class Times:
    """When Grok began to send each answer, by number, in Unix time."""

    def __init__(self) -> None:
        self.first_token: dict[int, float] = {}

    def tokens(self, answer: int) -> list[float]:
        """When each token of `answer` is sent."""
        first = self.first_token[answer]
        return [first + number / TOKENS_PER_SECOND for number in range(TOKENS)]


async def stream(times: Times, answer: int) -> AsyncGenerator[Chunk]:
    """The chunks of answer number `answer`, each at its time, however long a reader took."""
    clock = asyncio.get_running_loop().time
    first = clock() + FIRST_TOKEN_SECONDS
    if answer in times.first_token:
        raise RuntimeError("Grok was asked twice for one answer")
    times.first_token[answer] = time.time() + FIRST_TOKEN_SECONDS
    for number, piece in enumerate(PIECES):
        early = first + number / TOKENS_PER_SECOND - clock()
        if early > 0:
            await asyncio.sleep(early)
        yield Chunk(text=piece, model=MODEL)
    usage = Usage(prompt_tokens=9, completion_tokens=TOKENS, total_tokens=TOKENS + 9)
    yield Chunk(finish_reason="stop", usage=usage)


def prompt_of(answer: int) -> str:
    """The question that answer number `answer` is to."""
    return f"Explain TCP slow start, for reader {answer}"


class OnTime(GrokClient):
    """The bot's client, whose answers come from `stream`."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient, times: Times) -> None:
        super().__init__(settings, lambda: http)
        self._times = times

    def complete(
        self,
        call: Call | CompletionRequest,
        *,
        conversation: str | None = None,  # noqa: ARG002
        asker: str = "",  # noqa: ARG002
        again: Again | None = None,  # noqa: ARG002
        nobodys_cap: bool = False,  # noqa: ARG002
    ) -> Completion:
        """The answer to one of the questions of `prompt_of`."""
        return _Completion(call if isinstance(call, Call) else self.plan(call), self._times)


class _Completion(Completion):
    def __init__(self, call: Call, times: Times) -> None:
        self.call = call
        self.unsearched = ()
        self._sips = Sips()
        self._chunks = stream(times, int(call.request.prompts[0].rpartition(" ")[2]))
