"""The commands that change what holds: what they do, say and announce, and who may."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import words as general
from bot.admin.commands import CommandRunner
from bot.grok.client import GrokClient
from bot.rules.policy import Paused, Rules
from bot.rules.quota import EACH_USER, WORKSPACE, Scope
from bot.store.quotas import Quotas
from bot.words import admin as words
from bot.words import commands as managing_words
from sandbox.workspace import ANA, BEN, CHLOE, FINANCE, GENERAL, GUEST, Workspace, dm_of
from tests.admin.command_desk import Desk, desk
from tests.store.proxy import always

HERE = Scope("channel", GENERAL)


@pytest.fixture
async def at(workspace: Workspace, grok_client: GrokClient, valkey: str) -> AsyncIterator[Desk]:
    """Ana is an admin, Ben and Chloé are members."""
    async with desk(workspace, grok_client, valkey) as opened:
        yield opened


@pytest.fixture
async def open_to_members(
    workspace: Workspace, grok_client: GrokClient, valkey: str
) -> AsyncIterator[Desk]:
    async with desk(workspace, grok_client, valkey, defaults_editable_by="members") as opened:
        yield opened


async def rules(at: Desk, scope: Scope = HERE) -> Rules:
    return (await at.policies.reload()).of(scope)


async def announced(at: Desk, channel: str = GENERAL) -> str:
    """What everybody in the channel reads next."""
    (message,) = await at.workspace.wait_for(lambda: at.workspace.messages(channel))
    return str(message.shown)


# Defaults


async def test_setting_a_default_says_what_it_was_and_is(at: Desk) -> None:
    await at.command("defaults set --temperature 0.7")
    told = await at.command('defaults set --temperature 0.2 --reply thread --system "Be brief"')

    assert (await rules(at)).defaults == {
        "temperature": 0.2,
        "reply": "thread",
        "system": "Be brief",
    }
    assert "`--temperature`: 0.7 → 0.2" in told
    assert f"`--reply`: {words.NOT_SET} → `thread`" in told
    assert "“Be brief”" in told
    assert words.THIS_CHANNEL in told


async def test_a_change_is_stored_before_its_ack(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has acked may die before they say so."""

    async def die(*_: object) -> None:
        """Nothing that follows the ack is done."""

    monkeypatch.setattr(CommandRunner, "_conclude", die)
    result = await at.workspace.command(ANA, GENERAL, "/grok defaults set --temperature 0.7")

    assert result.error is None
    assert (await rules(at)).defaults == {"temperature": 0.7}


async def test_the_channel_reads_who_changed_its_defaults(at: Desk) -> None:
    await at.command("defaults set --temperature 0.2")

    line = await announced(at)
    assert f"<@{ANA}>" in line
    assert "`--temperature` 0.2" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "text", ["defaults set --temperature 0.2 workspace", "pause workspace", "quota set tokens=5"]
)
async def test_nobody_else_is_told_of_what_is_no_matter_of_the_channel(at: Desk, text: str) -> None:
    await at.command(text)
    await at.command("defaults set --temperature 1")

    assert "`--temperature` 1" in await announced(at)


async def test_defaults_are_unset_and_reset(at: Desk) -> None:
    await at.command("defaults set --temperature 0.2 --max-tokens 300 --seed 7")
    unset = await at.command("defaults unset temperature")
    reset = await at.command("defaults reset")

    assert f"`--temperature`: 0.2 → {words.NOT_SET}" in unset
    assert f"`--max-tokens`: 300 → {words.NOT_SET}" in reset
    assert "temperature" not in reset
    assert await rules(at) == Rules()


async def test_a_change_that_changes_nothing_says_so_and_is_not_announced(at: Desk) -> None:
    await at.command("defaults set --temperature 0.2")
    before = await announced(at)

    assert await at.command("defaults set --temperature 0.2") == words.UNCHANGED
    assert await at.command("quota unset tokens-per-day") == words.UNCHANGED
    assert await announced(at) == before


