from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.completion.flags import Flags
from bot.completion.options import OPTIONS, REPLY_TO
from bot.rules.managing import (
    CHANNEL,
    AllowModels,
    ExportUsage,
    ManagingCommand,
    Pause,
    ResetDefaults,
    Resume,
    SetDefaults,
    SetQuota,
    ShowAudit,
    ShowDefaults,
    ShowModels,
    ShowQuota,
    ShowUsage,
    Target,
    UnsetDefaults,
    UnsetQuota,
)
from bot.rules.managing_grammar import parse_managing
from bot.rules.quota import QUOTAS, Scope
from tests.completion.strategies import written_requests

shared = st.sampled_from([CHANNEL, Target("workspace")])
person = st.from_regex(r"\A[UW][A-Z0-9]{1,10}\Z").map(lambda user: Target("user", user))
places_and_people = shared | st.just(Target("each-user")) | person
models = st.from_regex(r"\A[a-z0-9]([a-z0-9.:/-]{0,8}[a-z0-9])?\Z").filter(
    lambda name: name not in {"all", "channel", "workspace"}
)
defaultable = [name for name in OPTIONS if name not in {"prompt", "private"}]


@st.composite
def set_defaults(draw: st.DrawFn) -> SetDefaults:
    given = draw(written_requests).given()
    del given["prompt"]
    system = draw(st.none() | st.text(max_size=10))
    reply = draw(st.none() | st.sampled_from(REPLY_TO))
    return SetDefaults(Flags(given, system, reply), draw(shared))


@st.composite
def set_quota(draw: st.DrawFn) -> SetQuota:
    target = draw(places_and_people)
    fitting = [quota for quota in QUOTAS.values() if target.scope_kind in quota.scopes]
    chosen = draw(st.lists(st.sampled_from(fitting), min_size=1, unique=True))
    limits = {q.name: draw(st.integers(q.least, q.most)) for q in chosen}
    return SetQuota(limits, target)


def names(known: list[str]) -> SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(known), min_size=1, unique=True).map(tuple)


commands: SearchStrategy[ManagingCommand] = st.one_of(
    st.sampled_from([ShowModels(), ShowAudit(), ExportUsage()]),
    st.builds(
        AllowModels,
        st.booleans(),
        st.lists(models, min_size=1, max_size=4, unique=True).map(tuple),
        target=shared,
    ),
    st.builds(AllowModels, st.just(True), all=st.just(True), target=shared),
    st.builds(ShowUsage, st.none() | shared | st.just(Target("me"))),
    st.builds(ExportUsage, st.sampled_from(["2025-01", "2031-12"])),
    st.builds(ShowDefaults, st.none() | shared),
    set_defaults(),
    st.builds(UnsetDefaults, names(defaultable), shared),
    st.builds(ResetDefaults, shared),
    st.builds(ShowQuota, st.none() | places_and_people),
    set_quota(),
    st.builds(UnsetQuota, names(list(QUOTAS)), places_and_people),
    st.builds(Pause, shared),
    st.builds(Resume, shared),
)


@settings(max_examples=500)
@given(commands)
def test_a_command_that_is_written_is_read_again(command: ManagingCommand) -> None:
    target = getattr(command, "target", None)
    mentions = (target.user,) if isinstance(target, Target) and target.user else ()

    assert parse_managing(str(command), mentions) == command


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (
            SetQuota({"tokens-per-day": 200_000, "usd-per-month": 20_000_000}),
            "quota set tokens-per-day=200k usd-per-month=$20.00 channel",
        ),
        (UnsetDefaults(("max_tokens",)), "defaults unset max-tokens channel"),
        (
            SetDefaults(Flags({"max_tokens": 50}, "Be brief"), Target("workspace")),
            'defaults set --max-tokens 50 --system "Be brief" workspace',
        ),
        (AllowModels(False, ("a-1", "b")), "models forbid a-1, b channel"),
    ],
)
def test_a_command_is_written_as_people_would(command: ManagingCommand, text: str) -> None:
    assert str(command) == text


@pytest.mark.parametrize(
    ("target", "scope"),
    [
        (Target("me"), Scope("user", "U1")),
        (Target("user", "U2"), Scope("user", "U2")),
        (Target("channel"), Scope("channel", "C1")),
        (Target("workspace"), Scope("workspace")),
        (Target("each-user"), Scope("each-user")),
    ],
)
def test_a_target_means_a_scope_where_it_was_typed(target: Target, scope: Scope) -> None:
    assert target.scope(channel="C1", user="U1") == scope
    assert target.scope_kind == scope.kind


def test_nobody_known_is_no_scope() -> None:
    with pytest.raises(ValueError, match="no scope"):
        Target("user").scope(channel="C1", user="U1")
