"""Reading a thread as people see it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.completion.ask import Said
from bot.errors import RateLimited, SlackError
from bot.slack.blocks import Foot, Question
from bot.slack.people.people import NAMES_PER_MINUTE_EACH
from bot.slack.reading import thread
from bot.slack.reading.thread import ThreadReader
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, BEN, BOT_USER, CHLOE, GENERAL, Workspace, dm_of
from tests.fixtures.workspace import people_of
from tests.sandbox.slack_app import client_of


@pytest.fixture
def api(workspace: Workspace) -> WebApi:
    return WebApi(client_of(workspace))


@pytest.fixture
def reader(api: WebApi, store: Store, keys: Keys) -> ThreadReader:
    return reader_of(api, store, keys)


def reader_of(api: WebApi, store: Store, keys: Keys) -> ThreadReader:
    return ThreadReader(api, people_of(api, store, keys), Allowances(store, keys), BOT_USER)


async def say(ws: Workspace, *texts: str, channel: str = GENERAL, root: str = "") -> str:
    """Say each in one thread, by Ana and Ben in turn; the ts of its root."""
    for number, text in enumerate(texts):
        user = ANA if channel != GENERAL else (ANA, BEN)[number % 2]
        said = await ws.say(user, channel, text, root or None)
        root = root or said.ts
    return root


async def now(ws: Workspace, root: str) -> str:
    """The ts of a question asked now."""
    return (await ws.say(CHLOE, GENERAL, "the question", root)).ts


async def test_what_was_said_before_the_question(
    workspace: Workspace, reader: ThreadReader
) -> None:
    root = await say(workspace, "It is red &", "@ana since <noon>")
    before = await now(workspace, root)
    await say(workspace, "too late", root=root)

    assert await reader.read(GENERAL, root, before, asker=CHLOE) == (
        Said(author="ana", text="It is red &"),
        Said(author="ben", text="@ana since <noon>"),
    )


async def test_a_question_that_begins_the_thread_has_nothing_before_it(
    workspace: Workspace, reader: ThreadReader
) -> None:
    root = await say(workspace, "the question")

    assert await reader.read(GENERAL, root, root, asker=CHLOE) == ()


async def test_own_answers_read_as_people_see_them(
    workspace: Workspace, reader: ThreadReader, api: WebApi
) -> None:
    foot = Foot("job", ("stop",), ("grok-4.3 · 12 tokens",))
    shown = Question(ANA, "Which river?").first_message(
        "# The *Ucayali*\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```\nx < y\n```", foot
    )
    root = await Slack(api).post(GENERAL, shown, job_id="job", part="0")
    before = await now(workspace, root)

    (said,) = await reader.read(GENERAL, root, before, asker=CHLOE)
    assert said.author == "Grok"
    for part in ("@ana", "Which river?", "Ucayali", "1 | 2", "x < y"):
        assert part in said.text
    assert "tokens" not in said.text
    assert "Stop" not in said.text


async def test_mentions_of_the_bot_are_by_its_name(
    workspace: Workspace, reader: ThreadReader
) -> None:
    root = await say(workspace, "ask @grok about it")

    (said,) = await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE)
    assert said.text == "ask @Grok about it"


async def test_files_are_named(workspace: Workspace, reader: ThreadReader) -> None:
    root = (await workspace.say(ANA, GENERAL, "see", files=["a.pdf", "b.png"])).ts
    await workspace.say(BEN, GENERAL, "", root, files=["c.txt"])

    first, second = await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE)
    assert first.text == "see\n(Attached: a.pdf, b.png)"
    assert second.text == "(Attached: c.txt)"
    assert [each.kind for each in (*first.files, *second.files)] == ["pdf", "image", "text"]


async def test_deleted_messages_are_left_out(workspace: Workspace, reader: ThreadReader) -> None:
    root = await say(workspace, "secret", "yes")
    await workspace.delete(ANA, GENERAL, root)

    said = await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE)
    assert said == (Said(author="ben", text="yes"),)


async def test_after_forget_only_what_came_later(
    workspace: Workspace, reader: ThreadReader
) -> None:
    root = await say(workspace, "one", "@grok forget", "two", "@grok forget", "forget", "three")

    said = await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE)
    assert [each.text for each in said] == ["forget", "three"]


async def test_in_a_direct_message_forget_needs_no_mention(
    workspace: Workspace, reader: ThreadReader
) -> None:
    root = await say(workspace, "one", "forget", "two", channel=dm_of(ANA))

    said = await reader.read(dm_of(ANA), root, "9999999999.000000", asker=CHLOE)
    assert [each.text for each in said] == ["two"]


async def test_people_whom_slack_does_not_name(workspace: Workspace, reader: ThreadReader) -> None:
    workspace.fail("users.info", error="user_not_found", times=None)
    root = await say(workspace, "@ben hi")

    assert await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE) == (
        Said(author=ANA, text=f"@{BEN} hi"),
    )


async def test_several_pages_are_one_thread(
    workspace: Workspace, reader: ThreadReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "PAGE", 3)
    texts = [f"number {number}" for number in range(10)]
    root = await say(workspace, *texts)

    said = await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE)
    assert [each.text for each in said] == texts
    assert all(call.args["limit"] == "3" for call in workspace.calls_of("conversations.replies"))


async def test_of_a_huge_thread_the_root_and_the_newest_are_read(
    workspace: Workspace, reader: ThreadReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "PAGE", 5)
    monkeypatch.setattr(thread, "PAGES_IN_A_ROW", 1)
    texts = [f"number {number}" for number in range(100)]
    root = await say(workspace, *texts)

    said = [
        each.text
        for each in await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE)
    ]
    assert (said[0], said[-1]) == (texts[0], texts[-1])
    assert said == sorted(said, key=texts.index)
    assert len(said) < len(texts)
    assert len(workspace.calls_of("conversations.replies")) <= 1 + thread.PAGES_TO_JUMP


async def test_the_newest_of_a_huge_thread_are_read_long_after_it_fell_silent(
    workspace: Workspace, reader: ThreadReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "PAGE", 5)
    monkeypatch.setattr(thread, "PAGES_IN_A_ROW", 1)
    texts = [f"number {number}" for number in range(40)]
    root = await say(workspace, *texts)
    # Twenty jumps tell a millionth of it apart, which is less than lies between two messages.
    later = f"{float(root) + 6:.6f}"

    said = [each.text for each in await reader.read(GENERAL, root, later, asker=CHLOE)]
    assert (said[0], said[-1]) == (texts[0], texts[-1])


async def test_a_thread_that_slack_does_not_show(
    workspace: Workspace, reader: ThreadReader
) -> None:
    root = await say(workspace, "one")
    workspace.fail("conversations.replies", error="channel_not_found")

    with pytest.raises(SlackError, match="channel_not_found"):
        await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE)


async def test_of_many_who_spoke_slack_is_asked_for_a_share(
    workspace: Workspace, reader: ThreadReader
) -> None:
    root = await say(workspace, *(f"ask <@U0NOBODY{number}>" for number in range(3)))
    for number in range(100):
        content = " ".join(f"<@U0NOBODY{number}{n}>" for n in range(100))
        message = await workspace.say(ANA, GENERAL, "x", root)
        workspace.message(GENERAL, message.ts).revisions[-1] = replace(
            workspace.message(GENERAL, message.ts).revisions[-1], text=content
        )

    said = await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE)
    assert len(said) > 50
    assert len(workspace.calls_of("users.info")) <= NAMES_PER_MINUTE_EACH


async def test_who_spoke_is_named_whomever_they_mention(
    workspace: Workspace, reader: ThreadReader
) -> None:
    root = (await workspace.say(ANA, GENERAL, "first")).ts
    message = workspace.message(GENERAL, root)
    crowd = " ".join(f"<@U0NOBODY{number}>" for number in range(500))
    message.revisions[-1] = replace(message.revisions[-1], text=crowd)
    await workspace.say(BEN, GENERAL, "second", root)

    said = await reader.read(GENERAL, root, await now(workspace, root), asker=CHLOE)
    assert [each.author for each in said] == ["ana", "ben"]


async def test_nobody_has_more_pages_read_in_a_minute_than_one_thread_takes(
    workspace: Workspace, api: WebApi, store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "PAGES_OF_A_THREAD", 4)
    readers = [reader_of(api, store, keys) for _ in range(2)]
    root = await say(workspace, *(f"number {number}" for number in range(40)))
    before = await now(workspace, root)
    assert await readers[0].read(GENERAL, root, before, asker=CHLOE)

    with pytest.raises(RateLimited):
        await readers[1].read(GENERAL, root, before, asker=CHLOE)
    assert len(workspace.calls_of("conversations.replies")) == 4
    assert await readers[1].read(GENERAL, root, before, asker=BEN)


class Replies(WebApi):
    """Answers with messages that no sandbox makes."""

    def __init__(self, *messages: Any) -> None:
        super().__init__(AsyncWebClient())
        self.messages = messages

    async def call(self, method: str, body: Any, *, read: bool = False) -> Any:
        if method == "users.info":
            return {"user": {"name": body["user"].lower()}}
        return {"messages": list(self.messages)}


Read = Callable[..., Awaitable[list[tuple[str, str]]]]


@pytest.fixture
def read(store: Store, keys: Keys) -> Read:
    """What the reader makes of messages, each a second after the one before."""

    async def read(*messages: Any) -> list[tuple[str, str]]:
        api = Replies(*({"ts": f"170000000{n}.000100", **m} for n, m in enumerate(messages)))
        reader = reader_of(api, store, keys)
        said = await reader.read("C1", "1", "1800000000.000100", asker=CHLOE)
        return [(each.author, each.text) for each in said]

    return read


async def test_a_thread_that_mentions_everybody_leaves_others_their_turn(
    store: Store, keys: Keys
) -> None:
    """Nobody has to be called anything for that: all of it was read between two turns."""
    crowd = [f"<@U{number:08}>" for number in range(60 * 1_000)]
    texts = ["".join(crowd[at : at + 1_000]) for at in range(0, len(crowd), 1_000)]
    said = [
        {"ts": f"17000000{n:02}.000100", "user": "U1", "text": text} for n, text in enumerate(texts)
    ]
    shares = []
    for _ in range(3):  # what else a process does now and then is in one of them at most
        reading = asyncio.create_task(
            reader_of(Replies(*said), store, keys).read("C1", "1", "1800000000.000100", asker=CHLOE)
        )
        longest, whole = 0.0, time.thread_time()
        while not reading.done():
            begun = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - begun)
        assert len(reading.result()) == len(texts)
        shares.append(longest / (time.thread_time() - whole))
    assert min(shares) < 1 / 8, shares


async def test_apps_are_called_as_they_call_themselves(read: Read) -> None:
    assert await read(
        {"subtype": "bot_message", "username": "CI", "bot_id": "B1", "text": "built"},
        {"bot_id": "B2", "bot_profile": {"name": "Deploys"}, "text": "deployed"},
        {"bot_id": "B3", "text": "who am I?"},
    ) == [("CI", "built"), ("Deploys", "deployed"), ("an app", "who am I?")]


async def test_what_an_app_says_is_in_blocks_and_attachments(read: Read) -> None:
    (said,) = await read(
        {
            "bot_id": "B1",
            "username": "CI",
            "text": "Build",
            "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "by <@U1>"}}],
            "attachments": [{"title": "Build 7", "text": "a &lt; b"}],
        }
    )
    assert said == ("CI", "by <@U1>\nBuild 7\na < b".replace("<@U1>", "@u1"))


async def test_what_says_nothing_is_left_out(read: Read) -> None:
    assert await read(
        {"user": "U1", "subtype": "channel_join", "text": "<@U1> has joined"},
        {"user": "U1", "hidden": True, "text": "unseen"},
        {"user": "U1", "text": "  "},
        {"user": "U1", "text": None, "files": None, "blocks": None, "subtype": None},
        {"user": "U1", "text": "", "files": [{"id": "F1", "mode": "tombstone"}]},
        {"user": "U1", "text": "hm"},
    ) == [("u1", "hm")]


async def test_pages_that_lead_nowhere_end(store: Store, keys: Keys) -> None:
    api = Replies({"ts": "1700000000.000100", "user": "U1", "text": "hm"}, "strange")
    calls = 0

    async def call(method: str, body: Any, *, read: bool = False) -> Any:
        nonlocal calls
        calls += method == "conversations.replies"
        return {**(await Replies.call(api, method, body, read=read)), "has_more": True}

    api.call = call  # type: ignore[method-assign]
    reader = reader_of(api, store, keys)
    said = await reader.read("C1", "1", "1800000000.000100", asker=CHLOE)
    assert [each.text for each in said] == ["hm"]
    assert calls == 2


class AnythingApi(WebApi):
    """Gives the same for each page."""

    def __init__(self, said: object) -> None:
        super().__init__(AsyncWebClient())
        self.said = said

    async def call(
        self, method: str, body: Mapping[str, Any], *, read: bool = False
    ) -> Mapping[str, Any]:
        return {"ok": True, "messages": self.said}


@pytest.mark.parametrize(
    "said",
    [
        7,
        "1.1",
        {"ts": "1.1"},
        [None, [], {"ts": 1.1, "text": "a number"}, {"ts": "1x", "text": "no moment"}],
        [{"ts": "1.1", "subtype": ["a"], "text": "of no kind"}],
        [{"ts": "1.1", "blocks": 7, "attachments": True, "files": "F1"}],
    ],
)
async def test_of_what_is_no_thread_nothing_is_read(said: object, store: Store, keys: Keys) -> None:
    reader = reader_of(AnythingApi(said), store, keys)

    assert await reader.read(GENERAL, "1.0", "2.0", asker=CHLOE) == ()
