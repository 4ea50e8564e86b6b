"""`/grok feedback`: what admins read of votes, and what they get as files."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any

import pytest

from bot.completion import CompletionRequest
from bot.grok.client import GrokClient
from bot.jobs.queue import Queue
from bot.rules.quota import windows_at
from bot.rules.votes import Judged, Vote, hash_of
from bot.slack.blocks import moment
from bot.slack.charts.charts import CHART
from bot.store.votes import Votes
from bot.words import admin as admin_words
from bot.words import votes as words
from sandbox.workspace import ANA, BEN, CHLOE, GENERAL, RANDOM, AppConfig, Message, Workspace, dm_of
from sandbox.workspace.config import BOT_SCOPES
from sandbox.workspace.delivering.response_url import RESPONSE_URL
from tests.admin.command_desk import KEYS, Desk, desk, text_of
from tests.doors.jobs import an_answer, an_ask
from tests.jobs.steps import take_next

NOW = time.time()
MONTH = windows_at(NOW, UTC).month
PROMPT, TEXT = "Name a =river", "The Amazon, <!channel>."


@pytest.fixture
async def at(workspace: Workspace, grok_client: GrokClient, valkey: str) -> AsyncIterator[Desk]:
    async with desk(workspace, grok_client, valkey) as opened:
        yield opened


async def vote(
    at: Desk, job: str, user: str = ANA, choice: str = "up", comment: str = "", **fields: Any
) -> None:
    usual: dict[str, Any] = {
        "at": NOW,
        "channel": GENERAL,
        "surface": "command",
        "model": "grok-4.3",
        "endpoint": "chat",
        "seconds": 2.0,
    }
    given = Vote(choice=choice, at=NOW, comment=comment)
    outcome = await Votes(at.store, KEYS).cast(job, user, given, Judged(**(usual | fields)), UTC)
    assert outcome == "new"


async def answered(at: Desk, job: str, **fields: Any) -> None:
    """A job that was answered, as the queue remembers it."""
    queue = Queue(at.store, KEYS, lease_seconds=60, retention_seconds=3600)
    request = CompletionRequest(model="grok-4.3", prompt=PROMPT, max_tokens=9)
    await queue.accept(job, an_ask(dedupe=job, request=request, **fields))
    lease, taken = await take_next(queue)
    sections = an_answer().sections[0].model_copy(update={"text": TEXT})
    await queue.deliver(lease, an_answer(sections=(sections,)), taken.hold)


def charts_of(message: Message) -> list[dict[str, Any]]:
    return [block for block in message.blocks or () if block["type"] == CHART]


def files(at: Desk, user: str = ANA) -> dict[str, str]:
    """What `user` was sent, by name."""
    sent: list[Message] = at.workspace.messages(dm_of(user))
    found = [file for message in sent for file in message.files]
    return {
        file.name: (file.content or b"").decode(
            "utf-8-sig" if file.name.endswith(".csv") else "utf-8"
        )
        for file in found
    }


async def test_a_month_is_shown_by_model_channel_and_parameters(at: Desk) -> None:
    for number in range(8):
        await vote(
            at,
            f"good{number}",
            parameters={"temperature": 0.2},
            micro_dollars=1_000,
            first_seconds=0.5,
        )
    await vote(at, "bad1", BEN, "down", model="grok-4.7", channel=RANDOM)
    await vote(at, "bad2", BEN, "down", channel="", surface="direct")

    told = await at.command("feedback")

    assert f"{words.TITLE}, {MONTH}" in told
    assert "👍 8 of 10 · 80% (49–94%) · $0.0010 · first text 0.50 s · last 2.0 s" in told
    assert "• `grok-4.3`: 👍 8 of 9 · 89% (57–98%)" in told
    assert f"• <#{RANDOM}>: 👍 0 of 1 · 0% (0–79%)" in told
    assert f"• {words.DIRECT}: 👍 0 of 1" in told
    assert "*By `--temperature`*" in told
    assert "• `0.2`: 👍 8 of 8" in told
    assert f"• {words.NOT_GIVEN}: 👍 0 of 2" in told
    assert await at.command("usage votes") == told
    assert BEN not in told


async def test_a_month_is_drawn_with_its_intervals(at: Desk) -> None:
    await vote(at, "j1", parameters={"temperature": 0.2})
    await vote(at, "j2", channel="G0PRIVATE")
    await vote(at, "j3", channel="")
    await vote(at, "bad", BEN, "down", model="grok-4.20-0309-non-reasoning")

    await at.command("feedback")
    message = at.workspace.ephemerals(ANA)[-1]
    drawn = {block["title"]: block["chart"] for block in charts_of(message)}

    settings, places = drawn[words.CHART_OF_SETTINGS], drawn[words.CHART_OF_PLACES]
    assert settings["axis_config"]["categories"] == [
        "grok-4.3",
        "grok-4.20-…reasoning",
        "temperature not set",
        "temperature 0.2",
    ]
    shown = {
        each["name"]: [point["value"] for point in each["data"]] for each in settings["series"]
    }
    assert shown == {
        words.AT_LEAST: [44, 0, 21, 21],
        words.LIKED: [100, 0, 67, 100],
        words.AT_MOST: [100, 79, 94, 100],
    }
    assert places["axis_config"]["categories"] == ["#general", words.DIRECT, "G0PRIVATE", "/grok"]
    assert "👍 3 of 4 · 75% (30–95%)" in text_of(message)


async def test_instructions_are_told_where_admins_have_set_them_and_else_when_they_were_used(
    at: Desk,
) -> None:
    await at.command('defaults set --system "You are a strict editor" workspace')
    await at.command('defaults set --system "Be a pirate"')
    for number, system in enumerate(("You are a strict editor", "Be a pirate", "My divorce")):
        used = {"system": hash_of(system)} | ({"logit_bias": "#0a1b2c3d"} if number else {})
        await vote(at, f"j{number}", parameters=used)

    told = await at.command("feedback")
    message = at.workspace.ephemerals(ANA)[-1]
    (settings,) = [each for each in charts_of(message) if each["title"] == words.CHART_OF_SETTINGS]

    assert "• “You are a strict editor”: 👍" in told
    assert "• “Be a pirate”: 👍" in told
    assert f"• {words.first_used(moment(NOW, 3600), system=True)}: 👍" in told
    assert f"• {words.first_used(moment(NOW, 3600), system=False)}: 👍" in told
    assert "divorce" not in str(message.blocks)
    assert "#0a1b2c3d" not in str(message.blocks)
    assert hash_of("My divorce") not in str(message.blocks)
    assert "system Be a pirate" in settings["chart"]["axis_config"]["categories"]
    elsewhere = await at.command("feedback", channel=RANDOM)
    assert "You are a strict editor" in elsewhere
    assert "pirate" not in elsewhere


def draw_nothing(at: Desk) -> None:
    """Slack takes no charts from here on."""
    for method in (RESPONSE_URL, "chat.postEphemeral"):
        at.workspace.fail(
            method, error="invalid_blocks", times=None, where=lambda args: CHART in str(args)
        )


async def told_twice(at: Desk, user: str = ANA) -> tuple[str, str]:
    """The table without charts, and what is said of pictures below it."""
    number = len(at.workspace.ephemerals(user))
    await at.command("feedback", user)
    shown = await at.workspace.wait_for(
        lambda: at.workspace.ephemerals(user)[number:][1:] and at.workspace.ephemerals(user)
    )
    table, sentence = shown[-2:]
    assert not charts_of(table)
    return text_of(table), text_of(sentence)


async def test_where_slack_draws_nothing_the_table_is_there_and_pictures_come(at: Desk) -> None:
    await vote(at, "j1")
    first = await at.command("feedback")
    assert charts_of(at.workspace.ephemerals(ANA)[-1])
    draw_nothing(at)
    told = [await told_twice(at), await told_twice(at)]

    assert told == [(first, words.PICTURES_SENT)] * 2
    assert len(at.workspace.responses) == 6  # one of which was refused
    sent = [message for message in at.workspace.messages(dm_of(ANA)) if message.files]
    assert [len(message.files) for message in sent] == [2, 2]
    assert "grok-4.3: 100% (21–100%)" in sent[0].files[0].alt
    assert not any(message.files for message in at.workspace.messages(GENERAL))
    assert [m for user in (BEN, CHLOE) for m in at.workspace.messages(dm_of(user))] == []


async def test_an_app_that_may_not_upload_says_so_below_the_table(
    grok_client: GrokClient, valkey: str
) -> None:
    async with (
        Workspace(app=AppConfig(scopes=BOT_SCOPES - {"files:write"})) as workspace,
        desk(workspace, grok_client, valkey) as at,
    ):
        await vote(at, "j1")
        draw_nothing(at)
        table, sentence = await told_twice(at)

    assert "👍 1 of 1" in table
    assert sentence == words.PICTURES_NEED_SCOPE
    assert workspace.messages(dm_of(ANA)) == []


async def test_a_month_without_votes_says_so(at: Desk) -> None:
    assert await at.command("feedback 2024-02") == words.NONE_YET("2024-02")
    assert await at.command("feedback export") == words.NONE_YET(MONTH)
    assert "no month" in await at.command("feedback 2024-13")


@pytest.mark.parametrize(
    "typed", ["feedback", "feedback export", "feedback off", "feedback texts on", "usage votes"]
)
async def test_only_admins_see_and_set_it(at: Desk, typed: str) -> None:
    assert await at.command(typed, CHLOE) == admin_words.only_admins("votes")


async def test_an_export_has_each_vote_and_texts_only_where_a_channel_lets_it(at: Desk) -> None:
    for job, channel in (("j1", GENERAL), ("j2", RANDOM), ("j3", GENERAL)):
        await answered(at, job, channel=channel, reply="private" if job == "j3" else "channel")
        await vote(at, job, channel=channel, parameters={"temperature": 0.2})
    await vote(at, "j1", BEN, "down", comment="=HYPERLINK(1)")
    await vote(at, "j4")  # which is forgotten

    without = await at.command("feedback export")
    assert "None has its question" in without
    assert PROMPT not in str(files(at))
    assert await at.command("feedback texts on") == (
        f"Done. When votes of this channel are exported:\n• {admin_words.TEXTS}: not set → on"
    )
    said = await at.command("feedback export")
    found = files(at)
    rows = list(csv.DictReader(io.StringIO(found[f"grok-votes-{MONTH}.csv"])))
    entries = [json.loads(line) for line in found[f"grok-votes-{MONTH}.jsonl"].splitlines()]

    assert said == words.EXPORTED(month=MONTH, votes=5, texts=2)
    assert [(row["answer"], row["voter"], row["vote"]) for row in rows] == [
        ("j1", ANA, "up"),
        ("j1", BEN, "down"),
        ("j2", ANA, "up"),
        ("j3", ANA, "up"),
        ("j4", ANA, "up"),
    ]
    assert [bool(row["prompt"]) for row in rows] == [True, True, False, False, False]
    comments = {row["comment"] for row in rows}
    assert comments == {"", "'=HYPERLINK(1)"}
    assert [entry.get("text") for entry in entries] == [TEXT, TEXT, None, None, None]
    assert entries[0]["parameters"] == {"temperature": 0.2}
    told = [m.shown for m in at.workspace.messages(GENERAL)]
    assert any("lets questions and answers of this channel go along" in each for each in told)


async def test_votes_are_switched_off_and_on_again(at: Desk) -> None:
    off = await at.command("feedback off workspace")
    assert f"• {admin_words.VOTES}: not set → off" in off
    assert await at.command("feedback on")
    policy = await at.policies.reload()
    assert [rules.feedback for rules in policy.scopes.values()] == [False, True]
