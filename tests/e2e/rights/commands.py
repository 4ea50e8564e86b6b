"""The commands that look after Grok: what each shows, and what it changes."""

from __future__ import annotations

from bot.words import admin
from bot.words import prompts as prompt_words
from bot.words import usage as usage_words
from bot.words import votes as vote_words
from sandbox.workspace import ANA, BEN, Message
from tests.e2e.rights.table import drives
from tests.e2e.rights.world import (
    ANNOUNCED,
    DOLLARS,
    HERE,
    OF_ANA,
    OF_EACH,
    OF_HERE,
    SEED,
    SYSTEM,
    Outcome,
    World,
    refused,
    told,
)
from tests.e2e.stage import thumb

YOU, OF_CHANNEL, OF_ALL = (usage_words.heading(kind) for kind in ("user", "channel", "workspace"))

SHOWN: dict[str, tuple[str, str]] = {
    "`/grok models`": ("models", admin.MODELS_FORBIDDEN),
    "`/grok search`": ("search", "may be searched."),
    "`/grok usage`": ("usage", OF_CHANNEL),
    "`/grok usage me`": ("usage me", YOU),
    "`/grok usage channel`": ("usage channel", OF_CHANNEL),
    "`/grok usage workspace`": ("usage workspace", OF_ALL),
    "`/grok usage export`": ("usage export", "as a table"),
    "`/grok audit`": ("audit", admin.AUDIT),
    "`/grok feedback`": ("feedback", vote_words.TITLE),
    "`/grok feedback export`": ("feedback export", "as CSV and as JSONL"),
    "`/grok defaults`": ("defaults", SYSTEM),
    "`/grok defaults show channel`": ("defaults show channel", SEED),
    "`/grok defaults show workspace`": ("defaults show workspace", SYSTEM),
    "`/grok quota`": ("quota", DOLLARS),
    "`/grok quota show channel`": ("quota show channel", OF_HERE),
    "`/grok quota show each-user`": ("quota show each-user", OF_EACH),
    "`/grok quota show workspace`": ("quota show workspace", DOLLARS),
    "`/grok quota show user @somebody`": (f"quota show user <@{ANA}|ana>", OF_ANA),
}
"""By act: what is typed, and what stands in the answer to whoever is told all of it."""


async def voted_on(at: World) -> Message:
    """An answer, and a vote on it."""
    message = await at.answer(BEN)
    await at.workspace.click(BEN, message.channel, message.ts, "feedback", thumb(message))
    return message


def _shows(act: str, typed: str, mark: str) -> None:
    @drives(act)
    async def show(at: World, who: str) -> Outcome:
        await at.keep("something used", lambda: voted_on(at))
        return told(await at.told(who, typed), mark)


for _act, (_typed, _mark) in SHOWN.items():
    _shows(_act, _typed, _mark)

CHANGES: dict[str, tuple[str, str, str]] = {
    "`/grok defaults set`": ("defaults set --seed {}", "", "defaults reset"),
    "`/grok defaults set … workspace`": ("defaults set --seed {} workspace", "", ""),
    "`/grok defaults unset`": ("defaults unset top-p", "defaults set --top-p 0.5", ""),
    "`/grok defaults reset`": ("defaults reset", "defaults set --top-p 0.5", ""),
    "`/grok quota set`": ("quota set requests-per-day=9{:04}", "", ""),
    "`/grok quota unset`": ("quota unset concurrent", "quota set concurrent=900", ""),
    "`/grok models forbid`": ("models forbid made-up-{}", "", "models allow all"),
    "`/grok models allow`": ("models allow all", "models forbid made-up-1", ""),
    "`/grok search forbid`": ("search forbid made-up-{}.example", "", "search allow all"),
    "`/grok search allow`": ("search allow all", "search forbid x", ""),
    "`/grok feedback off`": ("feedback off", "feedback on", "feedback on"),
    "`/grok feedback texts on`": ("feedback texts on", "feedback texts off", ""),
    "`/grok pause`": ("pause", "", "resume"),
    "`/grok resume`": ("resume", "pause", "resume"),
}
"""By act: what is typed, with a number of its own where it takes one, and what an admin types
before and after it."""


def _changes(act: str, typed: str, before: str, after: str) -> None:
    @drives(act)
    async def change(at: World, who: str) -> Outcome:
        if before:
            await at.told(ANA, before, ANNOUNCED)
        version = await at.version()
        said = await at.told(who, typed.format(next(at.numbers)), ANNOUNCED)
        changed = await at.version() != version
        if after:
            await at.told(ANA, after, ANNOUNCED)
        return "yes" if changed else refused(said)


@drives("`/grok defaults set … me`")
async def set_own(at: World, who: str) -> Outcome:
    said = await at.told(who, f"defaults set --seed 9{next(at.numbers):04} me")
    return "yes" if "our own defaults" in said else refused(said)


@drives("`/grok defaults show me`")
async def show_own(at: World, who: str) -> Outcome:
    said = await at.told(who, "defaults show me")
    assert SYSTEM not in said
    return "yes" if "our own defaults" in said or "of your own" in said else refused(said)


@drives("`/grok prompts save`")
async def save_prompt(at: World, who: str) -> Outcome:
    said = await at.told(who, "prompts save brief Say it in one line: {text}")
    how = prompt_words.how_asked("brief", place=True)
    return "yes" if said == prompt_words.SAVED_AS(how=how, name="brief") else refused(said)


@drives("`/grok prompts use`")
async def use_prompt(at: World, who: str) -> Outcome:
    await save_prompt(at, who)
    return await at.asked(
        who, lambda prompt: at.workspace.forge.command(who, HERE, f"prompts use brief {prompt}")
    )


@drives("`/grok prompts share`")
async def share_prompt(at: World, who: str) -> Outcome:
    await save_prompt(at, who)
    said = await at.told(who, "prompts share brief channel", ANNOUNCED)
    return "yes" if said.startswith("Done.") else refused(said)


@drives("`/grok prompts delete … channel`")
async def delete_prompt(at: World, who: str) -> Outcome:
    await save_prompt(at, ANA)
    await at.told(ANA, "prompts share brief", ANNOUNCED)
    said = await at.told(who, "prompts delete brief channel", ANNOUNCED)
    return "yes" if said.startswith("Done.") else refused(said)


for _act, _change in CHANGES.items():
    _changes(_act, *_change)
