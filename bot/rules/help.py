"""What `/grok help` says, derived from the options like the table of parameters in the docs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bot.completion.flags import named_option
from bot.completion.options import OPTIONS, PARAMETERS, usage_of
from bot.completion.request import Option
from bot.completion.search import OPTION_NAMES
from bot.rules.quota import QUOTAS
from bot.words import commands as managing
from bot.words import files as file_words
from bot.words import request as words
from bot.words import search as search_words

FLAGS_TOPIC = "flags"


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
    lines.append(words.HELP_EXAMPLE(command=command, usage=usage_of(option)))
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
    match parameter.newest:
        case "completions":
            return "completions"
        case "chat":
            return "chat, completions"
        case _:
            return "all"


def _spellings(option: Option) -> str:
    return f"`{option.flag}`, `-{option.short}`" if option.short else f"`{option.flag}`"
