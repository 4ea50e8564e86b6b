"""The loads of the benchmark, shrunk in time, on a Slack that fails at random."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from dataclasses import dataclass

import pytest

from bot import words
from bot.completion.ask import Ask
from bot.completion.request import CompletionRequest
from sandbox.grok import GrokServer, Recorded, Script
from sandbox.workspace import (
    ANA,
    BOT_USER,
    AppConfig,
    Call,
    Channel,
    Limits,
    Message,
    Workspace,
)
from tests.e2e.replicas import replicas
from tests.e2e.stage import is_complete, markdown

SHARE = 0.3
SCALE = 0.05
"""A minute of the budgets is 3 s here."""
DEADLINE = 0.5
DELAYS = (DEADLINE / 2, DEADLINE * 1.5)
"""Slow calls: one is answered late, the other too late, and carried out all the same."""

_WORD = re.compile(r"a\d+w\d+")


@dataclass(frozen=True, slots=True)
class Load:
    """So many answers at once in so many channels, each time with one of so many seeds."""

    answers: int
    channels: int
    seeds: int
    replicas: int = 1


LOADS = (Load(1, 1, 6), Load(5, 5, 4), Load(20, 20, 2), Load(40, 4, 1, replicas=2))


@pytest.mark.timeout(180)  # its waits are of the clock, and a busy machine adds to each
@pytest.mark.parametrize("load", LOADS, ids=lambda load: f"{load.answers}-answers")
async def test_every_answer_ends_whole_and_once(load: Load, redis_url: str) -> None:
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(_calls_of(load, redis_url, seed)) for seed in range(load.seeds)]

    calls = [call for run in runs for call in run.result()]
    assert sum(call.dropped or not call.ok for call in calls) > len(calls) * SHARE / 2


async def _calls_of(load: Load, redis_url: str, seed: int) -> list[Call]:
    """Every call of Slack's, after one run was checked."""
    limits = Limits(scale=SCALE)
    async with (
        Workspace(app=AppConfig(events=frozenset()), limits=limits) as workspace,
        GrokServer(speed=None, first_delay=0) as grok,
        replicas(
            load.replicas,
            redis_url,
            workspace,
            grok,
            scale=SCALE,
            deadline=DEADLINE,
            team=f"T0SEED{seed}",
        ) as bot,
    ):
        channels = [_open_channel(workspace, number) for number in range(load.channels)]
        for number in range(load.answers):
            grok.script(_script(number))
        workspace.fail_some(SHARE, seed=seed, delays=DELAYS)
        jobs = await bot.answer(
            _ask(number, channels[number % len(channels)]) for number in range(load.answers)
        )
        _check(workspace, channels, jobs)
        return workspace.calls


def _open_channel(workspace: Workspace, number: int) -> str:
    name = f"C0LOAD{number:03}"
    workspace.state.channels[name] = Channel(name, name.lower(), "channel", {ANA, BOT_USER})
    workspace.state.timelines[name] = {}
    return name


def _words(number: int) -> list[str]:
    """The words of an answer, each of its own kind; of every fifth more than a message holds."""
    count = 2_500 if number % 5 == 0 else 150
    return [f"a{number}w{place}" for place in range(count)]


def _script(number: int) -> Script:
    said = _words(number)
    step = max(1, len(said) // 40)
    pieces = [" ".join(said[at : at + step]) + " " for at in range(0, len(said), step)]

    def asked(request: Recorded) -> bool:
        return bool(request.messages[-1]["content"] == _prompt(number))

    return Script(pieces=pieces, speed=80, first_delay=0.02, when=asked, times=None)


def _prompt(number: int) -> str:
    return f"Explain part {number}"


def _ask(number: int, channel: str) -> Ask:
    return Ask(
        dedupe=f"command:{number}",
        surface="command",
        team="T0",
        channel=channel,
        user=ANA,
        request=CompletionRequest(model="grok-4.3", prompt=_prompt(number)),
        asked_at=time.time(),
    )


def _check(workspace: Workspace, channels: list[str], jobs: list[str]) -> None:
    answers: dict[str, dict[int, Message]] = defaultdict(dict)
    for channel in channels:
        for message in workspace.state.timelines[channel].values():
            if message.deleted:
                continue
            assert not message.tombstone
            payload = (message.metadata or {})["event_payload"]
            parts = answers[payload["job_id"]]
            assert int(payload["part"]) not in parts, "a message stands twice"
            parts[int(payload["part"])] = message
    assert answers.keys() == set(jobs)
    for number, job in enumerate(jobs):
        _check_answer(number, answers[job])


def _check_answer(number: int, parts: dict[int, Message]) -> None:
    messages = [parts[part] for part in range(len(parts))]
    first, *further = messages
    assert all(message.thread_ts == first.ts for message in further)
    assert [is_complete(message) for message in messages] == [
        message in (first, messages[-1]) for message in messages
    ]
    text = "\n".join(map(markdown, messages))
    assert _WORD.findall(text) == _words(number)
    for left_over in (words.THINKING, words.WRITING, words.UNSHOWABLE):
        assert all(left_over not in message.shown for message in messages)
