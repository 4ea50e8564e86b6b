"""The first message to somebody, in direct messages."""

from __future__ import annotations

from bot.words.home import MAY_ERR
from bot.words.sentences import Sentence

__all__ = [
    "GREETING",
    "HELLO",
    "MAY_ERR",
    "NO_SUCH_PROMPT",
    "PROMPTS",
    "SUGGESTED",
    "TO_BEGIN",
]

HELLO = (
    "Write to me here as you would to a colleague. I remember what was said, until you write "
    "*forget*."
)
TO_BEGIN = "To begin, press one of these:"

SUGGESTED = "Try one of these"

PROMPTS: tuple[tuple[str, str], ...] = (
    (
        "Explain something",
        (
            "Explain in simple words how a large language model works, with an example from "
            "everyday life."
        ),
    ),
    (
        "Draft a message",
        "Draft a short, friendly message to my team: our meeting on Friday moves to Monday at 10.",
    ),
    (
        "Compare two things",
        (
            "Compare Kanban and Scrum for a team of five in a short table, and say when to choose "
            "which."
        ),
    ),
    (
        "Show what you can do",
        "What are ten things that you can do for me at work? One line each, with a prompt to try.",
    ),
)
"""What may be asked with one click: what the button says, and the question."""

GREETING = Sentence("*Hello[ {name}], ask me anything.*")
NO_SUCH_PROMPT = "I do not offer this any more. Please write your question here."
