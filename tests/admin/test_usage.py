"""Usage and quotas, as they are told to whoever asks."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import AsyncIterator

import pytest

from bot.admin.exports import MOST_MESSAGES, usage_table
from bot.grok.client import GrokClient
from bot.slack.documents import Document
from bot.slack_limits import MARKDOWN_CHARS
from bot.store.quotas import UsageRow
from bot.words import usage as words
from sandbox.workspace import (
    ANA,
    BEN,
    CHLOE,
    GENERAL,
    LEADERSHIP,
    RANDOM,
    AppConfig,
    Workspace,
    dm_of,
)
from sandbox.workspace.config import BOT_SCOPES
from tests.admin.command_desk import KEYS, Desk, desk
from tests.admin.spending import MONTH, spend, write_down

HERE = f"channel:{GENERAL}"
TOMORROW = 1_763_942_400
"""24 November 2025 in UTC."""
DECEMBER = 1_764_547_200


@pytest.fixture
async def at(workspace: Workspace, grok_client: GrokClient, valkey: str) -> AsyncIterator[Desk]:
    async with desk(workspace, grok_client, valkey) as opened:
        yield opened


@pytest.fixture
async def unfiled(grok_client: GrokClient, valkey: str) -> AsyncIterator[Desk]:
    """Where the app may send no files."""
    app = AppConfig(scopes=BOT_SCOPES - {"files:write"})
    async with Workspace(app=app) as workspace, desk(workspace, grok_client, valkey) as opened:
        yield opened


def line_with(told: str, part: str) -> str:
    (line,) = [line for line in told.splitlines() if part in line]
    return line


# Quotas


async def test_each_quota_that_holds_has_a_bar(at: Desk) -> None:
    await at.command("quota set tokens-per-day=200k concurrent=4")
    await at.command("quota set requests-per-day=50 each-user")
    await at.command("quota set usd-per-month=500 workspace")
    await spend(at.store, KEYS, HERE, tokens=95_000, held_tokens=5_000, running=1)
    await spend(at.store, KEYS, f"user:{ANA}", requests=10)
    await spend(at.store, KEYS, "workspace", micro_dollars=125_000_000)

    told = await at.command("quota")

    day = line_with(told, "200k tokens a day")
    assert "█████░░░░░ 50%  100k of 200k tokens a day · 100k left" in day
    assert f"<!date^{TOMORROW}^" in day
    assert "██░░░░░░░░ 20%  10 of 50 questions a day · 40 left" in told
    month = line_with(told, "$500.00 a month")
    assert "25%  $125.00 of $500.00 a month · $375.00 left" in month
    assert f"<!date^{DECEMBER}^" in month
    busy = line_with(told, "4 questions at once")
    assert busy.endswith("1 of 4 questions at once · 3 left")
    assert words.UNDER_WAY(1) in told
    headings = re.findall(r"^\*.*\*$", told, re.MULTILINE)
    assert headings == [words.heading(kind) for kind in ("user", "channel", "workspace")]


async def test_a_reset_is_told_in_the_time_of_the_reader(at: Desk) -> None:
    await at.command("quota set tokens-per-day=200k")

    assert "|Nov 24, 01:00 UTC+1>" in await at.command("quota")


@pytest.mark.parametrize(
    ("most", "told"),
    [
        ("1k", "██████████ 250%  2,500 used: 1,500 more than 1,000 tokens a day"),
        ("1", "██████████ 250,000%  2,500 used: 2,499 more than 1 token a day"),
        ("0", "██████████ 100%  2,500 used: 2,500 more than 0 tokens a day"),
        ("2500", "██████████ 100%  2,500 of 2,500 tokens a day · 0 left"),
    ],
)
async def test_what_is_more_than_used_up_is_full_and_it_is_said_by_how_much(
    at: Desk, most: str, told: str
) -> None:
    await at.command(f"quota set tokens-per-day={most}")
    await spend(at.store, KEYS, HERE, tokens=2_500)

    assert told in await at.command("quota")


async def test_without_quotas_that_is_said(at: Desk) -> None:
    assert await at.command("quota") == words.NO_QUOTAS
    assert await at.command("quota workspace") == words.NO_QUOTAS_THERE("the workspace")
    assert await at.command("quota user @ben") == words.NO_QUOTAS_THERE(f"<@{BEN}>")


async def test_what_one_question_may_ask_for_is_told(at: Desk) -> None:
    await at.command("quota set max-tokens=2k answers=3")

    told = await at.command("quota")

    assert told == words.caps(["up to 2,000 tokens an answer", "up to 3 answers to a question"])
    assert "Up to 2,000 tokens" in await at.command("quota channel")


async def test_the_quotas_of_one_person_are_theirs_and_everybodys(at: Desk) -> None:
    await at.command("quota set requests-per-day=50 tokens-per-day=1m each-user")
    await at.command("quota set requests-per-day=200 user @ben")
    await spend(at.store, KEYS, f"user:{BEN}", requests=100)

    theirs = await at.command("quota user @ben")
    everyones = await at.command("quota each-user")

    assert "50%  100 of 200 questions a day" in theirs
    assert "of 1m tokens a day" in theirs
    assert "50 questions a day" in everyones
    assert "%" not in everyones


# Usage


async def test_usage_is_that_of_the_channel_and_ones_own(at: Desk) -> None:
    await spend(
        at.store, KEYS, HERE, requests=40, tokens=69_134, micro_dollars=2_469_134, unpriced=1
    )

    told = await at.command("usage", user=BEN)

    cost = words.UNPRICED(money="$2.47", questions=1)
    assert (
        words.USED(window=words.TODAY, requests="40 questions", tokens="69,134 tokens", money=cost)
        in told
    )
    assert told.index(words.heading("channel")) < told.index(words.heading("user"))
    assert told.count(words.USED_NOTHING(words.TODAY)) == 1
    assert "%" not in told


async def test_usage_of_the_workspace_is_for_admins(at: Desk) -> None:
    await at.command("quota set tokens-per-month=1m workspace")
    await spend(at.store, KEYS, "workspace", windows=(MONTH,), requests=9, tokens=500_000)

    told = await at.command("usage workspace")

    assert words.USED_NOTHING(words.TODAY) in told
    assert "9 questions · 500k tokens" in told
    assert "█████░░░░░ 50%" in told


async def test_admins_are_told_who_used_most(at: Desk) -> None:
    for user, tokens in ((ANA, 10), (BEN, 30), (CHLOE, 20)):
        await write_down(at.store, KEYS, GENERAL, user, requests=1, tokens=tokens, cost=0)

    line = line_with(await at.command("usage channel"), "Used most")

    assert re.findall("<@(.*?)>", line) == [BEN, CHLOE, ANA]
    assert "30 tokens" in line
    assert "Used most" not in await at.command("usage channel", user=BEN)


async def test_admins_are_told_where_votes_are_seen(at: Desk) -> None:
    assert words.AND_VOTES in await at.command("usage")
    assert words.AND_VOTES not in await at.command("usage", user=BEN)


async def test_in_direct_messages_usage_is_ones_own(at: Desk) -> None:
    told = await at.command("usage", channel=dm_of(BEN), user=BEN)

    assert words.heading("user") in told
    assert words.heading("channel") not in told


# A month as a table


NO_SEARCH = ("0", "0", "0.000000")


async def test_a_month_comes_as_a_table_in_direct_messages(unfiled: Desk) -> None:
    await write_down(unfiled.store, KEYS, GENERAL, BEN, requests=3, tokens=1_000, cost=2_500)
    await write_down(unfiled.store, KEYS, RANDOM, ANA, requests=5, tokens=9_000, cost=12_345_678)
    await write_down(unfiled.store, KEYS, LEADERSHIP, ANA, requests=1, tokens=9_500, cost=0)
    await write_down(unfiled.store, KEYS, dm_of(BEN), BEN, requests=1, tokens=2_000, cost=0)

    told = await unfiled.command("usage export")

    (message,) = unfiled.workspace.messages(dm_of(ANA))
    text = (message.blocks or [])[0]["text"]
    rows = list(csv.reader(io.StringIO(text.split("```")[1].strip())))
    assert rows == [
        list(words.COLUMNS),
        [MONTH, LEADERSHIP, "", ANA, "ana", "1", "9500", "0.000000", "0", "", *NO_SEARCH],
        [MONTH, RANDOM, "random", ANA, "ana", "5", "9000", "12.345678", "0", "", *NO_SEARCH],
        [MONTH, dm_of(BEN), "", BEN, "ben", "1", "2000", "0.000000", "0", "", *NO_SEARCH],
        [MONTH, GENERAL, "general", BEN, "ben", "3", "1000", "0.002500", "0", "", *NO_SEARCH],
    ]
    assert told == words.EXPORTED(month=MONTH, rows=4)


async def test_what_was_searched_is_shown_apart(unfiled: Desk) -> None:
    searched = {"searches": 12, "posts": 44, "search_micro_dollars": 280_000}
    await spend(
        unfiled.store,
        KEYS,
        f"user:{ANA}",
        requests=2,
        tokens=90_000,
        micro_dollars=500_000,
        searches=12,
        posts=44,
        search_micro_dollars=280_000,
    )
    await write_down(
        unfiled.store,
        KEYS,
        GENERAL,
        ANA,
        requests=2,
        tokens=90_000,
        cost=500_000,
        searched=searched,
    )

    told = await unfiled.command("usage me")
    await unfiled.command("usage export")

    assert "$0.50 · 12 searches and 44 posts for $0.28 of it" in told
    (message,) = unfiled.workspace.messages(dm_of(ANA))
    text = (message.blocks or [])[0]["text"]
    (row,) = csv.DictReader(io.StringIO(text.split("```")[1].strip()))
    assert (row["searches"], row["posts"], row["search_usd"]) == ("12", "44", "0.280000")
    assert row["usd"] == "0.500000"


async def test_a_month_tells_models_apart(unfiled: Desk) -> None:
    for model, tokens in (("grok-4.3", 1_000), ("=grok 4 <x>", 10)):
        await write_down(
            unfiled.store, KEYS, GENERAL, BEN, requests=1, tokens=tokens, cost=0, model=model
        )

    await unfiled.command("usage export")

    (message,) = unfiled.workspace.messages(dm_of(ANA))
    text = (message.blocks or [])[0]["text"]
    rows = list(csv.DictReader(io.StringIO(text.split("```")[1].strip())))
    assert [(row["model"], row["tokens"]) for row in rows] == [
        ("grok-4.3", "1000"),
        ("'=grok 4 ‹x›", "10"),
    ]


async def test_a_month_comes_as_one_file_where_slack_takes_it(at: Desk) -> None:
    await write_down(at.store, KEYS, GENERAL, BEN, requests=3, tokens=1_000, cost=2_500)

    told = await at.command("usage export 2025-11")

    (message,) = at.workspace.messages(dm_of(ANA))
    (file,) = message.files
    assert file.name == f"grok-usage-{MONTH}.csv"
    assert (file.content or b"").startswith(codecs.BOM_UTF8)  # without it Excel reads no umlauts
    assert file.title == words.EXPORT_TITLE(month=MONTH, part=1, parts=1)
    assert list(csv.reader(io.StringIO((file.content or b"").decode("utf-8-sig")))) == [
        list(words.COLUMNS),
        [MONTH, GENERAL, "general", BEN, "ben", "3", "1000", "0.002500", "0", "", *NO_SEARCH],
    ]
    assert told == words.EXPORTED(month=MONTH, rows=1)


async def test_a_month_without_use_has_no_table(at: Desk) -> None:
    assert await at.command("usage export 2025-01") == words.NO_EXPORT("2025-01")
    assert at.workspace.messages(dm_of(ANA)) == []


async def test_a_table_that_slack_does_not_take_is_not_said_to_be_sent(unfiled: Desk) -> None:
    await write_down(unfiled.store, KEYS, GENERAL, BEN, requests=3, tokens=1_000, cost=2_500)
    unfiled.workspace.fail("conversations.open", status=500)

    assert await unfiled.command("usage export") == words.EXPORT_FAILED


def test_a_long_table_is_cut_into_messages_with_the_columns_in_each() -> None:
    rows = [UsageRow(GENERAL, f"U{number:09}", 1, number) for number in range(500)]

    found = usage_table(MONTH, rows, {})

    pieces = pieces_of(found)
    assert len(pieces) > 1
    assert all(piece.startswith("month,channel") for piece in pieces)
    assert all(len(text_of(message)) <= MARKDOWN_CHARS for message in found.messages)
    assert sum(len(piece.splitlines()) - 1 for piece in pieces) == 500
    assert text_of(found.messages[-1]).endswith("```")


def test_a_table_too_long_for_slack_adds_up_what_was_used_least() -> None:
    rows = [UsageRow(GENERAL, f"U{number:09}", 1, number, 7, 1) for number in range(5_000)]

    found = usage_table(MONTH, rows, {})

    pieces = pieces_of(found)
    cells = [row for piece in pieces for row in list(csv.reader(io.StringIO(piece)))[1:]]
    assert len(pieces) <= MOST_MESSAGES
    assert (cells[-1][1], cells[-1][3]) == (words.OTHERS, words.OTHERS)
    assert sum(int(row[6]) for row in cells) == sum(range(5_000))
    assert sum(int(row[5]) for row in cells) == 5_000
    assert words.EXPORT_SUMMED(5_000 - len(cells) + 1) in text_of(found.messages[-1])


def test_a_file_holds_every_row_and_sums_up_none() -> None:
    rows = [UsageRow(GENERAL, f"U{number:09}", 1, number, 7, 1) for number in range(5_000)]

    document = usage_table(MONTH, rows, {GENERAL: "général"})

    assert document.file.name == f"grok-usage-{MONTH}.csv"
    header, *cells = csv.reader(io.StringIO(document.file.content.decode("utf-8-sig")))
    assert tuple(header) == words.COLUMNS
    assert [int(row[6]) for row in cells] == list(reversed(range(5_000)))
    assert {row[2] for row in cells} == {"général"}
    assert words.OTHERS not in {row[1] for row in cells}
    assert len(document.messages) == MOST_MESSAGES


@pytest.mark.parametrize(
    "name", ["=1+1", "@here", "+49", "-x", "a,b", 'say "hi"', "```", "<!here>"]
)
def test_a_name_in_a_table_is_only_a_name(name: str) -> None:
    used = [UsageRow(GENERAL, BEN, 1, 1)]
    (piece,) = pieces_of(usage_table(MONTH, used, {BEN: name, GENERAL: name}))

    _, row = csv.reader(io.StringIO(piece))
    assert row[4] == row[2]
    assert row[4][0] not in "=+-@"
    assert "`" not in piece
    assert "<" not in piece


def pieces_of(document: Document) -> list[str]:
    """What is to be copied out of the messages that take the place of a table."""
    return [text_of(message).split("```")[1].lstrip("\n") for message in document.messages]


def text_of(message: object) -> str:
    (block,) = message.blocks  # type: ignore[attr-defined]
    return str(block["text"])
