"""The form of the workspace's own Grok key: it never holds the one that there is."""

from __future__ import annotations

from bot.net.web_address import is_one_word
from bot.slack.views import ViewJson, section
from bot.views.form_fields import VALUE, input_block, plain
from bot.views.form_view import Values
from bot.words import key as words

KEY_FORM = "grok_key_form"
"""`callback_id` of the form."""

KEY_CHARS = 300

_FIELD = "grok_key"


def key_view(*, own: bool) -> ViewJson:
    """The form; `own`: there is a key already."""
    element = {"type": "plain_text_input", "action_id": VALUE, "max_length": KEY_CHARS}
    return {
        "type": "modal",
        "callback_id": KEY_FORM,
        "title": plain(words.TITLE),
        "submit": plain(words.SAVE),
        "close": plain(words.CANCEL),
        "blocks": [
            section(words.OWN if own else words.OPERATORS),
            input_block(_FIELD, words.LABEL, element, hint=words.HINT, optional=False),
        ],
    }


def typed_key(values: Values) -> str:
    """What was typed, without space around it; empty where that is no key."""
    text = values.get(_FIELD, {}).get(VALUE, {}).get("value")
    key = text.strip() if isinstance(text, str) else ""
    return key if is_one_word(key) and len(key) <= KEY_CHARS else ""


def key_error(sentence: str) -> dict[str, object]:
    """The ack of a key that came to nothing."""
    return {"response_action": "errors", "errors": {_FIELD: sentence}}
