"""The grammar of `/grok defaults`.

defaults [show | set flags | unset names | reset] [channel | workspace]

The flags are those of a question (`bot.completion.flags`); in place of the prompt stands the
scope.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches

from bot.completion.excerpt import excerpt
from bot.completion.flags import Flags, named_option, parse_text
from bot.completion.lexer import LONE_END
from bot.completion.options import OPTIONS
from bot.errors import Fault
from bot.rules.managing import (
    CHANNEL,
    ManagingCommand,
    ResetDefaults,
    SetDefaults,
    ShowDefaults,
    UnsetDefaults,
)
from bot.rules.quota import keyword
from bot.rules.scope_words import (
    MOST_NAMES,
    SHARED,
    ending,
    first_word,
    list_of,
    only_scope,
    out_of_place,
)
from bot.words import managing as said

_LONGEST_NAME = 40
_LONE_END = re.compile(rf"(?:\A|(?<=\s)){LONE_END}\Z")


def parse_defaults(text: str) -> ManagingCommand | None:
    """What follows the word `defaults`; None when it is no such command."""
    action, rest = first_word(text)
    match action:
        case "set":
            return _set(rest)
        case "unset":
            return _unset(rest)
        case "reset":
            return only_scope(ResetDefaults, rest, SHARED)
        case "show":
            return only_scope(ShowDefaults, rest, SHARED)
        case _:
            return only_scope(ShowDefaults, text, SHARED)


def _set(text: str) -> SetDefaults | None:
    """A flag that exists makes it a command; what does not belong there is then a fault."""
    flags, rest = _flags_and_rest(_without_end(text))
    end = ending(rest, SHARED)
    if end.before and not _has_known_flag(flags):
        return None
    faults = (*_faults_of(flags), *out_of_place(end.before, said.AT_THE_END))
    values = {name: value for name, value in flags.values.items() if name != "prompt"}
    return SetDefaults(replace(flags, values=values, faults=faults), end.target or CHANNEL)


def _flags_and_rest(text: str) -> tuple[Flags, str]:
    """The flags of `text`, and what stands in place of the prompt."""
    flags = parse_text(text)
    rest = flags.values.get("prompt")
    if not isinstance(rest, str) or not rest:
        return flags, ""
    before = parse_text(_without_end(text.removesuffix(rest)))
    return (flags, "") if _has_prompt(before) else (before, rest)


def _without_end(text: str) -> str:
    """`text` without a lone `--` that it may end with."""
    return _LONE_END.sub("", text.rstrip()).rstrip()


def _has_prompt(flags: Flags) -> bool:
    return "prompt" in flags.values or any(fault.parameter == "prompt" for fault in flags.faults)


def _has_known_flag(flags: Flags) -> bool:
    known = any(fault.parameter for fault in flags.faults)
    return known or bool(flags.values) or flags.system is not None or flags.reply is not None


def _faults_of(flags: Flags) -> tuple[Fault, ...]:
    """Everything wrong with `flags` as defaults."""
    found = [fault for fault in flags.faults if fault.parameter != "prompt"]
    if _has_prompt(flags):
        found.append(Fault("prompt", said.PROMPT_NO_DEFAULT))
    if not found and not _has_known_flag(flags):
        found.append(Fault("", said.NOTHING_TO_SET, said.ALLOWED_DEFAULTS))
    return tuple(found)


def _unset(text: str) -> UnsetDefaults | None:
    end = ending(text, SHARED)
    names: dict[str, None] = {}
    faults: list[Fault] = []
    listed = list_of(end.before)
    if len(listed) > MOST_NAMES:
        return None
    for typed in listed:
        option = named_option(typed)
        if option and option.name == "prompt":
            faults.append(Fault(option.name, said.PROMPT_NO_DEFAULT))
        elif option:
            names["reply" if option.name == "private" else option.name] = None
        elif nearest := _nearest(typed):
            faults.append(Fault(excerpt(typed), said.no_default(nearest)))
        else:
            return None
    if not names and not faults:
        faults.append(Fault("", said.NOTHING_TO_UNSET, said.ALLOWED_DEFAULT_NAMES))
    return UnsetDefaults(tuple(names), end.target or CHANNEL, tuple(faults))


def _nearest(typed: str) -> str:
    name = keyword(typed[:_LONGEST_NAME]).strip("-").replace("-", "_")
    # `n` is near to every short word of a question.
    near = get_close_matches(name, (option for option in OPTIONS if len(option) > 1), n=1)
    return near[0].replace("_", "-") if near else ""
