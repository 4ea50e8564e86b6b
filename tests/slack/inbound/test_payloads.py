"""Payloads of servers that are like Slack and leave things out."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bot.doors.slack_app import payload_of
from bot.slack.inbound.incoming import Malformed
from bot.slack.inbound.interactions import ReactionEvent
from bot.slack.inbound.payloads import MessageEvent, SlashCommand

Json = dict[str, Any]

COMMAND: Json = {
    "command": "/grok",
    "trigger_id": "1.2.3",
    "user_id": "U0ANA",
    "channel_id": "C0GENERAL1",
}
CLICK: Json = {
    "type": "block_actions",
    "user": {"id": "U0ANA"},
    "actions": [{"action_id": "stop"}],
}
DELETION = {
    "type": "message",
    "subtype": "message_deleted",
    "channel": "C0GENERAL1",
    "hidden": True,
    "deleted_ts": "1.0",
    "event_ts": "2.0",
}


def test_an_event_without_its_ts_has_that_of_the_event() -> None:
    assert MessageEvent.model_validate(DELETION).ts == "2.0"
    assert MessageEvent.model_validate(DELETION | {"ts": "3.0"}).ts == "3.0"


@pytest.mark.parametrize(
    ("payload", "spoiled"),
    [
        (COMMAND, {"trigger_id": "1" * 4_001}),
        (COMMAND, {"response_url": "https://hooks.slack.com/" + "x" * 4_001}),
        (COMMAND, {"command": "/" + "g" * 4_001}),
        (CLICK, {"actions": [{"action_id": "stop", "value": "x" * 4_001}]}),
        (CLICK, {"view": {"id": "V1", "private_metadata": "x" * 4_001}}),
    ],
)
def test_what_names_a_thing_is_no_longer_than_slack_makes_it(payload: Json, spoiled: Json) -> None:
    assert payload_of(payload) is not None

    with pytest.raises(Malformed, match=next(iter(spoiled))):
        payload_of(payload | spoiled)


def test_a_text_is_measured_where_it_is_asked() -> None:
    long = "x" * 100_000
    found = payload_of(COMMAND | {"text": long})

    assert isinstance(found, SlashCommand)
    assert found.text == long


def test_one_without_any_is_refused() -> None:
    with pytest.raises(ValidationError):
        MessageEvent.model_validate({"type": "message", "channel": "C0GENERAL1"})


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        {"type": "file", "file": "F1"},
    ],
)
def test_a_reaction_to_what_is_no_message_names_none(item: object) -> None:
    event = {"type": "reaction_added", "user": "U1", "reaction": "+1", "item": item}

    found = payload_of({"type": "event_callback", "event": event})

    assert isinstance(found, ReactionEvent)
    assert (found.channel, found.ts, found.item_user) == ("", "", "")
