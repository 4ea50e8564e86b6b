"""Tokens are exchanged once, however many processes look at them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import StoreUnavailable
from bot.slack.web_api import slack_session
from bot.store.installations import Installations
from bot.store.redis.connection import Store
from bot.store.seal import Seal
from bot.teams.register import Record, Register
from bot.teams.rotation import Rotation
from sandbox.workspace import ANA, Limits, Workspaces, dm_of

PLACE = "T0SEVERAL1"
AHEAD = 7_200.0


@pytest.fixture
async def slack() -> AsyncIterator[Workspaces]:
    async with Workspaces(1, limits=Limits(scale=0), rotating=True) as workspaces:
        yield workspaces


@pytest.fixture
async def client(slack: Workspaces) -> AsyncIterator[AsyncWebClient]:
    async with slack_session() as session:
        yield AsyncWebClient(base_url=slack.api_url, session=session, retry_handlers=[])


@pytest.fixture
def register(store: Store) -> Register:
    return Register(Installations(store), Seal(["k" * 32]))


async def installed(slack: Workspaces, register: Register, *, seconds: float) -> Record:
    grant = slack.oauth.grant(slack._teams[PLACE])
    record = Record(
        place=PLACE,
        bot_token=grant.access_token,
        refresh_token=grant.refresh_token,
        expires_at=time.time() + seconds,
        bot_user="U1",
        installed_by=ANA,
    )
    await register.save(record)
    return record


def rotation(register: Register, client: AsyncWebClient, slack: Workspaces) -> Rotation:
    return Rotation(
        register,
        client,
        client_id=slack.client_id,
        client_secret=slack.client_secret,
        address="https://grok.example.com/slack/install",
        ahead=AHEAD,
    )


async def test_of_fifty_that_look_at_once_one_exchanges(
    slack: Workspaces, client: AsyncWebClient, register: Register
) -> None:
    old = await installed(slack, register, seconds=60)
    looking = [rotation(register, client, slack).look(PLACE) for _ in range(50)]

    done = await asyncio.gather(*looking)
    found = await register.find(PLACE)

    assert sum(done) == 1
    assert (slack.oauth.exchanges, slack.oauth.used_up) == (1, 0)
    assert found is not None
    assert found.record.bot_token != old.bot_token
    assert found.record.refresh_token != old.refresh_token
    assert found.record.expires_at > time.time() + AHEAD


async def test_what_lasts_is_left_alone(
    slack: Workspaces, client: AsyncWebClient, register: Register
) -> None:
    await installed(slack, register, seconds=AHEAD + 600)

    assert not await rotation(register, client, slack).look(PLACE)
    assert not await rotation(register, client, slack).look("T0NOBODY")
    assert slack.oauth.exchanges == 0


async def test_who_installed_again_meanwhile_keeps_the_newer_token(
    slack: Workspaces, client: AsyncWebClient, register: Register
) -> None:
    old = await installed(slack, register, seconds=60)
    newer = old.model_copy(update={"bot_token": "xoxb-newer", "refresh_token": ""})
    found = await register.find(PLACE)
    assert found is not None
    assert await register.save(newer, made_from=found.version) > found.version
    assert await register.save(old, made_from=found.version) == 0

    found = await register.find(PLACE)
    assert found is not None
    assert found.record == newer


async def test_a_slack_that_refuses_changes_nothing(
    slack: Workspaces, client: AsyncWebClient, register: Register
) -> None:
    old = await installed(slack, register, seconds=60)
    await register.save(old.model_copy(update={"refresh_token": "xoxe-1-dead"}))

    assert not await rotation(register, client, slack).look(PLACE)
    found = await register.find(PLACE)
    assert found is not None
    assert found.record.bot_token == old.bot_token


async def test_who_was_killed_before_it_was_kept_has_lost_it_and_that_is_told_once(
    slack: Workspaces, client: AsyncWebClient, register: Register
) -> None:
    old = await installed(slack, register, seconds=1_800)
    await client.oauth_v2_access(
        client_id=slack.client_id,
        client_secret=slack.client_secret,
        grant_type="refresh_token",
        refresh_token=old.refresh_token,
    )
    for _ in range(2):
        assert not await rotation(register, client, slack).look(PLACE)
    told = slack.workspaces[0].messages(dm_of(ANA))

    assert await register.lost() == [PLACE]
    assert (slack.oauth.exchanges, slack.oauth.used_up) == (1, 1)
    assert len(told) == 1
    assert "30 more minutes" in told[0].shown
    assert "https://grok.example.com/slack/install" in told[0].shown


async def test_what_the_store_does_not_take_is_kept_as_soon_as_it_does(
    slack: Workspaces, client: AsyncWebClient, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await installed(slack, register, seconds=60)
    mine = rotation(register, client, slack)
    with monkeypatch.context() as away:
        away.setattr(register.store, "save", not_to_be_had)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await mine.look(PLACE)
    await register.save(old.model_copy(update={"lost": True}), made_from=1)  # by another process
    assert await mine.look(PLACE)
    found = await register.find(PLACE)

    assert found is not None
    assert not found.record.lost
    assert found.record.refresh_token != old.refresh_token
    assert (slack.oauth.exchanges, slack.oauth.used_up) == (1, 0)


async def test_who_ends_in_the_middle_keeps_it_first(
    slack: Workspaces, client: AsyncWebClient, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await installed(slack, register, seconds=60)
    came, exchange = asyncio.Event(), client.oauth_v2_access

    async def slowly(**named: str) -> object:
        reply = await exchange(**named)
        came.set()
        await asyncio.sleep(0)
        return reply

    monkeypatch.setattr(client, "oauth_v2_access", slowly)
    looking = asyncio.create_task(rotation(register, client, slack).look(PLACE))
    await came.wait()
    looking.cancel()
    await asyncio.wait([looking])
    found = await register.find(PLACE)

    assert looking.cancelled()
    assert found is not None
    assert found.record.refresh_token != old.refresh_token


async def not_to_be_had(*_: object, **__: object) -> int:
    raise StoreUnavailable("away", maybe_applied=False)


async def test_a_record_that_no_key_opens_is_no_installation(
    slack: Workspaces, register: Register, store: Store
) -> None:
    await installed(slack, register, seconds=60)
    other = Register(Installations(store), Seal(["x" * 32]))

    assert await other.find(PLACE) is None
    assert await register.find(PLACE) is not None


async def test_a_record_put_in_anothers_place_opens_nothing(
    slack: Workspaces, register: Register, store: Store
) -> None:
    await installed(slack, register, seconds=60)
    kept = await register.store.find(PLACE)
    assert kept is not None
    await register.store.save("T0OTHER", kept.sealed)

    assert await register.find("T0OTHER") is None
