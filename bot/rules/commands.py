"""The grammar of the whole text after `/grok`: a command, the form, or a question; and every
command beside asking, as one table.

A text is a command only when all of it fits: `usage of commas in English` is a question. A
command with a wrong name or value in it fits too, and has faults. What each does:
`bot.admin.commands`. What `/grok help` says is derived from the options, like the table of
parameters in the docs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Literal

from bot.characters import DASHES, first_word, from_seen, keyword, plain
from bot.completion.flags import Flags, is_slip, named_option, parse_text
from bot.completion.lexer import starts_like_flag
from bot.completion.options import OPTIONS, PARAMETERS, usage_of
from bot.completion.request import Option
from bot.completion.search import OPTION_NAMES, SOURCES
from bot.errors import Fault
from bot.rules.arguments import (
    CommandTarget,
    ReadArguments,
    TargetKind,
    a_month,
    defaults_to_set,
    defaults_to_unset,
    ending,
    models,
    nothing,
    nothing_typed,
    quotas_to_set,
    quotas_to_unset,
    searched,
    texts_on_or_off,
)
from bot.rules.policy import Fields, searchable_fields
from bot.rules.quota import QUOTAS
from bot.rules.saved_prompts import one_name, to_save, to_use
from bot.rules.vocabulary import COMMAND_SYNONYMS, FIRST_VERBS, STOPPING
from bot.words import commands as said
from bot.words import files as file_words
from bot.words import request as words
from bot.words import search as search_words
from bot.words.talk import TO_STOP

_ASK = re.compile(r"\s*ask(?:\s*(?P<colon>[:：])|(?=\s))\s*", re.IGNORECASE)
_NAME = re.compile(r"(?:/grok(?:\s+|\Z))++", re.IGNORECASE)
_HELP = ("help", "--help", "-h")


@dataclass(frozen=True, slots=True)
class Form:
    """Nothing was typed: open the form."""


@dataclass(frozen=True, slots=True)
class Help:
    """Show help on `topic`, or the overview when it is empty."""

    topic: str = ""


def without_name(text: str) -> str:
    """`text` without the name of the command that it begins with, where that was typed twice."""
    begun = from_seen(text)
    named = _NAME.match(begun)
    return begun[named.end() :] if named else text


def parse(text: str) -> Form | Help | Flags:
    """What the text after `/grok` means, Slack's own escapes already undone: flags, which may hold
    faults, are a question. Never raises.

    It is a command only when all of it fits the grammar of one: `help me write a poem` is a
    question.
    """
    typed = from_seen(text).split()
    if not (typed or text.strip()):
        return Form()
    if not typed or _dashed(typed[0].lower()) not in _HELP:
        return parse_text(_without_ask(text))
    topic = find_topic(typed[1]) if len(typed) == 2 else None
    if topic or len(typed) == 1:
        return Help(topic or "")
    return parse_text(_without_ask(text))


def _without_ask(text: str) -> str:
    """`text` without the word `ask` that it begins with, where that is no word of the question:
    `ask me a riddle` is one."""
    begun = from_seen(text)
    asked = _ASK.match(begun)
    if asked is None or not (asked["colon"] or starts_like_flag(begun[asked.end() :])):
        return "" if begun.strip() == "ask" else text
    return begun[asked.end() :]


def _dashed(word: str) -> str:
    """A flag with the dashes that it has here, whatever keyboard it was typed on."""
    name = plain(word)
    if word[0] not in DASHES or word.startswith("-") or not starts_like_flag(word):
        return name
    return f"--{name.lstrip('-')}" if len(name.lstrip("-")) > 1 else name


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
_NOT_SEARCHED = searchable_fields(dict.fromkeys(SOURCES, False))


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: `read` reads its arguments, and one of `scopes` may stand at its end.

    One that `changes` something is about the `usual` scope when none is named. `matter` says who
    may; `matters`: who may see those scopes of somebody else's.
    """

    name: str
    read: ReadArguments = nothing
    scopes: tuple[TargetKind, ...] = ()
    matter: Matter | None = None
    matters: Mapping[TargetKind, Matter] = field(default_factory=dict)
    changes: bool = False
    usual: TargetKind = "channel"


