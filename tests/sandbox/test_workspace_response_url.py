"""response_urls: five uses, half an hour, ephemeral by default."""

from __future__ import annotations

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.workspace import ANA, ANA_AND_BEN, BEN, FINANCE, GENERAL, Limits, Workspace
from tests.sandbox.slack_app import app_of, socket_mode

BUTTON = {
    "type": "actions",
    "elements": [
        {"type": "button", "action_id": "stop", "text": {"type": "plain_text", "text": "Stop"}}
    ],
}


async def _url(ws: Workspace, channel: str = GENERAL) -> AsyncWebhookClient:
    """That of a command which nobody acks: the right to answer is given all the same."""
    result = await ws.command(ANA, channel, "/grok hi")
    return AsyncWebhookClient(result.response_url, retry_handlers=[])


async def test_an_answer_is_ephemeral_unless_said_otherwise(ws: Workspace) -> None:
    url = await _url(ws)

    await url.send(text="for you")
    reply = await url.send(text="for all", response_type="in_channel")

    assert (reply.status_code, reply.body) == (200, "ok")
    assert [message.text for message in ws.ephemerals(ANA)] == ["for you"]
    assert [message.text for message in ws.messages(GENERAL)] == ["for all"]
    assert [use.status for use in ws.responses] == [200, 200]


async def test_it_works_where_the_bot_is_no_member(ws: Workspace) -> None:
    for channel in (FINANCE, ANA_AND_BEN):
        url = await _url(ws, channel)
        await url.send(text="for all", response_type="in_channel")

        assert [message.text for message in ws.messages(channel)] == ["for all"]


async def test_the_sixth_use_is_refused(ws: Workspace) -> None:
    url = await _url(ws)

    replies = [await url.send(text=str(n)) for n in range(6)]

    assert [reply.status_code for reply in replies] == [200] * 5 + [404]
    assert replies[-1].body == "used_url"
    assert len(ws.ephemerals(ANA)) == 5


async def test_it_expires() -> None:
    async with Workspace(limits=Limits(response_url=0)) as ws:
        reply = await (await _url(ws)).send(text="late")

    assert (reply.status_code, reply.body) == (404, "expired_url")


async def test_an_unknown_address_is_refused(ws: Workspace) -> None:
    reply = await AsyncWebhookClient(f"{ws.url}/response/guess").send(text="x")

    assert reply.status_code == 404


async def test_what_cannot_be_shown_is_refused(ws: Workspace) -> None:
    url = await _url(ws)

    empty = await url.send_dict({"text": ""})
    blocks = await url.send_dict({"blocks": [{"type": "hologram"}]})
    kind = await url.send_dict({"text": "x", "response_type": "loud"})

    assert [reply.status_code for reply in (empty, blocks, kind)] == [400, 400, 400]
    assert (empty.body, blocks.body) == ("no_text", "invalid_blocks")


async def test_a_click_can_replace_and_delete_the_message_it_came_from(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    app = app_of(ws)
    urls: list[str] = []

    @app.action("stop")
    async def stop(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        urls.append(body["response_url"])

    await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="a", blocks=[BUTTON])
    public = (await slack.chat_postMessage(channel=GENERAL, text="a", blocks=[BUTTON]))["ts"]
    (whisper,) = ws.ephemerals(ANA)
    async with socket_mode(ws, app):
        await ws.click(ANA, GENERAL, whisper.ts, "stop")
        await ws.click(BEN, GENERAL, public, "stop")
        first, second = (AsyncWebhookClient(url) for url in urls)
        await first.send(text="new", replace_original=True, response_type="in_channel")
        await second.send(text="new", replace_original=True)
        await first.send_dict({"delete_original": True})
        await ws.settled()

    assert [revision.text for revision in whisper.revisions] == ["a", "new"]
    assert whisper.deleted
    assert ws.message(GENERAL, public).text == "new"
    assert [message.ts for message in ws.messages(GENERAL)] == [public]


async def test_a_message_shortcut_gives_no_right_over_the_message(ws: Workspace) -> None:
    said = await ws.say(ANA, GENERAL, "mine")
    await ws.shortcut(BEN, "ask_grok", GENERAL, said.ts)
    url = AsyncWebhookClient(ws.deliveries[-1].payload["response_url"])

    await url.send(text="taken over", replace_original=True)
    await url.send_dict({"delete_original": True, "text": "gone"})

    assert said.text == "mine"
    assert not said.deleted
    assert [message.text for message in ws.ephemerals(BEN)] == ["taken over", "gone"]


async def test_it_fails_when_that_is_arranged(ws: Workspace) -> None:
    url = await _url(ws)
    ws.fail("response_url", status=500, where=lambda body: "blocks" in body)
    ws.fail("response_url", error="invalid_blocks", where=lambda body: "blocks" in body)

    replies = [await url.send(text="hi", blocks=[BUTTON]) for _ in range(3)]

    assert [(reply.status_code, reply.body) for reply in replies] == [
        (500, ""),
        (400, "invalid_blocks"),
        (200, "ok"),
    ]
    assert len(ws.ephemerals(ANA)) == 1
