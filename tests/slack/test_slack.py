"""What Slack says, as this bot's errors; over real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot import metrics
from bot.errors import MessageGone, OutcomeUnknown, PostingDenied, RateLimited, SlackError, TooLong
from bot.slack.blocks import BARE, Message, further_message
from bot.slack.slack import Slack, job_of_mark
from bot.slack.web_api import WebApi
from sandbox.workspace import ANA, BOT_USER, DESIGN, GENERAL, TEAM_ID, Workspace
from tests.sandbox.slack_app import client_of

pytestmark = pytest.mark.integration

TOKEN = "xoxb-very-secret"
MESSAGE = further_message(1, "text", BARE)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers every call as told."""

    def __init__(self) -> None:
        self.answer: Answer = self._ok
        self.url = ""

    def say(self, status: int, body: str, **headers: str) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            kind = headers.pop("Content-Type", "application/json")
            return web.Response(status=status, text=body, content_type=kind, headers=headers)

        self.answer = answer

    async def _ok(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "ts": "1.000001"})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        return await self.answer(request)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    answers = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answers.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    answers.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield answers
    await runner.cleanup()


@pytest.fixture
async def odd(server: Server) -> AsyncIterator[Slack]:
    """A Slack whose server says anything."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=TOKEN, base_url=server.url, session=session, retry_handlers=[]
        )
        yield Slack(WebApi(client, deadline=0.5))


async def post(slack: Slack) -> str:
    return await slack.post(GENERAL, MESSAGE, job_id="j", part="0")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("message_not_found", MessageGone),
        ("cant_update_message", MessageGone),
        ("edit_window_closed", MessageGone),
        ("msg_too_long", TooLong),
        ("msg_blocks_too_long", TooLong),
        ("invalid_blocks", TooLong),
        ("not_in_channel", PostingDenied),
        ("channel_not_found", PostingDenied),
        ("is_archived", PostingDenied),
        ("restricted_action_read_only_channel", PostingDenied),
        ("internal_error", OutcomeUnknown),
        ("token_revoked", SlackError),
        ("something_new", SlackError),
    ],
)
async def test_each_code_has_its_class(
    odd: Slack, server: Server, code: str, error: type[SlackError]
) -> None:
    server.say(200, f'{{"ok": false, "error": "{code}"}}')

    with pytest.raises(SlackError) as raised:
        await odd.update(GENERAL, "1.000001", MESSAGE)

    assert type(raised.value) is error
    assert raised.value.code == ("" if error is OutcomeUnknown else code)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("1.5", 1.5),
        ("0", 1),
        ("-3", 1),
        ("", 5),
        ("soon", 5),
        ("nan", 5),
        ("inf", 300),
        ("100000", 300),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 5),
    ],
)
async def test_retry_after_is_read_whatever_it_says(
    odd: Slack, server: Server, header: str, seconds: float
) -> None:
    server.say(429, '{"ok": false, "error": "ratelimited"}', **{"Retry-After": header})

    with pytest.raises(RateLimited) as raised:
        await odd.update(GENERAL, "1.000001", MESSAGE)

    assert raised.value.retry_after == seconds


ODD_MESSAGES = '[{"ts": 7}, {"ts": "now", "blocks": 7}]'
NO_LISTS = ["7", "true", '"U1"', "{}", "[7, null, [], {}]", ODD_MESSAGES]


@pytest.mark.parametrize("said", NO_LISTS)
async def test_of_messages_that_are_none_nothing_is_found(
    odd: Slack, server: Server, said: str
) -> None:
    server.say(200, f'{{"ok": true, "messages": {said}, "response_metadata": [7]}}')

    assert await odd.find(GENERAL, None, "job", 0.0) == []
    assert await odd.is_thread(GENERAL, "1.000001") is (said == ODD_MESSAGES)


async def test_a_page_that_leads_to_itself_is_read_twice(odd: Slack, server: Server) -> None:
    read = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal read
        read += 1
        return web.json_response(
            {"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}}
        )

    server.answer = answer

    async with asyncio.timeout(10):
        assert await odd.find(GENERAL, None, "job", 0.0) == []
    assert read == 2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, "", "text/html"),
        (503, "<html>down</html>", "text/html"),
        (502, "bad gateway", "text/plain"),
        (500, '{"ok": false, "error": "fatal_error"}', "application/json"),
        (200, "<html>please log in</html>", "text/html"),
        (200, "hello", "text/plain"),
        (200, "{", "application/json"),
        (200, "[1]", "application/json"),
        (200, '{"ok": true}', "application/json"),
        (200, '{"ok": true, "ts": ""}', "application/json"),
        (200, '{"ok": true, "ts": 1.5}', "application/json"),
        (200, "<html>Sign in</html>", "text/html"),
        (200, "", "application/json"),
        (200, "null", "application/json"),
    ],
)
async def test_no_proper_reply_leaves_the_outcome_open(
    odd: Slack, server: Server, status: int, body: str, kind: str
) -> None:
    server.say(status, body, **{"Content-Type": kind})

    with pytest.raises(OutcomeUnknown):
        await post(odd)


async def test_a_late_reply_leaves_the_outcome_open(odd: Slack, server: Server) -> None:
    over = asyncio.Event()

    async def wait(request: web.Request) -> web.StreamResponse:
        await over.wait()
        return web.json_response({"ok": True, "ts": "1.000001"})

    server.answer = wait
    with pytest.raises(OutcomeUnknown, match="TimeoutError"):
        await post(odd)
    over.set()


async def test_nobody_there_leaves_the_outcome_open() -> None:
    async with aiohttp.ClientSession() as session:
        base = "http://127.0.0.1:1/"
        client = AsyncWebClient(token=TOKEN, base_url=base, session=session, retry_handlers=[])
        with pytest.raises(OutcomeUnknown):
            await post(Slack(WebApi(client)))


async def test_errors_hold_no_token_and_no_address(odd: Slack, server: Server) -> None:
    for status, body in ((200, '{"ok": false, "error": "x"}'), (500, TOKEN), (404, TOKEN)):
        server.say(status, body)
        for call in (post, lambda slack: slack.respond(server.url + "secret-path", MESSAGE)):
            with pytest.raises(SlackError) as raised:
                await call(odd)
            assert TOKEN not in repr(raised.value)
            assert "secret-path" not in str(raised.value)


async def test_a_missing_scope_is_named(odd: Slack, server: Server) -> None:
    server.say(200, '{"ok": false, "error": "missing_scope", "needed": "chat:write"}')

    with pytest.raises(SlackError, match="chat:write"):
        await post(odd)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, "used_url", PostingDenied),
        (404, "expired_url", PostingDenied),
        (404, '{"ok": false, "error": "expired_url"}', PostingDenied),
        (200, '{"ok": false, "error": "used_url"}', PostingDenied),
        (400, "invalid_blocks", TooLong),
        (429, "", RateLimited),
        (500, "", OutcomeUnknown),
        (404, "no_service", PostingDenied),
        (404, "<html>", PostingDenied),
        (400, "invalid_payload", SlackError),
    ],
)
async def test_what_a_response_url_says(
    odd: Slack, server: Server, status: int, body: str, error: type[SlackError]
) -> None:
    server.say(status, body, **{"Content-Type": "text/plain"})

    with pytest.raises(SlackError) as raised:
        await odd.respond(server.url, MESSAGE)

    assert type(raised.value) is error


@pytest.mark.parametrize("body", ["ok", '{"ok": true}', ""])
async def test_what_a_response_url_says_when_all_is_well(
    odd: Slack, server: Server, body: str
) -> None:
    server.say(200, body, **{"Content-Type": "text/plain"})

    await odd.respond(server.url, MESSAGE)


async def test_calls_are_counted(odd: Slack, server: Server) -> None:
    def count(error: str) -> float:
        return float(metrics.SLACK_API.labels("chat.update", error)._value.get())

    before = count("none"), count("message_not_found")
    await odd.update(GENERAL, "1.000001", MESSAGE)
    server.say(200, '{"ok": false, "error": "message_not_found"}')
    with pytest.raises(MessageGone):
        await odd.update(GENERAL, "1.000001", MESSAGE)

    assert (count("none"), count("message_not_found")) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("webhook", [False, True])
async def test_what_another_app_posts_under_the_id_of_a_job_is_not_of_it(
    workspace: Workspace, slack: Slack, webhook: bool
) -> None:
    began = time.time()
    ts = await slack.post(GENERAL, further_message(1, "hi", BARE), job_id="mine", part="0")
    own = next(each for each in workspace.messages(GENERAL) if each.ts == ts)
    forged = await workspace.say_as_bot(GENERAL, "hi", webhook=webhook)
    forged.metadata = own.metadata

    known = Slack(WebApi(client_of(workspace)), BOT_USER)

    assert [each.ts for each in await known.find(GENERAL, None, "mine", began)] == [ts]


async def test_own_messages_are_found_by_their_job_over_pages(
    workspace: Workspace, slack: Slack
) -> None:
    began = time.time()
    mine = [await slack.post(GENERAL, MESSAGE, job_id="mine", part=str(part)) for part in range(2)]
    for _ in range(210):
        await workspace.say(ANA, GENERAL, "chatter")
    await slack.post(GENERAL, MESSAGE, job_id="other", part="0")
    reply = await slack.post(GENERAL, MESSAGE, job_id="mine", part="2", thread_ts=mine[0])

    in_channel = await slack.find(GENERAL, None, "mine", began)
    in_thread = await slack.find(GENERAL, mine[0], "mine", began)
    later = await slack.find(GENERAL, None, "mine", began + 3_600)

    assert [(found.part, found.ts) for found in in_channel] == [("0", mine[0]), ("1", mine[1])]
    assert [found.part for found in in_thread] == ["0", "2"]
    assert in_thread[1].ts == reply
    assert not later
    assert len(workspace.calls_of("conversations.history")) > 2


async def test_a_post_whose_thread_is_gone_does_not_land_in_the_channel(
    workspace: Workspace, slack: Slack
) -> None:
    root = await workspace.say(ANA, GENERAL, "a discussion")
    await workspace.delete(ANA, GENERAL, root.ts)

    with pytest.raises(PostingDenied, match="thread_not_found"):
        await slack.post(GENERAL, MESSAGE, job_id="j", part="0", thread_ts=root.ts)

    assert not workspace.messages(GENERAL)


@pytest.mark.parametrize("stands", [True, False])
async def test_a_server_that_does_not_tell_the_thread_of_a_post_is_asked(
    stands: bool, server: Server, odd: Slack
) -> None:
    root, ours = {"ts": "1.0"}, {"ts": "2.0", "thread_ts": "1.0"}
    replies: dict[str, Any] = {
        "chat.postMessage": {"ts": "2.0", "message": {"type": "message", "ts": "2.0"}},
        "conversations.replies": {"messages": [root, ours] if stands else [root]},
    }
    methods: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        methods.append(request.path.strip("/"))
        return web.json_response({"ok": True, **replies.get(methods[-1], {})})

    server.answer = answer
    posting = odd.post(GENERAL, MESSAGE, job_id="j", part="0", thread_ts="1.0")

    if stands:
        assert await posting == "2.0"
    else:
        with pytest.raises(PostingDenied, match="thread_not_found"):
            await posting
    assert methods[2:] == ([] if stands else ["chat.delete"])


async def test_deleting_what_is_gone_is_no_error(workspace: Workspace, slack: Slack) -> None:
    ts = await post(slack)
    await slack.delete(GENERAL, ts)
    await slack.delete(GENERAL, ts)

    assert not workspace.messages(GENERAL)


async def test_an_ephemeral_message_is_for_one_person(workspace: Workspace, slack: Slack) -> None:
    await slack.ephemeral(GENERAL, ANA, Message(MESSAGE.blocks, "text"))

    (message,) = workspace.ephemerals(ANA)
    assert message.shown == "text"
    assert not workspace.messages(GENERAL)


async def test_a_thread_is_one_once_somebody_has_replied(
    workspace: Workspace, slack: Slack
) -> None:
    root = await workspace.say(ANA, GENERAL, "a discussion")
    assert not await slack.is_thread(GENERAL, root.ts)

    await workspace.say(ANA, GENERAL, "a reply", root.ts)
    assert await slack.is_thread(GENERAL, root.ts)

    assert not await slack.is_thread(GENERAL, "1700000000.000001")
    assert not await slack.is_thread(DESIGN, root.ts)


async def test_whether_it_is_a_thread_may_remain_open(workspace: Workspace, slack: Slack) -> None:
    workspace.fail("conversations.replies", status=503)

    with pytest.raises(OutcomeUnknown):
        await slack.is_thread(GENERAL, "1700000000.000001")


async def streamed(slack: Slack, root: str, part: str = "0") -> str:
    return await slack.start_stream(GENERAL, root, user=ANA, team=TEAM_ID, job_id="j", part=part)


async def test_a_message_is_found_while_it_streams_and_after(
    workspace: Workspace, slack: Slack
) -> None:
    since, root = time.time(), (await workspace.say(ANA, GENERAL, "question")).ts
    streams, ends = await streamed(slack, root), await streamed(slack, root, "1")
    await slack.append_stream(GENERAL, streams, "text")
    await slack.stop_stream(GENERAL, ends, job_id="j", part="1", text="text")

    found = await slack.find(GENERAL, root, "j", since)

    assert [(posted.part, posted.ts) for posted in found] == [("0", streams), ("1", ends)]
    assert await slack.find(GENERAL, root, "other", since) == []


async def test_what_streams_names_its_job(workspace: Workspace, slack: Slack) -> None:
    root = (await workspace.say(ANA, GENERAL, "question")).ts
    ts = await streamed(slack, root)

    line, stop = workspace.message(GENERAL, ts).blocks
    assert [element["value"] for element in stop["elements"]] == ["j"]
    assert job_of_mark(line["block_id"]) == "j"
    assert not any(map(job_of_mark, ("", "answer_buttons", "grok_answer", "other:j:0")))


async def test_an_edit_marks_what_was_streamed(workspace: Workspace, slack: Slack) -> None:
    since, root = time.time(), (await workspace.say(ANA, GENERAL, "question")).ts
    ts = await streamed(slack, root)
    await workspace.stop_stream(ANA, GENERAL, ts)

    await slack.update(GENERAL, ts, MESSAGE, job_id="j", part="0")

    (found,) = await slack.find(GENERAL, root, "j", since)
    assert found.ts == ts


@pytest.mark.parametrize("code", ["message_not_in_streaming_state", "message_not_found"])
async def test_a_stream_that_ends_as_it_is_deleted(
    workspace: Workspace, slack: Slack, code: str
) -> None:
    root = (await workspace.say(ANA, GENERAL, "question")).ts
    ts = await streamed(slack, root)
    workspace.fail("chat.delete", error="streaming_state_conflict")
    workspace.fail("chat.stopStream", error=code)
    await workspace.stop_stream(ANA, GENERAL, ts)

    await slack.delete(GENERAL, ts)

    assert workspace.message(GENERAL, ts).deleted is (code != "message_not_found")