@pytest.mark.parametrize(("kind", "name"), [("search", "x"), ("models", "grok-4.3")])
async def test_what_the_workspace_forbids_is_not_said_to_be_allowed(
    at: Desk, kind: str, name: str
) -> None:
    everywhere = await at.command(f"{kind} forbid {name} workspace")
    here = await at.command(f"{kind} allow {name}")
    again = await at.command(f"{kind} allow {name}")

    assert words.FORBIDDEN_EVERYWHERE not in everywhere
    assert here.endswith(words.FORBIDDEN_EVERYWHERE)
    assert again.startswith(words.UNCHANGED)
    assert again.endswith(words.FORBIDDEN_EVERYWHERE)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("defaults set --temperature 3 --foo", ["--temperature: 3 is too large", "--foo"]),
        ("defaults set --model grok-43", ["there is no model called grok-43", "grok-4.3"]),
        ("defaults set --echo", ["echo: grok-4.3 cannot do this"]),
        ("defaults set --n 3 --best-of 2", ["--best-of: 2 is fewer"]),
        ("defaults unset prompt", ["prompt"]),
        ("models allow grok-43", ["there is no model called grok-43", "Did you mean grok-4.3"]),
        ("models forbid all", []),
        ("quota set foo=3 tokens-per-day=lots", ["foo", "tokens-per-day: lots"]),
        ("quota set concurrent=0", ["concurrent: 0 is too small"]),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_changes(
    at: Desk, text: str, parts: list[str]
) -> None:
    told = await at.command(text)

    assert told.startswith(managing_words.NOTHING_CHANGED)
    assert all(part in told for part in parts), told
    assert (await at.policies.reload()).version == 0
    assert at.workspace.messages(GENERAL) == []


async def test_a_default_that_its_model_can_carry_is_taken(at: Desk) -> None:
    told = await at.command("defaults set --model grok-4.20-non-reasoning --echo")

    assert "`--echo`" in told
    assert (await rules(at)).defaults["echo"] is True


async def test_taking_a_model_back_must_leave_one_that_can_do_the_rest(at: Desk) -> None:
    await at.command("defaults set --model grok-4.20-non-reasoning --echo")

    told = await at.command("defaults unset model")

    assert "echo: grok-4.3 cannot do this" in told
    assert "model" in (await rules(at)).defaults
    await at.command("defaults set --model grok-4.20-non-reasoning workspace")
    assert "Done" in await at.command("defaults unset model")


async def test_an_unknown_model_that_looks_like_no_other_is_taken(at: Desk) -> None:
    await at.command("models allow acme-7b")

    assert (await rules(at)).models == {"*": False, "acme-7b": True}


# Quotas, models, pause


async def test_quotas_are_set_for_every_scope(at: Desk) -> None:
    here = await at.command("quota set tokens-per-day=200k usd-per-month=$20")
    await at.command("quota set requests-per-day=50 each-user")
    theirs = await at.command("quota set requests-per-day=200 user @ben")
    everyone = await at.command("quota set usd-per-month=500 workspace")
    gone = await at.command("quota unset tokens-per-day")

    assert f"`tokens-per-day`: {words.NO_LIMIT} → 200k tokens a day" in here
    assert f"<@{BEN}>" in theirs
    assert "$500.00 a month" in everyone
    assert f"200k tokens a day → {words.NO_LIMIT}" in gone
    policy = await at.policies.reload()
    assert policy.of(HERE).limits == {"usd-per-month": 20_000_000}
    assert policy.of(EACH_USER).limits == {"requests-per-day": 50}
    assert policy.of(Scope("user", BEN)).limits == {"requests-per-day": 200}
    assert policy.of(WORKSPACE).limits == {"usd-per-month": 500_000_000}


async def test_to_allow_a_model_is_to_allow_no_other(at: Desk) -> None:
    told = await at.command("models allow grok-4.3-latest")
    more = await at.command("models allow grok-4.7")

    assert (await rules(at)).models == {"*": False, "grok-4.3": True, "grok-4.7": True}
    assert words.ALLOWED_ONLY("`grok-4.3`") in told
    assert words.ALLOWED_ONLY("`grok-4.3` and `grok-4.7`") in more


async def test_a_model_is_forbidden_and_allowed_again(at: Desk) -> None:
    forbidden = await at.command("models forbid grok-4.7")
    allowed = await at.command("models allow grok-4.7")

    assert words.ALLOWED_BUT("`grok-4.7`") in forbidden
    assert words.ALL_MODELS in allowed
    assert await rules(at) == Rules()


async def test_ones_own_default_that_is_refused_now_can_be_taken_back(at: Desk) -> None:
    await at.command("models allow grok-4.7 workspace")
    await at.command("defaults set --effort xhigh me")
    await at.command("models allow all workspace")

    assert f"`--effort`: `xhigh` → {words.NOT_SET}" in await at.command("defaults unset effort me")


@pytest.mark.parametrize("command", ["allow", "forbid"])
async def test_a_model_that_nobody_lists_is_named_as_that(at: Desk, command: str) -> None:
    told = await at.command(f"models {command} acme-7b grok-4.7")

    assert told.splitlines()[-1] == words.NOT_ON_LIST("`acme-7b`")
    assert "list" not in await at.command(f"models {command} grok-4.3")


