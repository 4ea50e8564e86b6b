"""Two replicas, a hundred honest questions, and twenty people and answers that mean harm."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path

import pytest

from bot import words
from sandbox.grok import GrokServer, Recorded, Script
from sandbox.workspace import BOT_USER, Channel, Limits, User, Workspace
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import environment
from tests.e2e.stage import installed_app, is_complete, markdown

HONEST = 100
CHANNELS = 20
ACK_SECONDS = 3.0

BLANKS = 11_000
HOSTILE_PROMPTS = (
    "look at [this](" + " " * BLANKS + "x",
    "&lt;" * 4_000,
    "[" * 12_000,
    "_*~~a" * 2_000,
    "`" * 11_999 + "x",
    "> " * 6_000 + "deep",
    "<@U0F000" * 1_000,
    "| a " * 3_000,
    "\\" * 11_999,
    "](" * 6_000,
)
HOSTILE_ANSWERS = (
    "[a](" + " " * 9_000 + "x",
    "_*~~a" * 2_000,
    "<!channel> &amp;" * 4_000,
    "```\n" * 5_000,
    "|" * 60_000,
    "- " * 20_000 + "deep",
    "![" * 20_000,
    "[bank.example](https\\://evil.example) " * 1_000,
    "word" * 50_000,
    "\N{ZERO WIDTH JOINER}\N{MAN}" * 20_000,
)


def _people(workspace: Workspace, number: int, prefix: str) -> list[str]:
    """`number` members of every channel of the load."""
    found = []
    for each in range(number):
        name = f"U0{prefix}{each:03}"
        workspace.state.users[name] = User(name, name.lower(), f"{prefix} {each}", "#4bbe2e")
        found.append(name)
    return found


def _channels(workspace: Workspace, members: set[str]) -> list[str]:
    found = []
    for each in range(CHANNELS):
        name = f"C0LOAD{each:03}"
        workspace.state.channels[name] = Channel(
            name, name.lower(), "channel", {*members, BOT_USER}
        )
        workspace.state.timelines[name] = {}
        found.append(name)
    return found


def _asked(prompt: str) -> Script:
    def when(request: Recorded) -> bool:
        said: str = request.messages[-1]["content"]
        return said == prompt

    return Script(text=f"Answer to: {prompt}", when=when, times=None)


def _hostile(number: int, text: str) -> Script:
    pieces = [text[at : at + 40] for at in range(0, len(text), 40)]

    def when(request: Recorded) -> bool:
        said: str = request.messages[-1]["content"]
        return said == f"hostile answer {number}"

    return Script(pieces=pieces, when=when, times=None)


def _unanswered(workspace: Workspace, channels: list[str], prompts: list[str]) -> list[str]:
    """The honest questions whose answer does not stand whole."""
    shown = [
        markdown(message)
        for channel in channels
        for message in workspace.messages(channel)
        if is_complete(message)
    ]
    return [prompt for prompt in prompts if f"Answer to: {prompt}" not in shown]


def _unfinished(workspace: Workspace, channels: list[str]) -> list[str]:
    """What still says that Grok is thinking."""
    return [
        message.shown[:80]
        for channel in channels
        for message in workspace.state.timeline(channel)
        if message.user == BOT_USER and words.THINKING in message.shown
    ]


@pytest.mark.timeout(180)
async def test_among_the_hostile_all_are_acked_and_the_honest_are_answered(
    redis_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(
            Workspace(app=installed_app(), limits=Limits(scale=0))
        )
        grok = await stack.enter_async_context(GrokServer(speed=None, first_delay=0.1))
        honest = _people(workspace, HONEST, "HONEST")
        hostile = _people(workspace, len(HOSTILE_PROMPTS) + len(HOSTILE_ANSWERS), "MALLORY")
        channels = _channels(workspace, {*honest, *hostile})
        prompts = [f"honest question {number}" for number in range(HONEST)]
        for prompt in prompts:
            grok.script(_asked(prompt))
        for number, text in enumerate(HOSTILE_ANSWERS):
            grok.script(_hostile(number, text))
        env = environment(
            workspace,
            grok,
            tmp_path / "data",
            REDIS_URL=redis_url,
            JOB_LEASE_SECONDS="15",
            SLACK_EDITS_PER_MINUTE="5000",
        )
        for _ in range(2):
            await stack.enter_async_context(loaded_bot(env, cwd=tmp_path))
        await workspace.connected(2, 30)

        bad = [*HOSTILE_PROMPTS, *(f"hostile answer {n}" for n in range(len(HOSTILE_ANSWERS)))]
        places = cycle(channels)
        asking = [(user, next(places), text) for user, text in zip(hostile, bad, strict=True)]
        for at, (user, prompt) in enumerate(zip(honest, prompts, strict=True)):
            asking.insert(at * 6 // 5 + 1, (user, next(places), prompt))

        async def ask(number: int, user: str, channel: str, text: str) -> None:
            """The hostile come by commands and by mentions, in turn."""
            if user in hostile and number % 2:
                await workspace.say(user, channel, f"<@{BOT_USER}> {text}")
            else:
                await workspace.command(user, channel, f"/grok {text}")

        async with asyncio.TaskGroup() as group:
            for number, each in enumerate(asking):
                group.create_task(ask(number, *each))
                if number % 4 == 3:
                    await asyncio.sleep(0.1)
        await workspace.settled(30)

        assert [each for each in workspace.deliveries if each.error or each.retry] == []
        assert max(each.delay or 0.0 for each in workspace.deliveries) < ACK_SECONDS

        await workspace.wait_for(lambda: not _unanswered(workspace, channels, prompts), 120)
        await workspace.wait_for(lambda: not _unfinished(workspace, channels), 60)
