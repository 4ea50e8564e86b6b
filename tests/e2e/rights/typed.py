"""The buttons below what somebody typed that was not asked."""

from __future__ import annotations

from itertools import count

from bot.doors.mistyped import ASK_ANYWAY, TO_FORM
from bot.words import talk
from sandbox.workspace import BEN, Message
from tests.e2e.rights.table import drives
from tests.e2e.rights.world import HERE, Outcome, World, refused
from tests.e2e.stage import button

_NUMBERS = count()


async def typed(at: World, text: str) -> Message:
    """What the asker is told of a text that was not asked."""
    before = len(at.workspace.ephemerals(BEN))
    await at.workspace.forge.command(BEN, HERE, text)
    return await at.workspace.wait_for(
        lambda: next(iter(at.workspace.ephemerals(BEN)[before:]), None)
    )


async def press(at: World, who: str, action: str, note: Message, message: Message) -> None:
    """Press that button as if it stood below `message`, which everybody sees."""
    value = button(note, action)["value"]
    result = await at.workspace.forge.click(who, HERE, message.ts, action, value)
    assert result.error is None, result


@drives("*Ask it anyway* of what the asker typed (made up)")
async def anyway(at: World, who: str) -> Outcome:
    message = await at.keep("to click on", lambda: at.answer(BEN))
    note = await typed(at, "quotas")
    heard, before = at.listening(who), len(at.grok.requests)
    await press(at, who, ASK_ANYWAY, note, message)
    found = await at.workspace.wait_for(
        lambda: "asked" if len(at.grok.requests) > before else heard()
    )
    if found == "asked":
        return "yes"
    return "no" if talk.TYPED_FORGOTTEN in found else refused(found)


@drives("the form, filled with what the asker typed (made up)")
async def form(at: World, who: str) -> Outcome:
    message = await at.keep("to click on", lambda: at.answer(BEN))
    text = f"Name pond number {next(_NUMBERS)}."
    note = await typed(at, f"--temperature hot {text}")
    await press(at, who, TO_FORM, note, message)
    shown = await at.read(who)
    if text in shown:
        return "yes"
    assert talk.TYPED_FORGOTTEN in shown, shown
    return "no"
