"""Which workspaces a process has open: by what comes, by what waits, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.inbound.incoming import JsonObject, Malformed
from bot.slack.installation import Installation
from bot.slack.refusals import TOKEN_GONE
from bot.store.grok_keys import GrokKeys
from bot.store.installations import Installations
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.store.seal import Seal
from bot.teams import tenants as module
from bot.teams.departure import Departures
from bot.teams.moving import Moving
from bot.teams.register import Record, Register
from bot.teams.rotation import Rotation
from bot.teams.tenant import RETIRE_SECONDS, Tenant
from bot.teams.tenants import Tenants, Work
from bot.words import LISTENER_FAILED
from bot.words import installing as words

TEAM, SECOND, ORG = "T0ONE", "T0TWO", "E0ORG"


class House:
    """What is open, in which order it was opened, and which tokens were told."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.opened: list[str] = []
        self.tokens: list[str] = []
        self.keys: list[str] = []
        self.drained: list[float] = []
        self.jobs = 0

    @asynccontextmanager
    async def tenant(
        self, installation: Installation, grok_key: SecretStr | None
    ) -> AsyncIterator[Tenant]:
        team = installation.team
        self.keys.append(grok_key.get_secret_value() if grok_key else "")
        self.open.append(team)
        self.opened.append(team)

        async def answer(_: JsonObject, __: object) -> BoltResponse:
            return BoltResponse(status=200, body=f"{team} {installation.bot_token}")

        async def drain(grace: float) -> None:
            self.drained.append(grace)
            while self.jobs and grace:
                await asyncio.sleep(0.01)

        yield Tenant(
            answer=answer,
            use_token=self.tokens.append,
            working=None,
            in_hand=lambda: self.jobs,
            answering=lambda: self.jobs,
            trouble=lambda: None,
            drain=drain,
        )
        self.open.remove(team)


class Jobs:
    """Who has jobs: `waiting` for somebody to take them."""

    trouble = None

    def __init__(self) -> None:
        self.waiting: list[str] = []

    async def __aenter__(self) -> Jobs:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def wanted(self) -> str:
        while not self.waiting:
            await asyncio.sleep(0.01)
        return self.waiting[0]

    def seen_to(self, team: str) -> None:
        self.waiting.remove(team)

    def busy(self, teams: Iterable[str]) -> set[str]:
        return set(self.waiting).intersection(teams)

    async def check(self) -> None:
        pass


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    return House()


@pytest.fixture
def register(store: Store) -> Register:
    return Register(Installations(store), Seal(["k" * 32]))


def record(place: str, **more: str) -> Record:
    return Record(place=place, bot_token=f"xoxb-{place}", bot_user="U1", **more)


def grok_keys(store: Store) -> GrokKeys:
    return GrokKeys(store, Seal(["k" * 32]))


@asynccontextmanager
async def serving(
    house: House,
    register: Register,
    store: Store,
    *,
    idle: float = 900.0,
    work: Work | None = None,
    says: Departures | None = None,
) -> AsyncIterator[Tenants]:
    """`says`: who tells whether the app was removed; None: nobody does."""
    client = AsyncWebClient(base_url="http://127.0.0.1:9/")  # nobody is there
    departures = says or Departures(register, store, client)
    tenants = Tenants(
        register,
        house.tenant,
        rotation=Rotation(register, client, client_id="1", client_secret="2", address=""),
        departures=departures,
        work=work or Jobs(),
        moving=Moving(store),
        grok_keys=grok_keys(store),
        idle=idle,
    )
    async with tenants:
        yield tenants


def command(team: str, enterprise: str = "") -> JsonObject:
    return {"command": "/grok", "team_id": team, "enterprise_id": enterprise}


async def until(true: object) -> None:
    async with asyncio.timeout(5):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_it_is_opened_once_by_what_comes_for_it(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(TEAM))
    async with serving(house, register, store) as tenants:
        said = await asyncio.gather(*(tenants.answer(command(TEAM)) for _ in range(20)))
        assert {reply.body for reply in said} == {f"{TEAM} **********"}
        assert house.opened == [TEAM]
    assert house.open == []


