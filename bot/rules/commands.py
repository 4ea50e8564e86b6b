"""The grammar of the whole text after `/grok`: a command, the form, or a question."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.completion.flags import Flags, parse_text
from bot.completion.lexer import plain, starts_like_flag
from bot.rules.help import find_topic


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
