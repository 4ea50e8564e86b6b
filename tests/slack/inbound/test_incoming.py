from __future__ import annotations

import asyncio

from bot.slack.inbound.incoming import Reached


class Way:
    """A way in that is open, or not."""

    def __init__(self) -> None:
        self.open = True

    async def connected(self) -> bool:
        return self.open


async def test_whether_slack_reaches_a_process_is_waited_for_until_its_way_in_can_say() -> None:
    reached, way = Reached(), Way()
    asked = asyncio.create_task(reached())
    await asyncio.sleep(0)
    assert not asked.done()

    reached.opened(way)
    assert await asked
    way.open = False
    assert not await reached()


async def test_nobody_waits_for_a_way_in_that_could_not_be_opened_or_is_closed() -> None:
    reached, opened = Reached(), Reached()
    asked = asyncio.create_task(reached())
    await asyncio.sleep(0)
    reached.closed()
    assert not await asked

    opened.opened(Way())
    opened.closed()
    assert not await opened()
