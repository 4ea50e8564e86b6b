"""Redis away: the asker reads a plain sentence, and nothing comes of the question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot import words
from bot.slack_limits import ACK_SECONDS
from bot.store.installations import Installations
from bot.store.redis.connection import Store
from bot.store.redis.embedded import EmbeddedServer
from bot.words import talk
from sandbox.grok import Script
from sandbox.workspace import ANA, GENERAL, Limits
from tests.e2e.several import several
from tests.e2e.stage import Stage, buttons, markdown, on_stage
from tests.jobs.work import sample, until


async def test_a_question_while_redis_is_away_is_declined(tmp_path: Path) -> None:
    async with AsyncExitStack() as server:
        url = (await server.enter_async_context(EmbeddedServer(tmp_path / "data"))).url
        async with on_stage(url) as stage:
            await stage.ask("Hello")
            await stage.answer()
            await server.aclose()
            result = await stage.ask("Hello again")

    assert result.ack_body["text"] == words.NOT_TAKEN
    assert result.delay < ACK_SECONDS
    assert len(stage.workspace.messages(GENERAL)) == 1
    assert len(stage.grok.requests) == 1


async def test_a_store_that_is_slow_for_a_second_keeps_no_question_from_being_taken(
    tmp_path: Path,
) -> None:
    async with EmbeddedServer(tmp_path / "data") as server, on_stage(server.url) as stage:
        await stage.ask("Hello")
        await stage.answer()
        redis: Redis = Redis.from_url(server.url, protocol=2)
        await redis.client_pause(1000)
        await redis.aclose()
        result = await stage.ask("Hello again")
        await stage.answer(1)

    assert not result.ack_body
    assert result.delay < ACK_SECONDS


async def test_a_store_that_comes_back_is_used_again(tmp_path: Path) -> None:
    async with AsyncExitStack() as server:
        url = (await server.enter_async_context(EmbeddedServer(tmp_path / "data"))).url
        async with on_stage(url) as stage:
            await stage.ask("Hello")
            await stage.answer()
            await server.aclose()
            async with EmbeddedServer(tmp_path / "data") as again:
                assert again.url == url
                await stage.ask("Hello again")
                (message,) = await stage.answer(1)

    assert markdown(message)


ERRORS = "grokbot_redis_errors_total"
WORDS = [f"word{number} " for number in range(40)]
WHOLE = "".join(WORDS).strip()


class Away:
    """A store that takes nothing for a while, in one of the ways that stores have."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, protocol=2)

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def full(self) -> None:
        await self._redis.config_set("maxmemory", 1)

    async def read_only(self) -> None:
        """As a primary is that another took the place of; none of its data is lost."""
        await self._redis.config_set("min-replicas-to-write", 1)

    async def replica(self) -> None:
        await self._redis.replicaof("127.0.0.1", 1)

    async def silent(self) -> None:
        """It takes what it is sent, and says nothing for longer than an ack may take."""
        await self._redis.client_pause(3_500)

    async def back(self) -> None:
        await self._redis.config_set("maxmemory", 0)
        await self._redis.config_set("min-replicas-to-write", 0)
        await self._redis.replicaof("NO", "ONE")


@asynccontextmanager
async def in_mid_answer(tmp_path: Path) -> AsyncIterator[tuple[Stage, str, asyncio.Event]]:
    """A stage on a store of its own, with half of an answer shown; the event lets Grok go on."""
    go = asyncio.Event()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(EmbeddedServer(tmp_path / "data"))
        stage = await stack.enter_async_context(on_stage(server.url, job_lease_seconds=1.0))
        stage.grok.script(Script(pieces=WORDS, stall_after=20, release=go, times=None))
        await stage.ask("Count")
        await stage.workspace.wait_for(
            lambda: any("word9" in markdown(m) for m in stage.workspace.messages(GENERAL))
        )
        yield stage, server.url, go


def said_something(stage: Stage) -> bool:
    """Whether there is text of an answer to be read."""
    return any(map(markdown, stage.workspace.messages(GENERAL)))


async def said_everything(stage: Stage) -> None:
    """Returns once Grok has nothing more to say."""
    for request in stage.grok.requests:
        await request.closed.wait()


@pytest.mark.parametrize("way", ["full", "read_only", "replica", "silent"])
async def test_a_question_that_cannot_be_stored_is_declined_in_time(
    tmp_path: Path, way: str
) -> None:
    """What is acked without a word is answered: nothing is half taken, and lies there unseen."""
    async with EmbeddedServer(tmp_path / "data") as server, on_stage(server.url) as stage:
        await stage.ask("Hello")
        await stage.answer()
        away = Away(server.url)
        try:
            await getattr(away, way)()
            for text in ("Are you there?", "--private Are you there?"):
                said = await stage.ask(text)
                assert said.ack_body["text"] in (words.NOT_TAKEN, words.MAYBE_NOT_TAKEN)
        finally:
            await away.back()
            await away.aclose()
        await stage.ask("Hello again")
        await stage.answer(1)

    assert len(stage.grok.requests) == 2


@pytest.mark.parametrize("way", ["full", "read_only", "replica"])
async def test_an_answer_that_cannot_be_stored_waits_for_the_store(
    tmp_path: Path, way: str
) -> None:
    """Nobody else can take the question meanwhile, and Grok is asked once."""
    async with in_mid_answer(tmp_path) as (stage, url, go):
        away = Away(url)
        await getattr(away, way)()
        go.set()
        await said_everything(stage)
        errors = sample(ERRORS)
        await until(lambda: sample(ERRORS) > errors + 6)
        assert "retry" not in buttons(stage.workspace.messages(GENERAL)[0])
        await away.back()
        await away.aclose()
        (message,) = await stage.answer()

    assert markdown(message).strip() == WHOLE
    assert len(stage.grok.requests) == 1


