"""`python -m tools.walk`: which files of the bot a question passes through, counted as it does.

A sandbox, a Valkey and the bot are started; then each walk is made once, and every file counts in
which a function was called meanwhile, by whoever did it. Without what only says or names things:
`words/`, settings, errors, metrics, limits.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from pydantic import SecretStr

from bot import words
from bot.app import open_bot
from bot.ops.manifest import SCOPES
from bot.settings import Settings
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, GENERAL, AppConfig, Message, Workspace

BOT = Path(words.__file__).resolve().parents[1]
_SAYS = ("words/", "settings.py", "errors.py", "metrics.py", "slack_limits.py")
_REST_SECONDS = 1.5


@dataclass
class Walk:
    """The files that were passed through, each with the functions that were called in it."""

    passed: dict[str, set[str]] = field(default_factory=dict)

    def files(self) -> Iterator[str]:
        """Those that count, in order."""
        return (name for name in sorted(self.passed) if not name.startswith(_SAYS))

    def see(self, frame: FrameType, event: str, _: object) -> None:
        """For `sys.setprofile`."""
        code = frame.f_code
        loading = not code.co_flags & inspect.CO_OPTIMIZED
        if event == "call" and code.co_filename.startswith(str(BOT)) and not loading:
            name = str(Path(code.co_filename).relative_to(BOT))
            self.passed.setdefault(name, set()).add(code.co_qualname)


@contextmanager
def walking() -> Iterator[Walk]:
    """What is called in the bot while this is entered."""
    walk = Walk()
    sys.setprofile(walk.see)
    try:
        yield walk
    finally:
        sys.setprofile(None)


@asynccontextmanager
async def running() -> AsyncIterator[Workspace]:
    """A workspace with the bot in it, and with nothing left to do."""
    with tempfile.TemporaryDirectory(prefix="grok-bot-walk-") as data_dir:
        async with (
            Workspace(app=AppConfig(scopes=frozenset(SCOPES))) as workspace,
            GrokServer(speed=None, first_delay=0) as grok,
        ):
            grok.script(Script(text="One word after the other. " * 40, speed=200))
            async with open_bot(_settings(workspace, grok, data_dir)):
                await workspace.connected(1)
                await asyncio.sleep(_REST_SECONDS)  # what is loaded last is no part of a walk
                yield workspace


def _settings(workspace: Workspace, grok: GrokServer, data_dir: str) -> Settings:
    credentials = workspace.credentials
    ours: dict[str, object] = {
        "slack_bot_token": SecretStr(credentials.bot_token),
        "slack_app_token": SecretStr(credentials.app_token),
        "slack_api_url": workspace.api_url,
        "xai_api_key": SecretStr(grok.api_key or "any"),
        "xai_base_url": grok.base_url,
        "redis_url": None,
        "data_dir": data_dir,
        "ops_port": 0,
    }
    return Settings(_env_file=None, **ours)


async def question() -> Walk:
    """`/grok` with a question, to the last edit of its answer."""
    async with running() as workspace:
        with walking() as walk:
            await workspace.command(ANA, GENERAL, "/grok What is a word?")
            await workspace.wait_for(lambda: _answered(workspace), 20)
            await workspace.settled()
    return walk


async def quota() -> Walk:
    """A quota, from `quota set` to a question that is refused for it."""
    async with running() as workspace:
        with walking() as walk:
            text = "/grok quota set tokens-per-day=100 channel"
            await workspace.command(ANA, GENERAL, text)
            result = await workspace.command(ANA, GENERAL, "/grok What is a word?")
            await workspace.settled()
    if "100 tokens left" not in str(result.ack_body):
        raise SystemExit(f"not refused: {result}")
    return walk


async def rest() -> Walk:
    """What goes on while nobody asks."""
    async with running():
        with walking() as walk:
            await asyncio.sleep(_REST_SECONDS)
    return walk


def _answered(workspace: Workspace) -> bool:
    return any(map(_is_done, workspace.messages(GENERAL)))


def _is_done(message: Message) -> bool:
    return "'retry'" in str(message.revisions[-1].blocks)


def main() -> None:
    """Make each walk, and print what it passed through."""
    functions = "-v" in sys.argv[1:]
    for make in (rest, question, quota):
        walk = asyncio.run(make())
        files = list(walk.files())
        print(f"\n{(make.__doc__ or '').strip()} {len(files)} files")
        for name in files:
            print(f"  {name}")
            for called in sorted(walk.passed[name]) if functions else ():
                print(f"      {called}")


if __name__ == "__main__":
    main()
