"""Several workspaces: each installs the app by its pages, and none sees anything of another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from yarl import URL

from bot.duties import Duty
from bot.errors import UserError
from bot.jobs.queue import Queue
from bot.ops.check import check
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.teams import pages, tenants
from bot.terminal.asked_again import asked_again
from bot.terminal.jobs import Wanted, operate
from bot.words import talk
from bot.words import votes as votes_words
from bot.words.installing import LAPSED
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BEN, GENERAL, dm_of
from sandbox.workspace.installing.oauth import OAuth, Refused
from tests.e2e.several import KEY, browser, keys_of, several
from tests.e2e.stage import is_complete, markdown, thumb
from tests.e2e.test_admin import told
from tests.e2e.test_votes import an_answer, forge, press

SLOW = tuple(f"word{number} " for number in range(400))


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_each_workspace_has_its_own_answers(redis_url: str, mode: str) -> None:
    async with several(redis_url, mode=mode) as all_:
        acme, birch = all_.stages
        all_.grok.script(Script(text="For the first.", times=1))
        await acme.ask("One")
        (first, *_) = await acme.answer()
        all_.grok.script(Script(text="For the second.", times=1))
        await birch.ask("Two")
        (second, *_) = await birch.answer()

        assert "For the first." in markdown(first)
        assert "For the second." in markdown(second)
        assert [len(each.workspace.messages(GENERAL)) for each in all_.stages] == [1, 1]


async def test_no_two_workspaces_name_a_conversation_alike(redis_url: str) -> None:
    """Ids of their places may be the same, and the key that asks is."""
    async with several(redis_url, grok_endpoint="responses") as all_:
        for number, stage in enumerate(all_.stages * 2):
            await stage.workspace.say(ANA, dm_of(ANA), "Hello")
            async with asyncio.timeout(10):
                while len(all_.grok.requests) == number:
                    await asyncio.sleep(0.02)
        bodies = [each.body for each in all_.grok.requests]

    for name in ("prompt_cache_key", "safety_identifier"):
        first, second, *again = (body[name] for body in bodies)
        assert first != second
        assert again == [first, second]


async def test_its_address_is_proven_before_anybody_has_it(redis_url: str) -> None:
    async with several(redis_url, mode="http", install=False) as all_:
        workspace = all_.stages[0].workspace
        assert await workspace.verify_url()
        assert await workspace.ssl_check() == 200


async def test_what_one_sets_does_not_hold_in_the_other(redis_url: str) -> None:
    async with several(redis_url) as all_:
        acme, birch = all_.stages
        await told(acme, "quota set requests-per-day=1 workspace")
        await told(acme, "defaults set --temperature 0.25")
        await acme.workspace.wait_for(lambda: acme.workspace.messages(GENERAL))  # it is announced
        before = len(acme.workspace.messages(GENERAL))
        await acme.ask("One")
        await acme.answer(before)
        assert all_.grok.requests[-1].body["temperature"] == 0.25
        refused = await told(acme, "Two")
        for text in ("One", "Two", "Three"):
            await birch.ask(text)
        await birch.answer(2)

        assert "1 question a day" in refused
        assert "temperature" not in all_.grok.requests[-1].body
        assert len(acme.workspace.messages(GENERAL)) == before + 1
        assert len(birch.workspace.messages(GENERAL)) == 3


async def test_a_vote_for_an_answer_of_another_workspace_counts_nowhere(redis_url: str) -> None:
    async with several(redis_url) as all_:
        acme, birch = all_.stages
        (theirs, own) = [await an_answer(stage) for stage in all_.stages]
        forged = await forge(birch, BEN, own, thumb(theirs, "up"))
        counted = await press(acme, BEN, theirs)
    kept = {
        team: [each for each in await keys_of(redis_url, team) if ":votes:20" in each]
        for team in ("T0SEVERAL1", "T0SEVERAL2")
    }

    assert forged == talk.ANSWER_FORGOTTEN
    assert counted == votes_words.COUNTED("👍")
    assert [len(keys) for keys in kept.values()] == [1, 0], kept


async def test_an_operators_admin_is_one_in_the_workspace_that_is_named(redis_url: str) -> None:
    async with several(redis_url, grok_admins=f"T0SEVERAL1:{BEN}") as all_:
        acme, birch = all_.stages
        granted = await told(acme, "quota set requests-per-day=9 workspace", user=BEN)
        refused = await told(birch, "quota set requests-per-day=9 workspace", user=BEN)

    assert "9" in granted
    assert "admin" in refused
    assert granted != refused


async def test_who_removes_the_app_leaves_nothing(redis_url: str) -> None:
    async with several(redis_url, grok=GrokServer(speed=50, first_delay=0)) as all_:
        acme, birch = all_.stages
        all_.grok.script(Script(pieces=SLOW, times=2))
        await acme.ask("A long one")
        await birch.ask("Another long one")
        await acme.workspace.wait_for(lambda: acme.workspace.messages(GENERAL))
        await birch.workspace.wait_for(lambda: birch.workspace.messages(GENERAL))
        assert await keys_of(redis_url, "T0SEVERAL1")

        await all_.slack.uninstall(acme.workspace)

        async with asyncio.timeout(10):
            while await keys_of(redis_url, "T0SEVERAL1"):
                await asyncio.sleep(0.05)
            while not all_.grok.requests[0].closed.is_set():
                await asyncio.sleep(0.05)
        (other, *_) = await birch.answer()
        assert "word399" in markdown(other)
        assert (await acme.workspace.command(ANA, GENERAL, "/grok hi")).error == "invalid_command"

        assert "Grok is installed" in await all_.install(acme.workspace)
        all_.grok.script(Script(text="Back again.", times=1))
        await acme.ask("Again")
        await acme.workspace.wait_for(
            lambda: any("Back again." in markdown(m) for m in acme.workspace.messages(GENERAL))
        )


async def test_an_event_that_comes_late_removes_nothing(redis_url: str) -> None:
    async with several(redis_url) as all_:
        acme = all_.stages[0]
        await acme.workspace.emit("app_uninstalled", {"type": "app_uninstalled"})
        revoked = {"type": "tokens_revoked", "tokens": {"bot": ["U0GROKBOT1"]}}
        await acme.workspace.emit("tokens_revoked", revoked)
        await acme.workspace.settled()
        await acme.ask("Still there?")

        assert is_complete((await acme.answer())[-1])


async def test_one_takes_and_another_answers_for_all(redis_url: str) -> None:
    async with several(redis_url, duties=(Duty.TAKING, Duty.WORKING)) as all_:
        for stage in all_.stages:
            await stage.ask("Hello")
        for stage in all_.stages:
            assert is_complete((await stage.answer())[-1])


async def test_installing_again_while_an_answer_runs_loses_nothing(redis_url: str) -> None:
    async with several(redis_url, count=1, grok=GrokServer(speed=100, first_delay=0)) as all_:
        (acme,) = all_.stages
        all_.grok.script(Script(pieces=SLOW, times=1))
        await acme.ask("A long one")
        await acme.workspace.wait_for(lambda: acme.workspace.messages(GENERAL))
        assert "Grok is installed" in await all_.install(acme.workspace)
        (answer, *_) = await acme.answer()

        assert "word399" in markdown(answer)
        assert len(acme.workspace.messages(GENERAL)) == 1
        assert len(all_.grok.requests) == 1


async def test_tokens_are_exchanged_in_time_and_once(redis_url: str) -> None:
    """They are good for less than the time ahead that they are exchanged in: at once, that is."""
    async with several(redis_url, count=1, replicas=3, rotating=True, token_seconds=7_000) as all_:
        (acme,) = all_.stages
        oauth = all_.slack.oauth
        await acme.workspace.wait_for(lambda: oauth.exchanges >= 1 or None)
        await acme.ask("Hello")

        assert is_complete((await acme.answer())[-1])
        assert oauth.used_up == 0


async def test_a_token_that_is_not_renewed_is_told_to_all_whom_it_concerns(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who installed it in Slack, the operator, and in the end whoever asks."""

    def revoked(_: object, __: str) -> NoReturn:
        raise Refused("invalid_refresh_token")

    monkeypatch.setattr(OAuth, "_refreshed", revoked)
    async with several(redis_url, count=1, rotating=True, token_seconds=600) as all_:
        (acme,) = all_.stages
        told_ana = await acme.workspace.wait_for(lambda: acme.workspace.messages(dm_of(ANA)))
        await acme.ask("Still here?")
        still = await acme.answer()
        await check(all_.settings)
        said = capsys.readouterr().out
        later = SimpleNamespace(time=lambda: time.time() + 601, monotonic=time.monotonic)
        monkeypatch.setattr(tenants, "time", later)
        asked = await acme.ask("And now?")

    assert f"{all_.address}/slack/install" in told_ana[0].shown
    assert is_complete(still[-1])
    assert "✗ Slack app: Slack does not renew the access to T0SEVERAL1" in said
    assert asked.ack_body["text"] == LAPSED


