"""Asking by every door, and what is said to those whose question is not taken."""

from __future__ import annotations

import json

from bot.doors.messages_tab import SUGGESTED_ACTIONS
from bot.words import talk
from sandbox.workspace import BEN, Message, NewFile, NotAllowedError, dm_of
from tests.e2e.rights.table import drives
from tests.e2e.rights.world import (
    DOLLARS,
    HERE,
    PAUSED,
    TIGHT,
    TOKENS,
    Outcome,
    World,
    refused,
    told,
)


@drives("ask by `/grok`")
async def command(at: World, who: str) -> Outcome:
    return await at.asked(who, lambda prompt: at.workspace.forge.command(who, HERE, prompt))


@drives("ask by a mention")
async def mention(at: World, who: str) -> Outcome:
    return await at.asked(who, lambda prompt: at.workspace.say(who, HERE, f"@grok {prompt}"))


@drives("have a file read that is attached to a mention")
async def attached(at: World, who: str) -> Outcome:
    """Whoever may not ask has none of it fetched either."""
    log = NewFile("error.log", f"E42 of {who}".encode())
    before = len(at.workspace.calls_of("files.info"))
    outcome = await at.asked(
        who, lambda prompt: at.workspace.say(who, HERE, f"@grok {prompt}", files=[log])
    )
    fetched = len(at.workspace.calls_of("files.info")) > before
    read = any(f"E42 of {who}" in str(each.body) for each in at.grok.requests)
    assert fetched == read == (outcome == "yes")
    return outcome


@drives("ask by a reply in a thread with Grok")
async def reply(at: World, who: str) -> Outcome:
    root = await at.keep("thread", lambda: at.answer(BEN))
    return await at.asked(who, lambda prompt: at.workspace.say(who, HERE, prompt, root.ts))


@drives("ask by a direct message")
async def direct(at: World, who: str) -> Outcome:
    return await at.asked(who, lambda prompt: at.workspace.say(who, dm_of(who), prompt))


@drives("ask by a question that a first direct message suggests")
async def suggested(at: World, who: str) -> Outcome:
    """Whoever may not ask is offered none."""
    place, action = dm_of(who), SUGGESTED_ACTIONS[0]
    try:
        await at.workspace.open_home(who, "messages")
    except NotAllowedError:  # Slack's own: the app is not theirs to open
        return "no"

    def offered() -> Message | None:
        found = at.workspace.messages(place)
        return next((each for each in found if action in json.dumps(each.blocks)), None)

    try:
        offer = await at.workspace.wait_for(offered, 3)
    except TimeoutError:
        return "no"
    before = len(at.grok.requests)
    await at.workspace.click(who, place, offer.ts, action)
    await at.workspace.wait_for(lambda: len(at.grok.requests) > before)
    return "yes"


@drives("read in numbers what is left, when a question does not fit")
async def denial(at: World, who: str) -> Outcome:
    return told(await at.told(who, "Name a lake.", TIGHT), TOKENS)


@drives("search what admins forbid, by a flag")
async def forbidden(at: World, who: str) -> Outcome:
    """Whoever asks for it is told so, and nothing is asked without it."""
    flags = "--search web --domains forbidden.example"
    before = len(at.grok.requests)
    said = await at.told(who, f"{flags} Name a lake.")
    assert "forbidden.example is not allowed here" in said, said
    return "no" if len(at.grok.requests) == before else "yes"


@drives("read who paused Grok, when no questions are taken")
async def pause(at: World, who: str) -> Outcome:
    return told(await at.told(who, "Name a lake.", PAUSED), "paused Grok")


@drives("`@Grok forget` in a thread")
async def forget(at: World, who: str) -> Outcome:
    root: Message = await at.keep("to forget", lambda: at.answer(BEN))
    heard = at.listening(who)
    await at.workspace.say(who, HERE, "@grok forget", root.ts)
    said = await at.workspace.wait_for(heard)
    return "yes" if talk.FORGOTTEN in said else refused(said)


@drives("`@Grok leave` in a thread")
async def leave(at: World, who: str) -> Outcome:
    root: Message = await at.keep("to leave", lambda: at.answer(BEN))
    heard = at.listening(who)
    await at.workspace.say(who, HERE, "@grok leave", root.ts)
    said = await at.workspace.wait_for(heard)
    return "yes" if talk.LEFT in said else refused(said)


@drives("`/grok help`")
async def helped(at: World, who: str) -> Outcome:
    said = await at.told(who, "help quota")
    assert DOLLARS not in said
    return told(said, "How much may be used")
