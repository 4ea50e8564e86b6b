"""A Grok key for each workspace: set by its admins, tried once, used, removed, and told nobody."""

from __future__ import annotations

import asyncio
import io

import pytest
from redis.asyncio import Redis

from bot.ops.logs import configure
from bot.settings import Settings
from bot.teams import tenants
from bot.words import form as form_words
from bot.words import grok as grok_words
from bot.words import key as words
from sandbox.grok import GrokServer, Script
from sandbox.grok.script import Recorded
from sandbox.workspace import ANA, BEN, GENERAL, View
from tests.e2e.several import Several, keys_of, several
from tests.e2e.stage import Stage, is_complete, markdown
from tests.e2e.test_admin import told
from tests.e2e.test_secrets import kept

OWN = "own-Zq83hJwLk20Xy"
"""Of no shape that anybody would know."""
LONG = tuple(f"word{number} " for number in range(150))


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "LOOK_SECONDS", 0.05)


async def key_form(stage: Stage, user: str = ANA) -> View:
    """The form of `/grok key`, or what is shown in its place."""
    await stage.ask("key", user=user)

    def filled() -> View | None:
        view = stage.workspace.view(user)
        return view if view and form_words.LOADING not in str(view.content) else None

    return await stage.workspace.wait_for(filled)


async def set_key(stage: Stage, key: str, user: str = ANA) -> str:
    """What is said in the form once `key` is sent with it."""
    view = await key_form(stage, user)
    result = await stage.workspace.submit(user, view.id, {"grok_key": key})
    said = " ".join(result.errors.values()) or str(view.content)
    await stage.workspace.close_view(user, view.id)
    return said


def with_key(asked: list[Recorded], key: str) -> list[Recorded]:
    return [each for each in asked if each.headers["authorization"] == f"Bearer {key}"]


async def opened_anew(grok: GrokServer, key: str) -> None:
    """The models are asked for by a client of its own."""
    async with asyncio.timeout(5):
        while not any("language-models" in each.path for each in with_key(grok.lookups, key)):
            await asyncio.sleep(0.01)


async def ready(all_: Several, stage: Stage, key: str = OWN) -> None:
    all_.grok.more_keys.add(key)
    assert words.SAVED in await set_key(stage, key)
    await opened_anew(all_.grok, key)


async def test_a_workspace_asks_with_its_own_key_and_another_with_the_operators(
    redis_url: str,
) -> None:
    log = io.StringIO()
    async with several(redis_url) as all_:
        configure(Settings(_env_file=None, log_level="DEBUG"), log)
        acme, birch = all_.stages
        before = await key_form(acme)
        await acme.workspace.close_view(ANA, before.id)
        await ready(all_, acme)
        tries = [each for each in with_key(all_.grok.lookups, OWN) if "api-key" in each.path]
        for stage in (acme, birch):
            await stage.ask("Hello")
            assert is_complete((await stage.answer())[-1])
        own, operators = all_.grok.requests
        audit, birchs = await told(acme, "audit"), await told(birch, "audit")
        after = await key_form(acme)
        removed = await told(acme, "key remove")
        again = await told(acme, "key remove")
        redis = Redis.from_url(redis_url, decode_responses=True)
        stored = await kept(redis)
        await redis.aclose()

    assert words.OPERATORS in str(before.content)
    assert words.OWN in str(after.content)
    assert len(tries) == 1
    assert own.headers["authorization"] == f"Bearer {OWN}"
    assert operators.headers["authorization"] == f"Bearer {all_.grok.api_key}"
    assert "Grok key: that of the bot → the workspace’s own" in audit
    assert "Grok key" not in birchs
    assert (removed, again) == (words.REMOVED, words.NONE_TO_REMOVE)
    assert "grok_key" in stored
    for place in (stored, log.getvalue(), audit, str(after.content)):
        assert OWN not in place


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("wrong-Zq83hJwLk20Xy", words.REFUSED["wrong"]),
        ("two words", words.NO_KEY),
        ("clé-Zq83hJwLk20Xy", words.NO_KEY),
        ("key\r\nX-More: 1", words.NO_KEY),
        (" ", words.NO_KEY),
    ],
)
async def test_what_grok_does_not_take_is_said_at_the_field_and_not_kept(
    redis_url: str, key: str, said: str
) -> None:
    async with several(redis_url, count=1) as all_:
        (acme,) = all_.stages
        told_ = await set_key(acme, key)
        stored = await keys_of(redis_url, "T0SEVERAL1")
        audit = await told(acme, "audit")

    assert told_ == said
    assert not [name for name in stored if "grok_key" in name]
    assert "Grok key" not in audit


