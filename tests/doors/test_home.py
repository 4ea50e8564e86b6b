from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.asking.admission import Permission
from bot.doors import home as module
from bot.doors.home import Home, HomeRules
from bot.grok.client import GrokClient
from bot.rules.policy import default_fields, limit_fields
from bot.rules.quota import WORKSPACE, Scope
from bot.settings import Settings
from bot.slack.inbound.interactions import HomeOpened
from bot.slack.web_api import WebApi
from bot.store.conversations import Recent
from bot.store.keys import Keys
from bot.store.policies import Policies
from bot.store.redis.connection import Store
from bot.store.side import StoreSide
from bot.words import home as words
from sandbox.workspace import (
    ANA,
    BEN,
    BOT_USER,
    CHLOE,
    ENGINEERING,
    GENERAL,
    GUEST,
    LEADERSHIP,
    RANDOM,
    View,
    Workspace,
)
from tests.doors.app import listening
from tests.fixtures.workspace import slack_side
from tests.sandbox.slack_app import client_of
from tests.store.proxy import Proxy


def home_of(workspace: Workspace, store: Store, keys: Keys, grok: GrokClient) -> Home:
    api = WebApi(client_of(workspace))
    settings = Settings(_env_file=None, grok_max_tokens=777)
    records = StoreSide.of(store, keys)
    return Home(
        home_rules=HomeRules(
            permission=Permission(settings), grok=grok, store=records, settings=settings
        ),
        grok=grok,
        slack=slack_side(api, store, keys),
        store=records,
    )


@asynccontextmanager
async def at_home(
    workspace: Workspace, store: Store, keys: Keys, grok: GrokClient
) -> AsyncIterator[None]:
    home = home_of(workspace, store, keys, grok)
    async with listening(workspace, app_home_opened=home.on_opened):
        yield


async def opened(workspace: Workspace, user: str = ANA) -> View:
    """The tab as it is published after `user` opened it."""
    before = workspace.home(user)
    await workspace.open_home(user)

    def newer() -> View | None:
        view = workspace.home(user)
        return view if view is not None and view is not before else None

    return await workspace.wait_for(newer)


async def ask_before(store: Store, keys: Keys, user: str, **fields: Any) -> None:
    recent = Recent(
        **{
            "job_id": "j1",
            "channel": GENERAL,
            "ts": "1700000000.000100",
            "prompt": "Name a river",
            "at": 1_700_000_000.0,
            "private": False,
        }
        | fields
    )
    await store.redis.lpush(keys.recent(user), recent.model_dump_json())


