"""Answers that their cap has cut, and clicks on Continue."""

from __future__ import annotations

from typing import Any

from sandbox.grok import Script
from sandbox.workspace import (
    GENERAL,
    Message,
)
from tests.e2e.stage import Stage, buttons

ONE, TWO, THREE = "one two three four ", "five six seven eight ", "nine ten"
MODEL = "--model grok-sandbox-non-reasoning"
"""Which each endpoint serves."""


def cut(text: str = ONE, **values: Any) -> Script:
    """An answer that its cap ends behind `text`."""
    return Script(text=text, finish_reason="length", **values)


async def first(stage: Stage, typed: str = "Count", **place: Any) -> Message:
    """The one message of an answer to `/grok` that was cut."""
    stage.grok.script(cut())
    await stage.ask(typed, **place)
    (message,) = await stage.answer(channel=place.get("channel", GENERAL))
    await stage.quiet()
    assert buttons(message) == ["continue", "retry", "edit", "details"]
    return message


async def press(stage: Stage, who: str, message: Message, **how: Any) -> None:
    result = await stage.workspace.click(who, message.channel, message.ts, "continue", **how)
    assert result.error is None, result


async def told(stage: Stage, who: str, sentence: str) -> Message:
    return await stage.workspace.wait_for(
        lambda: next((m for m in stage.workspace.ephemerals(who) if sentence in m.shown), None)
    )