async def test_where_it_is_not_installed_who_types_is_told(
    house: House, register: Register, store: Store
) -> None:
    async with serving(house, register, store) as tenants:
        typed = await tenants.answer(command(TEAM))
        event = await tenants.answer({"type": "event_callback", "team_id": TEAM, "event": {}})
        with pytest.raises(Malformed):
            await tenants.answer({"command": "/grok", "team_id": "{*}"})

    assert "not installed in this workspace" in typed.body
    assert (event.status, event.body) == (200, "")
    assert house.opened == []


async def test_an_organisation_serves_each_of_its_workspaces_apart(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(ORG, enterprise=ORG))
    async with serving(house, register, store) as tenants:
        for team in (TEAM, SECOND):
            assert (await tenants.answer(command(team, ORG))).body.startswith(team)
        await store.redis.set(Keys(TEAM).prefix + "policy", "x")
        await register.store.remove(ORG)
        await until(lambda: not house.open)
        await until(lambda: house.drained == [0, 0])
        async with asyncio.timeout(5):
            while await store.redis.exists(Keys(TEAM).prefix + "policy"):
                await asyncio.sleep(0.01)


async def test_a_queue_with_jobs_is_taken_up_without_a_word_from_slack(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(TEAM))
    await register.save(record(SECOND))
    jobs = Jobs()
    jobs.waiting.append(SECOND)
    async with serving(house, register, store, work=jobs):
        await until(lambda: house.open == [SECOND])


