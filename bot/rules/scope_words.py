"""The scope at the end of a command: `channel`, `workspace`, `each-user`, `me`, `user @who`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.completion.excerpt import excerpt
from bot.errors import Fault
from bot.rules.quota import Scope, ScopeKind, keyword
from bot.words import commands as said

TargetKind = Literal["me"] | ScopeKind

_USER_ID = re.compile(r"[@＠]?([UW][A-Z0-9]{7,})")
_AT = ("@", "＠")  # the second is how a command is shown, to be typed again


@dataclass(frozen=True, slots=True)
class Target:
    """What a command is about, as it was typed: `channel` is the one that it was typed in.

    `user` is the id of the person meant by `user @who`. It is empty when Slack did not say who
    that is, which is a fault of the command.
    """

    kind: TargetKind
    user: str = ""

    @property
    def scope_kind(self) -> ScopeKind:
        """The kind of the scope that is meant."""
        return "user" if self.kind == "me" else self.kind

    def scope(self, *, channel: str, user: str) -> Scope:
        """The scope that is meant when `user` typed it in `channel`."""
        ids = {"me": user, "user": self.user, "channel": channel}
        return Scope(self.scope_kind, ids.get(self.kind, ""))


CHANNEL = Target("channel")


@dataclass(frozen=True, slots=True)
class ScopeEnding:
    """Words without the scope that they end with; `target` is None when they end with none."""

    before: Sequence[str]
    target: Target | None = None
    faults: tuple[Fault, ...] = ()


def first_word(text: str) -> tuple[str, str]:
    """The first word as the grammar spells it, and what follows it to the letter."""
    first, rest = (*text.split(None, 1), "", "")[:2]
    return keyword(first), rest


def ending(text: str, kinds: Sequence[TargetKind], mentions: Sequence[str] = ()) -> ScopeEnding:
    """`text` parted from a scope of one of these kinds; `mentions` are the people named in it."""
    words = text.split()
    if "user" in kinds and len(words) > 1 and keyword(words[-2]) == "user":
        return _person(words, words[:-2], mentions)
    if "user" in kinds and words and words[-1].startswith(_AT):
        return _person(words, words[:-1], mentions)
    last = keyword(words[-1]) if words else ""
    kind = next((kind for kind in kinds if kind == last and kind != "user"), None)
    return ScopeEnding(words[:-1], Target(kind)) if kind else ScopeEnding(words)


def _person(words: Sequence[str], before: Sequence[str], mentions: Sequence[str]) -> ScopeEnding:
    """Whom the last of `words` names, behind those `before`: as Slack has marked it, or by id."""
    who = words[-1]
    by_id = _USER_ID.fullmatch(who)
    if not who.startswith(_AT) and not by_id:
        return ScopeEnding(words)
    if mentions:
        return ScopeEnding(before, Target("user", mentions[-1]))
    if by_id:
        return ScopeEnding(before, Target("user", by_id[1]))
    fault = Fault("", said.unknown_person(excerpt(who[1:])), said.ALLOWED_PERSON)
    return ScopeEnding(before, Target("user"), (fault,))
