"""The scope at the end of a command: `channel`, `workspace`, `each-user`, `me`, `user @who`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.completion.excerpt import excerpt
from bot.errors import Fault
from bot.rules.managing import ManagingCommand, Target, TargetKind
from bot.rules.quota import keyword
from bot.words import managing as said

SHARED: tuple[TargetKind, ...] = ("channel", "workspace")

MOST_NAMES = 40
"""A list of more is no command: there are not so many names, and comparing them is slow."""

_USER_ID = re.compile(r"@([UW][A-Z0-9]{7,})")


@dataclass(frozen=True, slots=True)
class Ending:
    """Words without the scope that they end with; `target` is None when they end with none."""

    before: Sequence[str]
    target: Target | None = None
    faults: tuple[Fault, ...] = ()


def first_word(text: str) -> tuple[str, str]:
    """The first word as the grammar spells it, and what follows it to the letter."""
    first, rest = (*text.split(None, 1), "", "")[:2]
    return keyword(first), rest


def ending(text: str, kinds: Sequence[TargetKind], mentions: Sequence[str] = ()) -> Ending:
    """`text` parted from a scope of one of these kinds; `mentions` are the people named in it."""
    words = text.split()
    if "user" in kinds and len(words) > 1 and keyword(words[-2]) == "user":
        return _person(words, mentions)
    last = keyword(words[-1]) if words else ""
    kind = next((kind for kind in kinds if kind == last and kind != "user"), None)
    return Ending(words[:-1], Target(kind)) if kind else Ending(words)


def only_scope(
    make: Callable[..., ManagingCommand], text: str, kinds: Sequence[TargetKind]
) -> ManagingCommand | None:
    """The command, when `text` is empty or nothing but a scope."""
    end = ending(text, kinds)
    if end.before:
        return None
    return make(end.target) if end.target else make()


def list_of(words: Sequence[str]) -> tuple[str, ...]:
    """A list of names, with commas or without, each once."""
    return tuple(dict.fromkeys(" ".join(words).replace(",", " ").split()))


def out_of_place(words: Sequence[str], allowed: str) -> tuple[Fault, ...]:
    """The fault of these words, if there are any, where only what is `allowed` may stand."""
    return (Fault("", said.out_of_place(excerpt(" ".join(words))), allowed),) if words else ()


def _person(words: Sequence[str], mentions: Sequence[str]) -> Ending:
    before, who = words[:-2], words[-1]
    if not who.startswith("@"):
        return Ending(words)
    if mentions:
        return Ending(before, Target("user", mentions[-1]))
    if by_id := _USER_ID.fullmatch(who):
        return Ending(before, Target("user", by_id[1]))
    fault = Fault("user", said.unknown_person(excerpt(who[1:])), said.ALLOWED_PERSON)
    return Ending(before, Target("user"), (fault,))