async def test_grok_that_is_away_or_slow_is_said_and_nothing_kept(redis_url: str) -> None:
    async with several(redis_url, count=1) as all_:
        (acme,) = all_.stages
        all_.grok.script_lookup(Script(first_delay=3, times=1))
        slow = await set_key(acme, OWN)
        all_.grok.more_keys.add(OWN)
        all_.grok.team_blocked = True
        blocked = await set_key(acme, OWN)
        stored = await keys_of(redis_url, "T0SEVERAL1")

    assert slow == words.NOT_TRIED
    assert blocked == words.REFUSED["blocked"]
    assert not [name for name in stored if "grok_key" in name]


async def test_an_answer_ends_with_the_key_that_it_began_with(redis_url: str) -> None:
    async with several(redis_url, count=1, grok=GrokServer(speed=100, first_delay=0)) as all_:
        (acme,) = all_.stages
        all_.grok.script(Script(pieces=LONG, times=1))
        await acme.ask("A long one")
        await acme.workspace.wait_for(lambda: acme.workspace.messages(GENERAL))
        await ready(all_, acme)
        await acme.ask("The next")
        (next_,) = [await acme.answer(1)]
        (first,) = await acme.answer()

    assert "word149" in markdown(first)
    assert is_complete(next_[-1])
    assert [each.headers["authorization"] for each in all_.grok.requests] == [
        f"Bearer {all_.grok.api_key}",
        f"Bearer {OWN}",
    ]


async def test_a_key_that_grok_refuses_later_is_for_admins_to_mend(redis_url: str) -> None:
    async with several(redis_url) as all_:
        acme, birch = all_.stages
        await ready(all_, acme)
        all_.grok.more_keys.clear()
        for stage in (acme, birch):
            await stage.ask("Hello", user=BEN)
        (refused,), (fine,) = await acme.answer(), await birch.answer()
        credit = Script(status=403, body={"error": "Your team has run out of credits."}, times=1)
        all_.grok.more_keys.add(OWN)
        all_.grok.script(credit)
        await acme.ask("Hello", user=BEN)
        (poor,) = await acme.answer(1)

    assert grok_words.OWN_KEY["bad_key"] in markdown(refused)
    assert "`/grok key`" in markdown(refused)
    assert grok_words.OWN_KEY["no_credit"] in markdown(poor)
    assert is_complete(fine)
    assert "Grok does not accept" not in markdown(fine)


async def test_every_replica_uses_it_and_none_once_the_app_is_removed(redis_url: str) -> None:
    async with several(redis_url, count=1, replicas=2) as all_:
        (acme,) = all_.stages
        await acme.workspace.connected(2)
        for number in range(2):
            await acme.ask("Hello")
            await acme.answer(number)
        await ready(all_, acme)
        async with asyncio.timeout(5):
            while len([e for e in with_key(all_.grok.lookups, OWN) if "language-" in e.path]) < 2:
                await asyncio.sleep(0.01)
        asked = len(all_.grok.requests)
        for number in range(2, 4):
            await acme.ask("Hello")
            await acme.answer(number)
        assert len(with_key(all_.grok.requests[asked:], OWN)) == 2
        await all_.slack.uninstall(acme.workspace)
        async with asyncio.timeout(10):
            while await keys_of(redis_url, "T0SEVERAL1"):
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "typed",
    ["key xai-0123456789abcdefghij", "keys own-Zq83hJwLk20Xy4711", "key set sk-0123456789abcdefgh"],
)
async def test_a_key_that_is_typed_as_a_question_reaches_nobody(redis_url: str, typed: str) -> None:
    async with several(redis_url, count=1) as all_:
        (acme,) = all_.stages
        said = await told(acme, typed)
        redis = Redis.from_url(redis_url, decode_responses=True)
        stored = await kept(redis)
        await redis.aclose()

    key = typed.rsplit(maxsplit=1)[-1]
    assert "does not belong here" in said
    assert key not in said
    assert key not in stored
    assert all_.grok.requests == []
    assert acme.workspace.messages(GENERAL) == []
