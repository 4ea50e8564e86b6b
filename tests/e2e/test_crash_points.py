"""Every crash point lies on a journey; and whoever is killed at one, the answer comes once, whole.

Journeys run in this process, where it is seen which points they pass, and with bots of their own,
which are killed there.
"""

from __future__ import annotations

import asyncio
import re
import signal
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from bot.completion.search import search_in
from bot.crash_points import POINTS, VARIABLE, CrashPointReached, arrive
from bot.errors import StoreUnavailable
from bot.rules.hold import hold_for
from bot.rules.policy import Policy
from bot.settings import Settings
from bot.terminal.jobs import Wanted, forget, operate
from sandbox.grok import GrokServer, Recorded, Script, ToolCall
from sandbox.workspace import (
    ANA,
    BEN,
    CHLOE,
    DESIGN,
    ENGINEERING,
    GENERAL,
    RANDOM,
    Limits,
    NewFile,
    Workspace,
)
from tests.chaos.books import Books, read_books
from tests.chaos.processes import Forks, Process, forks
from tests.e2e.process import environment
from tests.e2e.several import several
from tests.e2e.stage import (
    Stage,
    installed_app,
    is_complete,
    markdown,
    on_stage,
    settings_for,
    thumb,
)
from tests.jobs.asks import make_ask
from tests.jobs.work import until

WORDS = [f"word{number} " for number in range(30)]
LOG = NewFile("error.log", b"E42")
WHOLE = "".join(WORDS).strip()
LEASE = 1.0
AT_ONCE = 7
PATIENCE = 60.0
SHORTER = {"bot.slack.web_api:DEADLINE_SECONDS": 1.0}
"""A job ends when no call of a bot that was killed can come any more: twice that deadline."""


ENDLESS = "count to the end of days"


def script(**values: object) -> Script:
    """For all questions but those that have an answer of their own that stalls."""
    return Script(pieces=WORDS, times=None, when=_ends, **values)  # type: ignore[arg-type]


def _ends(asked: Recorded) -> bool:
    return ENDLESS not in str(asked.body)


async def _doors(stage: Stage) -> None:
    """Commands, forms, mentions, buttons, the Home tab, what admins set, and a `forget`."""
    workspace = stage.workspace
    calls = tuple(ToolCall(asked=str(number)) for number in range(12))
    stage.grok.script(Script(text="More than one turn was thought to take.", calls=calls))
    await stage.ask("--search web --max-turns 1 look", channel=ENGINEERING)
    await stage.answer(channel=ENGINEERING)
    stage.grok.script(script(speed=60))
    await stage.ask("defaults set --temperature 0.5", channel=ENGINEERING)
    await stage.ask("defaults set --seed 5 me")
    await stage.ask("usage channel")
    await workspace.open_home(ANA)
    await stage.ask("", user=BEN)
    form = await stage.form(BEN)
    await workspace.submit(BEN, form.id, {"prompt": "Count"})
    (message,) = await stage.answer()
    await workspace.click(BEN, GENERAL, message.ts, "feedback", thumb(message))
    await workspace.click(BEN, GENERAL, message.ts, "retry")
    asked = await workspace.say(ANA, RANDOM, "@grok count", files=["error.log"])
    reply = await stage.reply(0, asked.ts, channel=RANDOM)
    await workspace.click(ANA, RANDOM, reply.ts, "retry")
    await workspace.wait_for(lambda: stage.replies(asked.ts, channel=RANDOM)[1:])
    stopping = stage.replies(asked.ts, channel=RANDOM)[1]
    await workspace.click(ANA, RANDOM, stopping.ts, "stop")
    await stage.reply(1, asked.ts, channel=RANDOM)
    await workspace.say(ANA, RANDOM, "@grok forget", asked.ts)
    await workspace.say(ANA, RANDOM, "@grok leave", asked.ts)
    await stage.ask("--private count", user=BEN)
    await stage.ask("--reply thread count", channel=DESIGN)
    await stage.quiet()


async def _streamed(stage: Stage) -> None:
    stage.grok.script(script(speed=60))
    asked = await stage.workspace.say(ANA, GENERAL, "@grok count")
    await stage.reply(0, asked.ts)


