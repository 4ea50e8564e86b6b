"""What an answer is charged, from Grok's stream or its refusal to the counters in Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.completion.ask import Ask, Turn, most_tokens
from bot.completion.request import CompletionRequest
from bot.completion.search import search_in
from bot.grok.client import GrokClient
from bot.jobs.holder import Held, Holder
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.recall import Recall
from bot.jobs.run import Runner
from bot.rules.hold import Denied, Hold, hold_for
from bot.rules.policy import Policy, Rules
from bot.rules.quota import WORKSPACE
from bot.settings import Settings
from bot.slack.pacing import EditBudget
from bot.slack.reading.thread import ThreadReader
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from bot.store.quotas import Amount, Counts, Quotas
from bot.store.redis.connection import Store
from bot.words import usage as said
from sandbox.grok import GrokServer, Script, ToolCall
from sandbox.workspace import ANA, BOT_USER, GENERAL, Limits, Workspace
from tests.fixtures.grok import OpenGrokClient
from tests.fixtures.workspace import people_of
from tests.jobs.steps import take_next, take_over
from tests.jobs.work import until
from tests.rules.holds import make_windows

SETTINGS = Settings(_env_file=None, grok_reasoning_tokens=50)


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace(limits=Limits(scale=0)) as ws:
        yield ws


MakeDesk = Callable[..., Awaitable["Desk"]]


@pytest.fixture
async def make_desk(
    workspace: Workspace,
    open_grok_client: OpenGrokClient,
    store: Store,
    keys: Keys,
    queue: Queue,
) -> AsyncIterator[MakeDesk]:
    """Makes a desk before a Grok."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=workspace.credentials.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        api = WebApi(client)
        threads = ThreadReader(api, people_of(api, store, keys), Allowances(store, keys), BOT_USER)

        async def make(server: GrokServer, endpoint: str = "chat") -> Desk:
            grok = await open_grok_client(server, grok_endpoint=endpoint)
            runner = Runner(
                grok,
                Slack(api),
                EditBudget(store, keys, 100_000),
                Recall(Conversations(store, keys), threads, tokens=SETTINGS.thread_tokens),
                tell_after=60,
            )
            return Desk(runner, grok, server, queue, Quotas(store, keys), workspace)

        yield make


@pytest.fixture
async def desk(make_desk: MakeDesk, grok: GrokServer) -> Desk:
    """Before a Grok that says with every step of an answer what it used until then."""
    return await make_desk(grok)


@pytest.fixture
async def silent(make_desk: MakeDesk, openai_grok: GrokServer) -> Desk:
    """Before a server that says at the end of an answer what it used."""
    return await make_desk(openai_grok)


class Desk:
    """Takes questions in and has them answered."""

    def __init__(
        self,
        runner: Runner,
        client: GrokClient,
        grok: GrokServer,
        queue: Queue,
        quotas: Quotas,
        workspace: Workspace,
    ) -> None:
        self.queue = queue
        self.grok = grok
        self._holder = Holder(queue, runner, Places(1))
        self._client = client
        self._quotas = quotas
        self._workspace = workspace
        self._windows = make_windows()

    async def accept(
        self, policy: Policy | None = None, *, prompt: str = "Hi", **place: Any
    ) -> Hold:
        """A question of Ana in GENERAL; what it has reserved."""
        request = CompletionRequest(model="grok-4.3", prompt=prompt, max_tokens=200)
        usual = Ask(
            dedupe="d1",
            surface="command",
            team="T0TEST",
            channel=GENERAL,
            user=ANA,
            request=request,
            asked_at=time.time(),
        )
        ask = usual.model_copy(update=place)
        hold = hold_for(
            ask,
            policy or Policy(),
            prices=self._client.prices.of(request.model),
            reasons=True,
            settings=SETTINGS,
            now=time.time(),
        )
        await self.queue.accept("job-1", ask, hold)
        job = await self.queue.look("job-1")
        assert job is not None
        assert job.hold is not None
        self._windows = job.hold.windows
        return job.hold

    async def answer(self, stop: asyncio.Event | None = None) -> None:
        """Carry the one job to its end."""
        await self._holder.hold(*await take_next(self.queue), stop)

    async def take_over(self) -> None:
        """Carry the job of a lost worker to its end."""
        await self._holder.hold(*await take_over(self.queue))

    async def used(self) -> Counts:
        """What was used in the workspace; nothing must be reserved any more."""
        (use,) = await self._quotas.usage([WORKSPACE], self._windows)
        month = use.month
        assert month.requests.held == month.tokens.held == month.micro_dollars.held == 0
        assert use.running == 0
        return month

    def shown(self) -> str:
        """All that stands in the channel."""
        return "\n".join(str(message.blocks) for message in self._workspace.messages(GENERAL))


