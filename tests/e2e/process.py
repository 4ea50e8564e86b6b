"""The bot as a process of its own, to be killed, frozen and told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.grok import GrokServer
from sandbox.workspace import Workspace

ROOT = Path(__file__).parents[2]
_OURS = ("SLACK_", "GROK_", "XAI_", "REDIS_", "DATA_", "JOB", "OPS_", "LOG_", "HOST", "PORT")


def environment(
    workspace: Workspace, grok: GrokServer, data_dir: Path, **values: str
) -> dict[str, str]:
    """The environment of a bot between `workspace` and `grok`; `values` are its settings."""
    credentials = workspace.credentials
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return clean | {
        "SLACK_BOT_TOKEN": credentials.bot_token,
        "SLACK_APP_TOKEN": credentials.app_token,
        "SLACK_API_URL": workspace.api_url,
        "XAI_API_KEY": grok.api_key or "any",
        "XAI_BASE_URL": grok.base_url,
        "GROK_DIALECT": grok.dialect,
        "DATA_DIR": str(data_dir),
        "OPS_PORT": "0",
        "JOB_LEASE_SECONDS": "1",
        "LOG_FORMAT": "json",
        "PYTHONPATH": str(ROOT),
        **values,
    }


@asynccontextmanager
async def bot_process(
    env: Mapping[str, str], *arguments: str, cwd: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m bot …` (`serve` when nothing is said), killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *(arguments or ("serve",))),
        env=dict(env),
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.communicate()
