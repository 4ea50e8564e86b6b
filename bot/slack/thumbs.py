"""Thumbs below an answer: Slack's own element, or two buttons where a server takes none of that."""

from __future__ import annotations

import time
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

REFUSED_SECONDS = 3600.0
"""How long it is remembered that Slack takes none of its own."""

_KIND = "context_actions"
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
    return {"type": _KIND, "block_id": FEEDBACK_BLOCK, "elements": [element]}


def voted(value: str) -> tuple[str, Choice | None]:
    """The job that the value of a thumb names, and which thumb it is; None: of neither."""
    job_id, _, choice = value.partition(":")
    return job_id, next((each for each in _LABELS if each == choice), None)


class Taken:
    """Whether Slack takes its own thumbs of us, as far as this process has found out.

    Where it refuses blocks with thumbs among them, nobody says that those are to blame: the same
    is tried with buttons, and when that is refused too, thumbs were not.
    """

    def __init__(self) -> None:
        self._plain_until = 0.0

    def written(self, blocks: Sequence[Block]) -> list[Block]:
        """`blocks` as they are sent."""
        return plain(blocks) if self._is_plain else list(blocks)

    def refused(self, body: Mapping[str, Any]) -> bool:
        """Whether `body`, whose blocks were refused, is worth another try."""
        blocks = body.get("blocks") or ()
        if any(block.get("type") == _KIND for block in blocks):
            self._plain_until = time.monotonic() + REFUSED_SECONDS
            return True
        if any(block.get("block_id") == FEEDBACK_BLOCK for block in blocks):
            self._plain_until = 0.0
        return False

    @property
    def _is_plain(self) -> bool:
        return time.monotonic() < self._plain_until


def plain(blocks: Sequence[Block]) -> list[Block]:
    """`blocks` with buttons for thumbs."""
    return [_with_buttons(block) if block["type"] == _KIND else block for block in blocks]


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
