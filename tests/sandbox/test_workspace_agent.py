"""The surface of agents: sessions of threads, lines below them, suggested prompts, what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import (
    ANA,
    BEN,
    FINANCE,
    GENERAL,
    GUEST,
    PARTNERS,
    STRANGER,
    TEAM_ID,
    AppConfig,
    Limits,
    Workspace,
    dm_of,
)
from sandbox.workspace.acting.people import NotAllowedError
from tests.sandbox.slack_app import client_of, error_of, raw_socket

PLAIN = AppConfig()
AGENT = replace(
    PLAIN,
    agent=True,
    scopes=PLAIN.scopes | {"assistant:write"},
    events=PLAIN.events | {"agent_session_stopped", "app_context_changed"},
    suggested_prompts=(("Rivers", "Name a river"),),
)
HERE = dm_of(ANA)
PROMPT = {"title": "Lakes", "message": "Name a lake"}


@pytest.fixture
async def office() -> AsyncIterator[Workspace]:
    limits = Limits(scale=0, session=0.3, status=0.2, stream=0.3)
    async with Workspace(app=AGENT, limits=limits) as workspace:
        yield workspace


@pytest.fixture
def agent(office: Workspace) -> AsyncWebClient:
    return client_of(office)


@pytest.fixture
async def root(office: Workspace) -> str:
    return (await office.say(ANA, HERE, "question")).ts


async def test_only_an_agent_has_sessions(ws: Workspace, slack: AsyncWebClient) -> None:
    ts = (await ws.say(ANA, HERE, "question")).ts
    begin = slack.agents_sessions_setStatus(channel_id=HERE, thread_ts=ts, status="processing")
    suggest = slack.assistant_threads_setSuggestedPrompts(channel_id=HERE, prompts=[PROMPT])

    assert await error_of(begin) == "not_authorized"
    assert await error_of(suggest) == "missing_scope"
    with pytest.raises(NotAllowedError):
        await ws.press_stop(ANA, HERE, ts)


async def test_a_message_ends_no_session_and_takes_the_line_away(
    office: Workspace, agent: AsyncWebClient, root: str
) -> None:
    place: Any = {"channel_id": HERE, "thread_ts": root}
    begun = {"title": "Q", "initiator_user_id": ANA}
    reply = await agent.agents_sessions_setStatus(**place, status="processing", **begun)
    await agent.assistant_threads_setStatus(**place, status="is reading…")
    line = office.line(HERE, root)
    await agent.chat_postMessage(channel=HERE, thread_ts=root, text="answer")
    session = office.session(HERE, root)
    assert session is not None

    assert (reply["status"], reply["agent_status"]) == ("processing", "processing")
    assert line == "is reading…"
    assert office.line(HERE, root) == ""
    assert session.status == "processing"
    await agent.agents_sessions_setStatus(**place, status="active", title="Other")
    assert (session.status, session.title, session.initiator) == ("active", "Q", ANA)


async def test_a_session_and_a_line_end_by_themselves(
    office: Workspace, agent: AsyncWebClient, root: str
) -> None:
    place: Any = {"channel_id": HERE, "thread_ts": root}
    await agent.assistant_threads_setStatus(**place, status="is reading…")
    session = office.session(HERE, root)
    assert session is not None
    assert session.status == "processing"
    session.since -= 1
    office.state.lines[HERE, root] = replace(office.state.lines[HERE, root], since=0)

    assert office.session(HERE, root).status == "active"  # type: ignore[union-attr]
    assert office.line(HERE, root) == ""


async def test_streams_move_a_session(office: Workspace, agent: AsyncWebClient, root: str) -> None:
    start = agent.chat_startStream
    ts = (await start(channel=HERE, thread_ts=root, markdown_text="one"))["ts"]
    session = office.session(HERE, root)
    assert session is not None
    working = session.status
    await agent.chat_stopStream(channel=HERE, ts=ts, session_status="suspended")
    stopped = session.status
    ts = (await start(channel=HERE, thread_ts=root, markdown_text="two"))["ts"]
    await office.press_stop(ANA, HERE, root)

    assert (working, stopped, session.status) == ("processing", "suspended", "processing")
    assert office.message(HERE, ts).stream_stopped


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"status": "is thinking…"}, "invalid_arguments"),
        ({"status": "active", "title": "x" * 201}, "invalid_arguments"),
        ({"status": "active", "thread_ts": "1700000000.000001"}, "invalid_thread_ts"),
        ({"status": "active", "channel_id": FINANCE}, "channel_not_found"),
        ({"status": "active", "initiator_user_id": BEN}, "user_not_in_channel"),
    ],
)
async def test_what_is_no_session_is_refused(
    agent: AsyncWebClient, root: str, fields: dict[str, Any], error: str
) -> None:
    call = agent.agents_sessions_setStatus(**{"channel_id": HERE, "thread_ts": root, **fields})

    assert await error_of(call) == error


@pytest.mark.parametrize(
    "prompts",
    [
        [],
        [PROMPT] * 5,
        [{"title": "Lakes"}],
        [{**PROMPT, "title": "x" * 76}],
        [{**PROMPT, "message": "x" * 2_001}],
    ],
)
async def test_prompts_have_bounds(
    office: Workspace, agent: AsyncWebClient, prompts: list[dict[str, str]]
) -> None:
    suggest = agent.assistant_threads_setSuggestedPrompts

    assert await error_of(suggest(channel_id=HERE, prompts=prompts)) == "invalid_arguments"
    assert await error_of(suggest(channel_id=GENERAL, prompts=[PROMPT])) == "channel_not_found"
    assert office.suggested(ANA) == [{"title": "Rivers", "message": "Name a river"}]


async def test_prompts_stand_above_the_tab_and_are_sent_by_who_clicks(
    office: Workspace, agent: AsyncWebClient, root: str
) -> None:
    suggest = agent.assistant_threads_setSuggestedPrompts
    await suggest(channel_id=HERE, prompts=[PROMPT])
    message = await office.pick(ANA, 0)
    await suggest(channel_id=HERE, prompts=[{**PROMPT, "title": "No"}], thread_ts=root)

    assert (message.user, message.text) == (ANA, "Name a lake")
    assert office.suggested(ANA) == [PROMPT]
    assert office.suggested(BEN) == [{"title": "Rivers", "message": "Name a river"}]
    assert len(office.problems) == 1


async def test_an_app_is_told_what_people_do_there(office: Workspace, root: str) -> None:
    agent = client_of(office)
    async with raw_socket(office) as socket:
        await office.connected()
        await agent.agents_sessions_setStatus(channel_id=HERE, thread_ts=root, status="processing")
        await office.look_at(ANA, GENERAL)
        await office.say(ANA, HERE, "hi")
        await office.press_stop(ANA, HERE, root)
        await office.look_at(ANA, None)
        events: list[Any] = []
        while len(events) < 4:
            envelope = await socket.receive_json()
            if envelope["type"] == "events_api":
                await socket.send_json({"envelope_id": envelope["envelope_id"]})
                events.append(envelope["payload"]["event"])
    entity = {"type": "slack#/types/channel_id", "value": GENERAL, "team_id": TEAM_ID}
    changed, said, stopped, away = sorted(events, key=lambda each: float(each["event_ts"]))

    assert changed["context"] == {"entities": [entity]}
    assert (changed["user"], changed["channel"]) == (ANA, HERE)
    assert said["app_context"] == changed["context"]
    assert stopped == {
        "type": "agent_session_stopped",
        "user": ANA,
        "channel": HERE,
        "thread_ts": root,
        "streaming_message_ts": [],
        "event_ts": stopped["event_ts"],
    }
    assert away["context"] == {}


async def test_of_who_cannot_open_it_an_agent_is_told_nothing(office: Workspace) -> None:
    """Somebody of another organisation has no direct messages with it at all."""
    async with raw_socket(office) as socket:
        await office.connected()
        for user, channel in (
            (STRANGER, PARTNERS),
            (STRANGER, None),
            (GUEST, GENERAL),
            (ANA, GENERAL),
        ):
            await office.look_at(user, channel)
        while (envelope := await socket.receive_json())["type"] != "events_api":
            pass

    assert envelope["payload"]["event"]["user"] == ANA


async def test_guests_and_apps_without_the_event_do_without(office: Workspace, root: str) -> None:
    with pytest.raises(NotAllowedError):
        await office.open_home(GUEST, "messages")
    async with Workspace(app=replace(AGENT, events=PLAIN.events)) as deaf:
        ts = (await deaf.say(ANA, HERE, "question")).ts
        reply = await client_of(deaf).agents_sessions_setStatus(
            channel_id=HERE, thread_ts=ts, status="processing"
        )
        with pytest.raises(NotAllowedError):
            await deaf.press_stop(ANA, HERE, ts)

    assert "missing_agent_session_stopped" in reply["response_metadata"]["warnings"][0]
