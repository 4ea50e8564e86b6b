"""What is said of a change of the policy that is done: to whoever made it, and to a channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.asking.rules_text import FieldChange, changes, models_text, searchable_text, whose
from bot.rules.policy import Fields, InForce
from bot.rules.quota import WORKSPACE, Scope
from bot.slack.blocks import mention
from bot.store.policies import Change
from bot.words import admin as words
from bot.words.sentences import each

MOST_TOLD = 5
"""Changes that a channel is told one by one."""


def part_of(done: Change) -> str:
    """Which part of the policy changed: a command changes one."""
    first = next(iter((*done.after, *done.before)))
    return first.partition(".")[0]


def confirmation(done: Change, scope: Scope, rules: InForce, channel: str) -> tuple[str, ...]:
    """What whoever made it in `channel` reads, line by line."""
    owner = whose(scope, channel)
    match part_of(done):
        case "paused" if "paused" in done.after:
            return (words.PAUSED(whose=owner, kind=scope.kind),)
        case "paused":
            return (words.RESUMED(owner), *holding("paused", scope, rules))
        case kind:
            lines = change_lines(done.before, done.after)
            return (words.CHANGED[kind](owner), *lines, *holding(kind, scope, rules))


def holding(kind: str, scope: Scope, rules: InForce) -> tuple[str, ...]:
    """What is to be said of all that holds there, to whoever changed a part of it."""
    everywhere = rules.policy.of(WORKSPACE)
    in_channel = scope.kind == "channel"
    forbids = (words.FORBIDDEN_EVERYWHERE,) if in_channel else ()
    match kind:
        case "paused":
            return (words.STILL_PAUSED,) if in_channel and rules.paused else ()
        case "models":
            held = forbids if False in everywhere.models.values() else ()
            return (models_text(rules.models), *held)
        case "search":
            held = forbids if False in everywhere.search.values() else ()
            return (searchable_text(rules.searchable), *held)
        case _:
            return ()


def announcement(done: Change, rules: InForce, user: str) -> str:
    """One line for everybody in the channel; empty for what is not theirs to know."""
    who = mention(user)
    match part_of(done):
        case "paused":
            return words.TOLD_PAUSED(who) if "paused" in done.after else words.TOLD_RESUMED(who)
        case "defaults":
            return words.TOLD_DEFAULTS(
                who=who, changes=_shortly(tuple(changes(done.before, done.after)))
            )
        case "texts":
            return words.TOLD_TEXTS[done.after.get("texts") is True](who)
        case "models":
            return words.TOLD_MODELS(who=who, sentence=models_text(rules.models))
        case "search":
            return words.TOLD_SEARCH(who=who, sentence=searchable_text(rules.searchable))
        case _:
            return ""


def change_lines(before: Fields, after: Fields) -> Iterator[str]:
    """What changed, for whoever changed it."""
    for change in changes(before, after):
        yield words.CHANGE(what=change.what, before=change.before, after=change.after)


def _shortly(changed: Sequence[FieldChange]) -> str:
    """What changed, for everybody in a channel, guests among them: what Grok is told before each
    question is for members to look up."""
    shown = [*map(_told, changed[:MOST_TOLD])]
    if len(changed) > MOST_TOLD:
        shown.append(words.TOLD_MORE(len(changed) - MOST_TOLD))
    return each(shown)


def _told(change: FieldChange) -> str:
    if change.what == words.flag("system"):
        return change.what
    if change.after == words.NOT_SET:
        return words.TOLD_UNSET(change.what)
    return words.TOLD_SET(what=change.what, value=change.after)
