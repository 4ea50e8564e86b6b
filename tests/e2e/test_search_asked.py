"""What to search: as a flag, a field of the form, a default of a channel, and within quotas."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from bot.words import search as words
from sandbox.grok import Script, ToolCall
from sandbox.workspace import ANA, BEN, GENERAL, CommandResult
from tests.e2e.stage import Stage, on_stage


def tools(stage: Stage) -> list[dict[str, Any]]:
    """What the newest request lets Grok use."""
    return list(stage.sent().get("tools", ()))


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_flag_reaches_grok(redis_url: str, mode: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        stage.grok.script(Script(text="It is new."))
        await stage.ask(
            "--search web,x --domains https://Example.com/ --handles @xai --since 2026-11-1 "
            "--until 2026-11-30 --max-turns 2 what is new"
        )
        await stage.answer()

    assert tools(stage) == [
        {"type": "web_search", "filters": {"allowed_domains": ["example.com"]}},
        {
            "type": "x_search",
            "allowed_x_handles": ["xai"],
            "from_date": "2026-11-01",
            "to_date": "2026-12-01",
        },
    ]
    assert stage.sent()["max_turns"] == 2
    assert not stage.workspace.problems


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (
            "--search web --since 2027-01-01 --until 2020-01-01",
            "no day is left (this counts only where X is searched; it works with --search web,x)",
        ),
        (
            "--search web --since 2027-01-01 --until 2020-01-01",
            "until: this counts only where X is searched; it works with --search web,x",
        ),
        ("--search web --handles xai", "handles: this counts only where X is searched"),
        ("--domains example.com", "with --search web"),
        ("--search x --since 2026-11-31", "“2026-11-31” is not a day of the calendar"),
        ("--search x --since 2026-11-30 --until 2026-11-01", "is after 2026-11-01"),
        ("--search web --domains a.co --not-domains b.co", "cannot go together"),
        ("--search web --domains a.co,b.co,c.co,d.co,e.co,f.co", "6 are too many"),
        ("--search bing", "“bing” is nothing that can be searched"),
        ("--search web -n 2", "search"),
    ],
)
async def test_what_cannot_be_searched_is_told_to_the_asker_alone(
    redis_url: str, flags: str, told: str
) -> None:
    async with on_stage(redis_url) as stage:
        result = await stage.ask(f"{flags} what is new")

    assert told in json.dumps(result.ack_body, ensure_ascii=False)
    assert not stage.grok.requests
    assert not stage.workspace.messages(GENERAL)


async def test_the_form_has_a_section_for_it_and_edit_and_retry_keep_it(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("--search x --since 2026-11-01 --max-turns 1 what is new")
        (message,) = await stage.answer()
        view = await stage.edit(message)
        shown = copy.deepcopy(view.values)
        changed = {"handles": "@xai", "until": "2026-11-20", "max_turns": "2"}
        await stage.workspace.submit(ANA, view.id, changed)
        await stage.answer(1)
        edited = stage.sent()
        await stage.retry(1)
        await stage.answer(2)

    assert shown["search"]["value"]["selected_option"]["value"] == "x"
    assert shown["since"]["value"]["selected_date"] == "2026-11-01"
    assert shown["max_turns"]["value"]["value"] == "1"
    assert edited["tools"] == [
        {
            "type": "x_search",
            "allowed_x_handles": ["xai"],
            "from_date": "2026-11-01",
            "to_date": "2026-11-21",
        }
    ]
    assert (stage.sent()["tools"], stage.sent()["max_turns"]) == (edited["tools"], 2)
    assert not stage.workspace.problems


async def test_what_is_wrong_in_the_form_is_marked_at_its_field(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("")
        view = await stage.form()
        await stage.more_options(view, "handles")
        wrong = {"prompt": "Hi", "search": "web", "domains": "example", "handles": "xai"}
        result = await stage.workspace.submit(ANA, view.id, wrong)
        await stage.workspace.submit(ANA, view.id, {"domains": "example.com", "handles": ""})
        await stage.answer()

    assert "“example” is not a domain" in result.errors["domains"]
    assert "only where X is searched" in result.errors["handles"]
    assert tools(stage) == [{"type": "web_search", "filters": {"allowed_domains": ["example.com"]}}]


async def test_a_default_of_a_channel_holds_until_somebody_says_otherwise(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("defaults set --search web --not-domains example.com --max-turns 1")
        refused = await stage.ask("defaults set --domains a.co")
        await stage.ask("what is new", user=BEN)
        await stage.answer(1)
        by_default = stage.sent()
        await stage.ask("--no-search name a lake", user=BEN)
        await stage.answer(2)
        off = stage.sent()
        await stage.ask("defaults unset search not-domains max-turns")
        await stage.ask("name a hill", user=BEN)
        await stage.answer(4)

    assert by_default["tools"] == [
        {"type": "web_search", "filters": {"excluded_domains": ["example.com"]}}
    ]
    assert by_default["max_turns"] == 1
    assert "tools" not in off
    assert "tools" not in stage.sent()
    told = json.dumps(refused.ack_body) + "".join(e.shown for e in stage.workspace.ephemerals(ANA))
    assert "cannot go together" in told


async def test_what_may_cost_more_than_is_left_is_refused_with_what_would_fit(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("quota set usd-per-month=$1.20 workspace")
        too_much = await stage.ask("--search web,x what is new")
        assert not stage.grok.requests
        await stage.ask("--search web --max-turns 1 what is new")
        await stage.answer()
        await stage.ask("quota set searches-per-day=5 workspace")
        too_often = await stage.ask("--search web --max-turns 1 what is new")

    told = json.dumps(too_much.ack_body, ensure_ascii=False)
    assert "$1.20 a month" in told
    assert "A smaller search would fit now: ask with `--max-turns 1`" in told
    assert "5 searches a day" in json.dumps(too_often.ack_body, ensure_ascii=False)
    assert "--search off" in json.dumps(too_often.ack_body)


async def test_what_admins_forbid_is_told_and_what_they_allow_goes_along(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        forbidden = await stage.ask("search forbid x spam.example")
        unkept = await stage.ask("search forbid a.co b.co c.co d.co e.co f.co")
        no_x = await stage.ask("--search web,x what is new", user=BEN)
        spam = await stage.ask("--search web --domains spam.example what is new", user=BEN)
        told = await stage.ask("search", user=BEN)
        await stage.ask("--search web what is new", user=BEN)
        await stage.answer(1)
        bounded = tools(stage)
        await stage.retry(1, user=BEN)
        await stage.answer(2)
        again = tools(stage)
        await stage.ask("search allow all")
        await stage.retry(1, user=BEN)
        await stage.answer(4)

    def shown(result: CommandResult, user: str) -> str:
        alone = "\n".join(each.shown for each in stage.workspace.ephemerals(user))
        return json.dumps(result.ack_body, ensure_ascii=False) + alone

    assert "The web may be searched. Of the web all but `spam.example`." in shown(forbidden, ANA)
    assert "up to 5" in shown(unkept, ANA)
    assert "X may not be searched here" in shown(no_x, BEN)
    assert "spam.example is not allowed here" in shown(spam, BEN)
    assert "$5.00 for 1,000 searches" in shown(told, BEN)
    assert stage.workspace.messages(GENERAL)[0].shown.count("changed what may be searched here")
    assert (
        bounded
        == again
        == [{"type": "web_search", "filters": {"excluded_domains": ["spam.example"]}}]
    )
    assert tools(stage) == [{"type": "web_search"}]


def many(calls: int) -> Script:
    """An answer for which the web is searched so often."""
    found = [ToolCall(asked=f"news {n}", sources=("https://a.example/1",)) for n in range(calls)]
    return Script(text="It is [[1]](https://a.example/1).", calls=found)


async def test_more_is_reserved_while_it_searches_more_than_was_thought(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(many(25))
        await stage.ask("--search web --max-turns 1 what is new")
        (message,) = await stage.answer()
        await stage.ask("usage me")

    told = "".join(each.shown for each in stage.workspace.ephemerals(ANA))
    assert "It is" in message.shown
    assert words.SEARCHED_ENOUGH not in message.shown
    assert "25 searches for $0.12 of it" in told


@pytest.mark.parametrize("quota", ["search-calls=5", "searches-per-day=10"])
async def test_it_stops_where_no_more_may_be_searched(redis_url: str, quota: str) -> None:
    """What it came to is not known then: all that was reserved is charged, and no more."""
    most = int(quota.partition("=")[2])
    async with on_stage(redis_url) as stage:
        await stage.ask(f"quota set {quota}")
        stage.grok.script(many(25))
        await stage.ask("--search web --max-turns 1 what is new")
        (message,) = await stage.answer()
        await stage.ask("usage me")

    told = "".join(each.shown for each in stage.workspace.ephemerals(ANA))
    assert words.SEARCHED_ENOUGH in message.shown
    assert f"{most} searches" in told
