"""The Lua scripts, one file each, and the way to load them."""

from __future__ import annotations

from importlib.resources import files

from redis.asyncio import Redis
from redis.commands.core import AsyncScript


def load(redis: Redis, name: str) -> AsyncScript:
    """The script `name`.lua, registered with `redis` (a flushed script cache is no fault)."""
    source = (files(__name__) / f"{name}.lua").read_text(encoding="utf-8")
    return redis.register_script(source)
