"""Modals, their triggers, hashes and limits; the Home tab."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import ANA, BEN, Limits, Workspace
from tests.sandbox.slack_app import client_of, error_of, refusal

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def text_input(block_id: str = "prompt", **more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "value", **more}
    return {"type": "input", "block_id": block_id, "label": plain("Prompt"), "element": element}


def number_input(**more: Any) -> Json:
    element = {"type": "number_input", "action_id": "value", "is_decimal_allowed": True, **more}
    return {"type": "input", "block_id": "n", "label": plain("N"), "element": element}


def modal(*blocks: Json, **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "grok_form",
        "title": plain("Ask Grok"),
        "submit": plain("Ask"),
        "blocks": list(blocks) or [text_input()],
        **more,
    }


async def trigger(ws: Workspace) -> str:
    """A fresh trigger, of a shortcut that nobody acks."""
    await ws.shortcut(ANA, "new_grok")
    trigger_id: str = ws.deliveries[-1].payload["trigger_id"]
    return trigger_id


async def test_a_trigger_opens_one_view(ws: Workspace, slack: AsyncWebClient) -> None:
    trigger_id = await trigger(ws)

    opened = await slack.views_open(trigger_id=trigger_id, view=modal())
    again = await error_of(slack.views_open(trigger_id=trigger_id, view=modal()))

    view = ws.view(ANA)
    assert view is not None
    assert view.id == opened["view"]["id"]
    assert again == "exchanged_trigger_id"


async def test_a_trigger_lives_for_three_seconds() -> None:
    async with Workspace(limits=Limits(trigger=0)) as ws:
        slack = client_of(ws)

        late = await error_of(slack.views_open(trigger_id=await trigger(ws), view=modal()))
        guess = await error_of(slack.views_open(trigger_id="1.2.guess", view=modal()))

    assert late == "expired_trigger_id"
    assert guess == "invalid_trigger_id"
    assert Limits().trigger == 3.0


def _selects(count: int) -> Json:
    options = [{"text": plain(str(n)), "value": str(n)} for n in range(count)]
    element = {"type": "static_select", "action_id": "value", "options": options}
    return {"type": "input", "block_id": "model", "label": plain("Model"), "element": element}


@pytest.mark.parametrize(
    ("view", "fault"),
    [
        (modal(title=plain("x" * 25)), "less than 25"),
        (modal(submit=plain("x" * 25)), "less than 25"),
        (modal(private_metadata="x" * 3_001), "less than 3001"),
        (modal(callback_id="x" * 256), "less than 256"),
        (modal(*[{"type": "divider"}] * 101), "no more than 100 items"),
        (modal(text_input(), text_input()), "block_id `prompt` already exists"),
        (modal(text_input(initial_value="x" * 3_001)), "less than 3001"),
        (modal(text_input(placeholder=plain("x" * 151))), "less than 151"),
        (modal(number_input(min_value=0)), "must provide a string"),
        (modal(number_input(min_value="0", initial_value="-1")), "within min_value"),
        (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
        (modal(_selects(101)), "no more than 100 items"),
        (modal(colour="red"), "invalid additional property: colour"),
        ({"type": "modal", "title": plain("x"), "blocks": [text_input()]}, "submit is required"),
        ({"type": "modal", "submit": plain("x"), "blocks": []}, "missing required field: title"),
        ({"type": "home", "blocks": []}, "must be of type modal"),
    ],
)
async def test_a_view_beyond_a_limit_is_refused(
    ws: Workspace, slack: AsyncWebClient, view: Json, fault: str
) -> None:
    answer = await refusal(slack.views_open(trigger_id=await trigger(ws), view=view))

    assert answer["error"] == "invalid_arguments"
    assert any(fault in message for message in answer["response_metadata"]["messages"])


async def test_a_number_input_must_say_whether_decimals_are_allowed(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    block = number_input()
    del block["element"]["is_decimal_allowed"]

    call = slack.views_open(trigger_id=await trigger(ws), view=modal(block))

    assert await error_of(call) == "invalid_arguments"


async def test_a_view_may_not_be_huge(ws: Workspace, slack: AsyncWebClient) -> None:
    section = {"type": "section", "text": plain("x" * 3_000)}
    call = slack.views_open(trigger_id=await trigger(ws), view=modal(*[section] * 90))

    assert await error_of(call) == "view_too_large"


async def test_an_update_with_an_old_hash_is_refused(ws: Workspace, slack: AsyncWebClient) -> None:
    opened = (await slack.views_open(trigger_id=await trigger(ws), view=modal()))["view"]

    new = await slack.views_update(view_id=opened["id"], hash=opened["hash"], view=modal())
    old = await error_of(
        slack.views_update(view_id=opened["id"], hash=opened["hash"], view=modal())
    )

    assert new["view"]["hash"] != opened["hash"]
    assert old == "hash_conflict"


async def test_an_update_keeps_what_was_typed_where_the_ids_stay(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    first = modal(text_input(), text_input("system"), number_input(initial_value="0.5"))
    opened = (await slack.views_open(trigger_id=await trigger(ws), view=first))["view"]
    await ws.fill(ANA, opened["id"], {"prompt": "typed", "system": "be brief", "n": "0.7"})

    second = modal(text_input(initial_value="other"), number_input(), text_input("new"))
    updated = (await slack.views_update(view_id=opened["id"], view=second))["view"]

    shown = ws.view(ANA)
    assert shown is not None
    values = shown.values
    assert updated["state"] == {"values": {}}
    assert values["prompt"]["value"]["value"] == "typed"
    assert values["n"]["value"]["value"] == "0.7"
    assert values["new"]["value"]["value"] is None
    assert "system" not in values


async def test_views_stack_three_high(ws: Workspace, slack: AsyncWebClient) -> None:
    more = {"type": "button", "action_id": "more", "text": plain("More")}
    form = modal(text_input(), {"type": "actions", "elements": [more]})
    opened = (await slack.views_open(trigger_id=await trigger(ws), view=form))["view"]

    async def push() -> dict[str, Any]:
        top = ws.view(ANA)
        assert top is not None
        await ws.click_view(ANA, top.id, "more")
        view = {"trigger_id": ws.deliveries[-1].payload["trigger_id"], "view": form}
        return {"json": view, "api_method": "views.push"}

    await slack.api_call(**await push())
    await slack.api_call(**await push())
    third = await error_of(slack.api_call(**await push()))

    top = ws.view(ANA)
    assert third == "push_limit_reached"
    assert top is not None
    assert top.root == opened["id"]
    assert top.previous not in (None, opened["id"])


async def test_a_closed_view_cannot_be_updated(ws: Workspace, slack: AsyncWebClient) -> None:
    opened = (await slack.views_open(trigger_id=await trigger(ws), view=modal()))["view"]

    await ws.close_view(ANA, opened["id"])

    assert ws.view(ANA) is None
    assert await error_of(slack.views_update(view_id=opened["id"], view=modal())) == "not_found"


async def test_the_app_hears_of_a_closing_it_asked_for(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    loud = modal(notify_on_close=True)
    opened = (await slack.views_open(trigger_id=await trigger(ws), view=loud))["view"]

    await ws.close_view(ANA, opened["id"])

    assert ws.deliveries[-1].payload["type"] == "view_closed"


async def test_an_external_id_finds_its_view_and_is_unique(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    await slack.views_open(trigger_id=await trigger(ws), view=modal(external_id="mine"))

    await slack.views_update(external_id="mine", view=modal(external_id="mine"))
    await ws.shortcut(BEN, "new_grok")
    other = ws.deliveries[-1].payload["trigger_id"]
    call = slack.views_open(trigger_id=other, view=modal(external_id="mine"))

    assert await error_of(call) == "duplicate_external_id"


async def test_the_home_tab_is_for_one_person(ws: Workspace, slack: AsyncWebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}

    first = (await slack.views_publish(user_id=ANA, view=home))["view"]
    await slack.views_publish(user_id=ANA, view=home, hash=first["hash"])
    old = await error_of(slack.views_publish(user_id=ANA, view=home, hash=first["hash"]))

    assert old == "hash_conflict"
    assert ws.home(BEN) is None
    shown = ws.home(ANA)
    assert shown is not None
    assert shown.id == first["id"]
    await ws.open_home(ANA)
    assert ws.deliveries[-1].payload["event"]["view"]["id"] == first["id"]


async def test_a_push_needs_a_view_below(ws: Workspace, slack: AsyncWebClient) -> None:
    view = {"trigger_id": await trigger(ws), "view": modal()}

    assert await error_of(slack.api_call("views.push", json=view)) == "not_found"