_change = partial(Verb, changes=True)
_TABLE = (
    Verb("models"),
    _change("models allow", models, _SHARED, "models"),
    _change("models forbid", partial(models, all_wrong=said.ALL_FORBIDDEN), _SHARED, "models"),
    Verb("search"),
    _change("search allow", partial(searched, of_all={"search": None}), _SHARED, "search"),
    _change("search forbid", partial(searched, of_all=_NOT_SEARCHED), _SHARED, "search"),
    Verb("usage", nothing, ("me", *_SHARED), matters={"channel": "rules", "workspace": "usage"}),
    Verb("usage export", a_month, (), "export"),
    Verb("feedback", a_month, (), "votes"),
    Verb("feedback export", a_month, (), "votes"),
    _change("feedback on", partial(nothing, fields={"feedback": True}), _SHARED, "votes"),
    _change("feedback off", partial(nothing, fields={"feedback": False}), _SHARED, "votes"),
    _change("feedback texts", texts_on_or_off, ("channel",), "votes"),
    Verb("audit", nothing, (), "audit"),
    Verb("defaults", nothing, _OWN_TOO, "rules"),
    _change("defaults set", defaults_to_set, _OWN_TOO, "defaults"),
    _change("defaults unset", defaults_to_unset, _OWN_TOO, "defaults"),
    _change("defaults reset", partial(nothing, fields={"defaults": None}), _OWN_TOO, "defaults"),
    Verb("quota", nothing, _EACH, matters={**dict.fromkeys(_EACH, "rules"), "user": "person"}),
    _change("quota set", quotas_to_set, _EACH, "quota"),
    _change("quota unset", quotas_to_unset, _EACH, "quota"),
    Verb("prompts"),
    Verb("prompts show", one_name),
    Verb("prompts use", to_use),
    _change("prompts save", to_save, usual="me"),
    _change("prompts share", one_name, _SHARED, "prompts"),
    _change(
        "prompts delete",
        one_name,
        _OWN_TOO,
        matters=dict.fromkeys(_SHARED, "prompts"),
        usual="me",
    ),
    Verb("key", nothing_typed, (), "key"),
    _change("key remove", nothing, (), "key", usual="workspace"),
    _change("pause", nothing, _SHARED, "pause"),
    _change("resume", nothing, _SHARED, "pause"),
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
    target: CommandTarget | None = None
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
    target = read.target or (CommandTarget(verb.usual) if verb.changes else None)
    return AdminCommand(verb.name, target, read.names, read.fields, read.faults)


COMMAND_NAMES = (*dict.fromkeys(name.partition(" ")[0] for name in VERBS), "help")
"""What commands begin with."""

SAID_IN_THREADS = ("forget", "leave")

_SEVERAL = ("|", "/grok")
"""What stands between commands that were copied together."""


def may_be_slip(text: str) -> bool:
    """Whether `text`, which is no command, may have been meant as one: it begins nearly like one,
    or like what is said in threads, or it is several. What was meant: `bot.rules.nearly`."""
    first = next(filter(None, map(from_seen, text.split())), "")
    name = keyword(first.rstrip("?!") or first)
    if name in SAID_IN_THREADS or name in _ALSO or near_command(name):
        return True
    if name in FIRST_VERBS or name in STOPPING:
        return True
    lower = text.lower()
    said = any(is_slip(name, each) for each in SAID_IN_THREADS)
    return said or any(each in lower for each in _SEVERAL)


def near_command(first: str) -> str:
    """The command whose name `first` is, or is a slip of the fingers for; empty when it is none."""
    if first in COMMAND_NAMES or first in COMMAND_SYNONYMS:
        return COMMAND_SYNONYMS.get(first, first)
    return next((command for command in COMMAND_NAMES if is_slip(first, command)), "")


FLAGS_TOPIC = "flags"


def _about_quotas() -> str:
    lines = (said.QUOTA_LINE(name=quota.name, hint=quota.hint) for quota in QUOTAS.values())
    return "\n".join([said.HELP_QUOTA, *lines])


COMMANDS: Mapping[str, str] = MappingProxyType({**said.HELP, "quota": _about_quotas()})
"""What help says about each command beside asking, by topic."""

TOPICS: Mapping[str, str] = MappingProxyType(
    {"threads": words.HELP_THREADS, "files": file_words.HELP}
)
"""What help says about other things, by topic."""

NARROWING = OPTION_NAMES[1:]
"""Flags that say more about `--search`, and are named with it."""

_ALSO_TOPICS = {
    "resume": "pause",
    "quotas": "quota",
    "default": "defaults",
    "thread": "threads",
    "file": "files",
}


def find_topic(word: str) -> str | None:
    """The help topic that `word` names: `flags`, a command, or a flag in any of its spellings."""
    topic = _ALSO_TOPICS.get(word.lower(), word.lower())
    if topic == FLAGS_TOPIC or topic in COMMANDS or topic in TOPICS:
        return topic
    option = named_option(word)
    return option.name if option else None


def help_text(topic: str = "") -> str:
    """How to ask, or all about one topic of `find_topic`; reads well as markdown and as mrkdwn."""
    if topic in OPTIONS:
        return "\n\n".join(filter(None, (option_help(OPTIONS[topic]), COMMANDS.get(topic))))
    if topic in COMMANDS or topic in TOPICS:
        return COMMANDS.get(topic) or TOPICS[topic]
    if topic == FLAGS_TOPIC:
        flags = _lines(OPTIONS)
        return f"{words.HELP_FLAGS}\n{flags}\n\n{words.HELP_MORE}"
    flags = _lines(name for name in OPTIONS if name not in NARROWING)
    asking = f"{words.HELP_OVERVIEW}\n\n{words.HELP_MANAGING}"
    return f"{asking}\n\n{words.HELP_FLAGS}\n{flags}\n\n{search_words.HELP_MORE}\n{words.HELP_MORE}"


def _lines(names: Iterable[str]) -> str:
    return "\n".join(option_line(OPTIONS[name]) for name in names)


def option_line(option: Option) -> str:
    """One flag in a list of them."""
    return f"• {_spellings(option)}: {option.hint}"


def option_help(option: Option, command: str = "/grok") -> str:
    """All about one flag of `command`."""
    lines = [f"{_spellings(option)}: {option.hint}", words.HELP_ALLOWED(option.allowed)]
    lines.append(words.HELP_EXAMPLE(command=command, usage=usage_of(option)))
    if option.completions_only:
        lines.append(words.HELP_COMPLETIONS_ONLY)
    if option.name == "stop" and command == "/grok":
        lines.append(TO_STOP)
    if option.name == "search":
        lines += [search_words.HELP_NARROWED, _lines(NARROWING)]
    return "\n".join(lines)


def parameter_table() -> str:
    """The parameters as a table in GitHub's markdown."""
    header = "| Flag | Type | Allowed | What it does | Endpoints |\n| --- | --- | --- | --- | --- |"
    return "\n".join([header, *(_row(parameter) for parameter in PARAMETERS.values())])


def _row(parameter: Option) -> str:
    option = OPTIONS[parameter.name]
    cells = (_spellings(option), parameter.kind, option.allowed, option.hint, _carried(parameter))
    return f"| {' | '.join(cells)} |"


def _carried(parameter: Option) -> str:
    match parameter.newest:
        case "completions":
            return "completions"
        case "chat":
            return "chat, completions"
        case _:
            return "all"


def _spellings(option: Option) -> str:
    return f"`{option.flag}`, `-{option.short}`" if option.short else f"`{option.flag}`"
