"""Who people are, asked of Slack as seldom as possible."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.people import people
from bot.slack.people.people import People
from bot.slack.people.person import Person
from bot.slack.web_api import WebApi
from bot.store.allowances import Rests
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, BEN, BOT_USER, CHLOE, GUEST, Workspace
from tests.fixtures.workspace import people_of
from tests.sandbox.slack_app import client_of
from tests.store.proxy import Proxy


def replica(
    workspace: Workspace,
    store: Store,
    keys: Keys,
    admins: frozenset[str] = frozenset(),
    *,
    deadline: float = 10.0,
) -> People:
    api = WebApi(client_of(workspace), Rests(store, keys), deadline=deadline)
    return people_of(api, store, keys, admins)


@pytest.fixture
def known(workspace: Workspace, store: Store, keys: Keys) -> People:
    return replica(workspace, store, keys, frozenset({BEN}))


@pytest.fixture
def other(workspace: Workspace, store: Store, keys: Keys) -> People:
    """Another replica."""
    return replica(workspace, store, keys)


@pytest.fixture
async def proxy(valkey: str, store: Store) -> AsyncIterator[Proxy]:
    async with Proxy(valkey) as proxy:
        yield proxy


def calls(workspace: Workspace) -> int:
    return len(workspace.calls_of("users.info"))


def too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, what Slack said is asked for again."""
    monkeypatch.setattr(people, "FRESH_SECONDS", -1.0)


async def test_who_people_are(known: People) -> None:
    ana, ben, guest, bot = [await known.find(user) for user in (ANA, BEN, GUEST, BOT_USER)]

    assert (ana.name, ana.admin, ana.member, ana.bot, ana.known) == ("ana", True, True, False, True)
    assert ana.tz_offset == 3600
    assert (ben.name, ben.admin) == ("ben", True)
    assert (guest.guest, guest.admin, guest.member) == (True, False, False)
    assert (bot.bot, bot.member) == (True, False)


async def test_slack_is_asked_once(known: People, workspace: Workspace) -> None:
    first = await known.find(ANA)

    assert await known.find(ANA) == first
    assert calls(workspace) == 1


async def test_who_ask_at_the_same_time_share_one_call(known: People, workspace: Workspace) -> None:
    found = await asyncio.gather(*(known.find(ANA) for _ in range(5)))

    assert len(set(found)) == 1
    assert calls(workspace) == 1


