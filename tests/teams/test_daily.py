"""Whether the app was removed while nobody was told: believed when Slack says so twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.slack.web_api import SlackClient, slack_session
from bot.store.installations import DOUBT_SECONDS, PREFIX, Installations, part_of
from bot.store.redis.connection import Store
from bot.store.seal import Seal
from bot.teams import departure as module
from bot.teams.departure import APART_SECONDS, Daily, Departures
from bot.teams.register import Record, Register

TEAM, SECOND, ORG = "T0ONE", "T0TWO", "E0ORG"
REMOVED = {"ok": False, "error": "account_inactive"}
FINE = {"ok": True}


class Slack:
    """Says of each token what `says` has for it, and counts how often it was asked."""

    def __init__(self) -> None:
        self.says: dict[str, object] = {}
        self.status = 200
        self.granted: object = [{"id": TEAM}]
        self.asked = 0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        if request.path.endswith("auth.teams.list"):
            return web.json_response({"ok": True, "teams": self.granted})
        self.asked += 1
        said = self.says.get(request.headers["Authorization"].removeprefix("Bearer "), FINE)
        text = said if isinstance(said, str) else json.dumps(said)
        return web.Response(text=text, status=self.status, content_type="application/json")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACE_SECONDS", 0.0)


@pytest.fixture
def register(store: Store) -> Register:
    return Register(Installations(store), Seal(["k" * 32]))


def record(place: str, token: str = "xoxb-1") -> Record:
    return Record(place=place, bot_token=token, bot_user="U1")


@asynccontextmanager
async def looking(slack: Slack, register: Register, store: Store) -> AsyncIterator[Daily]:
    runner = web.ServerRunner(web.Server(slack.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with slack_session() as session:
        client = SlackClient(base_url=f"http://{host}:{port}/", session=session, retry_handlers=[])
        yield Daily(register, Departures(register, store, client, purge_seconds=0))
    await runner.cleanup()


async def removed_unheard(register: Register) -> Slack:
    """A workspace that removed the app while nobody was told, as Slack knows it."""
    slack = Slack()
    slack.says["xoxb-1"] = REMOVED
    await register.save(record(TEAM))
    return slack


async def a_day_passes(store: Store, hours: float = 25) -> None:
    """For what was said, and for whose turn it was to look."""
    seconds = hours * 3_600
    async for key in store.redis.scan_iter(f"{PREFIX}*"):
        left = await store.redis.pttl(key)
        if left > 0 and (after := left - int(1000 * seconds)) > 0:
            await store.redis.pexpire(key, after)
        elif left > 0:
            await store.redis.delete(key)


async def test_what_slack_says_twice_a_day_apart_is_believed(
    register: Register, store: Store
) -> None:
    slack = await removed_unheard(register)
    await register.save(record(SECOND, "xoxb-2"))
    async with looking(slack, register, store) as daily:
        await daily.look()
        first = await register.store.doubted()
        await daily.look()  # on the same day
        assert slack.asked == 2
        assert set(await register.store.versions()) == {TEAM, SECOND}
        await a_day_passes(store)
        await daily.look()

    assert set(first) == {TEAM}
    assert set(await register.store.versions()) == {SECOND}
    assert set(await register.store.left()) == {TEAM}
    assert set(register.known) == {SECOND}
    await register.store.is_gone(TEAM)
    assert not [key async for key in store.redis.scan_iter(f"*{TEAM}*")]


async def test_the_second_word_comes_a_day_later_at_least(register: Register, store: Store) -> None:
    """Also where it is looked more often than it should be: a process has lost its place."""
    slack = Slack()
    slack.says["xoxb-1"] = {"ok": False, "error": "token_revoked"}
    await register.save(record(TEAM))
    async with looking(slack, register, store) as daily:
        for hours in (0, 8, 8, 7):
            await a_day_passes(store, hours)
            await register.store.look_again(TEAM)
            await daily.look()
            assert set(await register.store.versions()) == {TEAM}
        await a_day_passes(store, 2)
        await register.store.look_again(TEAM)
        await daily.look()

    assert slack.asked == 5
    assert not await register.store.versions()


@pytest.mark.parametrize(
    "says",
    [
        *(
            {"ok": False, "error": code}
            for code in (
                "invalid_auth",
                "not_authed",
                "token_expired",
                "team_access_not_granted",
                "ratelimited",
                "fatal_error",
                "internal_error",
                "org_login_required",
                "ekm_access_denied",
                "missing_scope",
                "ACCOUNT_INACTIVE",
                "",
            )
        ),
        {"ok": False, "error": ["account_inactive"]},
        {"ok": False, "error": {"account_inactive": 1}},
        {"ok": True, "error": "account_inactive"},
        "account_inactive",
        "[]",
        "null",
        "{",
        "",
    ],
)
async def test_a_false_alarm_takes_nothing_away(
    register: Register, store: Store, says: object
) -> None:
    slack = Slack()
    slack.says["xoxb-1"] = says
    await register.save(record(TEAM))
    async with looking(slack, register, store) as daily:
        for _ in range(3):
            await daily.look()
            await a_day_passes(store)

    assert slack.asked == 3
    assert set(await register.store.versions()) == {TEAM}
    assert not await register.store.doubted()


async def test_a_slack_that_does_not_answer_is_asked_again_on_the_same_day(
    register: Register, store: Store
) -> None:
    slack = Slack()
    slack.status = 503
    await register.save(record(TEAM))
    async with looking(slack, register, store) as daily:
        await daily.look()
        await daily.look()

    assert slack.asked == 2


@pytest.mark.parametrize("between", [FINE, "installed"])
async def test_what_holds_between_the_two_begins_anew(
    register: Register, store: Store, between: object
) -> None:
    """A workspace that was switched off for a day, or has installed the app again."""
    slack = await removed_unheard(register)
    async with looking(slack, register, store) as daily:
        await daily.look()
        await a_day_passes(store)
        if between == "installed":
            slack.says["xoxb-again"] = REMOVED
            await register.save(record(TEAM, "xoxb-again"))
        else:
            slack.says["xoxb-1"] = between
        await daily.look()
        slack.says["xoxb-1"] = REMOVED
        await a_day_passes(store, 1)
        await register.store.look_again(TEAM)
        await daily.look()

    assert set(await register.store.versions()) == {TEAM}


async def test_that_no_token_comes_after_it_changes_nothing_of_what_slack_has_said(
    register: Register, store: Store
) -> None:
    slack = await removed_unheard(register)
    async with looking(slack, register, store) as daily:
        await daily.look()
        await register.save(record(TEAM).model_copy(update={"lost": True}))
        await a_day_passes(store)
        await daily.look()

    assert not await register.store.versions()


async def test_who_installs_while_slack_is_asked_keeps_that(
    register: Register, store: Store
) -> None:
    slack = Slack()
    await register.save(record(TEAM))
    found = await register.find(TEAM)
    assert found is not None
    await register.save(record(TEAM, "xoxb-again"))
    async with looking(slack, register, store):
        await Departures(register, store, SlackClient()).begin(found)

    assert (now := await register.find(TEAM)) is not None
    assert now.record.bot_token == "xoxb-again"
    assert not await register.store.left()


async def test_of_many_processes_one_asks(register: Register, store: Store) -> None:
    slack = Slack()
    for number in range(10):
        await register.save(record(f"T0NUMBER{number}", f"xoxb-{number}"))
    async with looking(slack, register, store) as first, looking(slack, register, store) as second:
        await first.look()
        await second.look()

    assert slack.asked == 10


@pytest.mark.parametrize(
    ("granted", "stays"),
    [
        ([{"id": TEAM}], {TEAM}),
        ([{"id": TEAM}, {"id": SECOND}], {TEAM, SECOND}),
        (None, {TEAM, SECOND}),
        ("T0ONE", {TEAM, SECOND}),
        ([7], {TEAM, SECOND}),
    ],
)
async def test_a_workspace_that_was_taken_away_from_an_organisation_is_left_too(
    register: Register, store: Store, granted: object, stays: set[str]
) -> None:
    slack = Slack()
    slack.granted = granted
    await register.save(record(ORG))
    for team in (TEAM, SECOND):
        await register.store.join(ORG, team)
    async with looking(slack, register, store) as daily:
        await daily.look()
        assert await register.store.teams_of(ORG) == {TEAM, SECOND}
        doubted: Mapping[str, float] = await register.store.doubted()
        assert set(doubted) == {part_of(ORG, team) for team in {TEAM, SECOND} - stays}
        assert await register.store.doubted_teams() == {TEAM, SECOND} - stays
        await a_day_passes(store)
        await daily.look()

    assert await register.store.teams_of(ORG) == stays
    assert set(await register.store.left()) == {TEAM, SECOND} - stays
    assert set(await register.store.versions()) == {ORG}


async def test_it_is_doubted_anew_after_a_week_in_which_nobody_looked(
    register: Register, store: Store
) -> None:
    slack = await removed_unheard(register)
    async with looking(slack, register, store) as daily:
        await daily.look()
        await a_day_passes(store, DOUBT_SECONDS / 3_600 + 1)
        await daily.look()

    assert set(await register.store.versions()) == {TEAM}
    assert await register.store.doubted_teams() == {TEAM}
    assert APART_SECONDS < DOUBT_SECONDS
