"""The endpoints of the demo page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import (
    ANA,
    BEN,
    BOT_USER,
    CHLOE,
    DESIGN,
    FINANCE,
    GENERAL,
    LEADERSHIP,
    TEAM_ID,
    AppConfig,
    Workspace,
)
from sandbox.workspace.config import BOT_SCOPES
from tests.sandbox.slack_app import app_of, socket_mode
from tests.sandbox.test_workspace_interactivity import form, posted_button
from tests.sandbox.test_workspace_views import number_input, text_input

Json = dict[str, Any]


class Browser:
    """What the page does, without the page."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def get(self, path: str, **query: str) -> Json:
        async with self._session.get(f"{self._url}{path}", params=query) as reply:
            assert reply.status == 200, await reply.text()
            body: Json = await reply.json()
            return body

    async def status(self, path: str, headers: dict[str, str] | None = None, **query: str) -> int:
        url = f"{self._url}{path}"
        async with self._session.get(url, params=query, headers=headers) as reply:
            return reply.status

    async def post(self, name: str, **body: Any) -> Json:
        async with self._session.post(f"{self._url}/ui/{name}", json=body) as reply:
            assert reply.status == 200, await reply.text()
            answer: Json = await reply.json()
            return answer

    def frames(self, user: str) -> Any:
        return self._session.ws_connect(f"{self._url}/ui/events?user={user}")


@pytest.fixture
async def browser(ws: Workspace) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession() as session:
        yield Browser(session, ws.url)


async def test_the_page_and_its_state_are_there(ws: Workspace, browser: Browser) -> None:
    state = await browser.get("/ui/state")

    assert await browser.status("/") == 200
    assert await browser.status("/static/main.js") == 200
    assert state["bot"] == {
        "user_id": BOT_USER,
        "name": "Grok",
        "connected": False,
        "installed": True,
        "install_url": "",
        "hears_mentions": True,
        "hears_direct_messages": True,
        "home_tab": True,
        "agent": False,
    }
    assert {user["name"] for user in state["users"]} >= {"ana", "ben", "chloe"}
    kinds = {channel["id"]: channel["kind"] for channel in state["channels"]}
    assert (kinds[GENERAL], kinds[LEADERSHIP]) == ("channel", "private")
    assert state["commands"][0]["command"] == "/grok"
    assert state["message_shortcuts"][0]["callback_id"] == "ask_grok"
    assert ws.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("app", "mentions", "direct_messages"),
    [
        (AppConfig(), True, True),
        (AppConfig(events=frozenset({"app_mention"})), True, False),
        (AppConfig(events=frozenset({"message.im"})), False, True),
        (AppConfig(scopes=BOT_SCOPES - {"app_mentions:read"}), False, True),
        (AppConfig(scopes=BOT_SCOPES - {"im:history"}), True, False),
        (AppConfig(messages_tab=False), True, False),
        (AppConfig(messages_tab_read_only=True), True, False),
    ],
)
def test_an_app_hears_what_its_manifest_asks_for(
    app: AppConfig, mentions: bool, direct_messages: bool
) -> None:
    assert app.hears_mentions is mentions
    assert app.hears_direct_messages is direct_messages


