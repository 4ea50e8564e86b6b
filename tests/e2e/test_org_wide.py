"""An organisation installs the app as a whole: one token, and each workspace is on its own."""

from __future__ import annotations

import asyncio

import pytest

from bot.slack.plain_blocks import plain_words
from bot.teams import tenants
from bot.words import admin as admin_words
from bot.words import key as key_words
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BEN, GENERAL
from tests.e2e.rights.views import chosen
from tests.e2e.several import keys_of, several
from tests.e2e.stage import is_complete, markdown
from tests.e2e.test_admin import told
from tests.e2e.test_grok_key import OWN, ready, with_key
from tests.e2e.test_several import SLOW, all_records

ACME, BIRCH, WOOD = "T0SEVERAL1", "T0SEVERAL2", "E0SEVERAL1"
BIRCHS = f"{GENERAL}2"
"""Conversations have one id each in an organisation."""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "LOOK_SECONDS", 0.05)


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_two_workspaces_of_one_organisation_ask_apart(redis_url: str, mode: str) -> None:
    async with several(redis_url, organisation=True, mode=mode) as all_:
        acme, birch = all_.stages
        assert list(await all_records(redis_url)) == [WOOD]
        await told(acme, "quota set requests-per-day=1 workspace")
        await told(acme, "defaults set --temperature 0.25 workspace")
        all_.grok.script(Script(text="For the first.", times=1))
        before = len(acme.workspace.messages(GENERAL))
        await acme.ask("One", user=BEN)
        (first,) = await acme.answer(before)
        refused = await told(acme, "Two", user=BEN)
        all_.grok.script(Script(text="For the second.", times=2))
        for number in range(2):
            await birch.ask("One", user=BEN, channel=BIRCHS)
            answers = await birch.answer(number, channel=BIRCHS)
        mentioned = await birch.workspace.say(BEN, BIRCHS, "@grok And three?")
        await birch.reply(0, mentioned.ts, channel=BIRCHS)
        tokens = {*all_.slack.organisation.enterprise.tokens}

        assert "For the first." in markdown(first)
        assert "1 question a day" in refused
        assert "For the second." in markdown(answers[-1])
        assert "temperature" not in all_.grok.requests[-1].body
        assert len(tokens) == 1
        assert await keys_of(redis_url, ACME)
        assert await keys_of(redis_url, BIRCH)
        for stage in all_.stages:
            assert not stage.workspace.problems


async def test_an_admin_of_one_workspace_is_none_in_another(redis_url: str) -> None:
    """Their home is the first: whose admin somebody is, an organisation's token does not say."""
    async with several(redis_url, organisation=True) as all_:
        acme, birch = all_.stages
        granted = await told(acme, "quota set requests-per-day=9 workspace", user=ANA)
        refused = await told(
            birch, "quota set requests-per-day=9 workspace", user=ANA, channel=BIRCHS
        )

    assert "9" in granted
    assert refused == admin_words.only_admins("quota")


async def test_a_public_channel_of_another_workspace_is_seen_by_its_members_alone(
    redis_url: str,
) -> None:
    """By the organisation's token all of them can be looked up."""
    async with several(redis_url, organisation=True) as all_:
        acme, birch = all_.stages
        birch.workspace.state.users[BEN].workspaces = (BIRCH,)
        acme.workspace.channel(GENERAL).members.discard(BEN)
        said = []
        for channel in (GENERAL, BIRCHS):
            await birch.workspace.shortcut(BEN, "new_grok")
            view = await birch.form(BEN)
            typed = {"prompt": "hi", "channel": chosen(channel)}
            said.append(await birch.workspace.submit(BEN, view.id, typed))
            if said[-1].errors:
                await birch.workspace.close_view(BEN, view.id)
        await birch.answer(0, channel=BIRCHS)
        assert acme.workspace.messages(GENERAL) == []

    assert said[0].errors == {"channel": plain_words(admin_words.NOT_SEEN_THERE)}
    assert not said[1].errors


async def test_a_key_of_one_workspace_is_not_that_of_its_organisation(redis_url: str) -> None:
    async with several(redis_url, organisation=True) as all_:
        acme, birch = all_.stages
        await ready(all_, acme)
        await acme.ask("Hello")
        await acme.answer()
        await birch.ask("Hello", channel=BIRCHS)
        await birch.answer(0, channel=BIRCHS)
        assert len(with_key(all_.grok.requests, OWN)) == 1
        assert await told(acme, "key remove") == key_words.REMOVED


async def test_a_workspace_that_it_is_taken_from_leaves_nothing_and_the_other_stays(
    redis_url: str,
) -> None:
    grok = GrokServer(speed=50, first_delay=0)
    async with several(redis_url, organisation=True, grok=grok) as all_:
        acme, birch = all_.stages
        all_.grok.script(Script(pieces=SLOW, times=2))
        await acme.ask("A long one")
        await birch.ask("Another long one", channel=BIRCHS)
        await acme.workspace.wait_for(lambda: acme.workspace.messages(GENERAL))
        await birch.workspace.wait_for(lambda: birch.workspace.messages(BIRCHS))

        await all_.slack.withdraw(birch.workspace)

        await gone(redis_url, BIRCH)
        (answer,) = await acme.answer()
        assert "word399" in markdown(answer)
        assert await keys_of(redis_url, ACME)
        assert list(await all_records(redis_url)) == [WOOD]


async def test_removed_from_the_organisation_it_leaves_nothing_anywhere(redis_url: str) -> None:
    grok = GrokServer(speed=50, first_delay=0)
    async with several(redis_url, organisation=True, grok=grok) as all_:
        acme, birch = all_.stages
        all_.grok.script(Script(pieces=SLOW, times=1))
        await acme.ask("A long one")
        await all_.grok.arrived()
        all_.grok.script(Script(text="Hi.", times=1))
        await birch.ask("Hello", channel=BIRCHS)
        await birch.answer(0, channel=BIRCHS)

        await all_.slack.uninstall_everywhere()

        for team in (ACME, BIRCH):
            await gone(redis_url, team)
        async with asyncio.timeout(10):
            await all_.grok.requests[0].closed.wait()
        assert not await all_records(redis_url)

        assert "Grok is installed" in await all_.install_everywhere()
        all_.grok.script(Script(text="Back again.", times=1))
        await birch.ask("Again", channel=BIRCHS)
        await birch.workspace.wait_for(
            lambda: any("Back again." in markdown(m) for m in birch.workspace.messages(BIRCHS))
        )


async def test_a_new_token_of_the_organisation_serves_all_of_it(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenants, "LOOK_SECONDS", 2.0)  # a token is due at each look here
    async with several(
        redis_url, organisation=True, rotating=True, token_seconds=7_000, replicas=2
    ) as all_:
        acme, birch = all_.stages
        oauth = all_.slack.oauth
        await acme.workspace.wait_for(lambda: oauth.exchanges >= 1 or None)
        await acme.ask("Hello")
        await birch.ask("Hello", channel=BIRCHS)

        assert is_complete((await acme.answer())[-1])
        assert is_complete((await birch.answer(0, channel=BIRCHS))[-1])
        assert oauth.used_up == 0


async def gone(redis_url: str, team: str) -> None:
    """Nothing of `team` is left."""
    async with asyncio.timeout(10):
        while await keys_of(redis_url, team):
            await asyncio.sleep(0.05)