NOTHING = Counts()


async def test_what_grok_says_it_used(desk: Desk) -> None:
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 36}
    desk.grok.script(Script(text="Hello", usage={**usage, "cost_in_usd_ticks": 12_340_000}))
    await desk.accept()
    await desk.answer()

    assert await desk.used() == Counts(Amount(1), Amount(36), Amount(1_234))


async def test_prices_when_grok_does_not_say_the_cost(desk: Desk) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 40, "total_tokens": 140}
    desk.grok.script(Script(text="Hello", usage=usage))
    await desk.accept()
    await desk.answer()

    assert (await desk.used()).micro_dollars == Amount(125 + 100)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 503])
async def test_what_grok_refuses_is_given_back(desk: Desk, status: int) -> None:
    desk.grok.script(
        Script(
            status=status, body={"error": "No."}, headers={"x-should-retry": "false"}, times=None
        )
    )
    await desk.accept()
    await desk.answer()

    assert await desk.used() == NOTHING


@pytest.mark.parametrize(
    "reply",
    [
        {"raw": b'data: {"error":{"message":"Rate limit reached","code":429}}\n\n'},
        {"raw": b'data: {"error":{"message":"maximum context length","code":400}}\n\n'},
        {"raw": b"data: [DONE]\n\n"},
        {"raw": b""},
        {"raw": b"", "headers": {"X-Big": "b" * 100_000}},
        {"body": {"error": {"message": "No."}}},
        {"body": "<!DOCTYPE html><p>Sign in</p>"},
    ],
)
async def test_what_is_refused_inside_a_200_is_given_back(
    desk: Desk, reply: dict[str, Any]
) -> None:
    desk.grok.script(Script(**reply, times=None))
    await desk.accept()
    await desk.answer()

    assert await desk.used() == NOTHING


async def test_refusal_after_some_text_is_charged(silent: Desk) -> None:
    error = {"error": {"message": "Rate limit reached", "code": 429}}
    silent.grok.script(Script(text="one two three", error=error, error_after=2))
    hold = await silent.accept()
    await silent.answer()

    assert (await silent.used()).tokens == Amount(hold.prompt + most_tokens("one two") + 50)


async def test_what_a_gateway_gave_up_on_is_estimated(desk: Desk) -> None:
    desk.grok.script(
        Script(status=504, body="Timeout", headers={"x-should-retry": "false"}, times=None)
    )
    hold = await desk.accept()
    await desk.answer()

    assert (await desk.used()).tokens == Amount(hold.tokens)


async def test_what_was_lost_before_it_is_asked_again_is_charged(desk: Desk) -> None:
    """The connection broke before anything came, and nobody knows what Grok had written."""
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    desk.grok.script(Script(text="x", cut_after=0, times=2))
    desk.grok.script(Script(text="Hello", usage=usage))
    hold = await desk.accept()
    await desk.answer()

    assert len(desk.grok.requests) == 3
    used = await desk.used()
    assert (used.requests, used.tokens) == (Amount(1), Amount(2 * hold.tokens + 16))