async def test_an_operator_sees_where_it_is_and_asks_again_there(
    redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with several(redis_url) as all_:
        await check(all_.settings)
        said = capsys.readouterr().out
        other_key = {"installation_keys": SecretStr("another" * 8)}
        await check(all_.settings.model_copy(update=other_key))
        unread = capsys.readouterr().out
        acme, birch = all_.stages
        await birch.ask("Hello")
        await birch.answer()
        (row,) = await jobs_of(redis_url, "T0SEVERAL2")
        store = Store(redis_url, several=True)
        async with store:
            job = await Queue(
                store, Keys.among_several("T0SEVERAL2"), lease_seconds=15, retention_seconds=600
            ).look(row)
            assert job is not None
            await asked_again(all_.settings, store, "T0SEVERAL2", job, "again")
            with pytest.raises(UserError):
                await asked_again(all_.settings, store, "T0NOBODY", job, "again")
        await birch.answer(1)

    assert "Slack app: installed in 2 workspaces" in said
    assert "opens the access to 2 of 2 workspaces (T0SEVERAL1, T0SEVERAL2)" in unread
    assert "INSTALLATION_KEYS" in unread
    assert not acme.workspace.messages(GENERAL)


async def test_jobs_of_several_workspaces_are_listed_with_theirs(
    redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with several(redis_url, shutdown_grace_seconds=0) as all_:
        all_.grok.script(Script(pieces=["Wait"], first_delay=600, times=None))
        for stage in all_.stages:
            await stage.ask("Hello")
        await operate(all_.settings, Wanted())
        printed = capsys.readouterr().out  # behind lines of the log
    heading, *rows = printed[printed.index("id  ") :].splitlines()[:3]

    assert heading.split()[:3] == ["id", "workspace", "state"]
    assert sorted(row.split()[1] for row in rows) == ["T0SEVERAL1", "T0SEVERAL2"]


async def test_no_token_lies_in_the_store_as_it_is(redis_url: str) -> None:
    async with several(redis_url) as all_:
        redis = Redis.from_url(redis_url, decode_responses=True)
        records = await redis.hgetall("grokbot:{installations}:records")
        await redis.aclose()
        tokens = [token for team in all_.slack._teams.values() for token in team.bot_tokens]

    assert sorted(records) == ["T0SEVERAL1", "T0SEVERAL2"]
    assert len(tokens) == 2
    for sealed in records.values():
        assert "xoxb" not in sealed
        assert KEY not in sealed


class TestPages:
    """Who tries to install by other ways than from the first page to the last."""

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("?code=x&state=y", 400),
            ("?code=x", 400),
            ("?error=access_denied&state=y", 200),
            ("", 400),
            ("?code=x&state=y&more=z", 400),
            ("?code=" + "x" * 5_000, 400),
            ("?state=y&code=%00%ff<script>", 400),
        ],
    )
    async def test_who_did_not_begin_here_is_told_to(
        self, redis_url: str, query: str, status: int
    ) -> None:
        async with (
            several(redis_url, count=1, install=False) as all_,
            browser(all_.address) as session,
            session.get(f"{all_.address}/slack/oauth_redirect{query}") as reply,
        ):
            text = await reply.text()

        assert reply.status == status
        assert "Grok was not installed" in text
        assert "<script>" not in text

    async def test_a_link_is_good_once_and_in_its_browser(self, redis_url: str) -> None:
        async with several(redis_url, count=1, install=False) as all_:
            async with browser(all_.address) as session:
                back = await all_.allowed(session, "T0SEVERAL1")
                async with browser(all_.address) as other, other.get(back) as reply:
                    assert reply.status == 400
                async with session.get(back) as reply:
                    assert "Grok is installed" in await reply.text()
                async with session.get(back) as reply:
                    assert reply.status == 401
                    assert "was used before" in await reply.text()
            assert list(await all_records(redis_url)) == ["T0SEVERAL1"]

    async def test_codes_that_are_made_up_leave_slack_for_tokens(
        self, redis_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "CODES_PER_MINUTE", 2)
        async with several(redis_url, count=1, install=False) as all_:
            asked: list[str] = []
            exchanged = all_.slack.oauth._exchanged

            def counted(args: Mapping[str, str]) -> Any:
                asked.append(args["code"])
                return exchanged(args)

            monkeypatch.setattr(all_.slack.oauth, "_exchanged", counted)
            said = []
            for _ in range(4):
                async with browser(all_.address) as session:
                    back = URL(await all_.allowed(session, "T0SEVERAL1")).update_query(code="x")
                    async with session.get(back) as reply:
                        said.append((reply.status, await reply.text()))

        assert [status for status, _ in said] == [401, 401, 503, 503]
        assert "in a minute" in said[-1][1]
        assert asked == ["x", "x"]

    @pytest.mark.parametrize(
        "odd",
        [
            {"team": None},
            {"team": "T0SEVERAL1"},
            {"team": {"id": ["T0SEVERAL1"]}},
            {"bot_user_id": None},
            {"bot_user_id": {"id": "U1"}},
            {"access_token": None},
            {"scope": 7},
            {"expires_in": "soon", "refresh_token": "xoxe-1-secret"},
        ],
    )
    async def test_what_slack_never_says_installs_nothing_and_is_told_plainly(
        self,
        redis_url: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        odd: dict[str, Any],
    ) -> None:
        async with several(redis_url, count=1, install=False) as all_:
            granted = all_.slack.oauth._granted
            monkeypatch.setattr(all_.slack.oauth, "_granted", lambda team: granted(team) | odd)
            async with browser(all_.address) as session:
                back = await all_.allowed(session, "T0SEVERAL1")
                async with session.get(back) as reply:
                    text = await reply.text()
            assert not await all_records(redis_url)

        assert (reply.status, "Slack did not answer as it should" in text) == (502, True)
        logged = "".join(capsys.readouterr())
        assert "Traceback" not in logged
        assert "xoxb-" not in logged
        assert "xoxe-" not in logged

    async def test_who_does_not_allow_it_installs_nothing(self, redis_url: str) -> None:
        async with several(redis_url, count=1, install=False) as all_:
            async with browser(all_.address) as session:
                back = await all_.allowed(session, "")
                async with session.get(back) as reply:
                    assert "not allowed" in await reply.text()
            assert not await all_records(redis_url)

    async def test_who_is_not_welcome_gives_the_token_back(self, redis_url: str) -> None:
        async with several(redis_url, install=False, slack_teams="T0SEVERAL2") as all_:
            refused, taken = [await all_.install(each.workspace) for each in all_.stages]
            acme = all_.stages[0].workspace

            assert "Only certain workspaces" in refused
            assert "Grok is installed" in taken
            assert list(await all_records(redis_url)) == ["T0SEVERAL2"]
            assert not acme.state.installed

    async def test_whoever_asks_for_the_page_leaves_nothing_in_the_store(
        self, redis_url: str
    ) -> None:
        async with (
            several(redis_url, count=1, install=False) as all_,
            Redis.from_url(redis_url) as redis,
            browser(all_.address) as session,
        ):
            before = await redis.dbsize()
            for _ in range(20):
                await all_.allowed(session, "T0SEVERAL1")
            assert await redis.dbsize() == before

    async def test_a_store_that_is_away_is_said(self, redis_url: str) -> None:
        async with several(redis_url, count=1, install=False) as all_:
            redis = Redis.from_url(redis_url)
            async with browser(all_.address) as session:
                back = await all_.allowed(session, "T0SEVERAL1")
                await redis.client_pause(4_500)
                async with session.get(back) as reply:
                    text = await reply.text()
            async with asyncio.timeout(10):
                await redis.ping()
            await redis.aclose()

        assert reply.status == 503
        assert "store does not answer" in text


