"""A conversation of 30 turns: what each turn sends to Grok, beside sending all that was said."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from dataclasses import dataclass

import structlog
from pydantic import SecretStr

from bot.app import open_bot
from bot.completion.ask import estimate_tokens
from bot.settings import Settings
from sandbox.grok import GrokServer, Recorded, Script
from sandbox.workspace import ANA, BOT_USER, GENERAL, Limits, Workspace

TURNS = 30
THREAD_TOKENS = 4_000
ANSWER = "The window doubles each round trip until a segment is lost, and then grows by one. " * 12
"""About 330 tokens."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One turn: the tokens sent (estimated), had all been sent, and whether it is in order."""

    tokens: int
    everything: int
    in_order: bool


def main() -> None:
    """Print the tokens sent per turn, their sum, and both as a ratio to sending everything."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    _print(asyncio.run(_run()))


async def _run() -> list[Sent]:
    with tempfile.TemporaryDirectory() as data_dir:
        async with (
            Workspace(limits=Limits(scale=0)) as workspace,
            GrokServer(speed=None, first_delay=0) as grok,
            open_bot(_settings(workspace, grok, data_dir)),
        ):
            await workspace.connected()
            await _converse(workspace, grok)
            return [_sent(turn, request) for turn, request in enumerate(grok.requests)]


async def _converse(workspace: Workspace, grok: GrokServer) -> None:
    root = None
    for turn in range(TURNS):
        grok.script(Script(text=_answer(turn)))
        said = await workspace.say(ANA, GENERAL, _question(turn, mention=turn == 0), root)
        root = root or said.ts
        await workspace.wait_for(lambda: _answered(workspace, root, turn + 1))  # noqa: B023


def _answered(workspace: Workspace, root: str | None, turns: int) -> bool:
    replies = [m for m in workspace.replies(GENERAL, root or "") if m.user == BOT_USER]
    return len(replies) == turns and "retry" in str(replies[-1].revisions[-1].blocks)


def _question(turn: int, *, mention: bool = False) -> str:
    return f"{'@grok ' if mention else ''}question {turn}: and what happens then?"


def _answer(turn: int) -> str:
    return f"answer {turn}: {ANSWER}"


def _sent(turn: int, asked: Recorded) -> Sent:
    contents = [message["content"] for message in asked.messages]
    said = [text for each in range(turn) for text in (_question(each), _answer(each))]
    everything = [*said, _question(turn)]
    return Sent(
        tokens=sum(map(estimate_tokens, contents)),
        everything=sum(map(estimate_tokens, everything)),
        in_order=[text.strip() for text in everything[-len(contents) :]]
        == [text.strip() for text in contents],
    )


def _print(turns: list[Sent]) -> None:
    print(f"{'turn':>10}{'tokens sent':>14}{'everything':>14}{'ratio':>8}{'in order':>10}")
    for number, turn in enumerate(turns, 1):
        if number in (1, 2, 5, 10, 15, 20, 25, TURNS):
            ratio = turn.tokens / turn.everything
            print(
                f"{number:>10}{turn.tokens:>14,}{turn.everything:>14,}{ratio:>8.2f}"
                f"{'yes' if turn.in_order else 'NO':>10}"
            )
    sent, everything = sum(t.tokens for t in turns), sum(t.everything for t in turns)
    print(f"{'sum':>10}{sent:>14,}{everything:>14,}{sent / everything:>8.2f}")
    print(f"{'most':>10}{max(t.tokens for t in turns):>14,} with THREAD_TOKENS={THREAD_TOKENS:,}")


def _settings(workspace: Workspace, grok: GrokServer, data_dir: str) -> Settings:
    return Settings(
        _env_file=None,
        slack_bot_token=SecretStr(workspace.credentials.bot_token),
        slack_app_token=SecretStr(workspace.credentials.app_token),
        slack_api_url=workspace.api_url,
        xai_api_key=SecretStr(grok.api_key or "any"),
        xai_base_url=grok.base_url,
        grok_dialect="xai",
        data_dir=data_dir,
        ops_port=0,
        thread_tokens=THREAD_TOKENS,
        slack_edits_per_minute=1_000,
    )
