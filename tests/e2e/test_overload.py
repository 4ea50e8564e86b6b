"""More questions than can be answered at once: fair, told of, and refused beyond a bound."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from bot import words
from bot.slack.inbound import incoming
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, GENERAL
from tests.e2e.stage import Stage, markdown, on_stage

QUESTION = re.compile(r"(?:ana|ben|question) \d")


def asked(stage: Stage) -> list[str]:
    """The questions that Grok was asked, in this order."""
    return [QUESTION.findall(json.dumps(each.body))[-1] for each in stage.grok.requests]


async def test_who_asks_little_is_answered_before_who_has_asked_much(redis_url: str) -> None:
    go = asyncio.Event()
    async with on_stage(redis_url, jobs_at_once=1) as stage:
        stage.grok.script(Script(text="Here.", stall_after=0, release=go, times=None))
        for number in range(4):
            await stage.ask(f"ana {number}")
        await stage.workspace.wait_for(lambda: asked(stage), 20)
        await stage.ask("ben 0", user=BEN)
        await stage.workspace.wait_for(lambda: _told(stage, "ana 3", "3 questions"), 20)
        await stage.workspace.wait_for(lambda: _told(stage, "ben 0", "it is next"), 20)
        go.set()
        await stage.workspace.wait_for(lambda: len(asked(stage)) == 5, 20)
        await stage.quiet()

    assert asked(stage) == ["ana 0", "ben 0", "ana 1", "ana 2", "ana 3"]


def _told(stage: Stage, question: str, place: str) -> bool:
    """Whether a question shows how many come before it."""
    return any(
        question in message.shown and place in markdown(message)
        for message in stage.workspace.messages(GENERAL)
    )


async def test_what_cannot_be_taken_in_time_is_refused_at_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_stage(redis_url) as stage:
        await stage.workspace.command(ANA, GENERAL, "/grok")
        view = await stage.form()
        monkeypatch.setattr(incoming, "MOST_OVERDUE", 1)
        monkeypatch.setattr(incoming, "OVERDUE_SECONDS", -1.0)
        refused = await stage.ask("question 0")
        form = await stage.workspace.submit(ANA, view.id, {"prompt": "question 1"})
        monkeypatch.undo()
        await stage.ask("question 2")
        await stage.answer()
        await stage.quiet()

    assert words.CROWDED in str(refused.ack_body)
    assert words.CROWDED in str(form.errors)
    assert asked(stage) == ["question 2"]


async def test_beyond_a_bound_questions_are_refused_in_words(redis_url: str) -> None:
    go = asyncio.Event()
    async with on_stage(redis_url, jobs_at_once=1, questions_at_once=2) as stage:
        stage.grok.script(Script(text="Here.", stall_after=0, release=go, times=None))
        results = [
            (await stage.ask(f"question {number}", user=user)).ack_body
            for number, user in enumerate((ANA, BEN, ANA))
        ]
        go.set()
        await stage.answer(1)
        await stage.quiet()
        again = await stage.ask("question 2")
        await stage.answer(2)
        await stage.quiet()

    assert [words.CROWDED in str(each) for each in results] == [False, False, True]
    assert words.CROWDED not in str(again.ack_body)
    assert asked(stage) == ["question 0", "question 1", "question 2"]
