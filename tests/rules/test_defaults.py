"""How a question is made of flags and the policy, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.completion.faults import check, validate
from bot.completion.flags import Flags, parse_text
from bot.completion.request import CompletionRequest
from bot.completion.search import NO_SEARCH, search_in
from bot.errors import Fault, RequestRefused
from bot.rules import defaults
from bot.rules.defaults import MAX_DEFAULT_BYTES, request_of, supply
from bot.rules.policy import (
    EVERY_MODEL,
    Fields,
    IdOf,
    InForce,
    Policy,
    default_fields,
    limit_fields,
    model_fields,
    rules_of,
)
from bot.rules.quota import WORKSPACE, Scope
from tests.completion.strategies import valid_json

CHANNEL = Scope("channel", "C1")
SETTINGS: dict[str, JsonValue] = {"model": "grok-4.3", "max_tokens": 1024}


def default_faults(
    policy: Policy, scope: Scope, values: Mapping[str, JsonValue], id_of: IdOf = str
) -> tuple[Fault, ...]:
    return defaults.default_faults(InForce(policy, scope.id, id_of=id_of), values)


def restriction_faults(rules: InForce, request: CompletionRequest) -> tuple[Fault, ...]:
    return tuple(defaults.restriction_faults(rules, request))


def policy_of(channel: Fields, workspace: Fields | None = None) -> Policy:
    return Policy(1, {CHANNEL: rules_of(channel), WORKSPACE: rules_of(workspace or {})})


def told(faults: tuple[Fault, ...]) -> dict[str, tuple[str, str]]:
    return {fault.parameter: (fault.problem, fault.allowed) for fault in faults}


def test_what_the_person_said_wins() -> None:
    policy = policy_of(
        default_fields({"temperature": 0, "seed": 1, "system": "Rhyme", "reply": "private"}),
        default_fields({"seed": 2, "top_p": 0.5, "system": "Be brief", "reply": "thread"}),
    )
    asked = supply(
        InForce(policy, "C1", settings=SETTINGS),
        parse_text("--temperature 0.7 -s Sing --reply channel Hi"),
    )

    assert asked.flags.values == {
        "prompt": "Hi",
        "temperature": 0.7,
        "seed": 1,
        "top_p": 0.5,
        "model": "grok-4.3",
        "max_tokens": 1024,
    }
    assert (asked.flags.system, asked.flags.reply) == ("Sing", "channel")
    assert asked.sources == {
        "seed": "channel",
        "top_p": "workspace",
        "model": "settings",
        "max_tokens": "settings",
    }


def test_defaults_of_the_bots_own_options_hold_too() -> None:
    policy = policy_of(default_fields({"system": "Rhyme", "reply": "private", "effort": "low"}))
    asked = supply(InForce(policy, "C1", settings=SETTINGS), parse_text("Hi"))
    assert (asked.flags.system, asked.flags.reply) == ("Rhyme", "private")
    assert (asked.sources["system"], asked.sources["reply"]) == ("channel", "channel")
    assert (asked.flags.effort, asked.sources["effort"]) == ("low", "channel")
    said = supply(InForce(policy, "C1", settings=SETTINGS), parse_text("--effort none Hi"))
    assert (said.flags.effort, "effort" in said.sources) == ("none", False)

    alone = supply(InForce(Policy(), "C1", settings=SETTINGS), parse_text("Hi"))
    assert (alone.flags.system, alone.flags.reply, alone.flags.effort) == (None, None, None)


def test_defaults_of_searching_hold_where_they_can_stand() -> None:
    policy = policy_of(
        default_fields({"search": "web", "domains": ["a.co"]}),
        default_fields({"not_domains": ["b.co"], "handles": ["xai"], "max_turns": 2}),
    )
    rules = InForce(policy, "C1", settings={**SETTINGS, "max_turns": 3})
    asked = supply(rules, parse_text("Hi"))
    said = supply(rules, parse_text("--search x --max-turns 5 Hi"))
    off = supply(rules, parse_text("--no-search Hi"))

    assert asked.search == search_in({"search": "web", "domains": ["a.co"], "max_turns": 2})
    assert {name: asked.sources[name] for name in ("search", "domains", "max_turns")} == {
        "search": "channel",
        "domains": "channel",
        "max_turns": "workspace",
    }
    assert not {"handles", "not_domains"} & asked.sources.keys()
    assert said.search == search_in({"search": "x", "handles": ["xai"], "max_turns": 5})
    assert not {"search", "max_turns", "domains"} & said.sources.keys()
    assert off.search == NO_SEARCH
    assert not {"search", "max_turns", "domains"} & off.sources.keys()


def test_what_narrows_no_search_is_a_fault_of_whoever_said_it() -> None:
    rules = InForce(policy_of(default_fields({"search": "web"})), "C1", settings=SETTINGS)

    def faults_of(text: str) -> list[str]:
        flags = parse_text(text)
        found = defaults.search_faults(supply(rules, flags))
        return [fault.parameter for fault in found]

    assert faults_of("--domains a.co --max-turns 2 Hi") == []
    assert faults_of("--handles xai Hi") == ["handles"]
    assert faults_of("--no-search --domains a.co --max-turns 2 Hi") == ["domains", "max_turns"]
    assert faults_of("--search bing --handles xai Hi") == []


def test_defaults_of_searching_are_looked_at_together_in_one_scope() -> None:
    policy = policy_of(
        default_fields({"domains": ["a.co"], "until": "2026-11-10"}),
        default_fields({"not_handles": ["xai"]}),
    )

    assert default_faults(policy, CHANNEL, {"handles": ["grok"]}) == ()
    assert told(default_faults(policy, CHANNEL, {"not_domains": ["b.co"]})).keys() == {
        "not_domains"
    }
    assert told(default_faults(policy, CHANNEL, {"since": "2026-11-11"})).keys() == {"since"}
    assert told(default_faults(policy, WORKSPACE, {"handles": ["grok"]})).keys() == {"not_handles"}
    assert told(default_faults(policy, CHANNEL, {"search": "bing"})) == {
        "search": ("bing is nothing that can be searched", "web, x, web,x or off")
    }
    both: dict[str, JsonValue] = {"domains": None, "not_domains": ["b.co"]}
    assert default_faults(policy, CHANNEL, both) == ()


def test_an_empty_system_text_takes_the_default_away() -> None:
    policy = policy_of(default_fields({"system": "Rhyme"}))
    assert (
        supply(InForce(policy, "C1", settings=SETTINGS), parse_text('--system "" Hi')).flags.system
        == ""
    )


@given(
    flags=valid_json,
    channel=valid_json,
    workspace=valid_json,
)
def test_each_value_comes_from_the_first_who_has_one(
    flags: dict[str, JsonValue],
    channel: dict[str, JsonValue],
    workspace: dict[str, JsonValue],
) -> None:
    for each in (channel, workspace):
        del each["prompt"]
    policy = policy_of(default_fields(channel), default_fields(workspace))
    asked = supply(InForce(policy, "C1", settings=SETTINGS), Flags(flags))
    assert asked.flags.values == {**SETTINGS, **workspace, **channel, **flags}
    for name, source in asked.sources.items():
        holder = {"settings": SETTINGS, "workspace": workspace, "channel": channel}[source]
        assert asked.flags.values[name] == holder[name]
    assert asked.sources.keys() == asked.flags.values.keys() - flags.keys()


def test_a_fault_of_a_default_says_whose_it_is() -> None:
    policy = policy_of({"defaults.echo": True}, {"defaults.temperature": 3})
    asked = supply(InForce(policy, "C1", settings=SETTINGS), parse_text("--top-p 2 Hi"))
    with pytest.raises(RequestRefused) as refused:
        validate(asked.flags.values)

    explained = told(asked.explained(refused.value.faults))
    assert explained["temperature"] == (
        "3 is too large (set by the defaults of the workspace)",
        "a number from 0 to 2",
    )
    assert explained["top_p"] == ("2 is too large", "a number from 0 to 1")

    cannot = Fault("echo", "grok-4.3 cannot do this", "with a model such as grok-3")
    assert asked.explained([cannot]) == (
        Fault(
            "echo",
            "grok-4.3 cannot do this (set by the defaults of this channel)",
            "with a model such as grok-3",
        ),
    )
    model = Fault("model", "is unknown")
    assert asked.explained([model])[0].problem == "is unknown (set by whoever runs this bot)"


def test_a_fault_that_a_default_is_behind_names_it() -> None:
    policy = policy_of(default_fields({"n": 4, "best_of": 5}))

    fewer = supply(InForce(policy, "C1", settings=SETTINGS), parse_text("--best-of 2 Hi"))
    faults = fewer.explained(check(validate(fewer.flags.values)))
    problem = "2 is fewer than the 4 answers to choose (--n is set by the defaults of this channel)"
    assert told(faults) == {"best_of": (problem, "4 or more")}

    more = supply(InForce(policy, "C1", settings=SETTINGS), parse_text("-n 6 Hi"))
    faults = more.explained(check(validate(more.flags.values)))
    problem = "5 is fewer than the 6 answers to choose (set by the defaults of this channel)"
    assert told(faults) == {"best_of": (problem, "6 or more")}


def test_what_admins_do_not_allow_is_said_in_words() -> None:
    policy = policy_of(
        limit_fields({"max-tokens": 500, "answers": 3}),
        model_fields({EVERY_MODEL: False, "grok-3": True, "grok-4.3": True}),
    )
    text = "--model grok-<9> --max-tokens 501 --best-of 4 Hi"
    asked = supply(InForce(policy, "C1", settings=SETTINGS), parse_text(text))

    assert told(restriction_faults(InForce(policy, "C1"), validate(asked.flags.values))) == {
        "model": ("grok-‹9› is not allowed here", "grok-3 or grok-4.3"),
        "max_tokens": ("501 is too large", "up to 500 here"),
        "best_of": ("4 answers are too many", "up to 3 here"),
    }
    assert restriction_faults(InForce(policy, "C2"), validate(asked.flags.values)) == (
        Fault("model", "grok-‹9› is not allowed here", "grok-3 or grok-4.3"),
    )


@pytest.mark.parametrize(
    ("flags", "blamed"),
    [
        ("-n 4 Hi", "n"),
        ("-n 2 --prompt a --prompt b --prompt c", "prompt"),
        ("-n 2 --best-of 3 --prompt a --prompt b", "best_of"),
    ],
)
def test_all_answers_that_are_written_count(flags: str, blamed: str) -> None:
    policy = policy_of(limit_fields({"answers": 3}))
    request = validate(
        supply(InForce(policy, "C1", settings=SETTINGS), parse_text(flags)).flags.values
    )
    assert [fault.parameter for fault in restriction_faults(InForce(policy, "C1"), request)] == [
        blamed
    ]


def test_as_many_as_allowed_are_allowed() -> None:
    policy = policy_of({**limit_fields({"answers": 4, "max-tokens": 500}), "models.grok-4.3": True})
    text = "-n 2 --max-tokens 500 --prompt a --prompt b"
    request = validate(
        supply(InForce(policy, "C1", settings=SETTINGS), parse_text(text)).flags.values
    )
    assert restriction_faults(InForce(policy, "C1"), request) == ()


@pytest.mark.parametrize(
    ("models", "allowed"),
    [
        ({"grok-4.3": False, "grok-3": False}, "any but grok-3 or grok-4.3"),
        ({EVERY_MODEL: False}, "no model until an admin allows one"),
        ({EVERY_MODEL: False, "grok-4": True}, "grok-4"),
    ],
)
def test_a_model_that_is_refused_comes_with_those_that_are_not(
    models: dict[str, bool | None], allowed: str
) -> None:
    request = validate({"model": "grok-4.3", "prompt": "Hi"})
    (fault,) = restriction_faults(InForce(policy_of(model_fields(models)), "C1"), request)
    assert fault == Fault("model", "grok-4.3 is not allowed here", allowed)


def asked_of(text: str, *, workspace: str = "", channel: str = "", there: str = "") -> str:
    """What is wrong with the model of a question where only these models may be asked, of those
    that are `there`."""

    def only(names: str) -> Fields:
        allowed = dict.fromkeys(names.split(), True)
        return model_fields({EVERY_MODEL: False, **allowed} if names else {})

    policy = policy_of(only(channel), only(workspace))
    served = {*there.split(), "grok-4.3"}
    rules = InForce(policy, "C1", settings=SETTINGS, serves=served.__contains__)

    def carried(request: CompletionRequest, *_: object) -> tuple[Fault, ...]:
        missing = request.model not in served
        return (Fault("model", f"there is no {request.model}"),) if missing else ()

    try:
        return f"asks {request_of(supply(rules, parse_text(text)), 1_000, carried).model}"
    except RequestRefused as refused:
        return refused.sentence


def test_where_only_models_may_be_asked_that_there_are_not_it_says_so_and_who_mends_it() -> None:
    said = asked_of("Hi", workspace="nonsense")

    assert "only nonsense may be asked, as it is set for the workspace" in said
    assert "Grok has no such model" in said
    assert "until an admin allows another one with `/grok models allow`" in said
    assert "defaults" not in said
    assert asked_of("-m grok-4.3 Hi", workspace="nonsense") == said
    assert asked_of("-m nonsense Hi", workspace="nonsense") == said
    two = asked_of("Hi", channel="a b")
    assert "only a and b may be asked, as it is set for this channel, and Grok has none" in two
    both = asked_of("Hi", workspace="a b", channel="b")
    assert "only b may be asked, as it is set for the workspace and this channel" in both


def test_of_the_models_that_may_be_asked_one_that_there_is_answers() -> None:
    assert asked_of("Hi", workspace="a b", there="b") == "asks b"
    said = asked_of("-m grok-4.3 Hi", workspace="a b", there="b")
    assert "grok-4.3 is not allowed here; allowed: b" in said
    assert "there is no a" in asked_of("-m a Hi", workspace="a b", there="b")


def test_a_model_that_nobody_named_is_not_said_to_be_a_default() -> None:
    policy = policy_of({"models.a": True, f"models.{EVERY_MODEL}": False})
    supplied = supply(InForce(policy, "C1", settings=SETTINGS), parse_text("Hi"))
    (fault,) = supplied.explained([Fault("model", "is no good")])

    assert fault.problem == "is no good (the first model that may be asked here)"


@given(
    st.dictionaries(st.sampled_from(["max_tokens", "n", "best_of"]), st.integers(1, 9)),
    st.dictionaries(st.sampled_from(["max-tokens", "answers"]), st.integers(1, 9)),
    st.dictionaries(st.sampled_from(["a", "b", "grok-4.3", EVERY_MODEL]), st.booleans()),
)
def test_a_plain_question_is_never_refused_for_caps_nor_while_a_model_is_named(
    defaults: dict[str, JsonValue], caps: dict[str, int], models: dict[str, bool]
) -> None:
    policy = policy_of(
        {**default_fields(defaults), **{f"limits.{name}": cap for name, cap in caps.items()}},
        model_fields(models),
    )
    asked = supply(InForce(policy, "C1", settings=SETTINGS), parse_text("Hi"))
    faults = told(restriction_faults(InForce(policy, "C1"), validate(asked.flags.values)))
    usual_forbidden = not models.get("grok-4.3", models.get(EVERY_MODEL, True))
    no_other = models.get(EVERY_MODEL, True) or not any(
        allowed for name, allowed in models.items() if name != EVERY_MODEL
    )
    assert faults.keys() == ({"model"} if usual_forbidden and no_other else set())


def test_sound_defaults_have_no_faults() -> None:
    values: dict[str, JsonValue] = {
        "temperature": 0.2,
        "n": 2,
        "best_of": 3,
        "stop": ["a", "b"],
        "logit_bias": {"5": -100},
        "system": "Be brief",
        "reply": "thread",
        "seed": None,
    }
    assert default_faults(Policy(), CHANNEL, values) == ()
    assert default_faults(Policy(), WORKSPACE, values) == ()


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("prompt", "Hi", "cannot be a default"),
        ("temperature", 3, "3 is too large"),
        ("temperatur", 1, "there is no such parameter; did you mean temperature?"),
        ("private", True, "there is no such parameter"),
        ("system", 5, "5 is not text"),
        ("system", "\ud800", "cannot be sent"),
        ("reply", "nowhere", "nowhere is no place for an answer"),
        ("model", " ", "is empty"),
        ("stop", ["a"] * 5, "5 are too many"),
        ("logit_bias", {"x": 1}, "x is not a token id"),
        ("best_of", 129, "129 is too large"),
        ("suffix", "x" * MAX_DEFAULT_BYTES, "16,386 bytes long"),
        ("system", "x" * MAX_DEFAULT_BYTES, "16,386 bytes long"),
    ],
)
def test_a_default_that_could_not_be_used_is_refused(
    name: str, value: JsonValue, problem: str
) -> None:
    for scope in (CHANNEL, WORKSPACE):
        (fault,) = default_faults(Policy(), scope, {name: value, "top_p": 0.5})
        assert fault.parameter == name
        assert problem in fault.problem


def test_all_faults_are_told_at_once() -> None:
    values: dict[str, JsonValue] = {"prompt": "a", "reply": "b", "n": 0, "stop": [""], "system": 1}
    assert told(default_faults(Policy(), CHANNEL, values)).keys() == values.keys()


def test_defaults_must_fit_those_that_hold_there_already() -> None:
    policy = policy_of({"defaults.best_of": 3}, {"defaults.n": 2})
    (fault,) = default_faults(policy, CHANNEL, {"n": 4})
    assert (fault.parameter, fault.allowed) == ("best_of", "4 or more")
    assert default_faults(policy, CHANNEL, {"n": 4, "best_of": None}) == ()
    assert default_faults(policy, WORKSPACE, {"n": 4}) == ()


def test_a_fault_that_was_there_before_stands_in_nobodys_way() -> None:
    policy = policy_of({"defaults.temperature": 9, "defaults.n": 4, "defaults.best_of": 3})
    assert default_faults(policy, CHANNEL, {"top_p": 0.5}) == ()
    assert default_faults(policy, CHANNEL, {"temperature": None}) == ()
    again = told(default_faults(policy, CHANNEL, {"temperature": 9}))
    assert again["temperature"] == ("9 is too large", "a number from 0 to 2")


def test_taking_a_model_away_is_no_choice_of_a_model() -> None:
    policy = policy_of({"defaults.model": "grok-3", "models.*": False, "models.grok-3": True})
    assert default_faults(policy, CHANNEL, {"model": None}) == ()


def test_a_model_has_other_names() -> None:
    def id_of(name: str) -> str:
        return {"latest": "grok-4.3"}.get(name, name)

    forbidden = policy_of({"models.grok-4.3": False})
    request = validate({"model": "latest", "prompt": "Hi"})
    assert restriction_faults(InForce(forbidden, "C1"), request) == ()
    assert restriction_faults(InForce(forbidden, "C1", id_of=id_of), request) == (
        Fault("model", "latest is not allowed here", "any but grok-4.3"),
    )
    only = policy_of({"models.*": False, "models.latest": True, "models.grok-3": True})
    asked = supply(InForce(only, "C1", settings=SETTINGS, id_of=id_of), parse_text("Hi"))
    assert asked.flags.values["model"] == "grok-4.3"
    assert restriction_faults(InForce(only, "C1", id_of=id_of), validate(asked.flags.values)) == ()
    assert default_faults(only, CHANNEL, {"model": "grok-4.3"}, id_of) == ()
    assert len(default_faults(only, CHANNEL, {"model": "grok-4.3"})) == 1


def test_a_default_must_keep_to_what_admins_allow() -> None:
    policy = policy_of(
        limit_fields({"max-tokens": 500, "answers": 2}), model_fields({"grok-4.3": False})
    )
    values: dict[str, JsonValue] = {"model": "grok-4.3", "max_tokens": 501, "n": 3}
    assert told(default_faults(policy, CHANNEL, values)) == {
        "model": ("grok-4.3 is not allowed here", "any but grok-4.3"),
        "max_tokens": ("501 is too large", "up to 500 here"),
        "n": ("3 answers are too many", "up to 2 here"),
    }
    assert told(default_faults(policy, WORKSPACE, values)).keys() == {"model"}
