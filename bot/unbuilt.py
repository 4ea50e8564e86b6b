"""Models that pydantic has not built yet: those with `defer_build` wait until they are first used.

To build all of them takes as long as to load three libraries. So it is done while the bot waits for
Slack to open a connection, one by one, and the first question finds them built.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from pydantic import BaseModel

_OURS = "bot."


async def build_models() -> None:
    """Build each, and let others have their turn after it: the longest takes 2 ms."""
    for model in list(unbuilt()):
        model.model_rebuild()
        await asyncio.sleep(0)


def unbuilt(below: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Those of the bot that are loaded, below that one, and not built."""
    for model in below.__subclasses__():
        if model.__module__.startswith(_OURS) and not model.__pydantic_complete__:
            yield model
        yield from unbuilt(model)
