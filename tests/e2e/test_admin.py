"""Defaults, quotas, allowed models, pauses and the audit, from the command to their effect."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import io

import pytest

from bot.words import usage as usage_words
from sandbox.grok import Script
from sandbox.workspace import (
    ANA,
    BEN,
    ENGINEERING,
    GENERAL,
    GUEST,
    CommandResult,
    Message,
    dm_of,
)
from tests.e2e.stage import Stage, installed_app, markdown, on_stage

MODES = pytest.mark.parametrize("mode", ["socket", "http"])


async def told(stage: Stage, text: str, *, user: str = ANA, channel: str = GENERAL) -> str:
    """What the author of a command reads, alone."""
    before = len(stage.workspace.ephemerals(user))
    result: CommandResult = await stage.ask(text, user=user, channel=channel)
    if said := (result.ack_body or {}).get("text"):
        return str(said)

    def new() -> Message | None:
        return next(iter(stage.workspace.ephemerals(user)[before:]), None)

    return (await stage.workspace.wait_for(new)).shown


async def test_a_default_that_only_grok_refuses_is_told_as_one(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "defaults set --top-p 0.5")
        said = "Model grok-4.3 does not support parameter topP."
        stage.grok.script(Script(status=400, body={"error": said}, times=2))
        await stage.ask("Name a river", user=BEN)
        (by_default,) = await stage.answer(1)
        own = await stage.ask("--top-p 0.5 Name a lake", user=BEN)

    assert "--top-p" in markdown(by_default)
    assert "the defaults of this channel" in markdown(by_default)
    assert "--top-p" in own.ack_body["text"]
    assert "the defaults of this channel" not in own.ack_body["text"]


@MODES
async def test_defaults_of_a_channel_hold_there_and_nowhere_else(redis_url: str, mode: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        changed = await told(
            stage, 'defaults set --temperature 0.3 --max-tokens 300 --system "Be brief"'
        )
        await told(stage, "defaults set --seed 7 workspace")
        shown = await told(stage, "defaults show", user=BEN)
        await stage.ask("Name a river", user=BEN)
        await stage.answer(1)
        here, first = stage.sent(), stage.messages()[0]
        await stage.ask("--temperature 0.9 Name a lake", user=BEN)
        await stage.answer(2)
        said = stage.sent()
        await stage.ask("Name a hill", channel=ENGINEERING)
        await stage.answer(channel=ENGINEERING)
        there = stage.sent()

    assert "0.3" in changed
    for part in ("0.3", "300", "Be brief", "7", "channel", "workspace"):
        assert part in shown
    assert (here["temperature"], here["max_tokens"], here["seed"]) == (0.3, 300, 7)
    assert first == {"role": "system", "content": "Be brief"}
    assert said["temperature"] == 0.9
    assert "temperature" not in there
    assert there["seed"] == 7
    announced = stage.workspace.messages(GENERAL)[0]
    assert "0.3" in announced.shown
    assert not stage.workspace.problems


@MODES
async def test_a_question_beyond_its_quota_is_denied_with_what_would_fit(
    redis_url: str, mode: str
) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        set_ = await told(stage, "quota set tokens-per-day=8k channel")
        fits = await stage.ask("--max-tokens 200 Name a river", user=BEN)
        await stage.answer()
        denied = await told(stage, "--max-tokens 9000 Tell me a story", user=BEN)
        shown = await told(stage, "quota show channel", user=BEN)
        used = await told(stage, "usage channel", user=BEN)
        elsewhere = await stage.ask("--max-tokens 9000 Tell me a story", channel=ENGINEERING)
        await stage.answer(channel=ENGINEERING)

    assert "8k" in set_ or "8,000" in set_
    assert not (fits.ack_body or {}).get("text")
    assert not (elsewhere.ack_body or {}).get("text")
    assert "--max-tokens" in denied
    assert len(stage.grok.requests) == 2
    for text in (shown, used):
        assert "▓" in text or "█" in text or "%" in text


async def test_who_asks_for_more_thinking_than_fits_is_told_how_much_less_would(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "quota set tokens-per-day=12k channel")
        of_much = await told(stage, "--effort high Name a river", user=BEN)
        fits = await stage.ask("--effort low Name a river", user=BEN)
        await stage.answer()
        await told(stage, "quota set tokens-per-day=5k each-user")
        of_none = await told(stage, "Name a lake", user=ANA)

    assert "Less thinking would fit now: ask with `--effort low`." in of_much
    assert not (fits.ack_body or {}).get("text")
    assert "`--effort none`" in of_none
    assert [request.body["reasoning"] for request in stage.grok.requests] == [{"effort": "low"}]


async def test_what_is_used_is_settled_and_counted(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="one two three"))
        await stage.ask("--max-tokens 100 Name a river", user=BEN)
        (message,) = await stage.answer()
        await told(stage, "quota set requests-per-day=1 each-user")
        denied = await told(stage, "Name a lake", user=BEN)
        await stage.ask("Name a lake", user=ANA)
        await stage.answer(1)
        used = await told(stage, "usage me", user=BEN)

    assert markdown(message) == "one two three"
    assert "1" in denied
    assert len(stage.grok.requests) == 2
    assert "1 question" in used or "1 request" in used


async def test_a_pause_stops_new_questions_in_every_way(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "pause")
        denied = await told(stage, "Name a river", user=BEN)
        await stage.workspace.say(BEN, GENERAL, "@grok name a lake")
        await stage.workspace.wait_for(lambda: len(stage.workspace.ephemerals(BEN)) > 1)
        await told(stage, "resume")
        await stage.ask("Name a hill", user=BEN)
        await stage.workspace.wait_for(lambda: stage.grok.requests)
        await stage.quiet()

    assert "pause" in denied.lower()
    assert len(stage.grok.requests) == 1


async def test_models_that_are_not_allowed_are_refused_in_words(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "models allow grok-4.3")
        refused = await told(stage, "-m grok-4.7 Name a river", user=BEN)
        shown = await told(stage, "models", user=BEN)

    assert "grok-4.7" in refused
    assert "grok-4.3" in refused
    assert "grok-4.3" in shown
    assert not stage.grok.requests


@pytest.mark.parametrize(
    "text",
    [
        "quota set requests-per-day=1 channel",
        "models forbid grok-4.3",
        "pause",
        "defaults set --seed 1",
        "audit",
        "usage workspace",
    ],
)
async def test_who_is_no_admin_changes_nothing(redis_url: str, text: str) -> None:
    async with on_stage(redis_url) as stage:
        refused = await told(stage, text, user=BEN)
        audit = await told(stage, "audit")
        await stage.ask("Name a river", user=BEN)
        await stage.answer()

    assert "admin" in refused.lower()
    assert "requests" not in audit


async def test_members_may_change_defaults_where_that_is_set(redis_url: str) -> None:
    async with on_stage(redis_url, defaults_editable_by="members") as stage:
        changed = await told(stage, "defaults set --seed 5", user=BEN)
        refused = await told(stage, "defaults set --seed 6", user=GUEST)
        audit = await told(stage, "audit")

    assert "5" in changed
    assert "6" not in refused
    assert f"<@{BEN}>" in audit or "ben" in audit.lower()


async def test_only_members_may_ask_where_that_is_set(redis_url: str) -> None:
    async with on_stage(redis_url, asking_open_to="members") as stage:
        refused = await told(stage, "Name a river", user=GUEST)
        await stage.ask("Name a river", user=BEN)
        await stage.answer()

    assert "member" in refused
    assert len(stage.grok.requests) == 1


async def test_questions_are_taken_in_listed_channels_only_where_that_is_set(
    redis_url: str,
) -> None:
    async with on_stage(redis_url, asking_channels=ENGINEERING) as stage:
        refused = await told(stage, "Name a river")
        await stage.ask("Name a river", channel=ENGINEERING)
        await stage.answer(channel=ENGINEERING)

    assert "channel" in refused
    assert len(stage.grok.requests) == 1


async def test_questions_at_once_never_pass_a_limit(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "quota set requests-per-day=5 workspace")
        results = await asyncio.gather(
            *(stage.ask(f"--private question {number}", user=BEN) for number in range(20))
        )
        await stage.grok.arrived(5)
        await stage.quiet()

    taken = [r for r in results if "Got it" in (r.ack_body or {}).get("text", "")]
    assert len(taken) == 5
    assert len(stage.grok.requests) == 5


async def test_the_form_is_filled_with_the_defaults_of_its_channel(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "defaults set --temperature 0.3 --max-tokens 300")
        await stage.ask("", user=BEN)
        view = await stage.form(BEN)

    assert view.values["temperature"]["value"]["value"] == "0.3"
    assert view.values["max_tokens"]["value"]["value"] == "300"


async def test_admins_are_told_once_when_most_of_a_quota_is_used(redis_url: str) -> None:
    async with on_stage(redis_url, grok_admins=ANA) as stage:
        await told(stage, "quota set requests-per-day=5 channel")
        for number in range(5):
            await stage.ask(f"--private question {number}", user=BEN)
        await stage.quiet()
        dm = f"D{ANA.removeprefix('U')}"
        await stage.workspace.wait_for(lambda: stage.workspace.messages(dm))
        await stage.quiet()

    assert len(stage.workspace.messages(dm)) == 1
    assert "80" in stage.workspace.messages(dm)[0].shown or "%" in (
        stage.workspace.messages(dm)[0].shown
    )


async def test_an_admin_sets_a_quota_by_the_form(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        ws = stage.workspace
        await ws.shortcut(ANA, "set_up_grok")
        first = await stage.form(field="whose")
        await ws.submit(ANA, first.id, {"what": "limits", "whose": "channel", "channel": GENERAL})
        second = await stage.form(field="tokens-per-day")
        wrong = await ws.submit(ANA, second.id, {"tokens-per-day": "many"})
        saved = await ws.submit(ANA, second.id, {"tokens-per-day": "50k"})
        standing = await told(stage, "quota show channel", user=BEN)

    assert set(wrong.errors) == {"tokens-per-day"}
    assert not saved.errors
    assert "50k" in standing or "50,000" in standing
    assert not ws.problems


# What was used in a month


async def export(stage: Stage) -> tuple[str, list[Message]]:
    """What is said to the admin who wants this month, and what came in their direct messages."""
    await stage.ask("Name a river", user=BEN)
    await stage.answer()
    said = await told(stage, "usage export")
    await stage.quiet()
    return said, stage.workspace.messages(dm_of(ANA))


async def test_a_month_comes_as_a_file_in_direct_messages(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        said, (message,) = await export(stage)
        asked = len(stage.grok.requests)

    (file,) = message.files
    (row,) = csv.DictReader(io.StringIO((file.content or b"").decode("utf-8-sig")))
    month = row["month"]
    assert file.name == f"grok-usage-{month}.csv"
    assert said == usage_words.EXPORTED(month=month, rows=1)
    assert (row["channel"], row["channel_name"], row["user"]) == (GENERAL, "general", BEN)
    assert (row["questions"], row["model"]) == ("1", "grok-4.3")
    assert int(row["tokens"]) > 0
    assert message.shown == ""
    assert asked == 1


@pytest.mark.parametrize("at", ["files.getUploadURLExternal", "upload_url"])
async def test_where_slack_takes_no_file_it_comes_as_messages(redis_url: str, at: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.workspace.fail(at, status=500)
        said, (message,) = await export(stage)

    assert message.files == ()
    (row,) = csv.DictReader(io.StringIO(markdown(message).split("```")[1].strip()))
    assert said == usage_words.EXPORTED(month=row["month"], rows=1)
    assert row["user"] == BEN


async def test_an_app_without_the_scope_sends_messages_as_before(redis_url: str) -> None:
    app = installed_app()
    app = dataclasses.replace(app, scopes=app.scopes - {"files:write"})
    async with on_stage(redis_url, app=app) as stage:
        _, (message,) = await export(stage)
        (call,) = stage.workspace.calls_of("files.getUploadURLExternal")

    assert call.response["error"] == "missing_scope"
    assert message.files == ()
    assert "channel_name" in markdown(message)
