"""Faults on demand."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import GENERAL, Fault, Storm, Workspace
from tests.sandbox.slack_app import error_of


async def test_an_arranged_error_comes_as_often_as_asked(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ws.fail("chat.postMessage", error="restricted_action", times=2)

    for _ in range(2):
        error = await error_of(slack.chat_postMessage(channel=GENERAL, text="hi"))
        assert error == "restricted_action"
    await slack.chat_postMessage(channel=GENERAL, text="hi")

    assert [message.text for message in ws.messages(GENERAL)] == ["hi"]


async def test_a_fault_can_be_for_some_calls_only(ws: Workspace, slack: AsyncWebClient) -> None:
    fault = ws.fail(
        "chat.postMessage", error="fatal_error", times=None, where=lambda a: a["text"] == "bad"
    )

    await slack.chat_postMessage(channel=GENERAL, text="good")
    assert await error_of(slack.chat_postMessage(channel=GENERAL, text="bad")) == "fatal_error"
    fault.lift()
    await slack.chat_postMessage(channel=GENERAL, text="bad")


async def test_a_call_lost_before_is_not_applied(ws: Workspace, slack: AsyncWebClient) -> None:
    ws.fail("chat.postMessage", drop_before=True)

    with pytest.raises(aiohttp.ClientError):
        await slack.chat_postMessage(channel=GENERAL, text="hi")

    assert ws.messages(GENERAL) == []
    assert ws.calls[-1].dropped


async def test_a_call_lost_after_is_applied(ws: Workspace, slack: AsyncWebClient) -> None:
    ws.fail("chat.postMessage", drop_after=True)

    with pytest.raises(aiohttp.ClientError):
        await slack.chat_postMessage(channel=GENERAL, text="hi")

    assert [message.text for message in ws.messages(GENERAL)] == ["hi"]
    assert ws.calls[-1].dropped
    assert ws.calls[-1].ok


async def test_a_call_can_be_applied_and_fail(ws: Workspace, slack: AsyncWebClient) -> None:
    ws.fail("chat.postMessage", error="fatal_error", applied=True)

    assert await error_of(slack.chat_postMessage(channel=GENERAL, text="hi")) == "fatal_error"

    assert [message.text for message in ws.messages(GENERAL)] == ["hi"]


async def test_a_share_of_all_calls_fails_until_it_is_lifted(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    storm = ws.fail_some(1.0, seed=1, methods=("chat.postMessage",), delays=())

    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await slack.chat_postMessage(channel=GENERAL, text="hi")
    await slack.auth_test()
    storm.lift()
    ws.fail("chat.postMessage", error="fatal_error")

    assert await error_of(slack.chat_postMessage(channel=GENERAL, text="hi")) == "fatal_error"


def test_the_same_seed_draws_the_same_faults_of_every_kind() -> None:
    def draw(seed: int) -> list[Fault | None]:
        storm = Storm(0.3, seed, ("chat.update",), (1.0,))
        return [storm.take("chat.update", {}) for _ in range(1_000)]

    faults = [fault for fault in draw(1) if fault]
    assert draw(1) == draw(1) != draw(2)
    assert 250 < len(faults) < 350
    assert {fault.error for fault in faults} == {
        None,
        "internal_error",
        "fatal_error",
        "msg_too_long",
        "msg_blocks_too_long",
        "cant_update_message",
        "edit_window_closed",
    }
    assert {fault.status for fault in faults} == {None, 500, 503}
    for kind in ("retry_after", "drop_before", "drop_after", "applied", "delay"):
        assert any(getattr(fault, kind) for fault in faults)


async def test_an_http_status_can_be_arranged(ws: Workspace, slack: AsyncWebClient) -> None:
    ws.fail("auth.test", status=503)

    with pytest.raises(SlackApiError) as fault:
        await slack.auth_test()

    assert fault.value.response.status_code == 503
