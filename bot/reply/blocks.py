"""Slack's JSON of one message of an answer. No other file knows its form.

Every text here comes from `bot.words` or was made safe. The answer is one `markdown` block
in every state, since Slack refuses to swap kinds of blocks in an edit; the buttons of an
answer go between it and the last line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot import words
from bot.completion.excerpt import excerpt
from bot.reply.markdown import most_within, weigh
from bot.reply.safety import neutralise
from bot.slack_limits import SECTION_TEXT_CHARS

Block = Mapping[str, object]

_LINE: Block = {"type": "divider"}
_QUESTION_CHARS = SECTION_TEXT_CHARS - 100
_NOTIFICATION_CHARS = 120
_LONE_RETURN = re.compile(r"\r(?!\n)")
_USER = re.compile(r"[UW][A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack is to show: blocks, and the short plain text of its notification."""

    blocks: tuple[Block, ...]
    text: str


def with_notice(message: Message, notice: str) -> Message:
    """`message` with one small line of the bot's above it."""
    return replace(message, blocks=(_small(notice), *message.blocks))


def with_last_line(message: Message, line: str) -> Message:
    """`message` with one more small line of the bot's below it."""
    return replace(message, blocks=(*message.blocks, _small(line)))


@dataclass(frozen=True, slots=True)
class Question:
    """Who asked what, as the first message shows it."""

    user: str
    text: str

    @property
    def shown(self) -> str:
        """The question made safe, and shortened to what a section holds."""
        text = neutralise(printable(self.text)).strip()
        if weigh(text) <= _QUESTION_CHARS:
            return text
        return neutralise(f"{text[: most_within(text, _QUESTION_CHARS)].rstrip()}…")

    def first_message(self, answer: str, last_line: str) -> Message:
        """The message that shows the question above (the first part of) the answer."""
        user = self.user if _USER.fullmatch(self.user) else ""
        mention = f"<@{user}>" if user else excerpt(self.user)
        question = (_plain(self.shown), _LINE) if self.shown else ()
        return Message(
            (_small(words.asked(mention)), *question, _markdown(answer), *_end(last_line)),
            words.answering(excerpt(self.text, _NOTIFICATION_CHARS)),
        )


def further_message(number: int, answer: str, last_line: str) -> Message:
    """The `number`th further message of an answer, counted from 1."""
    return Message((_markdown(answer), *_end(last_line)), words.answering_on(number))


def printable(text: str) -> str:
    """`text` without what JSON or Slack cannot carry, lone surrogates and NUL, and without
    line ends that are no newlines: the fences of code were followed line by line."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _LONE_RETURN.sub(" ", whole.replace("\0", "\ufffd"))


def _markdown(text: str) -> Block:
    safe = neutralise(printable(text))
    return {"type": "markdown", "text": safe if safe.strip() else words.BLANK}


def _plain(text: str) -> Block:
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _end(last_line: str) -> tuple[Block, ...]:
    return (_small(last_line),) if last_line else ()


def _small(text: str) -> Block:
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}],
    }
