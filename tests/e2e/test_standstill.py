"""A process that was stopped for a while blames nobody else for it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from sandbox.workspace import GENERAL
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import environment
from tests.e2e.stage import markdown
from tests.e2e.test_crashes import WHOLE, empty_stage, slow, streaming


async def test_what_grok_said_while_the_bot_stood_still_is_read(tmp_path: Path) -> None:
    """For longer than Grok may be silent, and than the whole answer may take."""
    async with empty_stage() as stage:
        env = environment(
            stage.workspace,
            stage.grok,
            tmp_path / "data",
            GROK_SILENCE_SECONDS="2",
            GROK_TOTAL_SECONDS="5",
        )
        stage.grok.script(slow(times=None))
        async with loaded_bot(env, cwd=tmp_path) as bot:
            await stage.workspace.connected()
            await stage.ask("Count")
            await streaming(stage)
            bot.send_signal(signal.SIGSTOP)
            await asyncio.sleep(6)
            bot.send_signal(signal.SIGCONT)
            (answer,) = await stage.answer()

    assert markdown(answer).strip() == WHOLE
    assert len(stage.grok.requests) == 1
    assert len(stage.workspace.messages(GENERAL)) == 1
