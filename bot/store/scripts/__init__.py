"""The Lua scripts, one file each, and the way to load them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from redis.asyncio import Redis
from redis.commands.core import AsyncScript


def load(redis: Redis, name: str) -> AsyncScript:
    """The script `name`.lua, registered with `redis` (a flushed script cache is no fault)."""
    return redis.register_script(_source(name))


def _source(name: str) -> str:
    """The text of `name`.lua, after what it says it uses: `-- uses other.lua`."""
    text = _read(name)
    return "\n".join([*map(_source, _USES.findall(text)), text])


_USES = re.compile(r"^-- uses (\w+)\.lua$", re.MULTILINE)


@cache
def _read(name: str) -> str:
    return (files(__name__) / f"{name}.lua").read_text(encoding="utf-8")