async def test_one_process_opens_what_all_see(
    register: Register, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    await register.save(record(TEAM))
    jobs, houses = [Jobs(), Jobs()], [House(), House()]
    for each in jobs:
        each.waiting.append(TEAM)
    async with (
        serving(houses[0], register, store, work=jobs[0]),
        serving(houses[1], register, store, work=jobs[1]),
    ):
        await until(lambda: not jobs[0].waiting and not jobs[1].waiting)
        await until(lambda: sorted([*houses[0].opened, *houses[1].opened]) == [TEAM])


async def test_who_is_silent_is_closed_unless_something_waits(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(TEAM))
    async with serving(house, register, store, idle=0.05) as tenants:
        house.jobs = 1
        await tenants.answer(command(TEAM))
        await asyncio.sleep(0.2)
        assert house.open == [TEAM]
        house.jobs = 0
        await until(lambda: not house.open)
        assert (await tenants.answer(command(TEAM))).body.startswith(TEAM)


async def test_a_newer_token_is_used_where_it_is_open(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(TEAM))
    async with serving(house, register, store) as tenants:
        await tenants.answer(command(TEAM))
        await register.save(record(TEAM).model_copy(update={"bot_token": "xoxb-newer"}))
        await until(lambda: house.tokens)

    assert house.tokens == ["xoxb-newer"]
    assert house.opened == [TEAM]


async def test_another_bot_user_takes_the_place_of_one_that_ends_what_it_has_begun(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(TEAM))
    async with serving(house, register, store) as tenants:
        await tenants.answer(command(TEAM))
        house.jobs = 1
        await register.save(Record(place=TEAM, bot_token="xoxb-other", bot_user="U2"))
        await until(lambda: house.opened == [TEAM, TEAM])
        assert house.open == [TEAM, TEAM]
        assert house.tokens == ["xoxb-other"]
        await until(lambda: house.drained == [RETIRE_SECONDS])
        assert tenants.answering() == 2
        house.jobs = 0
        await until(lambda: house.open == [TEAM])
        assert tenants.answering() == 0


async def test_what_retires_ends_at_once_where_the_app_is_removed(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(TEAM))
    async with serving(house, register, store) as tenants:
        await tenants.answer(command(TEAM))
        house.jobs = 1
        await register.save(Record(place=TEAM, bot_token="xoxb-other", bot_user="U2"))
        await until(lambda: house.drained == [RETIRE_SECONDS])
        await register.store.remove(TEAM)
        await until(lambda: house.drained == [RETIRE_SECONDS, 0, 0])
        house.jobs = 0
        await until(lambda: not house.open)


async def test_an_own_key_is_used_from_when_it_is_set_until_it_is_removed(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(TEAM))
    await register.save(record(SECOND))
    keys = grok_keys(store)
    async with serving(house, register, store) as tenants:
        await tenants.answer(command(SECOND))
        await tenants.answer(command(TEAM))
        await keys.save(TEAM, SecretStr("xai-own"), by="U1")
        await until(lambda: len(house.keys) == 3)
        await keys.remove(TEAM, by="U1")
        await until(lambda: len(house.keys) == 4)

    assert house.opened == [SECOND, TEAM, TEAM, TEAM]
    assert house.keys == ["", "", "xai-own", ""]


async def test_a_workspace_keeps_what_it_has_while_another_installation_serves_it(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(ORG, enterprise=ORG))
    kept = Keys(TEAM).prefix + "policy", Keys(SECOND).prefix + "policy"
    async with serving(house, register, store) as tenants:
        for team in (TEAM, SECOND):
            await tenants.answer(command(team, ORG))
        await store.redis.mset(dict.fromkeys(kept, "x"))
        departures = Departures(register, store, AsyncWebClient(), purge_seconds=0)
        await departures.joined(TEAM)
        await register.save(Record(place=TEAM, bot_token="xoxb-own", bot_user="U2"))
        await until(lambda: house.opened == [TEAM, SECOND, TEAM])
        installed = await register.find(ORG)
        assert installed is not None
        await departures.begin(installed)
        await until(lambda: house.open == [TEAM])
        await departures.purge()
        assert await store.redis.exists(*kept) == 1
        assert await store.redis.exists(kept[0])


async def test_a_workspace_that_installed_it_itself_keeps_that_when_its_organisations_is_withdrawn(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(ORG, enterprise=ORG))
    kept = Keys.among_several(TEAM).prefix + "policy"
    async with serving(house, register, store) as tenants:
        await tenants.answer(command(TEAM, ORG))
        await store.redis.set(kept, "x")
        await register.save(Record(place=TEAM, bot_token="xoxb-own", bot_user="U2"))
        await until(lambda: house.opened == [TEAM, TEAM])
        await register.store.part(ORG, TEAM)
        departures = Departures(register, store, AsyncWebClient(), purge_seconds=0)
        await departures.purge()
        said = await tenants.answer(command(TEAM, ORG))

    assert said.body == f"{TEAM} **********"
    assert await register.find(TEAM) is not None
    assert await store.redis.exists(kept)


class HeldLooks(Jobs):
    """Jobs by which a look can be held where it begins, so that something is between two looks."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.waits = False

    async def check(self) -> None:
        self.waits = not self.go_on.is_set()
        await self.go_on.wait()
        self.waits = False

    @asynccontextmanager
    async def between(self) -> AsyncIterator[None]:
        self.go_on.clear()
        await until(lambda: self.waits)
        yield
        self.go_on.set()


async def test_who_installed_again_between_two_looks_is_served_by_the_new_token(
    house: House, register: Register, store: Store
) -> None:
    looks = HeldLooks()
    await register.save(record(TEAM))
    async with serving(house, register, store, work=looks) as tenants:
        await tenants.answer(command(TEAM))
        async with looks.between():
            await register.store.remove(TEAM)
            await register.save(record(TEAM).model_copy(update={"bot_token": "xoxb-again"}))
        await until(lambda: house.tokens)

    assert house.tokens == ["xoxb-again"]


async def test_what_was_made_from_an_installation_that_is_gone_takes_no_new_ones_place(
    register: Register,
) -> None:
    old = await register.save(record(TEAM))
    await register.store.remove(TEAM)
    await register.save(record(TEAM).model_copy(update={"bot_token": "xoxb-again"}))

    assert await register.save(record(TEAM), made_from=old) == 0


async def test_that_slack_does_not_say_whether_it_was_removed_is_asked_again(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(TEAM))
    event = {"type": "event_callback", "team_id": TEAM, "event": {"type": "app_uninstalled"}}
    async with serving(house, register, store) as tenants:
        assert (await tenants.answer(event)).status == 503

    assert await register.find(TEAM) is not None


class Said(Departures):
    """Slack's word on each token: it is good, or not, or nobody knows."""

    def __init__(self, register: Register, store: Store, gone: bool | None) -> None:
        super().__init__(register, store, AsyncWebClient())
        self.gone = gone
        self.asked: list[str] = []

    async def is_gone(self, record: Record, signs: frozenset[str] = TOKEN_GONE) -> bool | None:
        self.asked.append(record.place)
        return self.gone


async def test_what_the_store_has_forgotten_is_put_back_and_goes_on(
    house: House, register: Register, store: Store
) -> None:
    """Where it is open, and where it is not; who asks meanwhile is to ask again."""
    for place in (TEAM, SECOND):
        await register.save(record(place))
    said = Said(register, store, None)
    async with serving(house, register, store, says=said) as tenants:
        await tenants.answer(command(TEAM))
        await register.find(SECOND)
        await store.redis.flushdb()
        await until(lambda: {TEAM, SECOND} <= set(said.asked))
        assert house.open == [TEAM]
        assert (await tenants.answer(command(SECOND))).body == LISTENER_FAILED
        said.gone = False
        await store.redis.flushdb()  # with the turns of who asked
        async with asyncio.timeout(5):
            while len(await register.store.versions()) < 2:
                await asyncio.sleep(0.01)
        assert (await tenants.answer(command(SECOND))).body.startswith(SECOND)

    assert house.opened == [TEAM, SECOND]


async def test_what_was_removed_while_nobody_looked_is_not_put_back(
    house: House, register: Register, store: Store
) -> None:
    """Its keys are deleted and forgotten by now; Slack says that its token is good no more."""
    await register.save(record(TEAM))
    said = Said(register, store, True)
    async with serving(house, register, store, says=said) as tenants:
        await tenants.answer(command(TEAM))
        await register.store.remove(TEAM)
        await register.store.is_gone(TEAM)
        await until(lambda: not house.open)
        assert (await tenants.answer(command(TEAM))).body == words.NOT_HERE

    assert not await register.store.versions()
    assert not register.known


async def test_a_store_with_what_it_had_yesterday_is_given_the_token_of_today(
    house: House, register: Register, store: Store
) -> None:
    await register.save(record(TEAM))
    old: Any = await store.redis.hgetall(register.store._records)
    version: Any = await store.redis.hgetall(register.store._versions)
    await register.save(record(TEAM).model_copy(update={"bot_token": "xoxb-today"}))
    async with serving(house, register, store, says=Said(register, store, False)):
        await store.redis.flushdb()
        await store.redis.hset(register.store._records, TEAM, old[TEAM])
        await store.redis.hset(register.store._versions, TEAM, version[TEAM])
        async with asyncio.timeout(5):
            while (found := await register.find(TEAM)) and found.record.bot_token != "xoxb-today":
                await asyncio.sleep(0.01)

    assert found is not None


async def test_what_somebody_installs_meanwhile_is_not_replaced(register: Register) -> None:
    known = await register.save(record(TEAM))
    await register.store.remove(TEAM)
    await register.save(record(TEAM).model_copy(update={"bot_token": "xoxb-again"}))

    assert await register.save(record(TEAM), made_from=0) == 0
    assert (found := await register.find(TEAM)) is not None
    assert found.record.bot_token == "xoxb-again"
    assert found.version > known
