"""What servers send that no test of a client would, as it ends in Slack."""

from __future__ import annotations

import pytest

from bot import words
from bot.words import grok
from sandbox.grok import Script
from tests.e2e.stage import markdown, on_stage
from tests.grok.wire import DONE, ends, event, says

GARBLED = says("You should ") + b'data: {"choices":[{"delta":{"content":"NOT "}\n\n' + ends() + DONE

ANSWERS: dict[str, tuple[bytes, str]] = {
    "halves": (says("Emoji: \ud83d") + says("\ude00 yes") + ends() + DONE, "Emoji: \U0001f600 yes"),
    "half alone": (says("hi \ud83d there") + ends() + DONE, "hi \ufffd there"),
    "thoughts": (says("<th") + says("ink>Hm.</think>\n\nHello!") + ends() + DONE, "Hello!"),
    "full message": (
        says("Hello")
        + says(" you")
        + event({"message": {"content": "Hello you"}, "finish_reason": "stop"})
        + DONE,
        "Hello you",
    ),
    "half of a chance": (
        event(
            {
                "delta": {"content": "Hi"},
                "logprobs": {"content": [{"token": "\ud83d", "logprob": -1}]},
                "finish_reason": "stop",
            }
        )
        + DONE,
        "Hi",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_right_answer_of_one_question(redis_url: str, name: str) -> None:
    raw, text = ANSWERS[name]
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(raw=raw, times=None))
        await stage.ask("--logprobs 1 Hello")
        (message,) = await stage.answer()

    assert markdown(message).startswith(text)
    assert len(stage.grok.requests) == 1


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (GARBLED, grok.GROK_GARBLED),
        (
            says("You should ")
            + b'data: {"object":"error","message":"NCCL","code":50002}\n\n'
            + DONE,
            grok.GROK_SENTENCES["unavailable"],
        ),
    ],
)
async def test_part_of_an_answer_says_that_it_is_one(
    redis_url: str, raw: bytes, sentence: str
) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(raw=raw, times=None))
        await stage.ask("Hello")
        (message,) = await stage.answer()

    assert markdown(message).startswith("You should")
    assert sentence in markdown(message)


async def test_nothing_is_said_and_costs_nothing(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(raw=DONE, times=None))
        await stage.ask("Hello")
        (message,) = await stage.answer()

    assert grok.GROK_NOTHING in markdown(message)
    assert words.NOTHING_WRITTEN not in markdown(message)
