"""The short siege; `make fuzz` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.attack import _fault, attack_http, attack_socket, chance_of
from tests.fuzz.payloads import payload
from tests.fuzz.spoil import Sending, sending
from tests.raw_http import Reply

SEED = 20261130
ATTEMPTS = 1_200

_FORMS = ("command", "ssl_check")

MEASURES = pytest.mark.alone("each answer has 3 s")


@MEASURES
@pytest.mark.integration
async def test_whatever_is_posted_is_answered_and_the_bot_lives_on(tmp_path: Path) -> None:
    await attack_http(SEED, range(ATTEMPTS), tmp_path, print)


@MEASURES
@pytest.mark.integration
async def test_whatever_comes_in_an_envelope_is_acked_and_the_bot_lives_on(tmp_path: Path) -> None:
    await attack_socket(SEED, range(ATTEMPTS), tmp_path, print)


def test_an_attempt_can_be_made_again() -> None:
    for number in range(200):
        first = sending(chance_of(1, number), "secret", 1_700_000_000)
        assert sending(chance_of(1, number), "secret", 1_700_000_000) == first


def test_every_kind_of_payload_is_spoilt() -> None:
    made = [payload(chance_of(1, number))[1] for number in range(1_000)]
    kinds = {
        each.get("type") or next(iter({"command", "ssl_check"} & each.keys())) for each in made
    }
    events = {each["event"]["type"] for each in made if "event" in each}

    assert kinds == {
        "command",
        "event_callback",
        "block_actions",
        "view_submission",
        "view_closed",
        "message_action",
        "shortcut",
        "block_suggestion",
        "url_verification",
        "ssl_check",
    }
    assert events >= {"message", "app_mention", "app_home_opened", "team_join"}


def test_what_does_not_come_is_a_fault() -> None:
    assert _fault(Sending((), signed=True), None)


@pytest.mark.parametrize(
    ("sent", "status", "fine"),
    [
        (Sending((), signed=True), 200, True),
        (Sending((), signed=True), 400, True),
        (Sending((), signed=True), 401, False),
        (Sending((), signed=True), 500, False),
        (Sending((), signed=True), 302, False),
        (Sending((), signed=True), 0, False),
        (Sending((), signed=False), 401, True),
        (Sending((), signed=False), 200, False),
        (Sending((), signed=True, odd=True), 401, True),
        (Sending((), signed=True, odd=True), 503, False),
        (Sending((), signed=False, odd=True, whole=False), 0, True),
    ],
)
def test_what_is_judged_a_fault(sent: Sending, status: int, fine: bool) -> None:
    assert (_fault(sent, Reply(status, "", b"")) == "") is fine
