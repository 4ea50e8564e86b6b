"""Rate budgets: 429 with Retry-After, per method, any window."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import ENGINEERING, GENERAL, Limits, Workspace
from sandbox.workspace.budgets import Window
from tests.sandbox.slack_app import client_of, error_of, refusal


async def _posted(slack: AsyncWebClient, channel: str = GENERAL) -> str:
    ts: str = (await slack.chat_postMessage(channel=channel, text="first"))["ts"]
    return ts


async def test_the_51st_edit_of_a_minute_is_refused(workspace: Workspace) -> None:
    slack = client_of(workspace)
    ts = await _posted(slack)
    for step in range(50):
        await slack.chat_update(channel=GENERAL, ts=ts, text=f"step {step}")

    answer = await refusal(slack.chat_update(channel=GENERAL, ts=ts, text="one too many"))

    assert answer.status_code == 429
    assert answer.data == {"ok": False, "error": "ratelimited"}
    assert 55 <= int(answer.headers["Retry-After"]) <= 60
    assert workspace.message(GENERAL, ts).text == "step 49"
    assert workspace.calls[-1].status == 429


async def test_edits_of_all_channels_share_one_budget(workspace: Workspace) -> None:
    slack = client_of(workspace)
    first, second = await _posted(slack), await _posted(slack, ENGINEERING)
    for step in range(25):
        await slack.chat_update(channel=GENERAL, ts=first, text=f"step {step}")
        await slack.chat_update(channel=ENGINEERING, ts=second, text=f"step {step}")

    error = await error_of(slack.chat_update(channel=ENGINEERING, ts=second, text="more"))

    assert error == "ratelimited"


async def test_while_one_method_is_limited_the_others_are_not(workspace: Workspace) -> None:
    slack = client_of(workspace)
    ts = await _posted(slack)
    workspace.fail("chat.update", retry_after=30)

    assert await error_of(slack.chat_update(channel=GENERAL, ts=ts, text="no")) == "ratelimited"
    assert await error_of(slack.chat_update(channel=GENERAL, ts=ts, text="no")) == "ratelimited"
    await slack.chat_delete(channel=GENERAL, ts=ts)


async def test_posts_burst_then_come_by_the_second_in_each_channel(workspace: Workspace) -> None:
    slack = client_of(workspace)
    for _ in range(5):
        await _posted(slack)

    answer = await refusal(slack.chat_postMessage(channel=GENERAL, text="a sixth"))
    await _posted(slack, ENGINEERING)

    assert answer["error"] == "ratelimited"
    assert 1 <= int(answer.headers["Retry-After"]) <= 5


async def test_scale_zero_removes_the_budgets() -> None:
    async with Workspace(limits=Limits(scale=0, tier3_per_minute=2)) as ws:
        slack = client_of(ws)
        ts = await _posted(slack)
        for _ in range(10):
            await slack.chat_update(channel=GENERAL, ts=ts, text="fine")


def test_no_window_of_a_minute_holds_more_than_its_count() -> None:
    window = Window(3, 60.0)
    for at in (0.0, 30.0, 59.0):
        assert window.wait(at) == 0
        window.take(at)

    assert window.wait(59.5) == 0.5
    assert window.wait(60.0) == 0
    window.take(60.0)
    assert window.wait(61.0) == 29.0


def test_a_refused_method_stays_closed_until_retry_after_is_over() -> None:
    window = Window(10, 60.0)

    window.block(5.0)

    assert window.wait(2.0) == 3.0
    assert window.wait(5.0) == 0


def test_calls_that_come_too_early_do_not_put_the_rest_off() -> None:
    window = Window(1, 10.0)
    window.take(0.0)
    assert window.refuse(4.5) == 6
    assert window.refuse(8.0) == 3
    assert window.wait(10.4) > 0
    assert window.wait(10.5) == 0
