"""The grammar of the commands of `bot.rules.managing`.

    models [allow NAME… | forbid NAME… | allow all] [channel | workspace]
    usage [me | channel | workspace]        usage export [YYYY-MM]        audit
    defaults …                              quota …
    pause|resume [channel | workspace]

A text is a command only when all of it fits: `usage of commas in English` is a question. A
command with a wrong name or value in it fits too, and has faults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from bot.completion.excerpt import excerpt
from bot.errors import Fault
from bot.rules.defaults_grammar import parse_defaults
from bot.rules.managing import (
    CHANNEL,
    AllowModels,
    ExportUsage,
    ManagingCommand,
    Pause,
    Resume,
    ShowAudit,
    ShowModels,
    ShowUsage,
    TargetKind,
)
from bot.rules.quota import QUOTES, keyword
from bot.rules.quota_grammar import parse_quota
from bot.rules.scope_words import SHARED, ending, first_word, list_of, only_scope
from bot.words import managing as said

_OF_USAGE: tuple[TargetKind, ...] = ("me", *SHARED)
_MONTH = re.compile(r"(20[0-9]{2})-(0?[1-9]|1[0-2])")
_MODEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:/@+-]*[A-Za-z0-9])?")
_NO_WORD = re.compile(r"[._:/@+0-9-]")


def parse_managing(text: str, mentions: Sequence[str] = ()) -> ManagingCommand | None:
    """The command that the text after `/grok` is, or None when it is none. Never raises.

    `text` is what was shown, `mentions` are the ids of the people named in it, in order.
    """
    first, rest = first_word(text)
    grammar = _GRAMMARS.get(first)
    return grammar(rest, mentions) if grammar else None


def _models(text: str) -> ManagingCommand | None:
    action, names = first_word(text)
    if not action:
        return ShowModels()
    return _allow(action == "allow", names) if action in ("allow", "forbid") else None


def _allow(allow: bool, text: str) -> AllowModels | None:
    end = ending(text, SHARED)
    target = end.target or CHANNEL
    typed = " ".join(word.strip(QUOTES) for word in end.before)
    if not typed:
        nothing = Fault("", said.NOTHING_TO_ALLOW, said.ALLOWED_MODELS)
        return AllowModels(allow, target=target, faults=(nothing,))
    if keyword(typed) == "all":
        faults = () if allow else (Fault("", said.ALL_FORBIDDEN, said.ALLOWED_INSTEAD),)
        return AllowModels(allow, all=True, target=target, faults=faults)
    names = _models_in(typed)
    return AllowModels(allow, names, target=target) if names else None


def _models_in(typed: str) -> tuple[str, ...]:
    """The models of a list; empty when it may as well be a sentence.

    Of several without commas between them, each must look like no word: `grok-4.3`.
    """
    names = list_of([typed])
    if not all(_MODEL.fullmatch(name) for name in names):
        return ()
    listed = all(len(part.split()) == 1 for part in typed.split(","))
    return names if listed or all(_NO_WORD.search(name) for name in names) else ()


def _usage(text: str) -> ManagingCommand | None:
    action, month = first_word(text)
    return _export(month.strip()) if action == "export" else only_scope(ShowUsage, text, _OF_USAGE)


def _export(month: str) -> ExportUsage | None:
    if not month:
        return ExportUsage()
    if found := _MONTH.fullmatch(keyword(month)):
        return ExportUsage(f"{found[1]}-{found[2]:0>2}")
    if month[0] in "0123456789" and len(month.split()) == 1:
        fault = Fault("", said.no_month(excerpt(month)), said.ALLOWED_MONTH)
        return ExportUsage(faults=(fault,))
    return None


_GRAMMARS: Mapping[str, Callable[[str, Sequence[str]], ManagingCommand | None]] = {
    "models": lambda text, _: _models(text),
    "usage": lambda text, _: _usage(text),
    "audit": lambda text, _: only_scope(ShowAudit, text, ()),
    "defaults": lambda text, _: parse_defaults(text),
    "quota": parse_quota,
    "pause": lambda text, _: only_scope(Pause, text, SHARED),
    "resume": lambda text, _: only_scope(Resume, text, SHARED),
}
"""By its first word, each command's reading of the rest; None: it does not fit."""
