"""What stands behind the name of a command: its arguments, and at its end the scope (`channel`,
`workspace`, `each-user`, `me`, `user @who`).

Each reader here returns what it read, or None where the text is no such command and so a
question. A wrong name or value is a fault of the command. None raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar

from pydantic import JsonValue

from bot.characters import excerpt, keyword
from bot.completion.flags import Flags, likeliest, named_option, parse_text
from bot.completion.lexer import LONE_END, QUOTES
from bot.completion.options import OPTIONS
from bot.errors import Fault
from bot.rules.policy import Fields, default_fields, limit_fields
from bot.rules.quota import (
    QuotaName,
    Scope,
    ScopeKind,
    find_quota,
    nearest_quota,
    read_amount,
    read_limits,
    unknown_quota,
)
from bot.rules.searchable import searched_name
from bot.words import commands as said
from bot.words import key as said_of_key
from bot.words.sentences import one_of

MOST_NAMES = 40
"""A list of more is no command: there are not so many names, and comparing them is slow."""

LEAST_BEGUN = 3
"""Letters of a name that is taken for the beginning of another: fewer begin too many."""

_LONGEST_NAME = 40
_BETWEEN_PAIRS = re.compile(r",(?=\s|[^\W\d]|\Z)")
_PAIR = re.compile(r"([^\W\d_][^\s=]*)=(\S*)")
_MONTH = re.compile(r"(20[0-9]{2})-(0?[1-9]|1[0-2])")
_MODEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:/@+-]*[A-Za-z0-9])?")
_NO_WORD = re.compile(r"[._:/@+0-9-]")
_KEY = re.compile(r"\b(?:xai|sk)-[\w-]{16}")
_LIKE_KEY = re.compile(r"[\w.-]{20,300}")
_MOST_BESIDE_KEY = 3
"""Words, the key among them."""
_LONE_END = re.compile(rf"(?:\A|(?<=\s)){LONE_END}\Z")

TargetKind = Literal["me"] | ScopeKind

_USER_ID = re.compile(r"[@＠]?([UW][A-Z0-9]{7,})")
_AT = ("@", "＠")  # the second is how a command is shown, to be typed again


@dataclass(frozen=True, slots=True)
class CommandTarget:
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


CHANNEL = CommandTarget("channel")


@dataclass(frozen=True, slots=True)
class ScopeEnding:
    """Words without the scope that they end with; `target` is None when they end with none."""

    before: Sequence[str]
    target: CommandTarget | None = None
    faults: tuple[Fault, ...] = ()


def ending(text: str, kinds: Sequence[TargetKind], mentions: Sequence[str] = ()) -> ScopeEnding:
    """`text` parted from a scope of one of these kinds; `mentions` are the people named in it."""
    words = text.split()
    if "user" in kinds and len(words) > 1 and keyword(words[-2]) == "user":
        return _person(words, words[:-2], mentions)
    if "user" in kinds and words and words[-1].startswith(_AT):
        return _person(words, words[:-1], mentions)
    last = keyword(words[-1]) if words else ""
    kind = next((kind for kind in kinds if kind == last and kind != "user"), None)
    return ScopeEnding(words[:-1], CommandTarget(kind)) if kind else ScopeEnding(words)


def _person(words: Sequence[str], before: Sequence[str], mentions: Sequence[str]) -> ScopeEnding:
    """Whom the last of `words` names, behind those `before`: as Slack has marked it, or by id."""
    who = words[-1]
    by_id = _USER_ID.fullmatch(who)
    if not who.startswith(_AT) and not by_id:
        return ScopeEnding(words)
    if mentions:
        return ScopeEnding(before, CommandTarget("user", mentions[-1]))
    if by_id:
        return ScopeEnding(before, CommandTarget("user", by_id[1]))
    fault = Fault("", said.unknown_person(excerpt(who[1:])), said.ALLOWED_PERSON)
    return ScopeEnding(before, CommandTarget("user"), (fault,))


N = TypeVar("N", bound=str)

NOT_CHANGED: Fields = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was read. `target` is None when none was named.

    `names` are models as they were typed, or a month (`YYYY-MM`). `fields`: what is to become of
    fields of the policy (None: taken away).
    """

    target: CommandTarget | None = None
    names: tuple[str, ...] = ()
    fields: Fields = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


Split = Callable[[str], ScopeEnding]
"""Parts a text from the scope at its end, of those that the command has."""

ReadArguments = Callable[[str, Split], Arguments | None]


def nothing(text: str, split: Split, *, fields: Fields = NOT_CHANGED) -> Arguments | None:
    """No arguments; `fields` is what comes of the command."""
    end = split(text)
    return None if end.before else Arguments(end.target, fields=fields, faults=end.faults)


