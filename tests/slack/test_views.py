"""Views opened and changed in the strict workspace."""

from __future__ import annotations

import pytest

from bot.errors import OutcomeUnknown, RateLimited, SlackError
from bot.slack.views import VIEWS_PER_MINUTE_EACH, Views
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, BEN, Limits, Workspace
from tests.sandbox.slack_app import client_of
from tests.sandbox.test_workspace_views import Json, modal, plain, text_input, trigger


@pytest.fixture
def views(workspace: Workspace, store: Store, keys: Keys) -> Views:
    return Views(WebApi(client_of(workspace)), Allowances(store, keys))


def home(text: str) -> Json:
    return {"type": "home", "blocks": [{"type": "section", "text": plain(text)}]}


async def code_of(call: object) -> str:
    with pytest.raises(SlackError) as caught:
        await call  # type: ignore[misc]
    return caught.value.code


async def test_a_view_is_opened_and_changed(workspace: Workspace, views: Views) -> None:

    opened = await views.open(await trigger(workspace), modal(), user=ANA)
    changed = await views.update(opened.id, modal(text_input("other")), opened.hash)

    view = workspace.view(ANA)
    assert view is not None
    assert (view.id, view.hash) == (changed.id, changed.hash)
    assert changed.id == opened.id
    assert changed.hash != opened.hash
    assert view.content["blocks"][0]["block_id"] == "other"


async def test_a_view_is_pushed_on_the_one_that_was_used(
    workspace: Workspace, views: Views
) -> None:
    row = {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "more", "text": plain("More")}],
    }
    opened = await views.open(await trigger(workspace), modal(text_input(), row), user=ANA)
    await workspace.click_view(ANA, opened.id, "more")

    pushed = await views.push(workspace.deliveries[-1].payload["trigger_id"], modal(), user=ANA)

    view = workspace.view(ANA)
    assert view is not None
    assert (view.id, view.previous) == (pushed.id, opened.id)


async def test_a_trigger_serves_once(workspace: Workspace, views: Views) -> None:
    trigger_id = await trigger(workspace)
    await views.open(trigger_id, modal(), user=ANA)

    assert await code_of(views.open(trigger_id, modal(), user=ANA)) == "exchanged_trigger_id"


@pytest.mark.integration
async def test_a_trigger_that_expired_opens_nothing(store: Store, keys: Keys) -> None:
    async with Workspace(limits=Limits(trigger=0)) as workspace:
        views = Views(WebApi(client_of(workspace)), Allowances(store, keys))
        code = await code_of(views.open(await trigger(workspace), modal(), user=ANA))

        assert code == "expired_trigger_id"
        assert workspace.view(ANA) is None


async def test_what_changed_meanwhile_is_not_overwritten(
    workspace: Workspace, views: Views
) -> None:
    opened = await views.open(await trigger(workspace), modal(), user=ANA)
    await views.update(opened.id, modal(text_input("newer")), opened.hash)

    late = views.update(opened.id, modal(text_input("older")), opened.hash)

    assert await code_of(late) == "hash_conflict"
    view = workspace.view(ANA)
    assert view is not None
    assert view.content["blocks"][0]["block_id"] == "newer"


async def test_without_a_hash_whatever_stands_there_is_replaced(
    workspace: Workspace, views: Views
) -> None:
    opened = await views.open(await trigger(workspace), modal(), user=ANA)
    await views.update(opened.id, modal(text_input("newer")))

    await views.update(opened.id, modal(text_input("newest")))

    view = workspace.view(ANA)
    assert view is not None
    assert view.content["blocks"][0]["block_id"] == "newest"


async def test_a_closed_view_cannot_be_changed(workspace: Workspace, views: Views) -> None:
    opened = await views.open(await trigger(workspace), modal(), user=ANA)
    await workspace.close_view(ANA, opened.id)

    assert await code_of(views.update(opened.id, modal())) == "not_found"


async def test_the_home_tab_is_published_and_guarded_by_its_hash(
    workspace: Workspace, views: Views
) -> None:

    first = await views.publish(ANA, home("one"))
    second = await views.publish(ANA, home("two"), first.hash)

    assert await code_of(views.publish(ANA, home("three"), first.hash)) == "hash_conflict"
    shown = workspace.home(ANA)
    assert shown is not None
    assert shown.hash == second.hash
    assert shown.content["blocks"][0]["text"]["text"] == "two"


async def test_a_busy_slack_and_a_lost_reply_are_told_apart(
    workspace: Workspace, views: Views
) -> None:
    workspace.fail("views.open", drop_after=True)
    with pytest.raises(OutcomeUnknown):
        await views.open(await trigger(workspace), modal(), user=ANA)
    workspace.fail("views.open", retry_after=3)

    with pytest.raises(RateLimited) as limited:
        await views.open(await trigger(workspace), modal(), user=ANA)

    assert limited.value.retry_after == 3
    assert workspace.view(ANA) is not None


async def test_a_view_without_a_hash_can_be_changed_unguarded(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, views: Views
) -> None:
    """As servers answer that are like Slack."""
    real = WebApi.call

    async def without_hash(self: WebApi, method: str, *args: Json, **named: Json) -> Json:
        reply = dict(await real(self, method, *args, **named))  # type: ignore[arg-type]
        return reply | {"view": {k: v for k, v in reply["view"].items() if k != "hash"}}

    monkeypatch.setattr(WebApi, "call", without_hash)
    opened = await views.open(await trigger(workspace), modal(), user=ANA)
    await views.update(opened.id, modal(text_input("other")), opened.hash)

    view = workspace.view(ANA)
    assert opened.hash == ""
    assert view is not None
    assert view.content["blocks"][0]["block_id"] == "other"


async def test_one_person_is_shown_so_many_views_in_a_minute(
    workspace: Workspace, views: Views
) -> None:
    for number in range(VIEWS_PER_MINUTE_EACH):
        await views.publish(ANA, home(str(number)))

    for call in (
        views.publish(ANA, home("more")),
        views.open(await trigger(workspace), modal(), user=ANA),
        views.push("trigger", modal(), user=ANA),
    ):
        assert await code_of(call) == "ratelimited"
    assert len(workspace.calls_of("views.publish")) == VIEWS_PER_MINUTE_EACH
    assert workspace.calls_of("views.open") == []
    await views.publish(BEN, home("another"))
