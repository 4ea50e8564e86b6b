"""Quotas hold for any text, before a Grok that counts a token for each byte."""

from __future__ import annotations

import asyncio
import base64
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.grok import GrokServer, Script
from sandbox.grok.counting import Counting
from sandbox.workspace import ANA, BEN, GENERAL, Limits
from tests.e2e.stage import Stage, is_complete, on_stage
from tests.e2e.test_admin import told

LIMIT = 60_000
STRICT = Counting(per_byte=True, hidden=679, per_message=8)
"""The most that xAI has been seen to add to a prompt."""

CHANCE = random.Random(7)

TEXTS: dict[str, Callable[[], str]] = {
    "cuneiform": lambda: "".join(chr(CHANCE.randrange(0x12000, 0x12399)) for _ in range(8_000)),
    "digits": lambda: " ".join(map(str, range(6_000))),
    "uuids": lambda: " ".join(str(uuid.UUID(int=CHANCE.getrandbits(128))) for _ in range(800)),
    "base64": lambda: base64.b64encode(CHANCE.randbytes(22_000)).decode(),
    "emoji": lambda: "".join(chr(CHANCE.randrange(0x1F300, 0x1F64F)) for _ in range(7_000)),
    "tibetan": lambda: "".join(chr(CHANCE.randrange(0x0F40, 0x0F69)) for _ in range(9_000)),
    "marks": lambda: "=====[\n" * 3_500,
    "markup": lambda: "`*_~|" * 5_000,
    "English": lambda: "The quick brown fox jumps. " * 1_000,
}


def strict_grok(dialect: str = "xai") -> GrokServer:
    return GrokServer(dialect=dialect, speed=None, first_delay=0, counting=STRICT)  # type: ignore[arg-type]


async def limited(stage: Stage) -> str:
    """Set the limit; what its admin reads."""
    return await told(stage, f"quota set tokens-per-day={LIMIT} workspace")


async def all_told(stage: Stage, asked: int, known: str) -> None:
    """Wait until each of so many questions is answered, or its asker reads why not, beside what is
    `known`."""

    def told_all() -> bool:
        notes = (*stage.workspace.ephemerals(ANA), *stage.workspace.ephemerals(BEN))
        refused = sum(note.shown != known for note in notes)
        answers = stage.workspace.messages(GENERAL)
        return len(answers) + refused >= asked and all(map(is_complete, answers))

    await stage.workspace.wait_for(told_all, 30)
    await stage.quiet()


@pytest.mark.parametrize("kind", TEXTS)
async def test_no_text_passes_a_quota(kind: str, redis_url: str) -> None:
    async with on_stage(redis_url, grok=strict_grok(), limits=Limits(scale=0)) as stage:
        known = await limited(stage)
        asking = [stage.ask(TEXTS[kind](), user=(ANA, BEN)[number % 2]) for number in range(6)]
        await asyncio.gather(*asking)
        await all_told(stage, 6, known)

    assert 0 < sum(stage.grok.billed) <= LIMIT


@pytest.mark.parametrize(
    "usage",
    [
        {},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": -5, "completion_tokens": "NaN", "total_tokens": 10**40},
        {"completion_tokens": 1},
    ],
)
@pytest.mark.parametrize(
    "reply",
    [
        {"text": "𒀀" * 200},
        {"text": "x y", "cut_after": 1},
        {"text": "x", "cut_after": 0, "times": 2},
    ],
)
async def test_no_usage_passes_a_quota(
    usage: dict[str, Any], reply: dict[str, Any], redis_url: str
) -> None:
    """One question after the other, of which Grok never says what it took."""
    async with on_stage(redis_url, grok=strict_grok("openai"), limits=Limits(scale=0)) as stage:
        known = await limited(stage)
        for number in range(8):
            stage.grok.script(Script(usage=usage, reasoning="", **reply))
            await stage.ask(f"--max-tokens 1000 {TEXTS['cuneiform']()[:3_000]}")
            await all_told(stage, number + 1, known)

    assert 2 <= len(stage.grok.billed) < 8
    assert sum(stage.grok.billed) <= LIMIT


