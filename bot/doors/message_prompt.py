"""What a message asks: its words, what its author put beside them, and what nobody reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue

from bot.completion.ask import Said
from bot.completion.flags import Flags
from bot.doors.hearing import Heard
from bot.markdown.safety import printable
from bot.slack.message_text import Attached, bounded
from bot.slack.shown import mentioned, shown
from bot.words import talk
from bot.words.form import AN_APP

MOST_CONTEXT = 10
"""Messages that are read beside one question."""


def people_in(heard: Heard) -> tuple[str, ...]:
    """The ids of all whom the message names, each once."""
    texts = (heard.text, heard.beside, *(each.text for each in heard.others))
    users = [user for text in texts for user in mentioned(text)]
    return tuple(dict.fromkeys([*users, *(each.user for each in heard.others if each.user)]))


def context_of(heard: Heard, names: Mapping[str, str], bot_user: str) -> tuple[Said, ...]:
    """What others wrote and its author shares with the question."""
    said = [_said(each, names, bot_user) for each in heard.others[:MOST_CONTEXT]]
    return tuple(each for each in said if each.text)


def with_more(flags: Flags, heard: Heard, names: Mapping[str, str]) -> Flags:
    """`flags` with a prompt that holds what stands beside it in the message; where there is
    something to read and nothing was asked, it is asked what that says."""
    beside = bounded(printable(shown(heard.beside, names)).strip())
    prompt = flags.values.get("prompt")
    if not prompt and not any(fault.parameter == "prompt" for fault in flags.faults):
        prompt = "" if beside else talk.ABOUT_THIS if heard.holds_more else None
    if prompt is None or not (beside or prompt):
        return flags
    return replace(flags, values={**flags.values, "prompt": _joined(prompt, beside)})


def _joined(prompt: JsonValue, added: str) -> JsonValue:
    match prompt:
        case str() if added:
            return f"{prompt}\n\n{added}".lstrip("\n") if prompt else added
        case list():
            return [_joined(each, added) for each in prompt]
        case _:
            return prompt


def _said(attached: Attached, names: Mapping[str, str], bot_user: str) -> Said:
    own = attached.user == bot_user
    author = names.get(attached.user) or shown(attached.author, names) or AN_APP
    text = bounded(printable(shown(attached.text, names)).strip())
    return Said(author=talk.GROK if own else author, text=text, own=own)