def nothing_typed(text: str, split: Split) -> Arguments | None:
    """No arguments, and a fault where a key was typed: nobody is to ask Grok that in public. It is
    not repeated."""
    read = nothing(text, split)
    if read is None and (_KEY.search(text) or _is_like_key(text)):
        return Arguments(faults=(Fault("", said_of_key.NOT_HERE, said_of_key.NOTHING_TYPED),))
    return read


def _is_like_key(text: str) -> bool:
    """Whether `text` is hardly more than one long word that is not of letters alone."""
    words = text.split(None, _MOST_BESIDE_KEY)
    long = [word for word in words[:_MOST_BESIDE_KEY] if _LIKE_KEY.fullmatch(word)]
    return len(words) <= _MOST_BESIDE_KEY and any(not word.isalpha() for word in long)


def models(text: str, split: Split, *, all_wrong: str = "") -> Arguments | None:
    """`NAME…` or `all`, of which `all_wrong` says why it may not stand there."""
    end = split(text)
    typed = " ".join(word.strip(QUOTES) for word in end.before)
    if not typed:
        fault = Fault("", said.NOTHING_TO_ALLOW, said.ALLOWED_MODELS)
        return Arguments(end.target, faults=(fault,))
    if keyword(typed) == "all":
        faults = (Fault("", all_wrong, said.ALLOWED_INSTEAD),) if all_wrong else ()
        return Arguments(end.target, fields={"models": None}, faults=faults)
    names = _models_in(typed)
    return Arguments(end.target, names) if names else None


def searched(text: str, split: Split, *, of_all: Fields) -> Arguments | None:
    """`web`, `x`, domains and handles, as the policy has them, or `all`. A name that is known
    makes it a command, unless plain words stand beside it, and so does one alone or a list with
    commas; what else stands there is a fault."""
    end = split(text)
    typed = _list_of([word.strip(QUOTES) for word in end.before])
    if not typed:
        fault = Fault("", said.NOTHING_TO_SEARCH, said.ALLOWED_SEARCHED)
        return Arguments(end.target, faults=(fault,))
    if len(typed) == 1 and keyword(typed[0]) == "all":
        return Arguments(end.target, fields=of_all)
    unknown = [each for each in typed if not searched_name(each)]
    listed = len(typed) == 1 or all(word.endswith(",") for word in end.before[:-1])
    sentence = len(unknown) == len(typed) or any(map(str.isalpha, unknown))
    if len(typed) > MOST_NAMES or (sentence and not listed):
        return None
    faults = [Fault(excerpt(each), said.NOT_SEARCHED) for each in unknown]
    names = tuple(dict.fromkeys(filter(None, map(searched_name, typed))))
    return Arguments(end.target, names, faults=(*faults, *end.faults))


def _models_in(typed: str) -> tuple[str, ...]:
    """The models of a list; empty when it may as well be a sentence.

    Of several without commas between them, each must look like no word: `grok-4.3`.
    """
    names = _list_of([typed])
    if not all(_MODEL.fullmatch(name) for name in names):
        return ()
    listed = all(len(part.split()) == 1 for part in typed.split(","))
    return names if listed or all(_NO_WORD.search(name) for name in names) else ()


def a_month(text: str, _: Split) -> Arguments | None:
    """`[YYYY-MM]`; no name: the month that it is."""
    month = text.strip()
    if not month:
        return Arguments()
    if found := _MONTH.fullmatch(keyword(month)):
        return Arguments(names=(f"{found[1]}-{found[2]:0>2}",))
    if month[0] in "0123456789" and len(month.split()) == 1:
        return Arguments(faults=(Fault("", said.NO_MONTH(excerpt(month)), said.ALLOWED_MONTH),))
    return None


def texts_on_or_off(text: str, split: Split) -> Arguments | None:
    """`on` or `off`."""
    end = split(text)
    typed = [keyword(word) for word in end.before]
    if typed not in (["on"], ["off"]):
        return None
    return Arguments(end.target, fields={"texts": typed == ["on"]})


def quotas_to_set(text: str, split: Split) -> Arguments | None:
    """`NAME=VALUE…`. A name that is a quota's makes it a command; what does not belong there is
    then a fault."""
    spaced = " ".join(text.split()).replace(" =", "=").replace("= ", "=")
    end = split(_BETWEEN_PAIRS.sub(" ", spaced))
    pairs = [(pair[1], pair[2]) for word in end.before if (pair := _PAIR.fullmatch(word))]
    if not pairs:
        fault = _fault_of_no_pairs(end.before)
        return Arguments(end.target, faults=(fault,)) if fault else None
    stray = [word for word in end.before if not _PAIR.fullmatch(word)]
    if len(pairs) > MOST_NAMES or (stray and not any(find_quota(name) for name, _ in pairs)):
        return None
    limits, wrong = read_limits(pairs, (end.target or CHANNEL).scope_kind)
    faults = (*wrong, *_out_of_place(stray, said.AT_THE_END_OF_QUOTAS), *end.faults)
    return Arguments(end.target, fields=limit_fields(limits), faults=faults)