@pytest.fixture
async def listed(at: Desk, grok_client: GrokClient) -> Desk:
    """Where the API has listed its models."""
    await grok_client.catalogue.refresh()
    assert grok_client.catalogue.tells_all("grok-4.3")
    return at


async def test_a_model_that_there_is_not_cannot_be_allowed(listed: Desk) -> None:
    told = await listed.command("models allow nonsense workspace")
    both = await listed.command("models allow grok-4.3 no-such-one")

    assert told.startswith(managing_words.NOTHING_CHANGED)
    assert "there is no model called nonsense; `/grok models` lists all" in told
    assert "there is no model called no-such-one" in both
    assert await rules(listed) == await rules(listed, WORKSPACE) == Rules()


async def test_a_model_that_there_is_not_is_forbidden_and_that_taken_back(listed: Desk) -> None:
    assert words.NOT_ON_LIST("`made-up`") in await listed.command("models forbid made-up")
    assert words.ALL_MODELS in await listed.command("models allow made-up")
    assert await rules(listed) == Rules()


@pytest.mark.parametrize("command", ["models allow acme-7b", "models allow acme-7b workspace"])
async def test_whoever_allows_no_model_that_is_known_is_told_what_may_come_of_it(
    at: Desk, command: str
) -> None:
    assert (await at.command(command)).endswith(words.NOTHING_LISTED_LEFT)
    assert words.NOTHING_LISTED_LEFT not in await at.command(command.replace("acme-7b", "grok-4.3"))


async def test_whoever_forbids_every_model_by_name_is_warned(
    listed: Desk, grok_client: GrokClient
) -> None:
    names = " ".join(model.id for model in grok_client.catalogue.models)

    assert words.NOTHING_LISTED_LEFT in await listed.command(f"models forbid {names}")


async def test_all_models_are_allowed_again(at: Desk) -> None:
    await at.command("models allow grok-4.3")
    told = await at.command("models allow all")

    assert words.ALL_MODELS in told
    assert await rules(at) == Rules()


async def test_whoever_forbids_the_last_model_is_warned(at: Desk) -> None:
    await at.command("models allow grok-4.3")

    assert words.NO_MODEL_LEFT in await at.command("models forbid grok-4.3")


async def test_the_channel_reads_which_models_may_be_asked(at: Desk) -> None:
    await at.command("models allow grok-4.3")

    assert words.ALLOWED_ONLY("`grok-4.3`") in await announced(at)


async def test_a_channel_is_paused_and_resumed(at: Desk) -> None:
    paused = await at.command("pause")
    again = await at.command("pause", user=ANA)

    assert paused == words.PAUSED(whose=words.THIS_CHANNEL, kind="channel")
    assert again.startswith("Grok is paused already")
    assert again.endswith("`/grok resume channel` ends the pause.")
    assert f"<@{ANA}>" in again
    assert isinstance((await rules(at)).paused, Paused)
    assert await announced(at) == words.TOLD_PAUSED(f"<@{ANA}>")

    assert await at.command("resume") == words.RESUMED(words.THIS_CHANNEL)
    assert (await rules(at)).paused is None


async def test_a_channel_that_is_resumed_in_a_paused_workspace_stays_paused(at: Desk) -> None:
    await at.command("pause workspace")
    await at.command("pause")

    assert words.STILL_PAUSED in await at.command("resume")
    assert words.STILL_PAUSED in await at.command("resume")
    assert words.STILL_PAUSED not in await at.command("resume workspace")


# Who may


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("defaults set --temperature 0.2", "defaults"),
        ("defaults unset temperature", "defaults"),
        ("defaults reset workspace", "defaults"),
        ("quota set tokens-per-day=200k", "quota"),
        ("quota unset tokens-per-day each-user", "quota"),
        ("quota user @ana", "person"),
        ("models forbid grok-4.7", "models"),
        ("pause", "pause"),
        ("resume workspace", "pause"),
        ("audit", "audit"),
        ("usage workspace", "usage"),
        ("usage export", "export"),
    ],
)
async def test_a_member_is_refused_what_is_for_admins(at: Desk, text: str, refusal: str) -> None:
    assert await at.command(text, user=BEN) == words.only_admins(refusal)
    assert (await at.policies.reload()).version == 0


@pytest.mark.parametrize(
    "text", ["defaults", "models", "quota", "quota channel", "quota user @ben", "usage", "usage me"]
)
async def test_everybody_may_look_at_what_concerns_them(at: Desk, text: str) -> None:
    told = await at.command(text, user=BEN)

    assert not any(each in told for each in words.ONLY_ADMINS.values())


