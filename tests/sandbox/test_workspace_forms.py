"""Forms as they are filled: what may be in them, what is kept, what can be chosen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.workspace import (
    ANA,
    ANA_AND_BEN,
    BEN,
    DESIGN,
    FINANCE,
    GENERAL,
    LEADERSHIP,
    PARTNERS,
    NotAllowedError,
    Workspace,
    dm_of,
)
from tests.sandbox.slack_app import app_of, refusal, socket_mode
from tests.sandbox.test_workspace_interactivity import button, external_select, form
from tests.sandbox.test_workspace_views import modal, number_input, plain, text_input, trigger

Json = dict[str, Any]
MRKDWN = {"type": "mrkdwn", "text": "a"}


def option(value: str, **more: Any) -> Json:
    return {"text": plain(value), "value": value, **more}


def field(block_id: str, **element: Any) -> Json:
    element = {"action_id": "value", **element}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element}


def where(**more: Any) -> Json:
    return field("where", type="conversations_select", **more)


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (field("a", type="static_select", options=[{"text": MRKDWN, "value": "a"}]), "mrkdwn"),
        (field("a", type="static_select", options=[option("a", url="https://a.example")]), "url"),
        (field("a", type="static_select", options=[]), "at least 1"),
        (
            field(
                "a", type="static_select", options=[option("a")],
                initial_option=option("a", description=plain("more")),
            ),
            "match options exactly",
        ),
        (field("a", type="checkboxes", options=[option("a")], initial_options=[]), "at least 1"),
        (field("a", type="checkboxes", options=[option("a")] * 11), "more than 10"),
        (text_input(initial_value="abc", max_length=2), "less than 3"),
        (text_input(initial_value="a", min_length=2), "more than 1"),
        (text_input(min_length=3, max_length=2), "must not exceed"),
        (number_input(max_value="1e3"), "must be a number"),
        (number_input(initial_value="nan"), "must be a number"),
        (number_input(is_decimal_allowed=False, initial_value="1.0"), "decimal"),
        (
            {"type": "actions", "elements": [
                {"type": "conversations_select", "response_url_enabled": True}
            ]},
            "only for input blocks of modals",
        ),
        (field("a", type="multi_conversations_select", response_url_enabled=True), "additional"),
    ],
)  # fmt: skip
async def test_a_field_beyond_slacks_rules_is_refused(
    ws: Workspace, slack: AsyncWebClient, block: Json, fault: str
) -> None:
    call = slack.views_open(trigger_id=await trigger(ws), view=modal(block))

    answer = await refusal(call)

    assert answer["error"] == "invalid_arguments"
    assert any(fault in message for message in answer["response_metadata"]["messages"])


@pytest.mark.parametrize(
    "view",
    [
        modal(submit_disabled=True),
        modal(text_input("a", focus_on_load=True), text_input("b", focus_on_load=True)),
    ],
)
async def test_a_view_beyond_slacks_rules_is_refused(
    ws: Workspace, slack: AsyncWebClient, view: Json
) -> None:
    answer = await refusal(slack.views_open(trigger_id=await trigger(ws), view=view))

    assert answer["error"] == "invalid_arguments"


async def test_a_view_comes_back_with_slacks_defaults(ws: Workspace, slack: AsyncWebClient) -> None:
    opened = (await slack.views_open(trigger_id=await trigger(ws), view=modal()))["view"]

    (block,) = opened["blocks"]
    assert opened["title"] == {"type": "plain_text", "text": "Ask Grok", "emoji": True}
    assert block["label"]["emoji"] is True
    assert (block["optional"], block["dispatch_action"]) == (False, False)
    assert opened["state"] == {"values": {}}


@pytest.mark.parametrize("typed", ["five", "1e2", "nan", "inf", "1_0", "--1", ""])
async def test_only_numbers_are_numbers(ws: Workspace, slack: AsyncWebClient, typed: str) -> None:
    view_id = await form(ws, slack, number_input())

    result = await ws.submit(ANA, view_id, {"n": typed})

    assert set(result.errors) == {"n"}


@pytest.mark.parametrize("typed", ["5", "-0.5", "+5.", ".5"])
async def test_a_number_arrives_as_it_was_typed(
    ws: Workspace, slack: AsyncWebClient, typed: str
) -> None:
    view_id = await form(ws, slack, number_input())

    await ws.submit(ANA, view_id, {"n": typed})

    assert ws.deliveries[-1].payload["view"]["state"]["values"]["n"]["value"]["value"] == typed


async def test_an_optional_field_may_stay_empty(ws: Workspace, slack: AsyncWebClient) -> None:
    view_id = await form(ws, slack, {**number_input(), "optional": True}, text_input())

    result = await ws.submit(ANA, view_id, {"prompt": "x"})

    assert result.errors == {}
    values = ws.deliveries[-1].payload["view"]["state"]["values"]
    assert values["n"]["value"] == {"type": "number_input", "value": None}


async def test_what_is_typed_is_told_with_the_next_click(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    switch = {"type": "section", "text": plain("Advanced"), "accessory": button("advanced")}
    view_id = await form(ws, slack, text_input(), switch)
    before = len(ws.deliveries)

    await ws.fill(ANA, view_id, {"prompt": "typed"})
    assert len(ws.deliveries) == before
    with pytest.raises(NotAllowedError):
        await ws.click_view(ANA, view_id, "value", "typed too")
    await ws.click_view(ANA, view_id, "advanced")

    payload = ws.deliveries[-1].payload
    assert payload["view"]["state"]["values"]["prompt"]["value"]["value"] == "typed"
    assert payload["view"]["hash"]


async def test_a_choice_that_is_no_longer_offered_is_not_kept(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    def view(*values: str) -> Json:
        options = [option(value) for value in values]
        return modal(
            field("one", type="static_select", options=options),
            field("many", type="checkboxes", options=options),
        )

    opened = (await slack.views_open(trigger_id=await trigger(ws), view=view("a", "b")))["view"]
    await ws.fill(ANA, opened["id"], {"one": "b", "many": ["a", "b"]})
    await slack.views_update(view_id=opened["id"], view=view("a", "c"))

    shown = ws.view(ANA)
    assert shown is not None
    assert shown.values["one"]["value"]["selected_option"] is None
    assert [o["value"] for o in shown.values["many"]["value"]["selected_options"]] == ["a"]


@pytest.mark.parametrize(
    ("select", "chosen"),
    [
        (where(default_to_current_conversation=True), GENERAL),
        (where(default_to_current_conversation=True, initial_conversation=DESIGN), DESIGN),
        (where(default_to_current_conversation=True, filter={"include": ["im"]}), None),
        (where(), None),
    ],
)
async def test_a_select_may_default_to_what_the_person_looks_at(
    ws: Workspace, slack: AsyncWebClient, select: Json, chosen: str | None
) -> None:
    await ws.shortcut(ANA, "new_grok", viewing=GENERAL)
    loading = modal({"type": "divider"})
    opened = await slack.views_open(
        trigger_id=ws.deliveries[-1].payload["trigger_id"], view=loading
    )
    await slack.views_update(view_id=opened["view"]["id"], view=modal(select))

    shown = ws.view(ANA)
    assert shown is not None
    assert shown.values["where"]["value"]["selected_conversation"] == chosen
    assert "channel" not in ws.deliveries[-1].payload


@pytest.mark.parametrize(
    ("rules", "offered", "hidden"),
    [
        ({}, {GENERAL, DESIGN, FINANCE, ANA_AND_BEN, dm_of(ANA)}, {LEADERSHIP + "X", dm_of(BEN)}),
        ({"include": ["public"]}, {GENERAL}, {LEADERSHIP, ANA_AND_BEN}),
        ({"exclude_bot_users": True}, {GENERAL, ANA_AND_BEN}, {dm_of(ANA)}),
        ({"exclude_external_shared_channels": True}, {GENERAL}, {PARTNERS}),
    ],
)
async def test_only_conversations_in_the_list_can_be_chosen(
    ws: Workspace, slack: AsyncWebClient, rules: Json, offered: set[str], hidden: set[str]
) -> None:
    view_id = await form(ws, slack, where(filter=rules) if rules else where())

    for channel in offered:
        await ws.fill(ANA, view_id, {"where": channel})
    for channel in hidden:
        with pytest.raises(NotAllowedError):
            await ws.fill(ANA, view_id, {"where": channel})


async def test_what_was_chosen_before_a_channel_was_archived_stays_chosen(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    view_id = await form(ws, slack, where())
    await ws.fill(ANA, view_id, {"where": GENERAL})
    ws.archive(GENERAL)
    ws.archive(DESIGN)

    await ws.submit(ANA, view_id, {"where": GENERAL})
    with pytest.raises(NotAllowedError):
        await ws.submit(ANA, view_id, {"where": DESIGN})

    values = ws.deliveries[-1].payload["view"]["state"]["values"]
    assert values["where"]["value"]["selected_conversation"] == GENERAL


async def test_an_external_select_is_searched_as_a_person_would(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    app = app_of(ws)
    asked: list[str] = []

    @app.options("value")
    async def models(ack: Any, payload: Json) -> None:
        asked.append(payload["value"])
        assert payload["view"]["state"] == {"values": {}}
        groups = {"Fast": ["grok-mini"], "Slow": ["grok-4"]}
        await ack(
            option_groups=[
                {"label": plain(label), "options": [option(name) for name in names]}
                for label, names in groups.items()
                if any(payload["value"] in name for name in names)
            ]
        )

    @app.view("grok_form")
    async def submitted(ack: Any) -> None:
        await ack(response_action="errors", errors={"model": "no"})

    select = external_select(min_query_length=0, initial_option=option("grok-2"))
    view_id = await form(ws, slack, select)
    async with socket_mode(ws, app):
        await ws.submit(ANA, view_id, {"model": "grok-2"})
        await ws.submit(ANA, view_id, {"model": "grok-4"})
        await ws.submit(ANA, view_id, {"model": "grok-4"})
        with pytest.raises(NotAllowedError):
            await ws.submit(ANA, view_id, {"model": "gpt"})

    assert asked == ["grok-4", "gpt", ""]
    shown = ws.view(ANA)
    assert shown is not None
    assert shown.values["model"]["value"]["selected_option"] == {
        "text": {"type": "plain_text", "text": "grok-4", "emoji": True},
        "value": "grok-4",
    }


async def test_a_form_can_be_submitted_twice_at_once(ws: Workspace, slack: AsyncWebClient) -> None:
    app = app_of(ws)
    seen: list[str] = []
    both = asyncio.Event()

    @app.view("grok_form")
    async def submitted(ack: Any, view: Json) -> None:
        seen.append(view["id"])
        if len(seen) == 2:
            both.set()
        await both.wait()
        await ack()

    view_id = await form(ws, slack, text_input())
    async with socket_mode(ws, app):
        twice = (ws.submit(ANA, view_id, {"prompt": "x"}) for _ in range(2))
        results = await asyncio.gather(*twice)

    assert seen == [view_id, view_id]
    assert [result.error for result in results] == [None, None]
    assert ws.view(ANA) is None


async def test_an_answer_for_a_form_that_is_closed_changes_nothing(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    app = app_of(ws)
    view_id = await form(ws, slack, text_input())

    @app.view("grok_form")
    async def submitted(ack: Any) -> None:
        await ws.close_view(ANA, view_id)
        await ack(response_action="update", view=modal())

    async with socket_mode(ws, app):
        result = await ws.submit(ANA, view_id, {"prompt": "x"})

    assert result.error is None
    assert ws.view(ANA) is None


async def test_nothing_can_be_answered_into_an_archived_channel(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    view_id = await form(ws, slack, where(response_url_enabled=True))
    await ws.submit(ANA, view_id, {"where": GENERAL})
    (entry,) = ws.deliveries[-1].payload["response_urls"]
    ws.archive(GENERAL)

    reply = await AsyncWebhookClient(entry["response_url"]).send(text="late")

    assert (reply.status_code, reply.body) == (410, "channel_is_archived")
    assert ws.ephemerals() == []