def _fault_of_no_pairs(words: Sequence[str]) -> Fault | None:
    """Without any `NAME=VALUE`, it is a command when only the `=` was forgotten, or all of it."""
    if not words:
        return Fault("", said.NOTHING_TO_SET, said.ALLOWED_QUOTAS)
    quota = find_quota(words[0])
    value = " ".join(words[1:])
    if quota is None or (value and isinstance(read_amount(quota, value), Fault)):
        return None
    allowed = said.WITH_EQUALS(name=quota.name, value=value) if value else said.ALLOWED_QUOTAS
    return Fault(quota.name, said.NO_EQUALS, allowed)


def quotas_to_unset(text: str, split: Split) -> Arguments | None:
    """`NAME…`."""

    def read(typed: str) -> QuotaName | Fault | None:
        if quota := find_quota(typed):
            return quota.name
        return unknown_quota(typed) if nearest_quota(typed) else None

    return _to_unset(split(text), read, limit_fields, said.ALLOWED_QUOTA_NAMES)


def defaults_to_unset(text: str, split: Split) -> Arguments | None:
    """`NAME…`: of parameters, and of the bot's own options."""

    def read(typed: str) -> str | Fault | None:
        option = named_option(typed)
        if option and option.name == "prompt":
            return Fault(option.name, said.PROMPT_NO_DEFAULT)
        if option:
            return "reply" if option.name == "private" else option.name
        nearest = _nearest_default(typed)
        return Fault(excerpt(typed), said.NO_DEFAULT(nearest)) if nearest else None

    return _to_unset(split(text), read, default_fields, said.ALLOWED_DEFAULT_NAMES)


def _to_unset(
    end: ScopeEnding,
    read: Callable[[str], N | Fault | None],
    fields_of: Callable[[Mapping[N, None]], Fields],
    allowed: str,
) -> Arguments | None:
    """A list of names to be taken away; `read` finds the name that one means, its fault, or None
    where it makes the whole text a question."""
    names: dict[N, None] = {}
    faults: list[Fault] = []
    listed = _list_of(end.before)
    if len(listed) > MOST_NAMES:
        return None
    for typed in listed:
        found = read(typed)
        if found is None:
            return None
        if isinstance(found, Fault):
            faults.append(found)
        else:
            names[found] = None
    if not names and not faults:
        faults.append(Fault("", said.NOTHING_TO_UNSET, allowed))
    return Arguments(end.target, fields=fields_of(names), faults=(*faults, *end.faults))


def _nearest_default(typed: str) -> str:
    name = keyword(typed[:_LONGEST_NAME]).strip("-").replace("-", "_")
    # `n` is near to every short word of a question, and those begin many names.
    names = [option for option in OPTIONS if len(option) > 1]
    return one_of([each.replace("_", "-") for each in likeliest(name, names, least=LEAST_BEGUN)])


def defaults_to_set(text: str, split: Split) -> Arguments | None:
    """Flags, as those of a question; in place of the prompt stands the scope. A flag that exists
    makes it a command; what does not belong there is then a fault."""
    flags, rest = _flags_and_rest(_without_end(text))
    end = split(rest)
    if end.before and not _has_known_flag(flags):
        return None
    faults = (*_faults_of(flags), *_out_of_place(end.before, said.AT_THE_END))
    return Arguments(end.target, fields=default_fields(_defaults_in(flags)), faults=faults)


def _defaults_in(flags: Flags) -> dict[str, JsonValue]:
    """What may be a default, by the name of its option."""
    return {name: value for name, value in flags.given.items() if name != "prompt"}


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
    return known or bool(_defaults_in(flags)) or "prompt" in flags.values


def _faults_of(flags: Flags) -> tuple[Fault, ...]:
    """Everything wrong with `flags` as defaults."""
    found = [fault for fault in flags.faults if fault.parameter != "prompt"]
    if _has_prompt(flags):
        found.append(Fault("prompt", said.PROMPT_NO_DEFAULT))
    if not found and not _has_known_flag(flags):
        found.append(Fault("", said.NOTHING_TO_SET, said.ALLOWED_DEFAULTS))
    return tuple(found)


def _list_of(words: Sequence[str]) -> tuple[str, ...]:
    """A list of names, with commas or without, each once."""
    return tuple(dict.fromkeys(" ".join(words).replace(",", " ").split()))


def _out_of_place(words: Sequence[str], allowed: str) -> tuple[Fault, ...]:
    """The fault of these words, if there are any, where only what is `allowed` may stand."""
    return (Fault("", said.OUT_OF_PLACE(excerpt(" ".join(words))), allowed),) if words else ()
