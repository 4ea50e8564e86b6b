"""The commands beside asking, as one table: what there is, what was used, how Grok is run.

A text is a command only when all of it fits: `usage of commas in English` is a question. A
command with a wrong name or value in it fits too, and has faults. What each does:
`bot.admin.commands`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Literal

from bot.errors import Fault
from bot.rules.arguments import (
    Reader,
    a_month,
    defaults_to_set,
    defaults_to_unset,
    every_default,
    models_to_allow,
    models_to_forbid,
    nothing,
    nothing_typed,
    quotas_to_set,
    quotas_to_unset,
    searched_to_allow,
    searched_to_forbid,
    texts_on_or_off,
    votes_off,
    votes_on,
)
from bot.rules.commands import Target, TargetKind, ending, first_word
from bot.rules.policy import Fields
from bot.rules.saved_prompts import one_name, to_save, to_use

Matter = Literal[
    "defaults",
    "prompts",
    "quota",
    "models",
    "search",
    "pause",
    "audit",
    "key",
    "usage",
    "export",
    "votes",
    "person",
    "rules",
    "answer",
]
"""What is not everybody's to see or change.

`defaults` and shared `prompts` are for members too where the settings say so. `rules`: to see what
admins have set and what others used. `answer`: to look into an answer that somebody else asked
for, or to ask for it again. Both are for members.
"""

_SHARED: tuple[TargetKind, ...] = ("channel", "workspace")
_OWN_TOO: tuple[TargetKind, ...] = ("me", *_SHARED)
_EACH: tuple[TargetKind, ...] = ("channel", "user", "each-user", "workspace")


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: `read` reads its arguments, and one of `scopes` may stand at its end.

    One that `changes` something is about the `usual` scope when none is named. `matter` says who
    may; `matters`: who may see those scopes of somebody else's.
    """

    name: str
    read: Reader = nothing
    scopes: tuple[TargetKind, ...] = ()
    matter: Matter | None = None
    matters: Mapping[TargetKind, Matter] = field(default_factory=dict)
    changes: bool = False
    usual: TargetKind = "channel"


_TABLE = (
    Verb("models"),
    Verb("models allow", models_to_allow, _SHARED, "models", changes=True),
    Verb("models forbid", models_to_forbid, _SHARED, "models", changes=True),
    Verb("search"),
    Verb("search allow", searched_to_allow, _SHARED, "search", changes=True),
    Verb("search forbid", searched_to_forbid, _SHARED, "search", changes=True),
    Verb("usage", nothing, ("me", *_SHARED), matters={"channel": "rules", "workspace": "usage"}),
    Verb("usage export", a_month, (), "export"),
    Verb("feedback", a_month, (), "votes"),
    Verb("feedback export", a_month, (), "votes"),
    Verb("feedback on", votes_on, _SHARED, "votes", changes=True),
    Verb("feedback off", votes_off, _SHARED, "votes", changes=True),
    Verb("feedback texts", texts_on_or_off, ("channel",), "votes", changes=True),
    Verb("audit", nothing, (), "audit"),
    Verb("defaults", nothing, _OWN_TOO, "rules"),
    Verb("defaults set", defaults_to_set, _OWN_TOO, "defaults", changes=True),
    Verb("defaults unset", defaults_to_unset, _OWN_TOO, "defaults", changes=True),
    Verb("defaults reset", every_default, _OWN_TOO, "defaults", changes=True),
    Verb("quota", nothing, _EACH, matters={**dict.fromkeys(_EACH, "rules"), "user": "person"}),
    Verb("quota set", quotas_to_set, _EACH, "quota", changes=True),
    Verb("quota unset", quotas_to_unset, _EACH, "quota", changes=True),
    Verb("prompts"),
    Verb("prompts show", one_name),
    Verb("prompts use", to_use),
    Verb("prompts save", to_save, changes=True, usual="me"),
    Verb("prompts share", one_name, _SHARED, "prompts", changes=True),
    Verb(
        "prompts delete",
        one_name,
        _OWN_TOO,
        matters=dict.fromkeys(_SHARED, "prompts"),
        changes=True,
        usual="me",
    ),
    Verb("key", nothing_typed, (), "key"),
    Verb("key remove", nothing, (), "key", changes=True, usual="workspace"),
    Verb("pause", nothing, _SHARED, "pause", changes=True),
    Verb("resume", nothing, _SHARED, "pause", changes=True),
)
VERBS: Mapping[str, Verb] = MappingProxyType({verb.name: verb for verb in _TABLE})
"""Every command by its name."""

_ALSO = {
    "defaults show": "defaults",
    "quota show": "quota",
    "search show": "search",
    "feedback show": "feedback",
    "prompts list": "prompts",
    "keys": "key",
    "usage votes": "feedback",
    "usage feedback": "feedback",
}


@dataclass(frozen=True, slots=True)
class AdminCommand:
    """A command as it was typed; `name` is that of its verb. `target` None: none was named.

    `names`, `fields`: as `bot.rules.arguments.Arguments` has them.
    """

    name: str
    target: Target | None = None
    names: tuple[str, ...] = ()
    fields: Fields = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    @property
    def verb(self) -> Verb:
        """Its row of the table."""
        return VERBS[self.name]

    def matter(self, user: str) -> Matter | None:
        """What `user` wants to see or change; None: what is everybody's, or their own."""
        if self.target is not None and self.target.kind == "me":
            return None
        others = self.target is not None and self.target.user != user
        return self.verb.matter or (
            self.verb.matters.get(self.target.kind) if self.target and others else None
        )


def parse_command(text: str, mentions: Sequence[str] = ()) -> AdminCommand | None:
    """The command that the text after `/grok` is, or None when it is none. Never raises.

    `text` is what was shown, `mentions` are the ids of the people named in it, in order.
    """
    first, rest = first_word(text)
    action, after = first_word(rest)
    longer = f"{first} {action}"
    if found := VERBS.get(_ALSO.get(longer, longer)):
        rest = after
    verb = found or VERBS.get(_ALSO.get(first, first))
    if verb is None:
        return None
    read = verb.read(rest, partial(ending, kinds=verb.scopes, mentions=mentions))
    if read is None:
        return None
    target = read.target or (Target(verb.usual) if verb.changes else None)
    return AdminCommand(verb.name, target, read.names, read.fields, read.faults)
