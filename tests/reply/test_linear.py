"""The work on a growing answer is in what is new of it, not in all that there is."""

from __future__ import annotations

import tracemalloc

from bot.completion import CompletionRequest
from bot.completion.collect import Collector
from bot.completion.result import Answer, Chunk, Section
from bot.reply.chain import Chain
from bot.slack.blocks import Question
from tests.turns import counted_turns

PARAGRAPH = "TCP does **not** know how fast the network is, so it *probes* 🚀.\n\n"
BYTES = 4
"""Of each character, since one of them needs as many."""


def test_a_look_at_a_long_answer_copies_no_more_than_its_last_message() -> None:
    collector = Collector(CompletionRequest(model="grok-4.3", prompt="Explain TCP"))
    chain = Chain(Question("U012AB3CD", "Explain TCP"), "job1")

    def look(text: str) -> int:
        """How many bytes were taken to look at `text` more, at most."""
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        collector.add(Chunk(text=text))
        chain.growing(collector.sections())
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        for _ in range(400):
            look(PARAGRAPH * 10)
        taken = [look(PARAGRAPH) for _ in range(100)]
    finally:
        tracemalloc.stop()

    whole = len(collector.sections()[0].text) * BYTES
    assert whole > 1_000_000
    assert max(taken) < whole / 4


async def test_a_long_answer_is_laid_out_while_others_have_their_turn() -> None:
    chain = Chain(Question("U012AB3CD", "Explain TCP"), "job1")
    text = PARAGRAPH * 4_000
    whole = Answer(
        sections=(Section(text=text, done=True),), model_asked="m", model="m", endpoint="chat"
    )
    async with counted_turns() as turns:
        await chain.prepare_all(whole)

    assert turns.count > len(text) / 5_000
    assert chain.complete(whole) == Chain(Question("U012AB3CD", "Explain TCP"), "job1").complete(
        whole
    )
