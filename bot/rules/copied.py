"""Commands that were copied with what stands between them, as a list of them has it:
`usage | quota show`, `pause and: /grok resume`."""

from __future__ import annotations

from bot.rules.commands import Help, parse, parse_command

_BETWEEN = ("|", "/grok")
_JOINING = frozenset(("and", "or", "then", "also"))
_MARKS = ",;:."
_LEFT_OUT = frozenset(("…", "..."))


def first_of_several(text: str) -> str:
    """The first of the commands that `text` is made of; empty where there is one alone, or any of
    what stands there is none. Never raises."""
    parts: list[list[str]] = [[]]
    for word in text.replace("|", " | ").split():
        if word.lower() in _BETWEEN:
            parts.append([])
        else:
            parts[-1].append(word)
    commands = [command for part in parts if (command := _unjoined(part))]
    if len(commands) < 2 or not all(map(_is_command, commands)):
        return ""
    return commands[0]


def _unjoined(words: list[str]) -> str:
    """`words` without what joins them to the next command; empty where no more stands there."""
    while words and (words[-1].lower().rstrip(_MARKS) in _JOINING or words[-1] in _LEFT_OUT):
        words = words[:-1]
    return " ".join(words).rstrip(_MARKS)


def _is_command(text: str) -> bool:
    return parse_command(text) is not None or isinstance(parse(text), Help)