async def test_a_store_that_starts_again_at_the_end_of_an_answer(tmp_path: Path) -> None:
    go = asyncio.Event()
    async with AsyncExitStack() as server:
        url = (await server.enter_async_context(EmbeddedServer(tmp_path / "data"))).url
        async with on_stage(url, job_lease_seconds=1.0) as stage:
            stage.grok.script(Script(pieces=WORDS, stall_after=20, release=go, times=None))
            await stage.ask("Count")
            await stage.workspace.wait_for(lambda: stage.workspace.messages(GENERAL))
            await stage.grok.arrived()
            await server.aclose()
            go.set()
            await said_everything(stage)
            async with EmbeddedServer(tmp_path / "data"):
                (message,) = await stage.answer()

    assert markdown(message).strip() == WHOLE
    assert len(stage.grok.requests) == 1


async def test_a_store_that_lost_its_scripts_is_given_them_again(tmp_path: Path) -> None:
    async with in_mid_answer(tmp_path) as (stage, url, go):
        redis = Redis.from_url(url, protocol=2)
        await redis.script_flush()
        await redis.aclose()
        go.set()
        (message,) = await stage.answer()

    assert markdown(message).strip() == WHOLE
    assert len(stage.grok.requests) == 1


async def test_a_store_that_forgot_everything_costs_no_answer(tmp_path: Path) -> None:
    """Whoever holds the question knows it; Grok is asked again, and what was shown goes on."""
    async with in_mid_answer(tmp_path) as (stage, url, go):
        (before,) = stage.workspace.messages(GENERAL)
        redis = Redis.from_url(url, protocol=2)
        await redis.flushall()
        await redis.aclose()
        go.set()
        (message,) = await stage.answer()
        await stage.workspace.settled()

    assert markdown(message).strip() == WHOLE
    assert message.ts == before.ts
    assert len(stage.workspace.messages(GENERAL)) == 1


async def test_a_store_that_forgot_everything_costs_no_workspace_its_answer(tmp_path: Path) -> None:
    """Nobody has to install the app again, though where it is installed was forgotten too."""
    go = asyncio.Event()
    async with EmbeddedServer(tmp_path / "data") as server, several(server.url, count=3) as all_:
        script = Script(pieces=WORDS, stall_after=20, release=go, times=None)
        all_.grok.script(script)
        asking, silent = all_.stages[:2], all_.stages[2]
        for stage in asking:
            await stage.ask("Count")
            await stage.workspace.wait_for(partial(said_something, stage))
        async with Store(server.url) as store:
            await store.redis.flushall()
            async with asyncio.timeout(20):
                while len(await Installations(store).versions()) < 3:
                    await asyncio.sleep(0.05)
        go.set()
        for stage in asking:
            (message,) = await stage.answer()
            assert markdown(message).strip() == WHOLE
        await silent.ask("Count")
        await silent.answer()

    for stage in all_.stages:
        assert len(stage.workspace.messages(GENERAL)) == 1


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_click_that_cannot_be_stored_is_not_acked(tmp_path: Path, mode: str) -> None:
    async with AsyncExitStack() as server:
        url = (await server.enter_async_context(EmbeddedServer(tmp_path / "data"))).url
        async with on_stage(url, mode=mode) as stage:
            await stage.ask("Hello")
            (message,) = await stage.answer()
            await server.aclose()
            result = await stage.workspace.click(ANA, GENERAL, message.ts, "retry")
            (told,) = await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))

    assert result.error is not None
    assert told.shown == talk.BUTTON_FAILED


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_mention_that_could_never_be_stored_is_told_of(tmp_path: Path, mode: str) -> None:
    limits = Limits(event_retries=(0.0, 0.0, 0.0))
    async with AsyncExitStack() as server:
        url = (await server.enter_async_context(EmbeddedServer(tmp_path / "data"))).url
        async with on_stage(url, mode=mode, limits=limits) as stage:
            await server.aclose()
            await stage.workspace.say(ANA, GENERAL, "@grok hello")
            told = await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA)[1:], 30)
            await stage.workspace.settled()

    assert len(told) == 1
    assert stage.workspace.ephemerals(ANA)[0].shown == talk.TAKEN_LATER
    assert told[0].shown == words.MAYBE_NOT_TAKEN
    assert [each.acked for each in stage.workspace.deliveries] == [False] * 6 + [True] * 2


async def test_a_mention_while_the_store_starts_again_is_answered_once(tmp_path: Path) -> None:
    limits = Limits(event_retries=(0.0, 1.0, 1.0))
    async with AsyncExitStack() as server:
        url = (await server.enter_async_context(EmbeddedServer(tmp_path / "data"))).url
        async with on_stage(url, limits=limits) as stage:
            await server.aclose()
            asked = await stage.workspace.say(ANA, GENERAL, "@grok hello")
            await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))
            async with EmbeddedServer(tmp_path / "data"):
                await stage.reply(0, asked.ts)
                await stage.workspace.settled()
                assert len(stage.replies(asked.ts)) == 1

    assert [each.shown for each in stage.workspace.ephemerals(ANA)] == [talk.TAKEN_LATER]
    assert len(stage.grok.requests) == 1
