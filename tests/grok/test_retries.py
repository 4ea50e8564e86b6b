from __future__ import annotations

import email.utils
import time
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from bot.grok import answering
from bot.grok.client import GrokClient
from bot.grok.http.api import retry_after
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import grok_settings
from tests.grok.answers import CHAT, answer, broken, failure, request, text
from tests.ports import free_port

BUSY = {"code": "resource-exhausted", "error": "Too many requests"}


class Impatient:
    """A client that notes its pauses instead of resting."""

    def __init__(
        self,
        server: GrokServer,
        http: httpx.AsyncClient,
        monkeypatch: pytest.MonkeyPatch,
        **settings: Any,
    ) -> None:
        self.pauses: list[float] = []
        monkeypatch.setattr(answering, "_sleep", self._sleep)
        monkeypatch.setattr(answering, "_random", lambda: 0.5)
        self.client = GrokClient(grok_settings(server, **settings), lambda: http)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
async def impatient(grok: GrokServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes impatient clients of `grok` with other settings."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=AiohttpTransport(verify=False), trust_env=False)
        )
        yield lambda **settings: Impatient(grok, http, monkeypatch, **settings)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 520])
async def test_asks_again_until_an_answer_comes(
    status: int, grok: GrokServer, impatient: Any
) -> None:
    grok.script(Script(status=status, body=BUSY, times=2))
    grok.script(Script(text="at last"))
    bot = impatient()

    assert text(await answer(bot.client, request())) == "at last"
    assert bot.pauses == [0.25, 0.5]


async def test_gives_up_after_three_tries(grok: GrokServer, impatient: Any) -> None:
    grok.script(Script(status=503, times=None))

    failed = await failure(impatient().client, request())

    assert failed.kind == "unavailable"
    assert len(grok.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 422, 501, 525, 526])
async def test_what_is_not_asked_again(status: int, grok: GrokServer, impatient: Any) -> None:
    grok.script(Script(status=status, body=BUSY, times=None))

    await failure(impatient().client, request())

    places = 2 if status == 403 else 1  # a key may be one for another endpoint
    assert len(grok.requests) == len({each.path for each in grok.requests}) == places


async def test_exhausted_credit_is_not_asked_again(grok: GrokServer, impatient: Any) -> None:
    body = {"code": 429, "error": "You ran out of credits."}
    grok.script(Script(status=429, body=body, headers={"x-should-retry": "true"}, times=None))

    assert (await failure(impatient().client, request())).kind == "no_credit"
    assert len(grok.requests) == 1


@pytest.mark.parametrize(
    ("status", "header", "requests"), [(503, "false", 1), (400, "true", 3), (503, "maybe", 3)]
)
async def test_the_api_may_say_whether(
    status: int, header: str, requests: int, grok: GrokServer, impatient: Any
) -> None:
    grok.script(Script(status=status, headers={"x-should-retry": header}, times=None))

    await failure(impatient().client, request())

    assert len(grok.requests) == requests


@pytest.mark.parametrize(("header", "pause"), [("7", 7.25), ("0", 0.25), ("59.5", 59.75)])
async def test_waits_as_long_as_the_api_asks(
    header: str, pause: float, grok: GrokServer, impatient: Any
) -> None:
    grok.script(Script(status=429, body=BUSY, headers={"Retry-After": header}))
    bot = impatient()

    await answer(bot.client, request())

    assert bot.pauses == [pause]


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (429, {"Retry-After": "61"}, "in about 1 minute"),
        (429, {"Retry-After": "999"}, "in about 17 minutes"),
        (429, {"Retry-After": "3600"}, "in about 1 hour"),
        (429, {"Retry-After": "86400"}, "in about 1 day"),
        (429, {"retry-after-ms": "7200000", "Retry-After": "1"}, "in about 2 hours"),
        (503, {"Retry-After": "600"}, "out of order at the moment. Please ask again in about 10"),
    ],
)
async def test_longer_than_anybody_waits_is_told_now_with_when(
    status: int, headers: dict[str, str], told: str, grok: GrokServer, impatient: Any
) -> None:
    grok.script(Script(status=status, body=BUSY, headers=headers, times=None))
    bot = impatient()

    failed = await failure(bot.client, request())

    assert told in failed.sentence
    assert (bot.pauses, len(grok.requests)) == ([], 1)


