"""What whoever opened a bot may ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot: where it is installed, and the ports it listens on.

    `team`: the workspace, or empty where several may install it. `working` ends only when the
    worker broke down, or when the bot is left; None where there is no worker. `loading` ends only
    when what is loaded last cannot be.
    """

    team: str
    working: asyncio.Task[None] | None
    loading: asyncio.Task[NoReturn]
    ops_port: int
    http_port: int | None
    answering: Callable[[], int]
    """How many answers are under way here."""