async def _refused(stage: Stage) -> None:
    """Slack loses replies, limits, and lets nobody read where the bot is no member."""
    workspace = stage.workspace
    stage.grok.script(script(speed=60))
    workspace.fail("chat.postMessage", drop_after=True)
    workspace.fail("chat.update", retry_after=1)
    await stage.ask("count")
    await stage.answer()
    asked = await workspace.say(BEN, RANDOM, "@grok count")
    workspace.fail("chat.postMessage", error="fatal_error", applied=True)
    await stage.reply(0, asked.ts, channel=RANDOM)


async def _in_line(stage: Stage) -> None:
    """More questions than one worker has room for; the last one is handed back."""
    stage.grok.script(script(speed=60))
    await asyncio.gather(*(stage.ask(f"count {number}") for number in range(6)))
    for number in range(6):
        await stage.answer(number)
    stage.grok.script(Script(pieces=WORDS, stall_after=5))
    await stage.ask(ENDLESS, channel=RANDOM)
    await stage.workspace.wait_for(lambda: "word4" in _text(stage, RANDOM))


async def _crashed(stage: Stage, seen: Seen) -> None:
    """One worker fails, another takes over; there is one answer still."""
    stage.grok.script(script(speed=60))
    seen.once["before:finish"] = _fail
    asked = await stage.workspace.say(ANA, GENERAL, "@grok count")
    assert markdown(await stage.reply(0, asked.ts)).strip() == WHOLE


async def _stolen(stage: Stage, seen: Seen, redis: Redis) -> None:
    """The lease is lost with a post on its way, and an answer that nobody finishes."""

    def steal() -> None:
        for key in redis.scan_iter("*:job:*"):
            redis.hset(key, "lease", "nobody")

    stage.grok.script(script(speed=60))
    seen.once["after:chat.postMessage"] = steal
    asked = await stage.workspace.say(ANA, GENERAL, "@grok count")
    assert markdown(await stage.reply(0, asked.ts)).strip() == WHOLE


async def _forgotten(stage: Stage, redis: Redis) -> None:
    """The store comes back empty in mid-answer."""
    go = asyncio.Event()
    stage.grok.script(Script(pieces=WORDS, stall_after=20, release=go, times=None))
    asked = await stage.workspace.say(ANA, GENERAL, f"@grok {ENDLESS}")
    await stage.workspace.wait_for(lambda: "word9" in str(stage.replies(asked.ts)))
    redis.flushall()
    go.set()
    assert markdown(await stage.reply(0, asked.ts)).strip() == WHOLE


async def _dropped(stage: Stage, redis: Redis, redis_url: str) -> None:
    """An operator ends a job, and forgets a person."""
    stage.grok.script(Script(pieces=WORDS, stall_after=5))
    asked = await stage.workspace.say(ANA, GENERAL, f"@grok {ENDLESS}")
    await stage.workspace.wait_for(lambda: "word4" in str(stage.replies(asked.ts)))
    (job,) = [
        str(redis.hget(key, "id"))
        for key in redis.scan_iter("*:job:*")
        if redis.hget(key, "state") == "running"
    ]
    settings = settings_for(stage.workspace, stage.grok, redis_url)
    assert await operate(settings, Wanted(drop=job)) == 0
    await stage.reply(0, asked.ts)
    assert await forget(settings, CHLOE) == 0


def _fail() -> None:
    raise CrashPointReached("wanted")


def _be_away() -> None:
    raise StoreUnavailable("wanted")


def _text(stage: Stage, channel: str) -> str:
    return "".join(markdown(message) for message in stage.workspace.messages(channel))


class Seen:
    """Which points were passed; `once` is done at the next passing of a point."""

    def __init__(self) -> None:
        self.points: set[str] = set()
        self.once: dict[str, Callable[[], None]] = {}

    def __call__(self, point: str) -> None:
        self.points.add(point)
        if act := self.once.pop(point, None):
            act()