async def test_a_bare_app_is_shown_as_one() -> None:
    app = AppConfig(events=frozenset(), home_tab=False)
    async with Workspace(app=app) as ws, aiohttp.ClientSession() as session:
        bot = (await Browser(session, ws.url).get("/ui/state"))["bot"]

    assert bot["hears_mentions"] is False
    assert bot["hears_direct_messages"] is False
    assert bot["home_tab"] is False


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/static/base.css"])
async def test_a_browser_asks_for_the_page_anew_each_time(ws: Workspace, path: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{ws.url}{path}") as first:
            assert first.status == 200
            assert first.headers["Cache-Control"] == "no-cache"
        known = {"If-None-Match": first.headers["ETag"]}
        async with session.get(f"{ws.url}{path}", headers=known) as second:
            assert second.status == 304
            assert second.headers["Cache-Control"] == "no-cache"


async def test_what_is_said_is_seen_with_edits_and_whispers(
    ws: Workspace, slack: AsyncWebClient, browser: Browser
) -> None:
    said = await browser.post("send", user=ANA, channel=GENERAL, text="hello @ben")
    blocks = [{"type": "markdown", "text": "**hi**"}]
    await slack.chat_postMessage(channel=GENERAL, text="hi", blocks=blocks)
    await slack.chat_postEphemeral(channel=GENERAL, user=BEN, text="psst")

    ana = (await browser.get("/ui/messages", channel=GENERAL, user=ANA))["messages"]
    ben = (await browser.get("/ui/messages", channel=GENERAL, user=BEN))["messages"]

    assert said["message"]["text"] == f"hello <@{BEN}>"
    assert [message["text"] for message in ana] == [f"hello <@{BEN}>", "hi"]
    assert [message.get("ephemeral") for message in ben] == [None, None, True]
    assert ana[1]["blocks"] == blocks
    assert ana[1]["is_bot"] is True
    assert ana[1]["revision"] == 1


async def test_a_thread_shows_its_root_first(ws: Workspace, browser: Browser) -> None:
    root = await ws.say(ANA, GENERAL, "root")
    reply = {"user": BEN, "channel": GENERAL, "text": "reply", "thread_ts": root.ts}
    await browser.post("send", **reply)

    thread = await browser.get("/ui/replies", channel=GENERAL, ts=root.ts, user=ANA)

    texts = [(message["text"], message.get("reply_count")) for message in thread["messages"]]
    assert texts == [("root", 1), ("reply", None)]


async def test_private_channels_stay_private(ws: Workspace, browser: Browser) -> None:
    assert await browser.status("/ui/messages", channel=FINANCE, user=BEN) == 404
    refused = await browser.post("send", channel=FINANCE, user=BEN, text="hi")
    assert refused == {"ok": False, "error": "channel_not_found"}
    async with browser.frames(BEN) as frames:
        await ws.say(CHLOE, FINANCE, "secret")
        await ws.say(CHLOE, GENERAL, "open")
        frame = await frames.receive_json()
    assert frame["message"]["text"] == "open"


async def test_frames_follow_a_message_through_its_life(
    ws: Workspace, slack: AsyncWebClient, browser: Browser
) -> None:
    async with browser.frames(ANA) as frames:
        ts = (await slack.chat_postMessage(channel=GENERAL, text="one"))["ts"]
        await slack.chat_update(channel=GENERAL, ts=ts, text="two")
        await slack.chat_postEphemeral(channel=GENERAL, user=BEN, text="not for ana")
        await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="psst")
        whisper = ws.ephemerals(ANA)[0].ts
        await browser.post("dismiss", user=ANA, channel=GENERAL, ts=whisper)
        await slack.chat_delete(channel=GENERAL, ts=ts)
        got = [await frames.receive_json() for _ in range(5)]

    assert [frame["type"] for frame in got] == [
        "message",
        "message_changed",
        "ephemeral",
        "ephemeral_deleted",
        "message_deleted",
    ]
    assert got[1]["message"]["revision"] == 2
    assert got[1]["message"]["edited"] is True
    assert got[2]["message"]["text"] == "psst"
    assert got[4]["ts"] == ts


async def test_a_stream_is_seen_and_stopped(
    ws: Workspace, slack: AsyncWebClient, browser: Browser
) -> None:
    root = await ws.say(ANA, GENERAL, "question")
    async with browser.frames(ANA) as frames:
        stream = await slack.chat_startStream(
            channel=GENERAL,
            thread_ts=root.ts,
            recipient_user_id=ANA,
            recipient_team_id=TEAM_ID,
            markdown_text="so far",
        )
        place = {"user": ANA, "channel": GENERAL, "ts": stream["ts"]}
        assert await browser.post("stop_stream", **place) == {"ok": True}
        got = [(await frames.receive_json())["message"] for _ in range(3)]

    mine = [message.get("streaming", False) for message in got if message["ts"] == stream["ts"]]
    assert mine == [True, False]
    assert await browser.post("stop_stream", **place) == {
        "ok": False,
        "error": "message_not_in_streaming_state",
    }


async def test_commands_fail_as_in_slack(ws: Workspace, browser: Browser) -> None:
    place = {"user": ANA, "channel": GENERAL}
    root = await ws.say(ANA, GENERAL, "root")

    nobody = await browser.post("send", **place, text="/grok hi")
    unknown = await browser.post("send", **place, text="/gork hi")
    thread = await browser.post("send", **place, text="/grok hi", thread_ts=root.ts)

    assert nobody["error"] == '/grok failed with the error "dispatch_failed"'
    assert unknown["error"] == "/gork is not a valid command."
    assert thread["error"] == "/grok is not supported in threads. Sorry!"
    assert [d.kind for d in ws.deliveries].count("slash_commands") == 1


