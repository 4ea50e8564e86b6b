"""Payloads of servers that are like Slack and leave things out."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.slack.payloads import MessageEvent

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


def test_one_without_any_is_refused() -> None:
    with pytest.raises(ValidationError):
        MessageEvent.model_validate({"type": "message", "channel": "C0GENERAL1"})