async def test_no_conversation_passes_a_quota(redis_url: str) -> None:
    """Questions of a thread that are asked at once, each with all that was said before."""
    async with on_stage(redis_url, grok=strict_grok(), limits=Limits(scale=0)) as stage:
        await limited(stage)
        for _ in range(12):
            stage.grok.script(Script(text=TEXTS["emoji"]()[:900], reasoning=""))
        root = (await stage.workspace.say(ANA, GENERAL, f"@grok {'=====[' * 40}")).ts
        await stage.reply(0, root)
        for number in range(10):
            text = f"{number} {TEXTS['marks']()[:900]}"
            await stage.workspace.say((ANA, BEN)[number % 2], GENERAL, text, root)
        await stage.quiet()
        await stage.workspace.settled()

    assert len(stage.grok.billed) >= 2
    assert sum(stage.grok.billed) <= LIMIT


async def test_long_prompt_that_fits_once_it_is_counted(redis_url: str) -> None:
    """At a token for each byte it would not."""
    prompt = "The quick brown fox jumps over the lazy dog. " * 400
    async with on_stage(redis_url, limits=Limits(scale=0)) as stage:
        await told(stage, "quota set tokens-per-day=12k workspace")
        await stage.ask(f"--max-tokens 500 {prompt}")
        await stage.answer()
        lookups = [lookup for lookup in stage.grok.lookups if "tokenize" in lookup.path]
        used_up = await told(stage, f"--max-tokens 9000 {prompt}")

    assert len(lookups) == 1
    assert lookups[0].body["text"] == prompt.strip()
    assert stage.messages()[-1]["content"] == prompt.strip()
    assert "--max-tokens" not in used_up
    assert len([each for each in stage.grok.lookups if "tokenize" in each.path]) == 1


async def test_server_without_a_tokenizer_is_asked_once(redis_url: str) -> None:
    prompt = "The quick brown fox jumps over the lazy dog. " * 400
    grok = GrokServer(dialect="openai", speed=None, first_delay=0)
    async with on_stage(redis_url, grok=grok, limits=Limits(scale=0)) as stage:
        await told(stage, "quota set tokens-per-day=12k workspace")
        for _ in range(3):
            assert "12" in await told(stage, f"--max-tokens 500 {prompt}")

    assert len([each for each in stage.grok.lookups if "tokenize" in each.path]) == 1
    assert stage.grok.requests == []


async def test_slow_tokenizer_makes_nobody_wait(redis_url: str) -> None:
    async with on_stage(redis_url, limits=Limits(scale=0)) as stage:
        await told(stage, "quota set tokens-per-day=12k workspace")
        stage.grok.script_lookup(Script(stall_after=0, times=None, when=_tokenizes))
        assert "12" in await told(stage, "Name a river. " * 1_400)

    assert stage.grok.requests == []
    assert not stage.workspace.problems


def _tokenizes(request: Any) -> bool:
    return "tokenize" in request.path


async def test_thread_whose_turns_fit_once_they_are_counted(redis_url: str) -> None:
    """What was said is a third of the bound; all of it goes along, and no more than is reserved."""
    async with on_stage(redis_url, limits=Limits(scale=0)) as stage:
        said = "It was a dark and stormy night in the city. " * 80
        stage.grok.script(Script(text=said, reasoning=""))
        root = (await stage.workspace.say(ANA, GENERAL, "@grok Tell me a story")).ts
        await stage.reply(0, root)
        await told(stage, "quota set tokens-per-day=14k workspace")
        await stage.workspace.say(ANA, GENERAL, "And then?", root)
        await stage.reply(1, root)

    assert [message["content"] for message in stage.messages()] == [
        "Tell me a story",
        said,
        "And then?",
    ]