async def test_a_command_reaches_a_connected_bot(ws: Workspace, browser: Browser) -> None:
    app = app_of(ws)

    @app.command("/grok")
    async def grok(ack: Any) -> None:
        await ack()

    async with browser.frames(ANA) as frames, socket_mode(ws, app):
        sent = await browser.post("send", user=ANA, channel=GENERAL, text="/grok hi")
        connected = await frames.receive_json()

    assert sent == {"ok": True}
    assert connected == {"type": "bot", "connected": True}


async def test_the_bot_is_invited_by_command_or_button(ws: Workspace, browser: Browser) -> None:
    await browser.post("send", user=ANA, channel=DESIGN, text="/invite @Grok")
    again = await browser.post("invite", user=ANA, channel=DESIGN)

    assert BOT_USER in ws.channel(DESIGN).members
    assert again == {"ok": False, "error": "already_in_channel"}


async def test_buttons_forms_and_shortcuts_work_from_the_page(
    ws: Workspace, slack: AsyncWebClient, browser: Browser
) -> None:
    app = app_of(ws)
    got: list[Any] = []

    @app.action("stop")
    async def stop(ack: Any, body: Json) -> None:
        await ack()
        got.append(body["actions"][0]["action_id"])

    @app.shortcut("ask_grok")
    async def ask(ack: Any, body: Json) -> None:
        await ack()
        got.append(body["callback_id"])

    @app.view("grok_form")
    async def submitted(ack: Any, view: Json) -> None:
        await ack(response_action="errors", errors={"prompt": "No"})
        got.append(view["state"]["values"]["prompt"]["value"]["value"])

    ts = await posted_button(slack)
    view_id = await form(ws, slack, text_input(), number_input(initial_value="1"))
    filled = {"prompt": {"value": {"type": "plain_text_input", "value": "hello"}}}
    place = {"user": ANA, "channel": GENERAL, "ts": ts}
    async with socket_mode(ws, app):
        clicked = await browser.post("action", **place, block_id="row", action_id="stop")
        asked = await browser.post("shortcut", **place, callback_id="ask_grok")
        sent = await browser.post("view_submit", user=ANA, view_id=view_id, values=filled)
    closed = await browser.post("view_close", user=ANA, view_id=view_id)

    assert (clicked, asked, closed) == ({"ok": True}, {"ok": True}, {"ok": True})
    assert sent == {"ok": False, "errors": {"prompt": "No"}}
    assert got == ["stop", "ask_grok", "hello"]


async def test_messages_are_edited_and_deleted_from_the_page(
    ws: Workspace, browser: Browser
) -> None:
    said = await ws.say(ANA, GENERAL, "hi")
    place = {"channel": GENERAL, "ts": said.ts}

    edited = await browser.post("edit", user=ANA, **place, text="hello")
    foreign = await browser.post("delete", user=BEN, **place)
    gone = await browser.post("delete", user=ANA, **place)

    assert edited["message"]["edited"] is True
    assert foreign == {"ok": False, "error": "not_your_message"}
    assert gone == {"ok": True}
    assert said.deleted


async def test_the_home_tab_opens_from_the_page(
    ws: Workspace, slack: AsyncWebClient, browser: Browser
) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    await slack.views_publish(user_id=ANA, view=home)

    async with browser.frames(ANA) as frames:
        await browser.post("home", user=ANA)
        frame = await frames.receive_json()

    assert frame["type"] == "home"
    assert frame["view"]["blocks"][0]["type"] == "divider"
    assert ws.deliveries[-1].payload["event"]["type"] == "app_home_opened"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Host": "evil.example"}],
    ids=["origin", "host"],
)
async def test_other_web_sites_are_kept_out(browser: Browser, headers: dict[str, str]) -> None:
    assert await browser.status("/ui/state", headers) == 403


async def test_a_taken_port_is_an_error_and_leaves_nothing_open(ws: Workspace) -> None:
    port = int(ws.url.rpartition(":")[2])

    with pytest.raises(OSError, match="in use"):
        async with Workspace(port=port):
            pass
