"""The grammar of `/grok quota`.

quota [show | set NAME=VALUE… | unset NAME…] [channel | user @who | each-user | workspace]
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.errors import Fault
from bot.rules.managing import CHANNEL, SetQuota, ShowQuota, Target, TargetKind, UnsetQuota
from bot.rules.quota import (
    QuotaName,
    find_quota,
    nearest_quota,
    read_amount,
    read_limits,
    unknown_quota,
)
from bot.rules.scope_words import MOST_NAMES, ending, first_word, list_of, out_of_place
from bot.words import managing as said

_SCOPES: tuple[TargetKind, ...] = ("channel", "user", "each-user", "workspace")

_BETWEEN_PAIRS = re.compile(r",(?=\s|[^\W\d]|\Z)")
_PAIR = re.compile(r"([^\W\d_][^\s=]*)=(\S*)")


def parse_quota(text: str, mentions: Sequence[str]) -> ShowQuota | SetQuota | UnsetQuota | None:
    """What follows the word `quota`; None when it is no such command."""
    action, rest = first_word(text)
    match action:
        case "set":
            return _set(rest, mentions)
        case "unset":
            return _unset(rest, mentions)
        case "show":
            return _show(rest, mentions)
        case _:
            return _show(text, mentions)


def _show(text: str, mentions: Sequence[str]) -> ShowQuota | None:
    end = ending(text, _SCOPES, mentions)
    return None if end.before else ShowQuota(end.target, end.faults)


def _set(text: str, mentions: Sequence[str]) -> SetQuota | None:
    """A name that is a quota's makes it a command; what does not belong there is then a fault."""
    spaced = " ".join(text.split()).replace(" =", "=").replace("= ", "=")
    end = ending(_BETWEEN_PAIRS.sub(" ", spaced), _SCOPES, mentions)
    target = end.target or CHANNEL
    pairs = [(pair[1], pair[2]) for word in end.before if (pair := _PAIR.fullmatch(word))]
    if not pairs:
        return _set_none(end.before, target)
    stray = [word for word in end.before if not _PAIR.fullmatch(word)]
    if len(pairs) > MOST_NAMES or (stray and not any(find_quota(name) for name, _ in pairs)):
        return None
    limits = read_limits(pairs, target.scope_kind)
    faults = (*limits.faults, *out_of_place(stray, said.AT_THE_END_OF_QUOTAS), *end.faults)
    return SetQuota(limits.values, target, faults)


def _set_none(words: Sequence[str], target: Target) -> SetQuota | None:
    """Without any `NAME=VALUE`, it is a command when only the `=` was forgotten, or all of it."""
    if not words:
        fault = Fault("", said.NOTHING_TO_SET, said.ALLOWED_QUOTAS)
        return SetQuota(target=target, faults=(fault,))
    quota = find_quota(words[0])
    value = " ".join(words[1:])
    if quota is None or (value and isinstance(read_amount(quota, value), Fault)):
        return None
    fault = Fault(quota.name, said.NO_EQUALS, said.ALLOWED_QUOTAS)
    return SetQuota(target=target, faults=(fault,))


def _unset(text: str, mentions: Sequence[str]) -> UnsetQuota | None:
    end = ending(text, _SCOPES, mentions)
    names: dict[QuotaName, None] = {}
    faults: list[Fault] = []
    listed = list_of(end.before)
    if len(listed) > MOST_NAMES:
        return None
    for typed in listed:
        if quota := find_quota(typed):
            names[quota.name] = None
        elif nearest_quota(typed):
            faults.append(unknown_quota(typed))
        else:
            return None
    if not names and not faults:
        faults.append(Fault("", said.NOTHING_TO_UNSET, said.ALLOWED_QUOTA_NAMES))
    return UnsetQuota(tuple(names), end.target or CHANNEL, (*faults, *end.faults))