async def test_home_shows_who_looks_what_concerns_them(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    await ask_before(store, keys, ANA)
    async with at_home(workspace, store, keys, grok_client):
        hers, his = await opened(workspace, ANA), await opened(workspace, BEN)

    assert "archives/C0GENERAL1/p1700000000000100|Name a river" in str(hers.content)
    assert "Name a river" not in str(his.content)
    assert words.NO_QUESTIONS in str(his.content)
    assert "ana" in str(hers.content["blocks"][0]).lower()
    for part in ("/grok", "`grok-4.3`", "777", words.THE_DEFAULT, f"<@{BOT_USER}>"):
        assert part in str(hers.content)
    assert not workspace.problems


async def test_home_shows_what_is_set_where_one_asked(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    await ask_before(store, keys, BEN)
    await ask_before(store, keys, BEN, channel=ENGINEERING, private=True)
    policies = Policies(store, keys)
    await policies.change(WORKSPACE, default_fields({"model": "grok-4.7"}), by=ANA)
    for channel in (GENERAL, ENGINEERING, RANDOM):
        scope = Scope("channel", channel)
        await policies.change(scope, limit_fields({"concurrent": 3}), by=ANA)

    async with at_home(workspace, store, keys, grok_client):
        his, hers = (
            str((await opened(workspace, BEN)).content),
            str((await opened(workspace)).content),
        )

    assert "0 of 3 questions at once" in his
    assert f"*<#{GENERAL}>*" in his
    assert "the default" in his.split("`grok-4.7`")[2].split("\\n", maxsplit=1)[0]
    assert RANDOM not in his
    assert ENGINEERING not in his
    assert words.SET_UP in hers
    assert words.SET_UP not in his


async def test_home_shows_nothing_of_a_channel_that_one_has_left(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    await ask_before(store, keys, BEN, channel=LEADERSHIP)
    await ask_before(store, keys, CHLOE, channel=LEADERSHIP)
    scope = Scope("channel", LEADERSHIP)
    fields = default_fields({"system": "Speak like a zebra"}) | limit_fields({"concurrent": 3})
    await Policies(store, keys).change(scope, fields, by=ANA)

    async with at_home(workspace, store, keys, grok_client):
        his = str((await opened(workspace, BEN)).content)
        hers = str((await opened(workspace, CHLOE)).content)

    assert "zebra" in his
    assert "0 of 3 questions at once" in his
    assert "zebra" not in hers
    assert "questions at once" not in hers
    assert "Name a river" in hers


async def test_home_shows_guests_their_own_part(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    await ask_before(store, keys, GUEST)
    policies = Policies(store, keys)
    for scope, most in (
        (WORKSPACE, 777_000),
        (Scope("channel", GENERAL), 555_000),
        (Scope("user", GUEST), 333_000),
    ):
        limit = limit_fields({"tokens-per-day": most})
        await policies.change(scope, limit, by=ANA)
    await policies.change(WORKSPACE, default_fields({"system": "Be a zebra"}), by=ANA)

    async with at_home(workspace, store, keys, grok_client):
        shown = str((await opened(workspace, GUEST)).content)

    assert "333k" in shown
    assert "Name a river" in shown
    for hidden in ("777k", "555k", "zebra", words.SET_UP, words.DEFAULTS):
        assert hidden not in shown
    assert not workspace.calls_of("conversations.info")


async def test_home_shows_the_newest_state_each_time(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    async with at_home(workspace, store, keys, grok_client):
        first = await opened(workspace)
        await ask_before(store, keys, ANA, prompt="Name a lake")
        second = await opened(workspace)

    assert "Name a lake" not in str(first.content)
    assert "Name a lake" in str(second.content)


async def test_a_delivery_that_comes_twice_shows_the_same(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    await ask_before(store, keys, ANA)
    async with at_home(workspace, store, keys, grok_client):
        first = await opened(workspace)
        await workspace.redeliver(workspace.deliveries[-1])
        second = await workspace.wait_for(
            lambda: view if (view := workspace.home(ANA)) is not first else None
        )

    contents = [str([_bare(block) for block in view.content["blocks"]]) for view in (first, second)]
    assert contents[0] == contents[1]


def _bare(block: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != "block_id"}


async def test_the_button_opens_the_form(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    async with at_home(workspace, store, keys, grok_client):
        view = await opened(workspace)
        await workspace.click_view(ANA, view.id, "new_grok")

    (action,) = workspace.deliveries[-1].payload["actions"]
    assert action["action_id"] == "new_grok"


@pytest.mark.parametrize("hold", [False, True])
async def test_without_redis_the_rest_is_shown(
    valkey: str,
    workspace: Workspace,
    keys: Keys,
    grok_client: GrokClient,
    monkeypatch: pytest.MonkeyPatch,
    hold: bool,
) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.2)
    async with Proxy(valkey) as proxy, Store(proxy.url) as store:
        if hold:
            proxy.latency = 60.0
        else:
            await proxy.away()
        async with at_home(workspace, store, keys, grok_client):
            view = await opened(workspace)

    assert words.NOT_LOOKED_UP in str(view.content)
    assert "grok-4.3" in str(view.content)


async def test_without_a_name_home_is_shown(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    workspace.fail("users.info", error="internal_error")
    async with at_home(workspace, store, keys, grok_client):
        view = await opened(workspace)

    assert view.content["blocks"][0]["text"]["text"] == words.GREETING("")


async def test_the_other_tab_is_left_alone(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    home = home_of(workspace, store, keys, grok_client)

    reaction = await home.on_opened(HomeOpened(user=ANA, tab="messages"))

    assert reaction.then is None
    assert not reaction.ack


async def test_a_slack_that_refuses_is_no_error(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    workspace.fail("views.publish", error="not_enabled")
    with capture_logs() as logs:
        async with at_home(workspace, store, keys, grok_client):
            await workspace.open_home(ANA)
            await workspace.wait_for(lambda: workspace.calls_of("views.publish"))

    assert workspace.home(ANA) is None
    assert [log["log_level"] for log in logs if "home" in log["event"]] == ["warning"]
    assert not [log for log in logs if log["log_level"] == "error"]


async def test_who_has_home_shown_anew_does_not_fail_with_it(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> None:
    home = home_of(workspace, store, keys, grok_client)
    workspace.fail("views.publish", error="odd", times=None)

    with capture_logs() as logs:
        await home.publish(ANA)

    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == [
        "home not shown"
    ]
