"""The Lua scripts, one file each, and the way to load them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

_LISTS: Mapping[str, int | None] = {
    "accept": 2,
    "begin": 2,
    "edit_slot": 2,
    "extend": 2,
    "finish": 3,
    "forget_person": 3,
    "known": 3,
    "load": 6,
    "overflow": None,
    "policy_change": None,
    "renew": None,
    "sweep": None,
    "take": None,
}
"""The scripts that return a list, with how many things are in it, where that is always the same."""

_TEXTS = frozenset({"adopt", "drop", "vote"})
_PERHAPS_TEXTS = frozenset({"deliver", "stop"})
"""Those that return a text; the second may return nothing. All others return a number."""


def is_reply_of(name: str, reply: Any) -> bool:
    """Whether `reply` is of the kind that the script `name`.lua returns."""
    if name in _LISTS:
        return isinstance(reply, list) and _LISTS[name] in (None, len(reply))
    if name in _TEXTS or name in _PERHAPS_TEXTS:
        return isinstance(reply, str) or (reply is None and name in _PERHAPS_TEXTS)
    return isinstance(reply, int)


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
