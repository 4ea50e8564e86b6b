"""The first message to somebody as Slack's JSON: how to begin, and questions to click."""

from __future__ import annotations

from bot.completion.excerpt import excerpt
from bot.slack.blocks import Block, Message
from bot.slack.views import lines, small
from bot.words import welcome as words

SUGGESTED_ACTIONS = tuple(f"suggested_{number}" for number in range(len(words.PROMPTS)))
"""The `action_id` of each question; its `value` is the number."""


def welcome_message(name: str) -> Message:
    """For somebody called `name` (or empty), with a button for each suggested question."""
    greeting = words.greeting(excerpt(name))
    shown = [greeting, words.HELLO, "", words.TO_BEGIN]
    shown += [f"• {prompt}" for _, prompt in words.PROMPTS]
    buttons: Block = {
        "type": "actions",
        "elements": [_button(number) for number in range(len(words.PROMPTS))],
    }
    return Message((*lines(shown), buttons, small(words.MAY_ERR)), greeting.replace("*", ""))


def _button(number: int) -> Block:
    label, _ = words.PROMPTS[number]
    return {
        "type": "button",
        "action_id": SUGGESTED_ACTIONS[number],
        "value": str(number),
        "text": {"type": "plain_text", "text": label, "emoji": False},
    }
