"""The form behind a 👎: what went wrong, as Slack's JSON, and what was filled in."""

from __future__ import annotations

from bot.completion.excerpt import excerpt
from bot.rules.votes import COMMENT_CHARS, REASONS, Reason
from bot.slack.blocks import small
from bot.slack.inbound.payloads import View
from bot.slack.views import ViewJson
from bot.views.form_fields import held, held_text, input_block, modal, option
from bot.words import votes as words

FEEDBACK_FORM = "feedback_form"
"""`callback_id` of the form."""

COMMENT = "comment"
_REASONS = "reasons"


def feedback_view(job_id: str) -> ViewJson:
    """The form, about the answer of a job."""
    options = [option(words.REASONS[each], each) for each in REASONS]
    reasons = {"type": "checkboxes", "options": options}
    comment = {"type": "plain_text_input", "max_length": COMMENT_CHARS}
    blocks = [
        small(words.FORM_COUNTS),
        input_block(_REASONS, words.FORM_REASONS, reasons),
        input_block(COMMENT, words.FORM_COMMENT, comment),
    ]
    return modal(
        words.FORM_TITLE,
        blocks,
        callback_id=FEEDBACK_FORM,
        submit=words.FORM_SEND,
        close=words.FORM_CLOSE,
        metadata=job_id,
    )


def filled_in(view: View) -> tuple[tuple[Reason, ...], str]:
    """The reasons that were ticked, and the comment; whatever else a view may hold is nothing."""
    ticked = held(view.values, _REASONS).get("selected_options")
    named = {
        option.get("value")
        for option in (ticked if isinstance(ticked, list) else [])
        if isinstance(option, dict)
    }
    comment = excerpt(held_text(view.values, COMMENT), COMMENT_CHARS)
    return tuple(each for each in REASONS if each in named), comment
