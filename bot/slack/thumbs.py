"""Thumbs below an answer: Slack's own element, or two buttons where a server takes none of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.rules.votes import Choice
from bot.words import votes as words

FEEDBACK = "feedback"
"""`action_id` of Slack's own thumbs ("Feedback buttons element")."""

BUTTONS: Mapping[str, Choice] = {"vote_up": "up", "vote_down": "down"}
"""`action_id`s of the buttons in their place."""

FEEDBACK_BLOCK = "answer_feedback"
"""The `block_id` of either."""

THUMBS = "context_actions"
"""The kind of block that Slack's own stand in."""

_LABELS: Mapping[Choice, str] = {"up": words.GOOD, "down": words.BAD}

Block = Mapping[str, object]


def thumbs(job_id: str) -> Block:
    """Both thumbs, for the answer of a job."""
    element = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": _half(job_id, "up"),
        "negative_button": _half(job_id, "down"),
    }
    return {"type": THUMBS, "block_id": FEEDBACK_BLOCK, "elements": [element]}


def voted(value: str) -> tuple[str, Choice | None]:
    """The job that the value of a thumb names, and which thumb it is; None: of neither."""
    job_id, _, choice = value.partition(":")
    return job_id, next((each for each in _LABELS if each == choice), None)


def plain(blocks: Sequence[Block]) -> list[Block]:
    """`blocks` with buttons for thumbs."""
    return [_with_buttons(block) if block["type"] == THUMBS else block for block in blocks]


def _with_buttons(block: Mapping[str, Any]) -> Block:
    (element,) = block["elements"]
    halves = zip(BUTTONS, ("positive_button", "negative_button"), ("👍", "👎"), strict=True)
    buttons = [
        {
            "type": "button",
            "action_id": action_id,
            "text": {"type": "plain_text", "text": sign, "emoji": True},
            "accessibility_label": element[half]["text"]["text"],
            "value": element[half]["value"],
        }
        for action_id, half, sign in halves
    ]
    return {"type": "actions", "block_id": FEEDBACK_BLOCK, "elements": buttons}


def _half(job_id: str, choice: Choice) -> Mapping[str, object]:
    text = {"type": "plain_text", "text": _LABELS[choice]}
    return {"text": text, "value": f"{job_id}:{choice}"}