async def test_a_call_that_nobody_answers_holds_up_all_who_ask_no_longer_than_one(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    hurried = replica(workspace, store, keys, deadline=0.2)
    asked: list[object] = []

    def counted(args: object) -> bool:
        asked.append(args)
        return True

    workspace.fail("users.info", delay=60, times=None, where=counted)
    found = await asyncio.gather(*(hurried.find(ANA) for _ in range(5)))

    assert {person.known for person in found} == {False}
    assert len(asked) == 1


async def test_who_does_not_wait_so_long_leaves_the_call_to_the_others(
    known: People, workspace: Workspace
) -> None:
    workspace.fail("users.info", delay=0.2)
    patient = asyncio.create_task(known.find(ANA))
    hurried = await known.find(ANA, within=0.01)

    assert not hurried.known
    assert (await patient).known
    assert calls(workspace) == 1


async def test_what_slack_says_too_late_for_who_asked_is_known_to_the_next(
    known: People, workspace: Workspace
) -> None:
    """Else each would have Slack asked anew, until it may not be asked for this minute."""
    workspace.fail("users.info", delay=0.3, times=None)
    for _ in range(2 * people.PER_MINUTE_EACH):
        assert not (await known.find(ANA, within=0.01)).known
    await workspace.wait_for(lambda: calls(workspace))
    await known.aclose()

    assert (await known.find(ANA, within=0.01)).known
    assert calls(workspace) == 1


async def test_the_end_of_a_process_waits_for_no_reply(known: People, workspace: Workspace) -> None:
    workspace.fail("users.info", delay=60)
    await known.find(ANA, within=0.05)
    await asyncio.wait_for(known.aclose(), people.CLOSE_SECONDS + 5)

    assert not [task for task in asyncio.all_tasks() if task.get_name() == f"look up {ANA}"]


async def test_the_replicas_share_what_slack_says(
    known: People, other: People, workspace: Workspace
) -> None:
    assert (await known.find(BEN)).admin

    found = await other.find(BEN)
    assert (found.known, found.member, found.name) == (True, True, "ben")
    assert not found.admin, "whom the settings of one replica name is no matter of the others"
    assert calls(workspace) == 1


async def test_what_is_kept_has_an_end(known: People, store: Store, keys: Keys) -> None:
    await known.find(ANA)
    await known.find("U0NOBODY")

    for name in await store.redis.keys():
        assert await store.redis.ttl(name) > 0, name
    assert await store.redis.exists(keys.person(ANA))


async def test_what_is_kept_cannot_be_read_as_somebody_else(
    known: People, workspace: Workspace, store: Store, keys: Keys
) -> None:
    await known.find(ANA)
    text = str(await store.redis.get(keys.person(ANA)))
    for user, kept in ((CHLOE, text), (GUEST, "{"), (BOT_USER, '{"id": 3}')):
        await store.redis.set(keys.person(user), kept, ex=86_400)
    replicas = replica(workspace, store, keys)

    assert (await replicas.find(CHLOE)).name == "chloe"
    assert (await replicas.find(GUEST)).guest
    assert (await replicas.find(BOT_USER)).bot


async def test_after_a_while_slack_is_asked_again(
    known: People, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_old(monkeypatch)
    assert not (await known.find(CHLOE)).admin
    workspace.state.users[CHLOE].is_admin = True

    assert (await known.find(CHLOE)).admin
    assert calls(workspace) == 2


async def test_nobody_unknown_is_an_admin(known: People, workspace: Workspace) -> None:
    workspace.fail("users.info", error="missing_scope", times=None)

    assert await known.find(ANA) == Person(ANA, ANA)
    assert await known.find(BEN) == Person(BEN, BEN, admin=True)


async def test_whom_slack_refuses_to_tell_is_not_asked_for_each_time(
    known: People, other: People, workspace: Workspace
) -> None:
    workspace.fail("users.info", error="user_not_found", times=None)
    for each in (known, known, other):
        assert not (await each.find(ANA)).known

    assert calls(workspace) == 1


async def test_what_passes_is_tried_again(known: People, workspace: Workspace) -> None:
    workspace.fail("users.info", error="internal_error")

    assert not (await known.find(ANA)).known
    assert (await known.find(ANA)).known


async def test_after_a_429_nobody_is_asked_for_by_any_replica(
    known: People, other: People, workspace: Workspace
) -> None:
    workspace.fail("users.info", retry_after=2)
    await known.find(ANA)
    for each in (known, other):
        assert not (await each.find(CHLOE)).known
    assert calls(workspace) == 1

    async with asyncio.timeout(10):
        while not (await other.find(CHLOE)).known:
            await asyncio.sleep(0.1)
    assert calls(workspace) == 2


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"retry_after": 30}, {"error": "missing_scope"}]
)
async def test_who_was_known_stays_what_they_were_for_a_while(
    known: People,
    other: People,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, object],
) -> None:
    before = await known.find(ANA)
    workspace.fail("users.info", times=None, **fault)  # type: ignore[arg-type]
    too_old(monkeypatch)

    assert before.admin
    assert await known.find(ANA) == before
    assert await other.find(ANA) == before
    assert not (await other.find(CHLOE)).member

    monkeypatch.setattr(people, "STALE_SECONDS", 0.0)
    for each in (known, other):
        assert await each.find(ANA) == Person(ANA, "ana")


async def test_whom_slack_no_longer_knows_is_nobody_at_once(
    known: People, other: People, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await known.find(ANA)).admin
    too_old(monkeypatch)
    workspace.fail("users.info", error="user_not_found", times=None)

    for each in (known, other):
        assert await each.find(ANA) == Person(ANA, ANA)


async def test_while_redis_is_away_each_replica_knows_for_itself(
    workspace: Workspace, proxy: Proxy, keys: Keys
) -> None:
    await proxy.away()
    async with Store(proxy.url) as away:
        alone = replica(workspace, away, keys)
        assert (await alone.find(ANA)).admin
        assert (await alone.find(ANA)).admin
        assert await alone.names([BEN], asker=ANA) == {BEN: "ben"}
    assert calls(workspace) == 2


async def test_slack_is_never_asked_more_than_it_lets_the_workspace_ask(
    store: Store, keys: Keys
) -> None:
    async with Workspace() as workspace:
        replicas = [replica(workspace, store, keys) for _ in range(2)]
        strangers = [f"U0NOBODY{number}" for number in range(60)]
        for each in replicas:
            await asyncio.gather(*(each.find(f"{user}{id(each)}") for user in strangers))

        assert calls(workspace) == people.PER_MINUTE
        assert {call.status for call in workspace.calls_of("users.info")} == {200}


