"""The form behind a 👎: what went wrong, as Slack's JSON, and what was filled in."""

from __future__ import annotations

from collections.abc import Mapping

from bot.completion.excerpt import excerpt
from bot.rules.votes import COMMENT_CHARS, REASONS, Reason
from bot.slack.blocks import Block
from bot.slack.inbound.payloads import View
from bot.slack.views import ViewJson, small
from bot.words import votes as words

FEEDBACK_FORM = "feedback_form"
"""`callback_id` of the form."""

_REASONS, _COMMENT, _VALUE = "reasons", "comment", "value"


def feedback_view(job_id: str) -> ViewJson:
    """The form, about the answer of a job."""
    options = [
        {"text": {"type": "plain_text", "text": words.REASONS[each]}, "value": each}
        for each in REASONS
    ]
    reasons = {"type": "checkboxes", "action_id": _VALUE, "options": options}
    comment = {"type": "plain_text_input", "action_id": _VALUE, "max_length": COMMENT_CHARS}
    return {
        "type": "modal",
        "callback_id": FEEDBACK_FORM,
        "private_metadata": job_id,
        "title": {"type": "plain_text", "text": words.FORM_TITLE},
        "submit": {"type": "plain_text", "text": words.FORM_SEND},
        "close": {"type": "plain_text", "text": words.FORM_CLOSE},
        "blocks": [
            small(words.FORM_COUNTS),
            _input(_REASONS, words.FORM_REASONS, reasons),
            _input(_COMMENT, words.FORM_COMMENT, comment),
        ],
    }


def _input(name: str, label: str, element: Mapping[str, object]) -> Block:
    shown = {"type": "plain_text", "text": label}
    return {
        "type": "input",
        "block_id": name,
        "optional": True,
        "label": shown,
        "element": element,
    }


def filled_in(view: View) -> tuple[tuple[Reason, ...], str]:
    """The reasons that were ticked, and the comment; whatever else a view may hold is nothing."""
    ticked = view.values.get(_REASONS, {}).get(_VALUE, {}).get("selected_options")
    named = {
        option.get("value")
        for option in (ticked if isinstance(ticked, list) else [])
        if isinstance(option, dict)
    }
    text = view.values.get(_COMMENT, {}).get(_VALUE, {}).get("value")
    comment = excerpt(text, COMMENT_CHARS) if isinstance(text, str) else ""
    return tuple(each for each in REASONS if each in named), comment


def error_ack(sentence: str) -> dict[str, object]:
    """The ack of a submission that came to nothing."""
    return {"response_action": "errors", "errors": {_COMMENT: sentence}}