async def test_milliseconds_are_finer(grok: GrokServer, impatient: Any) -> None:
    headers = {"Retry-After": "8", "retry-after-ms": "300"}
    grok.script(Script(status=429, body=BUSY, headers=headers))
    bot = impatient()

    await answer(bot.client, request())

    assert bot.pauses == [0.55]


async def test_does_not_wait_past_the_deadline(grok: GrokServer, impatient: Any) -> None:
    grok.script(Script(status=429, body=BUSY, headers={"Retry-After": "60"}))
    bot = impatient(grok_total_seconds=30)

    assert (await failure(bot.client, request())).kind == "rate_limited"
    assert bot.pauses == []


async def test_a_connection_lost_before_the_first_token(grok: GrokServer, impatient: Any) -> None:
    grok.script(Script(text="lost", cut_after=0, times=2))
    grok.script(Script(text="kept"))

    assert text(await answer(impatient().client, request())) == "kept"


async def test_nothing_is_asked_again_after_the_first_token(
    grok: GrokServer, impatient: Any
) -> None:
    grok.script(Script(pieces=["a", "b"], error={"error": {"code": 503}}, error_after=1))

    seen, failed = await broken(impatient().client, request())

    assert (text(seen), failed.kind) == ("a", "unavailable")
    assert len(grok.requests) == 1


async def test_an_error_before_the_first_token_of_a_stream(
    grok: GrokServer, impatient: Any
) -> None:
    grok.script(Script(error={"error": {"code": 503, "message": "busy"}}, reasoning=""))
    grok.script(Script(text="kept"))

    assert text(await answer(impatient().client, request())) == "kept"


async def test_a_server_that_is_not_there_was_never_reached(
    grok: GrokServer, impatient: Any
) -> None:
    bot = impatient(xai_base_url=f"http://127.0.0.1:{free_port()}/v1")

    failed = await failure(bot.client, request(model=CHAT))

    assert (failed.kind, failed.reached, failed.spent) == ("unavailable", False, False)
    assert len(bot.pauses) == 2


@pytest.mark.parametrize(
    ("statuses", "spent"),
    [
        ([503, 429, 503], False),
        ([503, 504, 503], True),
        ([504, 400], True),
        ([408, 408, 408], True),
        ([400], False),
    ],
)
async def test_what_was_refused_each_time_cost_nothing(
    grok: GrokServer, impatient: Any, statuses: list[int], spent: bool
) -> None:
    """Behind a 504 the API may have worked all the same."""
    for status in statuses:
        grok.script(Script(status=status, body={"error": "No."}))

    failed = await failure(impatient().client, request(model=CHAT))

    assert (failed.reached, failed.spent) == (True, spent)
    assert len(grok.requests) == len(statuses)


async def test_what_breaks_off_after_the_first_token_may_have_cost_something(
    grok: GrokServer, impatient: Any
) -> None:
    grok.script(Script(pieces=["a", "b"], cut_after=1))

    _, failed = await broken(impatient().client, request())

    assert failed.spent


def test_retry_after_may_be_a_date() -> None:
    soon = email.utils.formatdate(time.time() + 60, usegmt=True)

    assert 55 < (retry_after({"retry-after": soon}) or 0) <= 60


ODD = [
    "",
    "soon",
    "-5",
    "nan",
    "inf",
    "1e400",
    "9" * 400,
    "99999999999999",
    "Mon, 99 Foo 2026",
    "Wed, 21 Oct 99999999999999 07:28:00 GMT",
    "Wed, 21 Oct 0 07:28:00 GMT",
    "Wed, 21 Oct 9999 07:28:00 GMT",
    "Wed, 21 Oct 1015 07:28:00 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Thu, 01 Jan 0000 00:00:00 +9999",
    "٣",
    "1,5",
]


@pytest.mark.parametrize("value", ODD)
def test_odd_retry_after(value: str) -> None:
    assert not retry_after({"retry-after": value})
    assert not retry_after({"retry-after-ms": value})


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), (" 7.5 ", 7.5), ("7s", 7), ("250ms", 0.25), ("2m", 120)]
)
def test_amounts(value: str, seconds: float) -> None:
    assert retry_after({"retry-after": value}) == seconds


def test_the_pause_grows_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "_random", lambda: 1.0)

    assert [answering.pause_after(failed, None) for failed in (1, 2, 3, 9)] == [0.5, 1.0, 2.0, 8.0]
