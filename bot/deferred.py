"""What no start has to wait for: patterns that few questions need, compiled when one does, and
models with `defer_build`, which pydantic builds when they are first used.

To compile a pattern takes as long as to load a small module, 0.1 to 2 ms; to build all models, as
long as to load three libraries. So those are built one by one once the bot is ready (`bot.later`),
or when one is needed before that.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import cache, partial

from pydantic import BaseModel


def compiled_later(pattern: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    """What gives `pattern`, compiled when it is first asked for."""
    return cache(partial(re.compile, pattern, flags))


_OURS = "bot."


_OTHERS = partial(asyncio.sleep, 0)


async def build_models(turn: Callable[[], Awaitable[None]] = _OTHERS) -> None:
    """Build each, and let others have their `turn` after it: the longest takes 2 ms."""
    for model in list(unbuilt()):
        model.model_rebuild()
        await turn()


def unbuilt(below: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Those of the bot that are loaded, below that one, and not built."""
    for model in below.__subclasses__():
        if model.__module__.startswith(_OURS) and not model.__pydantic_complete__:
            yield model
        yield from unbuilt(model)