async def test_nobody_asks_again_with_what_is_not_left(desk: Desk) -> None:
    limits = Rules(limits={"tokens-per-month": 2_500})
    desk.grok.script(Script(text="x", cut_after=0, times=None))
    hold = await desk.accept(Policy(scopes={WORKSPACE: limits}), prompt="x" * 1_000)
    await desk.answer()

    assert len(desk.grok.requests) == 1
    assert (await desk.used()).tokens == Amount(hold.tokens)
    assert said.NOT_AGAIN.split("`")[0].strip() in desk.shown()


async def test_refusal_after_what_was_lost_costs_no_more(desk: Desk) -> None:
    desk.grok.script(Script(text="x", cut_after=0))
    desk.grok.script(Script(status=400, body={"error": "No."}, times=None))
    hold = await desk.accept()
    await desk.answer()

    assert (await desk.used()).tokens == Amount(hold.tokens)


async def test_answer_that_breaks_off_is_charged_what_grok_had_said(desk: Desk) -> None:
    usage = {"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27}
    desk.grok.script(Script(text="one two three four five six seven", usage=usage, cut_after=4))
    await desk.accept()
    await desk.answer()

    assert (await desk.used()).tokens == Amount(27)


async def test_answer_that_breaks_off_is_charged_what_had_come(silent: Desk) -> None:
    silent.grok.script(Script(text="one two three four five six seven", cut_after=4))
    hold = await silent.accept()
    await silent.answer()

    used = await silent.used()
    assert used.requests == Amount(1)
    assert used.tokens == Amount(hold.prompt + most_tokens("one two three four") + 50)
    assert used.unpriced == 1


async def test_stop_before_grok_is_asked_is_given_back(desk: Desk) -> None:
    await desk.accept()
    await desk.queue.stop("job-1", ANA)
    await desk.answer()

    assert await desk.used() == NOTHING
    assert desk.grok.requests == []


async def test_stop_in_the_middle_is_charged_what_had_come(silent: Desk) -> None:
    silent.grok.script(Script(text="one two three four five", stall_after=3))
    hold = await silent.accept()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(silent.answer(stop))
        await until(lambda: "three" in silent.shown())
        stop.set()

    expected = hold.prompt + most_tokens("one two three") + 50
    assert (await silent.used()).tokens == Amount(expected)


async def test_request_that_cannot_be_carried_is_given_back(desk: Desk) -> None:
    request = CompletionRequest(model="grok-4.3", prompt=["a", "b"], max_tokens=5)
    await desk.accept(request=request)
    await desk.answer()

    assert await desk.used() == NOTHING


async def test_lost_worker_is_charged_beside_the_one_that_answers(desk: Desk) -> None:
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    desk.grok.script(Script(text="Hello", usage=usage))
    hold = await desk.accept()
    await Held(desk.queue, *await take_next(desk.queue)).begin()
    await desk.take_over()

    assert (await desk.used()).tokens == Amount(hold.tokens + 16)
    assert "Hello" in desk.shown()


SEARCH = search_in({"search": "web,x", "max_turns": 1})
FOUND = (
    ToolCall(asked="a"),
    ToolCall(name="x_keyword_search", asked="b", posts=7),
    ToolCall(name="x_user_search", asked="c", profiles=1),
    ToolCall(asked="d", fails=True),
)
"""One search of the web and two of X."""
ITS_PRICE = 5_000 + 7 * 5_000 + 10_000


async def test_what_was_searched_is_charged_by_the_bill(
    make_desk: MakeDesk, grok: GrokServer
) -> None:
    desk = await make_desk(grok, "responses")
    desk.grok.script(Script(text="New.", calls=FOUND))
    await desk.accept(search=SEARCH)
    await desk.answer()

    used = await desk.used()
    assert (used.searches, used.posts) == (Amount(3), Amount(7))
    assert used.search_micro_dollars == Amount(ITS_PRICE)
    assert used.micro_dollars.settled > ITS_PRICE


async def test_a_bill_without_details_is_charged_by_the_calls_that_were_seen(
    make_desk: MakeDesk, grok: GrokServer
) -> None:
    desk = await make_desk(grok, "responses")
    usage = {"input_tokens": 100, "output_tokens": 40, "total_tokens": 140}
    desk.grok.script(Script(text="New.", calls=FOUND[:1], usage=usage))
    await desk.accept(search=SEARCH)
    await desk.answer()

    used = await desk.used()
    assert (used.searches, used.search_micro_dollars) == (Amount(1), Amount(5_000))
    assert used.micro_dollars == Amount(125 + 100 + 5_000)


async def test_a_stream_that_ends_while_a_tool_runs_is_charged_all_that_was_reserved(
    make_desk: MakeDesk, grok: GrokServer
) -> None:
    desk = await make_desk(grok, "responses")
    desk.grok.script(Script(text="New.", calls=FOUND, within=1, cut_after=0))
    hold = await desk.accept(search=SEARCH)
    await desk.answer()

    used = await desk.used()
    assert (used.searches, used.posts) == (Amount(hold.searches), Amount(hold.posts))
    assert used.search_micro_dollars == Amount(hold.search_micro_dollars)
    assert hold.search_micro_dollars < used.micro_dollars.settled <= (hold.micro_dollars or 0)


async def test_a_worker_that_is_lost_in_mid_search_is_charged_all_that_was_reserved(
    make_desk: MakeDesk, grok: GrokServer
) -> None:
    desk = await make_desk(grok, "responses")
    desk.grok.script(Script(text="New.", calls=FOUND))
    hold = await desk.accept(search=SEARCH)
    await Held(desk.queue, *await take_next(desk.queue)).begin()
    await desk.take_over()

    used = await desk.used()
    assert used.requests == Amount(1)
    assert used.searches == Amount(hold.searches + 3)
    assert used.posts == Amount(hold.posts + 7)
    assert used.search_micro_dollars == Amount(hold.search_micro_dollars + ITS_PRICE)


async def test_asker_is_told_when_there_is_too_little_left_to_ask_again(desk: Desk) -> None:
    limits = Rules(limits={"tokens-per-month": 2_500})
    hold = await desk.accept(Policy(scopes={WORKSPACE: limits}), prompt="x" * 1_000)
    assert hold.tokens > 1_250
    await Held(desk.queue, *await take_next(desk.queue)).begin()
    await desk.take_over()

    assert (await desk.used()).tokens == Amount(hold.tokens)
    assert desk.grok.requests == []
    assert said.NOT_AGAIN.split("`")[0].strip() in desk.shown()


async def test_no_more_goes_along_than_was_reserved(desk: Desk, store: Store, keys: Keys) -> None:
    """Turns that came while the question waited, of which nobody knew how long they would be."""
    turns = [
        Turn(job_id=f"job-{letter}", user=ANA, prompt=letter * 300, answer=letter * 300)
        for letter in "abcd"
    ]
    conversation = f"{GENERAL}:1.1"
    thread = keys.thread(conversation)
    for turn in turns[:2]:
        await store.redis.rpush(thread, turn.entry)
    hold = await desk.accept(conversation=conversation)
    for turn in turns[2:]:
        await store.redis.rpush(thread, turn.entry)
    await desk.answer()

    sent = str(desk.grok.requests[-1].body)
    assert hold.room == hold.least_room + 3 * sum(turn.tokens for turn in turns[:2])
    assert [turn.prompt in sent for turn in turns] == [False, False, True, True]


async def test_denied_question_is_not_in_the_queue(desk: Desk) -> None:
    policy = Policy(scopes={WORKSPACE: Rules(limits={"tokens-per-day": 1})})
    with pytest.raises(Denied):
        await desk.accept(policy)

    assert (await desk.queue.load()).depth == 0
