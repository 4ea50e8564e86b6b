"""Redis away: the asker reads a plain sentence, and nothing comes of the question."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from bot import words
from bot.slack_limits import ACK_SECONDS
from bot.store.embedded import EmbeddedServer
from sandbox.workspace import GENERAL
from tests.e2e.stage import markdown, on_stage


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