async def test_nobody_has_slack_asked_for_themselves_again_and_again(
    known: People, other: People, workspace: Workspace
) -> None:
    workspace.fail("users.info", status=500, times=None)
    for number in range(20):
        assert not (await (known, other)[number % 2].find(ANA)).known

    assert calls(workspace) == people.PER_MINUTE_EACH


# --- names ---------------------------------------------------------------------------------


async def test_several_are_named_together(known: People, workspace: Workspace) -> None:
    found = await known.names([ANA, BEN, ANA], asker=CHLOE)

    assert found == {ANA: "ana", BEN: "ben"}
    assert calls(workspace) == 2
    assert await known.names([], asker=CHLOE) == {}
    assert await known.name(ANA) == "ana"
    assert await known.name("U0NOBODY") == ""


async def test_those_who_are_not_found_in_time_are_left_out(
    known: People, workspace: Workspace
) -> None:
    await known.find(ANA)
    workspace.fail("users.info", delay=5, where=lambda args: args["user"] == BEN)
    workspace.fail("users.info", error="user_not_found", where=lambda args: args["user"] == CHLOE)

    assert await known.names([ANA, BEN, CHLOE], asker=ANA, within=0.1) == {ANA: "ana"}
    assert await known.names([ANA], asker=ANA, within=0) == {ANA: "ana"}


async def test_of_many_a_few_are_asked_for(known: People, workspace: Workspace) -> None:
    many = [f"U0NOBODY{number}" for number in range(1_500)]
    await known.names([*many, ANA], asker=ANA)

    assert calls(workspace) == people.MOST_ASKED_FOR


async def test_what_is_no_id_is_not_asked_for(known: People, workspace: Workspace) -> None:
    await known.names(["", "everybody", "U1 OR 1", "S0GROUP01", "U" * 100, "u0ana00001"], asker=ANA)

    assert calls(workspace) == 0


async def test_nobody_has_more_names_asked_for_than_their_share(
    known: People, other: People, workspace: Workspace
) -> None:
    for number in range(20):
        each = (known, other)[number % 2]
        await each.names([f"U0NOBODY{number}{n}" for n in range(5)], asker=ANA)
    assert calls(workspace) == people.NAMES_PER_MINUTE_EACH

    assert await other.names([CHLOE], asker=BEN) == {CHLOE: "chloe"}


async def test_all_names_together_leave_room_for_finding_out_who_may_do_what(
    known: People, workspace: Workspace
) -> None:
    for number in range(20):
        asker = f"U0ASKER{number}"
        await known.names([f"U0NOBODY{number}{n}" for n in range(5)], asker=asker)

    assert calls(workspace) == people.NAMES_PER_MINUTE
    assert (await known.find(ANA)).admin


async def test_for_a_name_it_does_not_matter_how_old_it_is(
    known: People, other: People, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known.find(ANA)
    too_old(monkeypatch)
    monkeypatch.setattr(people, "STALE_SECONDS", 0.0)

    assert await other.names([ANA], asker=BEN) == {ANA: "ana"}
    assert calls(workspace) == 1
    ana = workspace.state.users[ANA]
    ana.is_admin = ana.is_owner = False
    assert not (await other.find(ANA)).admin


async def test_no_more_are_remembered_than_fit(
    known: People, workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_KNOWN", 1)
    for user in (ANA, BEN, ANA):
        await known.find(user)
        await store.redis.flushall()

    assert calls(workspace) == 3


@pytest.mark.parametrize("user", [None, [], "U1", {"team_id": 3}, {"profile": {"real_name": []}}])
async def test_a_reply_that_says_nothing_of_anybody_tells_nothing(
    store: Store, keys: Keys, user: object
) -> None:
    class Odd(WebApi):
        def __init__(self) -> None:
            super().__init__(AsyncWebClient())

        async def call(self, method: str, body: object, *, read: bool = False) -> Any:
            return {"ok": True, "user": user}

    odd = people_of(Odd(), store, keys)

    assert await odd.find(ANA) == Person(ANA, ANA)
    assert await odd.names([ANA], asker=BEN) == {}


async def test_half_an_emoji_in_a_name_is_no_reason_not_to_know_somebody(
    known: People, other: People, workspace: Workspace
) -> None:
    workspace.state.users[ANA].name = "ana \ud83d"

    for each in (known, other):
        found = await each.find(ANA)
        assert (found.name, found.admin) == ("ana \ufffd", True)
