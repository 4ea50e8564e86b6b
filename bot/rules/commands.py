"""The grammar of the whole text after `/grok`: a command, the form, or a question; the scope at the
end of a command (`channel`, `workspace`, `each-user`, `me`, `user @who`); and its help, derived
from the options like the table of parameters in the docs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from bot.completion.excerpt import excerpt
from bot.completion.flags import Flags, named_option, parse_text
from bot.completion.lexer import keyword, plain, starts_like_flag
from bot.completion.options import OPTIONS, PARAMETERS, Option
from bot.completion.search import OPTION_NAMES
from bot.errors import Fault
from bot.rules.quota import QUOTAS, Scope, ScopeKind
from bot.words import commands as managing
from bot.words import commands as said
from bot.words import files as file_words
from bot.words import request as words
from bot.words import search as search_words

FLAGS_TOPIC = "flags"


@dataclass(frozen=True, slots=True)
class Form:
    """Nothing was typed: open the form."""


@dataclass(frozen=True, slots=True)
class Help:
    """Show help on `topic`, or the overview when it is empty."""

    topic: str = ""


@dataclass(frozen=True, slots=True)
class AskCommand:
    """Ask Grok; the flags may hold faults."""

    flags: Flags


Command = Form | Help | AskCommand


def parse(text: str) -> Command:
    """What the text after `/grok` means, Slack's own escapes already undone. Never raises.

    It is a command only when all of it fits the grammar of one: `help me write a poem` is a
    question.
    """
    words = text.split()
    if not words:
        return Form()
    grammar = _GRAMMARS.get(_dashed(words[0].lower()))
    command = grammar(words[1:]) if grammar else None
    if command:
        return command
    return AskCommand(parse_text(_without_ask(text)))


def _without_ask(text: str) -> str:
    """`text` without the word `ask` that it begins with, where that is no word of the question:
    `ask me a riddle` is one."""
    asked = _ASK.match(text)
    if asked is None or not (asked["colon"] or starts_like_flag(text[asked.end() :])):
        return "" if text.strip() == "ask" else text
    return text[asked.end() :]


def _dashed(word: str) -> str:
    """A flag with the dashes that it has here, whatever keyboard it was typed on."""
    name = plain(word)
    if not starts_like_flag(word) or word.startswith("-"):
        return name
    return f"--{name.lstrip('-')}" if len(name.lstrip("-")) > 1 else name


def _help(words: Sequence[str]) -> Help | None:
    if not words:
        return Help()
    topic = find_topic(words[0]) if len(words) == 1 else None
    return Help(topic) if topic else None


_ASK = re.compile(r"\s*ask(?:\s*(?P<colon>[:：])|(?=\s))\s*", re.IGNORECASE)

_GRAMMARS: Mapping[str, Callable[[Sequence[str]], Command | None]] = {
    "help": _help,
    **dict.fromkeys(("--help", "-h"), _help),
}
"""By its first word, each command's reading of the words that follow; None: it does not fit."""


def _about_quotas() -> str:
    lines = (managing.QUOTA_LINE(name=quota.name, hint=quota.hint) for quota in QUOTAS.values())
    return "\n".join([managing.HELP_QUOTA, *lines])


COMMANDS: Mapping[str, str] = MappingProxyType({**managing.HELP, "quota": _about_quotas()})
"""What help says about each command beside asking, by topic."""

TOPICS: Mapping[str, str] = MappingProxyType(
    {"threads": words.HELP_THREADS, "files": file_words.HELP}
)
"""What help says about other things, by topic."""

NARROWING = OPTION_NAMES[1:]
"""Flags that say more about `--search`, and are named with it."""

_ALSO = {
    "resume": "pause",
    "quotas": "quota",
    "default": "defaults",
    "thread": "threads",
    "file": "files",
}


def find_topic(word: str) -> str | None:
    """The help topic that `word` names: `flags`, a command, or a flag in any of its spellings."""
    topic = _ALSO.get(word.lower(), word.lower())
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
    lines.append(words.HELP_EXAMPLE(command=command, usage=option.usage))
    if option.completions_only:
        lines.append(words.HELP_COMPLETIONS_ONLY)
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
    """By which endpoints."""
    match parameter.newest:
        case "completions":
            return "completions"
        case "chat":
            return "chat, completions"
        case _:
            return "all"


def _spellings(option: Option) -> str:
    return f"`{option.flag}`, `-{option.short}`" if option.short else f"`{option.flag}`"


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
