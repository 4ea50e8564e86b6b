"""Buttons, shortcuts, submissions and suggestions, answered by a real Bolt app."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import ANA, BEN, GENERAL, Limits, NotAllowedError, Workspace
from tests.sandbox.slack_app import app_of, client_of, raw_socket, socket_mode
from tests.sandbox.test_workspace_views import modal, number_input, plain, text_input, trigger

Json = dict[str, Any]


def button(action_id: str = "stop", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain("Stop"), **more}


async def posted_button(slack: AsyncWebClient, *buttons: Json) -> str:
    blocks = [{"type": "actions", "block_id": "row", "elements": list(buttons) or [button()]}]
    ts: str = (await slack.chat_postMessage(channel=GENERAL, text="a", blocks=blocks))["ts"]
    return ts


async def form(ws: Workspace, slack: AsyncWebClient, *blocks: Json, **more: Any) -> str:
    view = modal(*blocks, **more)
    opened = await slack.views_open(trigger_id=await trigger(ws), view=view)
    view_id: str = opened["view"]["id"]
    return view_id


async def test_a_click_carries_the_message_and_its_value(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    app = app_of(ws)
    got: list[Json] = []

    @app.action("stop")
    async def stop(ack: Any, body: Json) -> None:
        await ack()
        got.append(body)

    ts = await posted_button(slack, button(value="job-1"))
    async with socket_mode(ws, app):
        result = await ws.click(BEN, GENERAL, ts, "stop")

    (body,) = got
    assert result.error is None
    assert body["type"] == "block_actions"
    assert body["user"]["id"] == BEN
    assert body["container"] == {
        "type": "message", "message_ts": ts, "channel_id": GENERAL, "is_ephemeral": False,
    }  # fmt: skip
    assert body["message"]["ts"] == ts
    assert body["actions"][0]["value"] == "job-1"
    assert body["actions"][0]["block_id"] == "row"
    assert body["response_url"].startswith(ws.url)


async def test_a_click_that_is_not_acked_shows_trouble() -> None:
    async with Workspace(limits=Limits(scale=0, ack=0.05)) as ws, raw_socket(ws):
        ts = await posted_button(client_of(ws))
        result = await ws.click(ANA, GENERAL, ts, "stop")

    assert result.error == "We had some trouble connecting. Try again?"


async def test_only_what_stands_there_can_be_clicked(ws: Workspace, slack: AsyncWebClient) -> None:
    ts = await posted_button(slack)

    with pytest.raises(NotAllowedError):
        await ws.click(ANA, GENERAL, ts, "retry")
    await slack.chat_update(channel=GENERAL, ts=ts, text="done")
    with pytest.raises(NotAllowedError):
        await ws.click(ANA, GENERAL, ts, "stop")


async def test_a_message_shortcut_carries_the_message(ws: Workspace) -> None:
    said = await ws.say(ANA, GENERAL, "look at this", files=["a.txt"])

    await ws.shortcut(BEN, "ask_grok", GENERAL, said.ts)

    payload = ws.deliveries[-1].payload
    assert payload["type"] == "message_action"
    assert payload["callback_id"] == "ask_grok"
    assert payload["message_ts"] == said.ts
    assert payload["message"]["text"] == "look at this"
    assert payload["message"]["user"] == ANA
    assert payload["channel"] == {"id": GENERAL, "name": "general"}


async def test_unknown_shortcuts_are_not_offered(ws: Workspace) -> None:
    with pytest.raises(NotAllowedError):
        await ws.shortcut(ANA, "ask_grok")


async def test_a_shortcut_opens_a_form_and_its_submission_closes_it(ws: Workspace) -> None:
    app = app_of(ws)
    values: list[Json] = []

    @app.shortcut("new_grok")
    async def opens(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        view = modal(text_input(), number_input(), private_metadata="secret")
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("grok_form")
    async def submitted(ack: Any, view: Json) -> None:
        await ack()
        assert view["private_metadata"] == "secret"
        values.append(view["state"]["values"])

    async with socket_mode(ws, app):
        await ws.shortcut(ANA, "new_grok")
        view = await ws.wait_for(lambda: ws.view(ANA))
        result = await ws.submit(ANA, view.id, {"prompt": "hello", "n": "0.5"})

    assert result.error is None
    assert view.closed
    assert values == [
        {
            "prompt": {"value": {"type": "plain_text_input", "value": "hello"}},
            "n": {"value": {"type": "number_input", "value": "0.5"}},
        }
    ]


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ({"n": "1"}, {"prompt"}),
        ({"prompt": "x" * 11, "n": "1"}, {"prompt"}),
        ({"prompt": "x"}, {"n"}),
        ({"prompt": "x", "n": "many"}, {"n"}),
        ({"prompt": "x", "n": "1.5"}, {"n"}),
        ({"prompt": "x", "n": "9"}, {"n"}),
        ({"prompt": "", "n": "-1"}, {"prompt", "n"}),
    ],
)
async def test_what_slacks_client_refuses_never_reaches_the_app(
    ws: Workspace, slack: AsyncWebClient, typed: Json, marked: set[str]
) -> None:
    number = number_input(is_decimal_allowed=False, min_value="0", max_value="2")
    view_id = await form(ws, slack, text_input(max_length=10), number)
    before = len(ws.deliveries)

    result = await ws.submit(ANA, view_id, typed)

    assert set(result.errors) == marked
    assert len(ws.deliveries) == before


async def _answered(ws: Workspace, slack: AsyncWebClient, **answer: Any) -> tuple[str, Any]:
    """Submit a form whose app answers with `answer`; the id of the form, and what came of it."""
    app = app_of(ws)

    @app.view("grok_form")
    async def submitted(ack: Any) -> None:
        await ack(**answer)

    view_id = await form(ws, slack, text_input(), external_id="first")
    async with socket_mode(ws, app):
        return view_id, await ws.submit(ANA, view_id, {"prompt": "x"})


async def test_an_app_can_mark_fields(ws: Workspace, slack: AsyncWebClient) -> None:
    errors = {"prompt": "Too short"}

    _, result = await _answered(ws, slack, response_action="errors", errors=errors)

    assert result.errors == errors
    assert ws.view(ANA) is not None


async def test_marks_must_be_on_inputs_of_the_view(ws: Workspace, slack: AsyncWebClient) -> None:
    errors = {"nowhere": "Too short"}

    _, result = await _answered(ws, slack, response_action="errors", errors=errors)

    assert result.error is not None
    assert ws.problems


async def test_an_app_can_update_push_and_clear(ws: Workspace, slack: AsyncWebClient) -> None:
    other = modal(text_input("other"))

    view_id, _ = await _answered(ws, slack, response_action="update", view=other)
    updated = ws.view(ANA)
    assert updated is not None
    assert updated.id == view_id
    assert updated.content["blocks"][0]["block_id"] == "other"

    view_id, _ = await _answered(ws, slack, response_action="push", view=other)
    pushed = ws.view(ANA)
    assert pushed is not None
    assert pushed.previous == view_id

    await _answered(ws, slack, response_action="clear")
    assert ws.view(ANA) is None


async def test_an_app_cannot_answer_with_a_broken_view(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    broken = modal(title=plain("x" * 25))

    _, result = await _answered(ws, slack, response_action="update", view=broken)

    assert result.error is not None


def external_select(**more: Any) -> Json:
    element = {"type": "external_select", "action_id": "value", **more}
    return {"type": "input", "block_id": "model", "label": plain("Model"), "element": element}


async def _suggested(ws: Workspace, slack: AsyncWebClient, query: str, count: int) -> Any:
    app = app_of(ws)

    @app.options("value")
    async def options(ack: Any, payload: Json) -> None:
        texts = [f"{payload['value']}-{n}" for n in range(count)]
        await ack(options=[{"text": plain(text), "value": text} for text in texts])

    view_id = await form(ws, slack, external_select(min_query_length=2))
    async with socket_mode(ws, app):
        return await ws.suggest(ANA, view_id, "value", query)


async def test_suggestions_come_from_the_app(ws: Workspace, slack: AsyncWebClient) -> None:
    result = await _suggested(ws, slack, "grok", 100)

    assert result.error is None
    assert result.options["options"][0]["value"] == "grok-0"
    assert ws.deliveries[-1].payload["type"] == "block_suggestion"


async def test_too_many_suggestions_are_refused(ws: Workspace, slack: AsyncWebClient) -> None:
    result = await _suggested(ws, slack, "grok", 101)

    assert result.error == "invalid_options"
    assert ws.problems


async def test_short_queries_are_not_asked(ws: Workspace, slack: AsyncWebClient) -> None:
    result = await _suggested(ws, slack, "g", 5)

    assert result.options == {"options": []}


async def test_a_choice_in_a_view_is_told_with_its_state(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    options = [{"text": plain(name), "value": name} for name in ("a", "b")]
    select = {"type": "static_select", "action_id": "pick", "options": options}
    view_id = await form(
        ws, slack, text_input(), {"type": "actions", "block_id": "row", "elements": [select]}
    )

    await ws.click_view(ANA, view_id, "pick", "b", {"prompt": "typed"})

    payload = ws.deliveries[-1].payload
    assert payload["actions"][0]["selected_option"]["value"] == "b"
    assert payload["container"] == {"type": "view", "view_id": view_id}
    assert payload["view"]["state"]["values"]["prompt"]["value"]["value"] == "typed"
    assert "response_url" not in payload


async def test_a_conversation_chosen_in_a_form_gives_a_response_url(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    element = {
        "type": "conversations_select", "action_id": "value", "response_url_enabled": True,
    }  # fmt: skip
    block = {"type": "input", "block_id": "where", "label": plain("Where"), "element": element}
    view_id = await form(ws, slack, block)

    await ws.submit(ANA, view_id, {"where": GENERAL})

    (url,) = ws.deliveries[-1].payload["response_urls"]
    assert (url["channel_id"], url["block_id"]) == (GENERAL, "where")