async def test_every_point_lies_on_a_journey(redis_url: str) -> None:
    seen = Seen()

    async def two_of_them() -> None:
        url = f"{redis_url}?db=1"
        with Redis.from_url(url, protocol=2, decode_responses=True) as redis:
            async with on_stage(
                url, replicas=2, job_lease_seconds=LEASE, slack_streaming="edit"
            ) as stage:
                await _crashed(stage, seen)
                await _stolen(stage, seen, redis)
                await _dropped(stage, redis, url)
                await _forgotten(stage, redis)
                seen.once["before:reclaim"] = _be_away
                await until(lambda: "after:probe" in seen.points)

    async def with_many_doors() -> None:
        async with on_stage(f"{redis_url}?db=2") as stage:
            await _doors(stage)

    async def with_a_bad_slack() -> None:
        async with on_stage(f"{redis_url}?db=3") as stage:
            await _refused(stage)
        async with on_stage(f"{redis_url}?db=3", slack_streaming="native") as stage:
            await _streamed(stage)

    async def with_little_room() -> None:
        url = f"{redis_url}?db=4"
        async with on_stage(url, replicas=2, jobs_at_once=1, shutdown_grace_seconds=0) as stage:
            await _in_line(stage)

    async def with_workspaces_that_come_and_go() -> None:
        async with several(f"{redis_url}?db=5", count=1) as all_:
            await all_.stages[0].ask("Hello")
            await until(lambda: "after:sweep" in seen.points)
            await all_.slack.uninstall(all_.slack.workspaces[0])

    with arrive(seen):
        await asyncio.gather(two_of_them(), with_many_doors())
        await asyncio.gather(with_a_bad_slack(), with_little_room())
        await with_workspaces_that_come_and_go()

    assert POINTS - seen.points == set()


@dataclass
class Ground:
    """Where bots are killed: what they stand on, and how they are started."""

    workspace: Workspace
    grok: GrokServer
    redis: AsyncRedis
    forks: Forks
    where: Path
    url: str

    async def start(self, orders: str = "", **values: str) -> Process:
        env = environment(
            self.workspace,
            self.grok,
            self.where,
            REDIS_URL=self.url,
            JOB_LEASE_SECONDS=str(LEASE),
            SHUTDOWN_GRACE_SECONDS="0",
            **values,
        )
        log = self.where / "bot.log"
        env |= {VARIABLE: orders} if orders else {}
        return await self.forks.start(env, cwd=self.where, log=log)

    async def end(self, bot: Process) -> None:
        bot.send(signal.SIGTERM)
        await asyncio.wait_for(bot.wait(), PATIENCE)


@asynccontextmanager
async def ground(where: Path, redis_url: str, number: int, of: Forks) -> AsyncIterator[Ground]:
    """A workspace and a database of its own, the `number`-th."""
    where.mkdir()
    limits = Limits(event_retries=(0.5, 3.0, 15.0))
    url = f"{redis_url}?db={number}"
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(Workspace(app=installed_app(), limits=limits))
        grok = await stack.enter_async_context(GrokServer(speed=None, first_delay=0))
        grok.script(script(speed=60))
        redis = AsyncRedis.from_url(url, protocol=2, decode_responses=True)
        stack.push_async_callback(redis.aclose)
        yield Ground(workspace, grok, redis, of, where, url)


def _both(*steps: str) -> list[str]:
    return [f"{when}:{step}" for step in steps for when in ("before", "after")]


NATIVE = {"SLACK_STREAMING": "native"}

SEARCH = "--search web,x --max-turns 5 "

KILLED = {
    "taking": (_both("accept", "ack", "known", "take", "begin", "users.info", "remember"), {}),
    "asking": (
        [
            *_both("grok", "sip"),
            *(f"{each}=kill@2" for each in _both("chunk", "sip")),
            "after:read",
        ],
        {},
    ),
    "showing": (
        [
            *_both("write", "chat.postMessage", "edit_slot", "chat.update", "renew"),
            *(f"{each}=kill@3" for each in _both("write", "chat.update")),
        ],
        {},
    ),
    "ending": (_both("deliver", "finish"), {}),
    "streaming": (
        _both("chat.startStream", "chat.appendStream", "chat.stopStream", "slot"),
        NATIVE,
    ),
    "fetching": (_both("files.info", "file"), {}),
    "searching": ([f"{each}=kill@{number}" for each in _both("chunk") for number in (1, 3)], {}),
}
"""Points at which the one bot is killed that has the question in hand, and its settings."""

KILLED_AGAIN = ("reclaim", "pause", "wake", "take", "adopt", "conversations.replies", "write")
"""Steps before or after which a second one is killed, which takes over from one that was killed by
its post."""


@pytest.mark.integration
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KILLED)
async def test_killed_at_a_point_the_answer_comes_once(
    tmp_path: Path, redis_url: str, kind: str
) -> None:
    points, values = KILLED[kind]
    flags = SEARCH if kind == "searching" else ""
    await _each_alone(tmp_path, redis_url, [(point,) for point in points], values, flags)