async def jobs_of(redis_url: str, team: str) -> list[str]:
    found = await keys_of(redis_url, team)
    return [key.rpartition(":")[2] for key in found if f"}}:{team}:job:" in key]


async def all_records(redis_url: str) -> dict[str, str]:
    redis = Redis.from_url(redis_url, decode_responses=True)
    try:
        found = await redis.hgetall("grokbot:{installations}:records")
        return {str(place): str(sealed) for place, sealed in found.items()}
    finally:
        await redis.aclose()


async def test_an_agent_serves_each_workspace_on_its_own_surface(redis_url: str) -> None:
    async with several(redis_url, agent=True) as all_:
        for stage in all_.stages:
            stage.grok.script(Script(pieces=["one ", "two"], stall_after=1))
        acme, birch = (stage.workspace for stage in all_.stages)
        roots = [await each.say(BEN, GENERAL, "@grok Count") for each in (acme, birch)]
        await acme.wait_for(lambda: acme.replies(GENERAL, roots[0].ts))
        await birch.wait_for(lambda: birch.replies(GENERAL, roots[1].ts))
        await acme.press_stop(BEN, GENERAL, roots[0].ts)
        ended = acme.session(GENERAL, roots[0].ts)
        going = birch.session(GENERAL, roots[1].ts)
        assert ended is not None
        assert going is not None
        await acme.wait_for(lambda: ended.status == "active")
        still = going.status
        await birch.open_home(BEN, "messages")
        await birch.wait_for(lambda: birch.state.suggested)
        suggested = (dict(acme.state.suggested), dict(birch.state.suggested))
        await birch.press_stop(BEN, GENERAL, roots[1].ts)
        await birch.wait_for(lambda: going.status == "active")

    assert still == "processing"
    assert "Stopped" in acme.replies(GENERAL, roots[0].ts)[-1].shown
    assert [bool(each) for each in suggested] == [False, True]


async def test_a_workspace_that_installed_it_before_it_was_an_agent_stays_as_it_was(
    redis_url: str,
) -> None:
    async with several(redis_url, agent=True, slack_agent=False) as all_:
        stage = all_.stages[0]
        root = await stage.workspace.say(BEN, GENERAL, "@grok Name a lake")
        await stage.reply(0, root.ts)
        methods = {call.method for call in stage.workspace.calls}

    assert not {each for each in methods if each.startswith(("agents.", "assistant."))}
