"""Who tries to reach from one workspace into another, whose people have the same ids."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from bot.admin.grok_key import KEY_FORM
from bot.words import form, talk
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BEN, GENERAL, Message, View
from tests.e2e.several import Several, browser, keys_of, several
from tests.e2e.stage import Stage, button, is_complete, markdown
from tests.e2e.test_grok_key import OWN, ready, with_key
from tests.e2e.test_several import SLOW

ACME, BIRCH = "T0SEVERAL1", "T0SEVERAL2"
SECRET = "Who leaves us next month?"


async def answered(stage: Stage, text: str) -> Message:
    before = len(stage.workspace.messages(GENERAL))
    await stage.ask(text)
    return (await stage.answer(before))[-1]


@pytest.mark.parametrize("action", ["stop", "retry", "details", "edit"])
async def test_a_button_with_the_job_of_another_workspace(redis_url: str, action: str) -> None:
    async with several(redis_url) as all_:
        acme, birch = all_.stages
        theirs, ours = await answered(acme, SECRET), await answered(birch, "Hello")
        job = str(button(theirs, "details")["value"])
        asked, heard = len(all_.grok.requests), len(birch.workspace.ephemerals(ANA))
        await birch.workspace.forge.click(ANA, GENERAL, ours.ts, action, job)

        def told() -> str:
            view = birch.workspace.view(ANA)
            said = [each.shown for each in birch.workspace.ephemerals(ANA)[heard:]]
            return " ".join(said) or (str(view.content) if view else "")

        said = await birch.workspace.wait_for(
            lambda: text if talk.ANSWER_FORGOTTEN in (text := told()) else None
        )

        assert SECRET not in said
        assert len(all_.grok.requests) == asked
        assert len(acme.workspace.messages(GENERAL)) == 1


async def test_a_form_of_another_workspace_asks_nothing(redis_url: str) -> None:
    async with several(redis_url) as all_:
        acme, birch = all_.stages
        opened = [await _form(stage) for stage in (acme, birch)]
        theirs, ours = opened
        await birch.workspace.fill(ANA, ours.id, {"prompt": "Hello"})
        forged = {"private_metadata": theirs.content["private_metadata"]}
        result = await birch.workspace.forge.submit(ANA, ours.id, forged)

        assert form.OPEN_TOO_LONG in " ".join(result.errors.values())
        assert all_.grok.requests == []


async def test_a_key_is_that_of_the_workspace_where_it_was_sent(redis_url: str) -> None:
    """Whatever the view says of the workspace that it was opened in, or of its own."""
    async with several(redis_url) as all_:
        acme, birch = all_.stages
        await ready(all_, acme)
        all_.grok.more_keys.add("xai-of-birch-0123456789")
        view = await _form(birch)
        typed = {"grok_key": {"value": {"value": "xai-of-birch-0123456789"}}}
        forged = {"callback_id": KEY_FORM, "private_metadata": ACME, "state": {"values": typed}}
        await birch.workspace.forge.submit(ANA, view.id, forged)
        await answered(acme, "Hello")

        assert len(with_key(all_.grok.requests, OWN)) == 1
        assert [each for each in await keys_of(redis_url, BIRCH) if each.endswith("grok_key")]


@pytest.mark.parametrize("secret", ["", "wrong", "0" * 64])
async def test_a_payload_that_is_not_slacks_reaches_no_workspace(
    redis_url: str, secret: str
) -> None:
    async with several(redis_url, mode="http") as all_:
        acme = all_.stages[0]
        status = await _post(all_, _uninstalled(ACME), secret)
        await answered(acme, "Still there?")

    assert status == 401


@pytest.mark.parametrize(
    "team", ["T0NOBODY", "T0SEVERAL1}:*", "E0SEVERAL1", "*", "", "t0several1", ["T0SEVERAL1"]]
)
async def test_an_event_of_no_workspace_removes_nothing(redis_url: str, team: object) -> None:
    """Signed as Slack does it: nothing but the name is made up."""
    async with several(redis_url, mode="http") as all_:
        before = {name: await keys_of(redis_url, name) for name in (ACME, BIRCH)}
        status = await _post(all_, _uninstalled(team), all_.slack.signing_secret)
        after = {name: await keys_of(redis_url, name) for name in (ACME, BIRCH)}

        assert status in {200, 400}
        assert after == before
        for stage in all_.stages:
            assert is_complete(await answered(stage, "Still there?"))


async def test_an_install_page_leads_nowhere_else(redis_url: str) -> None:
    elsewhere = "https://evil.example/"
    async with (
        several(redis_url, count=1, install=False) as all_,
        browser(all_.address) as session,
    ):
        page = f"{all_.address}/slack/install"
        async with session.get(page, params={"redirect_uri": elsewhere}) as reply:
            assert reply.status == 400
            said = await reply.text()
            assert elsewhere not in said
            assert 'href="/slack/install"' in said, "begin again, it says"
        async with session.get(page, headers={"X-Forwarded-Host": "evil.example"}) as reply:
            assert "evil.example" not in await reply.text()
        back = await all_.allowed(session, ACME)
        async with session.get(back, allow_redirects=False) as reply:
            text = await reply.text()

    assert back.startswith(f"{all_.address}/slack/oauth_redirect?")
    assert reply.status == 200
    assert "evil" not in text


async def test_a_token_that_is_revoked_in_mid_answer_ends_it_and_leaves_nothing(
    redis_url: str,
) -> None:
    """Slack says nothing of the app: it was the token alone."""
    async with several(redis_url, grok=GrokServer(speed=50, first_delay=0)) as all_:
        acme, birch = all_.stages
        all_.grok.script(Script(pieces=SLOW, times=1))
        await acme.ask("A long one")
        asked = await all_.grok.arrived()
        team = all_.slack._teams[ACME]
        team.revoked |= dict.fromkeys(team.bot_tokens, "token_revoked")
        bots = {"tokens": {"oauth": [], "bot": ["U0GROKBOT1"]}}
        await acme.workspace.emit("tokens_revoked", {"type": "tokens_revoked", **bots})

        async with asyncio.timeout(10):
            await asked.closed.wait()
            while await keys_of(redis_url, ACME):
                await asyncio.sleep(0.05)
        all_.grok.script(Script(text="Here.", times=1))
        await birch.ask("Hello", user=BEN)
        assert "Here." in markdown((await birch.answer())[-1])


async def _form(stage: Stage) -> View:
    await stage.ask("")

    def filled() -> View | None:
        view = stage.workspace.view(ANA)
        return view if view and "prompt" in view.values else None

    return await stage.workspace.wait_for(filled)


def _uninstalled(team: object) -> Mapping[str, Any]:
    authorization = {"team_id": team, "enterprise_id": None, "is_enterprise_install": False}
    return {
        "type": "event_callback",
        "team_id": team,
        "api_app_id": "A0SANDBOX1",
        "event_id": "Ev1",
        "event_time": int(time.time()),
        "authorizations": [authorization],
        "event": {"type": "app_uninstalled"},
    }


async def _post(all_: Several, body: Mapping[str, Any], secret: str) -> int:
    """Hand `body` to the bot, signed by `secret`; the status."""
    url, raw, now = all_.slack.shared.http.request_url, json.dumps(body), str(int(time.time()))
    signed = hmac.new(secret.encode(), f"v0:{now}:{raw}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": f"v0={signed}",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(str(url), data=raw, headers=headers) as reply,
    ):
        return reply.status
