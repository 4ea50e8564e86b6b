"""What holds, as it is told: defaults, models, the list of changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.asking.rules_text import (
    changes,
    defaults_here,
    defaults_of,
    every_model,
    field_value,
    models_here,
    notices,
)
from bot.grok.catalogue import Catalogue
from bot.grok.client import GrokClient
from bot.grok.known_models import KNOWN
from bot.rules.policy import InForce, Paused, Policy, Rules, UnreadField
from bot.rules.quota import EACH_USER, WORKSPACE, Scope
from bot.views.home_view import models
from bot.words import admin as words
from bot.words.home import NO_PRICE
from bot.words.search import EXPLAINED
from sandbox.workspace import ANA, BEN, ENGINEERING, GENERAL, Workspace
from tests.admin.command_desk import Desk, desk

HERE = Scope("channel", GENERAL)
SETTINGS: Mapping[str, JsonValue] = {"model": "grok-4.3", "max_tokens": 1024}


def in_force(policy: Policy) -> InForce:
    return InForce(policy, GENERAL, ANA, SETTINGS, CATALOGUE.id_of)


async def _nothing(_: str) -> None:
    return None


CATALOGUE = Catalogue(_nothing, KNOWN)


@pytest.fixture
async def at(workspace: Workspace, grok_client: GrokClient, valkey: str) -> AsyncIterator[Desk]:
    async with desk(workspace, grok_client, valkey) as opened:
        yield opened


def policy(**scopes: Rules) -> Policy:
    """`here`, `workspace`."""
    names = {"here": HERE, "workspace": WORKSPACE}
    return Policy(version=1, scopes={names[name]: rules for name, rules in scopes.items()})


def line_of(lines: tuple[str, ...], flag: str) -> str:
    (line,) = [line for line in lines if line.startswith("•") and f"`{flag}`" in line]
    return line


def test_every_default_says_where_it_comes_from() -> None:
    set_here = Rules(defaults={"temperature": 0.2})
    set_wide = Rules(defaults={"temperature": 0.9, "reply": "thread"})

    lines = defaults_here(in_force(policy(here=set_here, workspace=set_wide)), may_set=True)

    assert line_of(lines, "--temperature") == words.DEFAULT(
        name="`--temperature`", value="0.2", source=words.THIS_CHANNEL
    )
    assert words.THE_WORKSPACE in line_of(lines, "--reply")
    assert words.THE_BOT in line_of(lines, "--max-tokens")
    assert lines[-1] == words.HOW_TO_SET


def test_what_a_flag_does_not_say_by_itself_stands_behind_its_value() -> None:
    lines = defaults_here(in_force(policy(here=Rules(defaults={"max_turns": 2}))), may_set=True)

    told = f"`--max-turns` 2 ({EXPLAINED['max_turns']})"
    assert f"• {told} · _this channel_" in lines


def test_whoever_may_not_change_defaults_is_told_what_they_can_do() -> None:
    assert defaults_here(in_force(policy()), may_set=False)[-1] == words.HOW_TO_SAY


def test_a_default_that_gives_way_says_to_what() -> None:
    rules = Rules(
        defaults={"max_tokens": 9000},
        limits={"max-tokens": 2000},
        models={"*": False, "grok-4.7": True},
    )

    lines = defaults_here(in_force(policy(here=rules)), may_set=True)

    assert " 2000 " in line_of(lines, "--max-tokens")
    assert words.LOWERED("9000") in line_of(lines, "--max-tokens")
    assert "`grok-4.7`" in line_of(lines, "--model")
    assert words.FIRST_ALLOWED in line_of(lines, "--model")


def test_a_model_that_gives_way_is_named() -> None:
    everywhere = Rules(defaults={"model": "grok-4.3"})
    found = policy(here=Rules(models={"grok-4.7": False}), workspace=everywhere)
    found = replace(found, own={"model": "grok-4.7"})

    lines = defaults_here(in_force(found), may_set=True)

    source = words.IN_PLACE_OF(source=words.THE_WORKSPACE, model="`grok-4.7`", other="your own")
    assert line_of(lines, "--model") == words.DEFAULT(
        name="`--model`", value="`grok-4.3`", source=source
    )


def test_the_defaults_of_one_place_are_those_set_there() -> None:
    found = policy(here=Rules(defaults={"n": 2}), workspace=Rules(defaults={"echo": True}))

    assert defaults_of(found, HERE, GENERAL)[1:] == ("• `--n` 2",)
    assert "`--echo` on" in defaults_of(found, WORKSPACE, GENERAL)[1]
    assert defaults_of(policy(), HERE, GENERAL) == (words.NONE_SET(words.THIS_CHANNEL),)


def test_models_that_may_not_be_asked_are_listed_apart() -> None:
    here = Rules(models={"grok-4.7": False})

    lines = models_here(in_force(policy(here=here)), CATALOGUE)

    assert lines[0] == words.MODELS_ALLOWED
    assert lines[-2:] == (words.MODELS_FORBIDDEN, "`grok-4.7`")
    assert not any("grok-4.7" in line for line in lines[:-2])
    assert words.DEFAULT_HERE in line_of(lines, "grok-4.3")
    assert "$1.25" in line_of(lines, "grok-4.3")


def test_models_are_listed_as_on_home_the_default_first_and_then_the_cheapest() -> None:
    listed = [line for line in models_here(in_force(policy()), CATALOGUE) if "· $" in line]
    on_home = [
        str(block["text"]).split("\\n")
        for block in models(CATALOGUE.models, CATALOGUE.find("grok-4.3"))
        if block["type"] == "section"
    ]

    assert [line.split("`")[1] for line in listed] == [
        line.split("`")[1] for line in chain.from_iterable(on_home)
    ]
    assert "grok-4.3" in listed[0]


def test_what_each_model_can_do_stands_below_it_with_its_long_prompts() -> None:
    lines = models_here(in_force(policy()), CATALOGUE)

    line = line_of(lines, "grok-4.7")
    assert "thinks (`--effort` low, medium, high, xhigh)" in line
    assert "looks at pictures · reads PDFs · searches" in line
    assert "from 200,000 tokens on $4.00 in, $12.00 out" in line
    assert "does not think" in line_of(lines, "grok-4.20-0309-non-reasoning")


async def test_of_a_model_that_nobody_knows_only_what_its_api_lists_is_said() -> None:
    listed = [
        {"id": "plain", "input_modalities": ["text"]},
        {"id": "seer", "architecture": {"input_modalities": ["text", "image", "file"]}},
        {"id": "odd", "input_modalities": {"image": True}, "architecture": ["image"]},
    ]

    async def fetch(path: str) -> object:
        return {"data": listed} if path == "/models" else None

    catalogue = Catalogue(fetch, ())
    await catalogue.refresh()
    lines = every_model(catalogue)

    assert line_of(lines, "plain").endswith("looks at no pictures")
    assert line_of(lines, "seer").endswith("looks at pictures · reads PDFs")
    assert line_of(lines, "odd").endswith(NO_PRICE)


def test_names_of_models_that_are_no_more_say_who_answers_to_them() -> None:
    every, forbidden = (
        "\n".join(models_here(in_force(policy(here=Rules(models=models))), CATALOGUE))
        for models in ({}, {"grok-4.3": False})
    )

    assert (
        "and `grok-3` no longer exist: `grok-4.3` answers in their place, at its own price."
        in every
    )
    assert "grok-3" not in forbidden


def test_all_models_are_one_list() -> None:
    lines = models_here(in_force(policy()), CATALOGUE)

    assert lines[0] == words.MODELS
    assert words.MODELS_FORBIDDEN not in lines


def test_an_allowed_model_that_nobody_lists_is_shown() -> None:
    here = Rules(models={"*": False, "acme-7b": True})

    lines = models_here(in_force(policy(here=here)), CATALOGUE)

    assert words.NOT_LISTED in line_of(lines, "acme-7b")


def test_no_models_at_all_is_said() -> None:
    lines = models_here(in_force(policy(here=Rules(models={"*": False}))), CATALOGUE)

    assert words.EVERY_MODEL_FORBIDDEN in lines


def test_a_pause_and_what_cannot_be_read_are_told() -> None:
    paused = policy(workspace=Rules(paused=Paused(by=BEN, at=1_700_000_000.0)))
    unread = Policy(version=1, unread=(UnreadField(str(EACH_USER), "limits.tokens-per-day"),))

    (pause,) = notices(in_force(paused), 0)
    assert f"<@{BEN}>" in pause
    assert words.THE_WORKSPACE in pause
    assert "<!date^1700000000^" in pause
    assert list(notices(in_force(unread), 0)) == [words.UNREAD("`tokens-per-day`")]
    assert list(notices(in_force(policy()), 0)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    ["defaults.stop", "defaults.system", "limits.concurrent", "limits.old", "models.*", "paused"]
) | st.text(max_size=20)


@given(FIELDS, JSON)
def test_whatever_another_version_has_stored_can_be_shown(field: str, value: JsonValue) -> None:
    (shown,) = changes({field: value}, {})

    for text in (shown.what, shown.before, field_value(field, value)):
        assert "<" not in text
        assert "\n" not in text


# The list of changes


async def test_the_list_says_who_changed_what_from_what_to_what(at: Desk) -> None:
    assert await at.command("audit") == words.NO_CHANGES

    await at.command("defaults set --temperature 0.2")
    await at.command("quota set tokens-per-day=200k workspace")
    await at.command("pause", channel=ENGINEERING)
    told = await at.command("audit")

    pause, quota, default = told.split("•")[1:]
    assert f"<@{ANA}> · <#{ENGINEERING}>" in pause
    assert f"{words.QUESTIONS}: {words.TAKEN} → {words.NOT_TAKEN}" in pause
    assert words.THE_WORKSPACE in quota
    assert f"`tokens-per-day`: {words.NO_LIMIT} → 200k tokens a day" in quota
    assert words.THIS_CHANNEL in default
    assert f"`--temperature`: {words.NOT_SET} → 0.2" in default
    assert all("<!date^" in entry for entry in (pause, quota, default))


async def test_a_long_list_is_shown_whole(at: Desk) -> None:
    flags = "--temperature 1 --max-tokens 100 --top-p 0.5 --n 2 --seed 7 --user me --logprobs 2"
    for _ in range(8):
        await at.command(f'defaults set {flags} --system "{"x" * 70}" workspace')
        await at.command("defaults reset workspace")

    told = await at.command("audit")

    assert told.count("<!date^") == 15


async def test_what_holds_is_shown_with_what_keeps_questions_out(at: Desk) -> None:
    await at.command("defaults set --temperature 0.2")
    await at.command("pause")

    told = await at.command("defaults", user=BEN)

    assert "0.2" in told
    assert "⏸️" in told
    assert words.HOW_TO_SAY in told
    assert "⏸️" in await at.command("models")
    assert "⏸️" in await at.command("quota")