@pytest.mark.integration
@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_again_while_taking_over_the_answer_comes_once(
    tmp_path: Path, redis_url: str, when: str
) -> None:
    first = "after:chat.postMessage"
    deaths = [(first, f"{when}:{step}") for step in KILLED_AGAIN]
    await _each_alone(tmp_path, redis_url, deaths, {})


async def _each_alone(
    where: Path,
    redis_url: str,
    deaths: Sequence[Sequence[str]],
    values: Mapping[str, str],
    flags: str = "",
) -> None:
    """One question for each of `deaths`, a few of them at once."""
    left = list(enumerate(deaths))
    faults: list[str] = []

    async def one_after_the_other(number: int, of: Forks) -> None:
        async with ground(where / str(number), redis_url, number, of) as here:
            while left:
                place, points = left.pop()
                try:
                    async with asyncio.timeout(PATIENCE):
                        await _killed_at(here, points, f"{flags}question {place}", values)
                except (AssertionError, TimeoutError) as fault:
                    faults.append(f"{points}: {''.join(traceback.format_exception(fault))}")
                    return

    async with forks(SHORTER) as of, asyncio.TaskGroup() as group:
        for number in range(1, 1 + AT_ONCE):
            group.create_task(one_after_the_other(number, of))
    assert not faults, "\n".join(faults)


async def _killed_at(
    here: Ground, points: Sequence[str], question: str, values: Mapping[str, str]
) -> None:
    files = [LOG] if any("file" in point for point in points) else []
    await here.redis.flushdb()
    workspace, asked = here.workspace, None
    for point in points:
        bot = await here.start(point if "=" in point else f"{point}=kill", **values)
        if asked is None:
            await workspace.connected(seconds=PATIENCE)
            asked = await workspace.say(ANA, GENERAL, f"@grok {question}", files=files)
        # The next one finds a job, and may be gone before anybody sees that it was connected.
        assert await asyncio.wait_for(bot.wait(), PATIENCE) == -signal.SIGKILL
        await workspace.wait_for(lambda: not workspace.sockets, PATIENCE)
    assert asked is not None
    bot = await here.start(**values)
    try:
        stage = Stage(workspace, here.grok)
        await workspace.wait_for(lambda: any(map(is_complete, stage.replies(asked.ts))), PATIENCE)
        await workspace.settled(PATIENCE)
        while not (books := await read_books(here.redis)).over:
            await asyncio.sleep(0.1)
    finally:
        await here.end(bot)
    (answer,) = stage.replies(asked.ts)
    text, searches = markdown(answer).strip(), SEARCH in question
    assert (text.partition("\n\n")[0].strip() if searches else text) == WHOLE
    assert books.faults() == []
    if searches:
        _pays_for_lost_searches(books, seen=points[0] != "before:chunk=kill@1")
    assert not files or "E42" in str(here.grok.requests[-1].body)
    named = re.compile(rf"{question.removeprefix(SEARCH)}\b")  # question 1 is not question 12
    asked_times = sum(bool(named.search(str(each.body))) for each in here.grok.requests)
    assert asked_times <= len(points) + 1


def _pays_for_lost_searches(books: Books, *, seen: bool) -> None:
    """Where calls were `seen` before the death, what they and one turn more may have come to is
    charged; else nobody can say what was searched, and all that was reserved is."""
    hold = hold_for(
        make_ask(search=search_in({"search": "web,x", "max_turns": 5})),
        Policy(),
        prices=None,
        reasons=False,
        settings=Settings(_env_file=None),
        now=0,
    )
    (job,) = books.jobs.values()
    assert job.answer is not None
    assert job.answer.tools is not None
    found = job.answer.tools
    searches = books.total("user", "searches") - found.web_calls - found.x_calls
    posts = books.total("user", "posts") - (found.posts or 0)
    if seen:
        turn = hold.searches // 5
        assert turn < searches <= turn + found.web_calls + found.x_calls
        assert hold.posts // 5 <= posts <= hold.posts // 5 + (found.posts or 0)
        assert hold.input < job.lost < hold.found
    else:
        assert (searches, posts) == (hold.searches, hold.posts)
        assert job.lost > hold.found
