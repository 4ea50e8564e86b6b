"""Pictures of charts reach one person; where none can be sent, that is said in a sentence."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping

import pytest

from bot.files.kinds import size_of_png
from bot.slack.charts import drawing
from bot.slack.charts.chart_pictures import send_pictures
from bot.slack.charts.charts import Bar, Chart
from bot.slack.charts.drawing import Drawn
from bot.words import votes as words
from sandbox.workspace import ANA, BEN, GENERAL, dm_of
from tests.slack.test_documents import BEGIN, COMPLETE, arrived, sending

pytestmark = pytest.mark.integration

CHARTS = (
    Chart("👍 in % by model", (Bar("grok-4.3", 57, 89, 98, "8 of 9"), Bar("=x", 0, 0, 79))),
    Chart("👍 in % by channel", (Bar("#日本語 <!here> `x` https://e.vil", 0, 1, 2),)),
)


async def test_both_come_in_one_message_for_that_person_alone() -> None:
    async with sending("files:write") as (workspace, documents):
        assert await send_pictures(CHARTS, ANA, documents) == words.PICTURES_SENT

    (message,) = workspace.messages(dm_of(ANA))
    assert [file.name for file in message.files] == ["grok-votes-1.png", "grok-votes-2.png"]
    assert all(size_of_png(file.content or b"") for file in message.files)
    assert [file.title for file in message.files] == [
        "Thumbs up in % by model",
        "Thumbs up in % by channel",
    ]
    assert message.files[0].alt.endswith("grok-4.3: 89% (57–98%); =x: 0% (0–79%).")
    legend = "(1) is `#日本語 ‹!here› ˋxˋ https://e.vil`"
    assert message.text == f"Thumbs up in % by channel: {legend}"
    assert workspace.messages(GENERAL) == workspace.messages(dm_of(BEN)) == []


async def test_an_app_without_the_scope_says_what_it_lacks() -> None:
    async with sending() as (workspace, documents):
        assert await send_pictures(CHARTS, ANA, documents) == words.PICTURES_NEED_SCOPE

    assert arrived(workspace) == []


@pytest.mark.parametrize("at", [BEGIN, "upload_url", "conversations.open", COMPLETE])
@pytest.mark.parametrize("fault", [{"status": 500}, {"error": "file_uploads_disabled"}])
async def test_a_slack_that_refuses_or_fails_at_any_step_is_told(
    at: str, fault: Mapping[str, object]
) -> None:
    async with sending("files:write") as (workspace, documents):
        workspace.fail(at, times=None, **fault)  # type: ignore[arg-type]
        assert await send_pictures(CHARTS, ANA, documents) == words.PICTURES_FAILED

    assert arrived(workspace) == []


async def test_without_the_library_that_draws_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bot.slack.charts.drawing")
    monkeypatch.setitem(sys.modules, "PIL", None)
    async with sending("files:write") as (workspace, documents):
        assert await send_pictures(CHARTS, ANA, documents) == words.PICTURES_FAILED

    assert arrived(workspace) == []


async def test_nothing_is_drawn_in_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()

    def noted(chart: Chart) -> Drawn:
        threads.add(threading.get_ident())
        return Drawn(chart.title.encode(), {})

    monkeypatch.setattr(drawing, "drawn", noted)
    async with sending("files:write") as (_, documents):
        assert await send_pictures(CHARTS, ANA, documents) == words.PICTURES_SENT

    assert threads
    assert threading.get_ident() not in threads
