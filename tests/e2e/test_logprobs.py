"""`--logprobs`: said where the model tells them, and told at once where it is known not to."""

from __future__ import annotations

from bot.completion.form import for_form
from bot.words.grok import GROK_NO_LOGPROBS
from sandbox.grok import Script
from sandbox.workspace import ANA, GENERAL
from tests.e2e.stage import markdown, on_stage

NONE_COME = GROK_NO_LOGPROBS("grok-4.3")


async def test_that_none_come_is_told_at_once_to_whoever_asked_for_them(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        asked = await stage.ask("--logprobs 3 Name a river")
        await stage.answer()
        await stage.retry(0)
        await stage.answer(1)
        await stage.quiet()

    assert asked.ack_body["text"] == NONE_COME
    assert "Stop" not in str(asked.ack_body["blocks"])
    assert not stage.workspace.ephemerals(ANA)[1:]
    assert stage.sent()["top_logprobs"] == 3
    assert not stage.workspace.problems


async def test_in_a_form_it_is_told_of_its_field(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("--logprobs 3 Name a river")
        (message,) = await stage.answer()
        view = await stage.edit(message)
        told = len(stage.workspace.ephemerals(ANA))
        await stage.workspace.submit(ANA, view.id, {"logprobs": "2"})
        await stage.answer(1)
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA)[told:])

    assert for_form(NONE_COME) in str(stage.workspace.ephemerals(ANA)[-1].blocks)
    assert "--logprobs" not in for_form(NONE_COME)


async def test_nothing_is_said_of_them_where_they_come_or_nobody_asked(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="forty two"))
        asked = await stage.ask("--model grok-sandbox-non-reasoning --logprobs 2 Say a number")
        (message,) = await stage.answer()
        await stage.ask("defaults set --logprobs 1 --model grok-4.3")
        by_default = await stage.ask("Name a river")
        await stage.answer(2)  # behind what the channel was told

    assert "| `forty` |" in markdown(message)
    assert not (asked.ack_body or {}).get("text")
    assert not (by_default.ack_body or {}).get("text")
    assert len(stage.workspace.messages(GENERAL)) >= 2