@pytest.mark.parametrize("typed", ["prompts share brief", "prompts delete brief channel"])
async def test_whoever_may_not_share_prompts_reads_that_of_prompts(at: Desk, typed: str) -> None:
    await at.command("prompts save brief Say {text}", user=BEN)

    assert await at.command(typed, user=BEN) == words.only_admins("prompts")
    assert "Done" in await at.command("prompts delete brief", user=BEN)


async def test_members_may_set_defaults_where_the_setting_says_so(open_to_members: Desk) -> None:
    at = open_to_members

    assert "0.2" in await at.command("defaults set --temperature 0.2", user=BEN)
    assert f"<@{BEN}>" in await announced(at)
    assert await at.command("defaults reset", user=GUEST) == words.NOT_FOR_GUESTS
    assert await at.command("pause", user=BEN) == words.only_admins("pause")


async def test_the_settings_name_admins_too(
    workspace: Workspace, grok_client: GrokClient, valkey: str
) -> None:
    async with desk(workspace, grok_client, valkey, grok_admins=f"{BEN}, {GUEST}") as at:
        for user in (BEN, GUEST):
            assert words.ONLY_ADMINS["pause"] not in await at.command("pause", user=user)
        named = [f"<@{user}>" for user in sorted((BEN, GUEST))]
        assert await at.command("pause", user=CHLOE) == words.only_admins("pause", named)


async def test_whoever_slack_does_not_know_just_now_may_try_again(at: Desk) -> None:
    at.workspace.fail("users.info", status=500, times=1)

    assert await at.command("pause") == words.WHO_ARE_YOU
    assert "Done" in await at.command("pause")


# Where the bot cannot write, and where Redis is away


async def test_the_author_is_told_when_the_channel_could_not_be(at: Desk) -> None:
    told = await at.command("defaults set --temperature 0.2", channel=FINANCE)

    assert "0.2" in told
    await at.workspace.wait_for(lambda: len(at.workspace.ephemerals(ANA)) == 2)
    assert words.NOT_ANNOUNCED in str(at.workspace.ephemerals(ANA)[-1].shown)


async def test_a_busy_slack_is_told_later(at: Desk) -> None:
    at.workspace.fail("chat.postMessage", retry_after=1)

    await at.command("pause")

    assert await announced(at) == words.TOLD_PAUSED(f"<@{ANA}>")


async def test_nothing_is_announced_to_oneself(at: Desk) -> None:
    await at.command("defaults set --temperature 0.2", channel=dm_of(ANA))
    await at.command("defaults set --temperature 0.3")

    await announced(at)
    assert at.workspace.messages(dm_of(ANA)) == []


async def test_without_redis_nothing_changes_and_that_is_said(at: Desk) -> None:
    await at.proxy.away()
    assert await at.command("pause") == words.NOT_CHANGED
    assert await at.command("defaults") == general.STORE_AWAY

    at.proxy.back()
    assert "Done" in await at.command("pause")


async def test_when_no_reply_says_whether_it_changed_that_is_said(at: Desk) -> None:
    await at.command("defaults")
    at.proxy.lose = always()

    assert await at.command("pause") == words.MAYBE_CHANGED
    assert (await rules(at)).paused is not None


async def test_a_fault_of_ours_is_answered_too(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Quotas, "export", lambda *_: 1 / 0)

    assert await at.command("usage export") == words.FAILED


async def test_a_lost_reply_changes_nothing_twice(at: Desk) -> None:
    await at.command("defaults")
    at.proxy.lose = lambda _: at.proxy.lost == 0

    told = await at.command("defaults set --temperature 0.2")

    assert f"{words.NOT_SET} → 0.2" in told
    assert at.proxy.lost == 1
    assert (await at.command("audit")).count("temperature") == 1


async def test_a_channel_is_not_told_what_grok_is_told(
    workspace: Workspace, grok_client: GrokClient, valkey: str
) -> None:
    async with desk(workspace, grok_client, valkey) as at:
        told = await at.command('defaults set --temperature 0.2 --system "Speak like a zebra"')
        announced = await workspace.wait_for(lambda: workspace.messages(GENERAL))

    assert "zebra" in told
    assert "`--system`" in announced[0].shown
    assert "0.2" in announced[0].shown
    assert "zebra" not in announced[0].shown


async def test_a_channel_is_told_in_a_sentence_that_something_is_no_longer_set(at: Desk) -> None:
    await at.command("defaults set --effort high --temperature 0.2")
    await at.command("defaults unset effort")
    await at.workspace.wait_for(lambda: at.workspace.messages(GENERAL)[1:])
    set_, unset = at.workspace.messages(GENERAL)

    assert "say nothing else: `--temperature` 0.2 and `--effort` `high`." in set_.shown
    assert "say nothing else: `--effort` is no longer set." in unset.shown
