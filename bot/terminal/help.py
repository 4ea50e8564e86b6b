"""Help on `python -m bot ask`: what a terminal can do, and nothing of channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.characters import excerpt
from bot.completion.options import OPTIONS
from bot.completion.request import Option
from bot.rules.commands import FLAGS_TOPIC, NARROWING, Help, option_help, option_line, parse
from bot.rules.nearly import meant
from bot.words.terminal import ask as words

IN_SLACK_ONLY = frozenset({"reply", "private"})
"""Options that say where in Slack an answer goes; here they change nothing."""


_FILE = ("file", "--file", "files")


def help_wanted(arguments: Sequence[str]) -> str:
    """The help that `arguments` ask for, as plain text; empty when they are a question."""
    if _on_files(arguments):
        return words.FILE_HELP
    command = _wanted(arguments)
    if command is None:
        return ""
    option = OPTIONS.get(command.topic)
    text = option_help(_here(option), words.COMMAND) if option else _overview()
    return words.spelled(text).replace("`", "")


def help_fault(arguments: Sequence[str]) -> str:
    """What is wrong with them where they ask for help, in a sentence: there is none on that."""
    command = _wanted(arguments)
    named = arguments[1:] and not _on_files(arguments)
    if command is None or not named or command.topic in (*OPTIONS, FLAGS_TOPIC):
        return ""
    return words.NO_HELP_ON(excerpt(" ".join(arguments[1:])))


def _on_files(arguments: Sequence[str]) -> bool:
    return arguments[:1] == ["--help"] and len(arguments) == 2 and arguments[1] in _FILE


def _wanted(arguments: Sequence[str]) -> Help | None:
    """On what help is wanted; None when they are a question."""
    command = parse(" ".join(arguments))
    if not isinstance(command, Help) and arguments[:1] == ["--help"]:
        near = meant(" ".join(["help", *arguments[1:]]))
        command = parse(near.removeprefix("/grok ") or "help")
    return command if isinstance(command, Help) else None


def _here(option: Option) -> Option:
    """The same with what it does in a terminal."""
    return replace(option, hint=words.HINTS.get(option.name, option.hint))


def _overview() -> str:
    left_out = {*IN_SLACK_ONLY, *NARROWING}
    flags = [option_line(_here(option)) for name, option in OPTIONS.items() if name not in left_out]
    return "\n".join([words.HELP, "", words.FLAGS, *flags, f"• {words.FILE}", "", words.MORE])
