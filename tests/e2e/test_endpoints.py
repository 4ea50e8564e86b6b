"""Every way to ask, and what can be done with an answer, at each of the three endpoints: one bot,
of which each question goes to the newest endpoint that carries all of it."""

from __future__ import annotations

from typing import Any

from bot.grok.endpoints.writing import ENDPOINTS
from sandbox.grok import Script
from sandbox.workspace import (
    ANA,
    BEN,
    BOT_USER,
    ENGINEERING,
    GENERAL,
    RANDOM,
    Limits,
    Message,
    NewFile,
)
from tests.e2e.stage import Stage, buttons, is_complete, markdown, on_stage
from tests.files.samples import pdf

MODEL = "grok-4.20-non-reasoning"
NEEDED = {"responses": "", "chat": "--seed 7", "completions": "--suffix Bye"}
"""Flags that only this endpoint, and those that are older, can carry."""

LONG = tuple(f"word{number} " for number in range(400))


async def _answered(stage: Stage, text: str, root: str = "", channel: str = GENERAL) -> Message:
    """The newest answer in the channel, or in a thread of it, once it is whole."""

    def newest() -> Message | None:
        found = stage.replies(root, channel=channel) if root else stage.workspace.messages(channel)
        said = [each for each in found if each.user == BOT_USER and text in markdown(each)]
        return said[-1] if said and is_complete(said[-1]) else None

    return await stage.workspace.wait_for(newest, 20)


async def _commands(stage: Stage, of: str) -> None:
    """`/grok`, Retry, Edit and Details; a private answer, and Share."""
    stage.grok.script(Script(text=f"{of} one **bold** [x](https://e.example)\n```py\n1 < 2\n```"))
    await stage.ask("one")
    answer = await _answered(stage, f"{of} one")
    assert "```py\n1 < 2\n```" in markdown(answer)
    assert f"({of})" in str(answer.revisions[-1].blocks)
    stage.grok.script(Script(text=f"{of} two"))
    await stage.workspace.click(ANA, GENERAL, answer.ts, "retry")
    answer = await _answered(stage, f"{of} two")
    stage.grok.script(Script(text=f"{of} three"))
    view = await stage.edit(answer)
    await stage.workspace.submit(ANA, view.id, {"prompt": "three"})
    answer = await _answered(stage, f"{of} three")
    await stage.workspace.click(ANA, GENERAL, answer.ts, "details")
    await stage.workspace.wait_for(
        lambda: (view := stage.workspace.view(ANA)) and f"/v1{_path(of)}`" in str(view.content)
    )
    stage.grok.script(Script(text=f"{of} secret"))
    await stage.ask("--private four")
    alone = await stage.workspace.wait_for(
        lambda: next(
            (each for each in stage.workspace.ephemerals(ANA) if f"{of} secret" in each.shown), None
        )
    )
    assert "share" in buttons(alone)


async def _conversations(stage: Stage, of: str) -> None:
    """A mention with a file, a reply in its thread, and a message with the shortcut."""
    stage.grok.script(Script(text=f"{of} mention"))
    plan = NewFile("plan.pdf", pdf(f"Ship {of} on Monday"))
    asked = await stage.workspace.say(ANA, RANDOM, "@grok when?", files=[plan])
    await _answered(stage, f"{of} mention", asked.ts, RANDOM)
    assert _reads(stage, "plan.pdf")
    stage.grok.script(Script(text=f"{of} reply"))
    await stage.workspace.say(BEN, RANDOM, "really?", asked.ts)
    await _answered(stage, f"{of} reply", asked.ts, RANDOM)
    assert _reads(stage, f"{of} mention")
    shared = await stage.workspace.say(BEN, RANDOM, f"The {of} report: profits & losses")
    await stage.workspace.shortcut(ANA, "ask_grok", RANDOM, shared.ts)
    view = await stage.form()
    stage.grok.script(Script(text=f"{of} shortcut"))
    await stage.workspace.submit(ANA, view.id, {"prompt": "sum up"})
    await _answered(stage, f"{of} shortcut", shared.ts, RANDOM)
    assert _reads(stage, f"The {of} report: profits & losses")


async def _endings(stage: Stage, of: str) -> None:
    """Stop keeps what there is, Continue goes on, and a break is told."""
    stage.grok.script(Script(pieces=LONG, speed=50))
    await stage.ask("count", channel=ENGINEERING)
    growing = await stage.workspace.wait_for(
        lambda: next(
            (
                each
                for each in stage.workspace.messages(ENGINEERING)[-1:]
                if "word3" in markdown(each)
            ),
            None,
        )
    )
    await stage.workspace.click(ANA, ENGINEERING, growing.ts, "stop")
    await stage.workspace.wait_for(lambda: is_complete(growing))
    assert "word399" not in markdown(growing)
    stage.grok.script(Script(text=f"{of} begins", finish_reason="length"))
    await stage.ask("long", channel=ENGINEERING)
    begun = await _answered(stage, f"{of} begins", "", ENGINEERING)
    stage.grok.script(Script(text=f" {of} goes on"))
    await stage.workspace.click(ANA, ENGINEERING, begun.ts, "continue")
    await _answered(stage, f"{of} goes on", begun.ts, ENGINEERING)
    stage.grok.script(Script(text=f"{of} breaks off here", cut_after=3))
    await stage.ask("break", channel=ENGINEERING)
    broken = await _answered(stage, f"{of} breaks", "", ENGINEERING)
    assert "broke before the answer was complete" in markdown(broken)


def _path(of: str) -> str:
    return next(wire.path for name, wire in ENDPOINTS.items() if name == of)


def _reads(stage: Stage, text: str) -> bool:
    return text in str(stage.grok.requests[-1].body)


async def test_every_way_to_ask_at_each_endpoint(redis_url: str) -> None:
    plenty: dict[str, Any] = {"limits": Limits(scale=0), "slack_edits_per_minute": 10_000}
    async with on_stage(redis_url, grok_model=MODEL, **plenty) as stage:
        for endpoint, flags in NEEDED.items():
            before = len(stage.grok.requests)
            await stage.ask("defaults reset workspace")
            if flags:
                await stage.ask(f"defaults set {flags} workspace")
            await _commands(stage, endpoint)
            await _conversations(stage, endpoint)
            await _endings(stage, endpoint)
            await stage.quiet()
            paths = {each.path for each in stage.grok.requests[before:]}
            assert paths == {f"/v1{_path(endpoint)}"}
        assert not stage.workspace.problems
