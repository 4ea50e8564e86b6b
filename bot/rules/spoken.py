"""What is typed in the order and with the small words of a sentence, in the words of a command:
`set the temperature to 0.2 for everyone` as `defaults set temperature 0.2 workspace`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.characters import keyword
from bot.completion.flags import find_option, named_option
from bot.completion.lexer import QUOTES, starts_like_flag
from bot.rules.quota import find_quota
from bot.rules.vocabulary import (
    ACTIONS,
    BESIDE_LIMIT,
    COMMAND_SYNONYMS,
    FIRST_VERBS,
    QUOTA_UNITS,
    QUOTA_WINDOWS,
    SCOPES,
    SET_VERBS,
    SHOW_VERBS,
)

_BEFORE_NAMES = frozenset(("the", "a", "me", "my", "our", "all", "current", "default"))
_TURNED = frozenset(("defaults", "quota", "usage", "models", "search", "feedback", "audit"))
"""Commands that a verb may come before; saved prompts have names that may be any word."""

AMOUNT = re.compile(r"[$€]?[0-9][0-9.,_’'-]*[kmb%$€]?", re.IGNORECASE)
"""A number as people write it, with its unit."""

_CHOOSING = frozenset(("use", "set", "select", "choose", "change", "switch"))
_TO_VALUE = frozenset(("to", "as", "at", "is", "of", ":"))
_WHOSE: Mapping[tuple[str, ...], str] = {
    **dict.fromkeys([("for", word) for word in ("everyone", "everybody", "all")], "workspace"),
    **dict.fromkeys([("for", word) for word in ("me", "myself")], "me"),
    **{(before, "here"): "channel" for before in ("in", "for")},
    **{(before, "this", "channel"): "channel" for before in ("in", "for")},
    **{(before, "the", "workspace"): "workspace" for before in ("in", "for")},
    **{(before, "workspace"): "workspace" for before in ("in", "for")},
}


def turned(words: Sequence[str]) -> tuple[str, list[str]]:
    """The command of `words` whose verb comes first, and what stands behind it; an empty command
    where they are none so."""
    verb, rest = keyword(words[0]), [*words[1:]]
    while rest and keyword(rest[0]) in _BEFORE_NAMES:
        rest = rest[1:]
    if verb not in FIRST_VERBS or not rest:
        return "", []
    name = keyword(rest[0])
    if verb in SET_VERBS and find_option(name.partition("=")[0]):
        return "defaults", [verb, *rest]
    if verb in SET_VERBS and names_limit(name):
        return "quota", [verb, *rest]
    command, rest = COMMAND_SYNONYMS.get(name, name), rest[1:]
    listed = command == "prompts" and not rest
    if verb in SHOW_VERBS:
        return (command, rest) if command in _TURNED or listed else ("", [])
    if verb in SET_VERBS and rest and keyword(rest[0]) in _TO_VALUE:
        rest = rest[1:]
    return (command, [verb, *rest]) if command in _TURNED else ("", [])


def names_limit(word: str) -> bool:
    """Whether `word` begins with the name of a limit that no sentence has: `tokens-per-day`."""
    name = keyword(word).partition("=")[0].rstrip(":")
    return "-" in name and find_quota(name) is not None


def chosen_model(words: Sequence[str]) -> str:
    """The id of the model in `use grok-4.3`, which is no command about models; empty for none."""
    chosen = len(words) == 2 and keyword(words[0]) in _CHOOSING
    return words[1] if chosen and any(map(str.isdigit, words[1])) else ""


def plainly(words: Sequence[str]) -> list[str]:
    """`words` behind `defaults` or `quota` without those that stand between a name and its value,
    with whose they are as a command says it, and with the words of `system` in quotes."""
    for phrase, scope in _WHOSE.items():
        if tuple(map(keyword, words[-len(phrase) :])) == phrase and len(words) > len(phrase):
            words = [*words[: -len(phrase)], scope]
            break
    named = [word.removesuffix(":") if _is_name(word.removesuffix(":")) else word for word in words]
    plain = [
        word
        for place, word in enumerate(named)
        if not (keyword(word) in _TO_VALUE and place and _is_name(named[place - 1]))
    ]
    return _with_system_in_quotes(plain) if sets_system(plain) else plain


def _with_system_in_quotes(words: Sequence[str]) -> list[str]:
    ends = [*words[-1:]] if len(words) > 3 and keyword(words[-1]) in SCOPES else []
    said = " ".join(words[1 : len(words) - len(ends)])[len("system") :]
    said = said.lstrip(" =").strip(QUOTES)
    return [words[0], "--system", f'"{said}"', *ends]


def sets_system(words: Sequence[str]) -> bool:
    """Whether `words` begin to say what Grok is told before each question."""
    name = keyword("".join(words[1:2])).partition("=")[0]
    return len(words) > 2 and keyword(words[0]) == "set" and name == "system"


def _is_name(word: str) -> bool:
    return find_option(keyword(word)) is not None or find_quota(word) is not None


def guess(command: str, rest: Sequence[str]) -> str:
    """What `rest` may have been meant to be, where dashes or an `=` were forgotten, or what to do;
    else empty."""
    words = ["channel" if keyword(word) == "here" else word for word in rest]
    act = keyword(words[0]) if words else ""
    named = words[1:] if act in ACTIONS.get(command, ()) else words
    match command:
        case "defaults":
            acts = [act] if named != words else ["set"]
            return " ".join([command, *acts, *map(_dashed, named)])
        case "quota" if act == "set" or named == words:
            return " ".join([command, "set", *(_limit(named) or _paired(named))])
        case _:
            return ""


def _limit(words: Sequence[str]) -> list[str]:
    """`100 tokens per day` as tokens-per-day=100; nothing where more or less than that is said."""
    scopes = [word for word in words if keyword(word) in SCOPES or word.startswith("@")]
    parts = [part for word in words if word not in scopes for part in keyword(word).split("/")]
    amounts = [part for part in parts if AMOUNT.fullmatch(part)]
    units = [QUOTA_UNITS[part] for part in parts if part in QUOTA_UNITS]
    units += ["usd" for amount in amounts if amount.startswith("$")]
    windows = [QUOTA_WINDOWS[part] for part in parts if part in QUOTA_WINDOWS]
    if len(amounts) != 1 or len(units) != 1 or not all(map(is_of_limit, parts)):
        return []
    window = windows[0] if windows else "month" if units == ["usd"] else "day"
    return [f"{units[0]}-per-{window}={amounts[0].lstrip('$')}", *scopes]


def _paired(words: Sequence[str]) -> list[str]:
    """`NAME AMOUNT` as NAME=AMOUNT."""
    paired: list[str] = []
    for word in words:
        if AMOUNT.fullmatch(word) and paired and find_quota(paired[-1]):
            paired[-1] += f"={word}"
        else:
            paired.append(word)
    return paired


def _dashed(word: str) -> str:
    name, _, value = word.partition("=")
    option = None if starts_like_flag(word) else named_option(name)
    return " ".join(filter(None, (option.flag, value))) if option else word


def is_of_limit(part: str) -> bool:
    """Whether a limit that is spelled out may have this word."""
    known = part in QUOTA_UNITS or part in QUOTA_WINDOWS or part in BESIDE_LIMIT
    return known or bool(AMOUNT.fullmatch(part))
