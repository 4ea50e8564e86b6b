"""What admins have set, and what of it holds where."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.completion.options import OPTIONS
from bot.rules.policy import (
    DEFAULTABLE,
    EVERY_MODEL,
    Default,
    Fields,
    InForce,
    Limit,
    Models,
    Paused,
    Policy,
    UnreadField,
    default_fields,
    limit_fields,
    model_fields,
    rules_of,
)
from bot.rules.quota import EACH_USER, QUOTAS, WORKSPACE, Scope

CHANNEL = Scope("channel", "C1")
ANA = Scope("user", "U1")


def policy_of(scopes: dict[Scope, Fields], *unread: UnreadField) -> Policy:
    return Policy(7, {scope: rules_of(fields) for scope, fields in scopes.items()}, unread)


def test_everything_but_the_prompt_may_have_a_default() -> None:
    assert set(DEFAULTABLE) == OPTIONS.keys() - {"prompt", "private"}


def test_fields_say_what_is_set() -> None:
    rules = rules_of(
        {
            **default_fields({"temperature": 0.2, "system": "Be brief", "reply": "thread"}),
            **limit_fields({"tokens-per-day": 200_000, "max-tokens": 500}),
            **model_fields({"grok-4.3": False, EVERY_MODEL: True}),
            "paused": {"by": "U1", "at": 12},
        }
    )
    assert rules.defaults == {"temperature": 0.2, "system": "Be brief", "reply": "thread"}
    assert rules.limits == {"tokens-per-day": 200_000, "max-tokens": 500}
    assert rules.models == {"grok-4.3": False, "*": True}
    assert rules.paused == Paused(by="U1", at=12)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("defaults", {}),
        ("defaults.", 1),
        ("defaults.prompt", "Hello"),
        ("defaults.private", True),
        ("defaults.mood", "good"),
        ("defaults.temperature", None),
        ("defaults.system", 3),
        ("defaults.system", "\ud800"),
        ("defaults.reply", "everywhere"),
        ("limits", {}),
        ("limits.requests-per-week", 1),
        ("limits.requests-per-day", True),
        ("limits.requests-per-day", 1.5),
        ("limits.requests-per-day", -1),
        ("limits.requests-per-day", QUOTAS["requests-per-day"].most + 1),
        ("limits.concurrent", 0),
        ("models", ["grok-4.3"]),
        ("models.grok-4.3", 1),
        ("models.\ud800", True),
        ("paused", True),
        ("paused.by", "U1"),
        ("paused", {"by": "U1"}),
        ("mood", "good"),
        ("", 1),
    ],
)
def test_a_field_that_says_nothing_known_cannot_be_read(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        rules_of({field: value})


def test_the_narrowest_default_holds_and_says_where_it_comes_from() -> None:
    policy = policy_of(
        {
            WORKSPACE: default_fields({"temperature": 1, "seed": 4, "reply": "thread"}),
            CHANNEL: default_fields({"temperature": 0, "system": "Be brief"}),
        }
    )
    settings: Fields = {"model": "grok-4.3", "max_tokens": 1024, "seed": 5}

    assert InForce(policy, "C1", settings=settings).defaults == (
        Default("model", "grok-4.3", "settings"),
        Default("temperature", 0, "channel"),
        Default("max_tokens", 1024, "settings"),
        Default("seed", 4, "workspace"),
        Default("system", "Be brief", "channel"),
        Default("reply", "thread", "workspace"),
    )
    elsewhere = (
        Default("temperature", 1, "workspace"),
        Default("seed", 4, "workspace"),
        Default("reply", "thread", "workspace"),
    )
    assert InForce(policy, "C2").defaults == elsewhere
    assert InForce(policy, "").defaults == elsewhere


def test_nothing_holds_where_nothing_is_set() -> None:
    policy = Policy()
    assert InForce(policy, "C1").defaults == ()
    assert InForce(policy, "C1", "U1").limits == ()
    assert InForce(policy, "C1").caps == {}
    assert InForce(policy, "C1").models == Models()
    assert "any-model" in InForce(policy, "C1").models
    assert InForce(policy, "C1").paused is None
    assert InForce(policy, "C1", "U1").unread == ()


def test_a_default_is_lowered_to_its_cap() -> None:
    policy = policy_of(
        {
            WORKSPACE: default_fields({"n": 3, "best_of": 4, "seed": 900}),
            CHANNEL: limit_fields({"max-tokens": 500, "answers": 2}),
        }
    )
    found = {d.name: d for d in InForce(policy, "C1", settings={"max_tokens": 1024}).defaults}
    assert found["max_tokens"] == Default("max_tokens", 500, "settings")
    assert (found["n"].value, found["best_of"].value, found["seed"].value) == (2, 2, 900)

    free = {d.name: d.value for d in InForce(policy, "C2", settings={"max_tokens": 1024}).defaults}
    assert (free["n"], free["max_tokens"]) == (3, 1024)


@pytest.mark.parametrize("value", ["many", [3], {"a": 1}])
def test_a_default_that_is_no_number_is_left_to_be_refused(value: JsonValue) -> None:
    policy = policy_of({CHANNEL: {"defaults.n": value, "limits.answers": 2}})
    assert InForce(policy, "C1").defaults == (Default("n", value, "channel"),)


@pytest.mark.parametrize(
    ("workspace", "channel", "expected"),
    [
        ({}, {}, ("slow", "channel")),
        ({}, {"slow": False}, ("fast", "workspace")),
        ({"slow": False, "fast": False}, {}, ("usual", "settings")),
        ({"*": False, "b": True, "a": True}, {}, ("a", "workspace")),
        ({"*": False, "b": True, "a": True}, {"a": False}, ("b", "channel")),
        ({}, {"*": False, "usual": True}, ("usual", "settings")),
        ({"slow": False, "fast": False, "usual": False}, {}, ("slow", "channel")),
        ({"*": False}, {}, ("slow", "channel")),
    ],
)
def test_a_model_that_is_not_allowed_gives_way_to_the_next(
    workspace: dict[str, bool | None],
    channel: dict[str, bool | None],
    expected: tuple[str, str],
) -> None:
    policy = policy_of(
        {
            WORKSPACE: {"defaults.model": "fast", **model_fields(workspace)},
            CHANNEL: {"defaults.model": "slow", **model_fields(channel)},
        }
    )
    (model,) = InForce(policy, "C1", settings={"model": "usual"}).defaults
    assert (model.value, model.source) == expected


NAMES = ("a", "b", "c", EVERY_MODEL)
CHOICES = st.dictionaries(st.sampled_from(NAMES), st.booleans())


@given(workspace=CHOICES, channel=CHOICES)
def test_a_model_must_be_allowed_by_the_workspace_and_the_channel(
    workspace: dict[str, bool], channel: dict[str, bool]
) -> None:
    policy = policy_of({WORKSPACE: model_fields(workspace), CHANNEL: model_fields(channel)})
    models = InForce(policy, "C1").models
    for model in ("a", "b", "c", "another"):
        allowed = all(each.get(model, each.get(EVERY_MODEL, True)) for each in (workspace, channel))
        assert (model in models) == allowed
    assert all(model in models for model in models.only or ())
    assert not any(model in models for model in models.forbidden)
    assert EVERY_MODEL not in (*(models.only or ()), *models.forbidden)


def test_what_is_said_by_one_name_of_a_model_holds_for_all() -> None:
    policy = policy_of({WORKSPACE: {"models.a": True, "models.b": False}})
    models = InForce(policy, "C1", id_of=lambda name: {"b": "a"}.get(name, name)).models
    assert "a" not in models
    assert "b" not in models
    assert "c" in models
    assert 3 not in models


def test_every_limit_holds_and_a_persons_own_replaces_that_of_each() -> None:
    policy = policy_of(
        {
            WORKSPACE: limit_fields({"usd-per-month": 5_000_000, "requests-per-day": 1000}),
            CHANNEL: limit_fields({"concurrent": 3, "requests-per-day": 0, "answers": 2}),
            EACH_USER: limit_fields({"requests-per-day": 20, "tokens-per-day": 10}),
            ANA: limit_fields({"requests-per-day": 200}),
        }
    )
    assert InForce(policy, "C1", "U1").limits == (
        Limit(ANA, "requests-per-day", 200),
        Limit(ANA, "tokens-per-day", 10),
        Limit(CHANNEL, "requests-per-day", 0),
        Limit(CHANNEL, "concurrent", 3),
        Limit(WORKSPACE, "requests-per-day", 1000),
        Limit(WORKSPACE, "usd-per-month", 5_000_000),
    )
    ben = Scope("user", "U2")
    assert InForce(policy, "D2", "U2").limits == (
        Limit(ben, "requests-per-day", 20),
        Limit(ben, "tokens-per-day", 10),
        Limit(WORKSPACE, "requests-per-day", 1000),
        Limit(WORKSPACE, "usd-per-month", 5_000_000),
    )


def test_a_channels_cap_stands_in_place_of_the_workspaces() -> None:
    policy = policy_of(
        {
            WORKSPACE: limit_fields({"max-tokens": 500, "answers": 2, "tokens-per-day": 9}),
            CHANNEL: limit_fields({"max-tokens": 4000}),
        }
    )
    assert InForce(policy, "C1").caps == {"max-tokens": 4000, "answers": 2}
    assert InForce(policy, "C2").caps == {"max-tokens": 500, "answers": 2}


def test_a_pause_holds_in_its_channel_or_everywhere() -> None:
    here: Fields = {"paused": {"by": "U1", "at": 1.5}}
    everywhere: Fields = {"paused": {"by": "U2", "at": 2.5}}
    paused = policy_of({CHANNEL: here})
    assert InForce(paused, "C1").paused == (CHANNEL, Paused(by="U1", at=1.5))
    assert InForce(paused, "C2").paused is None
    assert InForce(paused, "").paused is None

    both = policy_of({CHANNEL: here, WORKSPACE: everywhere})
    assert InForce(both, "C1").paused == (WORKSPACE, Paused(by="U2", at=2.5))
    assert InForce(both, "").paused == (WORKSPACE, Paused(by="U2", at=2.5))


@pytest.mark.parametrize(
    ("field", "closes"),
    [
        ("limits.tokens-per-day", True),
        ("limits.answers", True),
        ("models.grok-4.3", True),
        ("models", True),
        ("paused", True),
        ("limits.requests-per-week", False),
        ("defaults.temperature", False),
        ("mood", False),
    ],
)
def test_a_restriction_that_cannot_be_read_closes_its_place(field: str, closes: bool) -> None:
    for scope in (CHANNEL, WORKSPACE, EACH_USER, ANA):
        unread = UnreadField(str(scope), field)
        policy = policy_of({}, unread)
        assert InForce(policy, "C1", "U1").unread == ((unread,) if closes else ())
    for elsewhere in ("channel:C2", "user:U2", "planet:P1"):
        assert InForce(policy_of({}, UnreadField(elsewhere, field)), "C1", "U1").unread == ()
