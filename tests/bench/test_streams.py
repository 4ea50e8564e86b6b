"""The Grok that costs next to nothing, and the plot of what many streams cost."""

from __future__ import annotations

import re
import time
from xml.etree import ElementTree as ET

import pytest

from bench._lean_grok import ENDED_AT, SHORT, TIMED, lean_grok
from bench._streams_plot import draw
from sandbox.grok import GrokServer
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import request

TOKENS = 5


@pytest.mark.integration
async def test_the_lean_grok_is_read_as_any_other(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    async with lean_grok(TOKENS) as address:
        client = await open_grok_client(grok, xai_base_url=address, grok_endpoint="chat")
        asked = {}
        for words in (SHORT, TIMED, "at length"):
            chunks = [chunk async for chunk in client.complete(request(prompt=f"Say it {words}"))]
            asked[words] = "".join(chunk.text for chunk in chunks)
            assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]

    assert asked[SHORT] == "Yes."
    told = re.search(rf"{ENDED_AT}([0-9.]+)$", asked[TIMED])
    assert told is not None
    assert float(told[1]) <= time.time()
    assert asked["at length"] == asked[TIMED][: told.start()].rstrip("\n")


def test_each_number_of_streams_is_drawn_in_both_panels() -> None:
    drawn = ET.fromstring(draw([(1, 0.02, 80.0), (100, 0.1, 100.0), (400, 0.37, 175.0)]))
    titles = [title.text for title in drawn.iter("{http://www.w3.org/2000/svg}title")]

    assert titles == ["1: 0.02", "100: 0.10", "400: 0.37", "1: 80.00", "100: 100.00", "400: 175.00"]
