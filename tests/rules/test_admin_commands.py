from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.completion.flags import Flags
from bot.completion.options import OPTIONS
from bot.completion.request import CompletionRequest
from bot.rules.arguments import CHANNEL, CommandTarget
from bot.rules.commands import VERBS, AdminCommand, parse, parse_command
from bot.rules.policy import default_fields, limit_fields
from bot.rules.quota import QUOTAS
from tests.completion.strategies import written_requests
from tests.completion.written import written_flags

WORKSPACE = CommandTarget("workspace")
NO_DEFAULTS = {"defaults": None}


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("models", AdminCommand("models")),
        (" Models \n", AdminCommand("models")),
        ("audit", AdminCommand("audit")),
        ("usage", AdminCommand("usage")),
        ("usage me", AdminCommand("usage", CommandTarget("me"))),
        ("Usage Channel", AdminCommand("usage", CommandTarget("channel"))),
        ("usage\nworkspace", AdminCommand("usage", WORKSPACE)),
        ("usage export", AdminCommand("usage export")),
        ("usage export 2025-03", AdminCommand("usage export", names=("2025-03",))),
        ("usage export 2025–3", AdminCommand("usage export", names=("2025-03",))),
        ("pause", AdminCommand("pause", CHANNEL)),
        ("pause channel", AdminCommand("pause", CHANNEL)),
        ("pause workspace", AdminCommand("pause", WORKSPACE)),
        ("resume", AdminCommand("resume", CHANNEL)),
        ("resume workspace", AdminCommand("resume", WORKSPACE)),
        ("defaults", AdminCommand("defaults")),
        ("defaults show", AdminCommand("defaults")),
        ("defaults workspace", AdminCommand("defaults", WORKSPACE)),
        ("defaults show channel", AdminCommand("defaults", CommandTarget("channel"))),
        ("defaults reset", AdminCommand("defaults reset", CHANNEL, fields=NO_DEFAULTS)),
        ("defaults reset workspace", AdminCommand("defaults reset", WORKSPACE, fields=NO_DEFAULTS)),
        ("quota", AdminCommand("quota")),
        ("quota show", AdminCommand("quota")),
        ("quota each-user", AdminCommand("quota", CommandTarget("each-user"))),
        ("quota show each—user", AdminCommand("quota", CommandTarget("each-user"))),
        ("quota show workspace", AdminCommand("quota", WORKSPACE)),
    ],
)
def test_a_command(text: str, command: AdminCommand) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("models allow grok-4.3", ("grok-4.3",)),
        ("models allow mistral", ("mistral",)),
        ("models allow grok-4.3 grok-3-mini", ("grok-4.3", "grok-3-mini")),
        ("models allow grok-4.3, mistral,llama", ("grok-4.3", "mistral", "llama")),
        ("models allow grok-4 grok-4", ("grok-4",)),
        ("models allow “grok-4” 'x/y:z'", ("grok-4", "x/y:z")),
        ("MODELS Allow Grok-4", ("Grok-4",)),
    ],
)
def test_models_are_allowed_by_name(text: str, names: tuple[str, ...]) -> None:
    assert parse_command(text) == AdminCommand("models allow", CHANNEL, names)
    assert parse_command(f"{text} workspace") == AdminCommand("models allow", WORKSPACE, names)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("search allow x", ("x",)),
        ("search forbid Web, twitter", ("web", "x")),
        ("search forbid @Somebody", ("@somebody",)),
        ("search allow https://Example.com/ docs.python.org", ("example.com", "docs.python.org")),
        ("search allow domains handles", ("domains", "handles")),
    ],
)
def test_what_may_be_searched_is_named(text: str, names: tuple[str, ...]) -> None:
    name = " ".join(text.split()[:2])

    assert parse_command(text) == AdminCommand(name, CHANNEL, names)
    assert parse_command(f"{text} workspace") == AdminCommand(name, WORKSPACE, names)


def test_everything_or_nothing_may_be_searched() -> None:
    assert parse_command("search allow all") == AdminCommand(
        "search allow", CHANNEL, fields={"search": None}
    )
    assert parse_command("search forbid ALL workspace") == AdminCommand(
        "search forbid", WORKSPACE, fields={"search.web": False, "search.x": False}
    )


@pytest.mark.parametrize(
    "text",
    [
        "search for cheap flights",
        "search allow me to explain",
        "search forbid domains in Germany",
        "search web",
        "search forbidden fruit",
        "search the web",
    ],
)
def test_what_only_begins_like_searching_is_a_question(text: str) -> None:
    assert parse_command(text) is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("search allow", ""),
        ("search forbid channel", ""),
        ("search forbid example.com/docs example.com", "example.com/docs"),
        ("search forbid x @a-b", "＠a-b"),
    ],
)
def test_what_cannot_be_searched_is_a_fault_of_the_command(text: str, wrong: str) -> None:
    command = parse_command(text)

    assert command is not None
    assert [fault.parameter for fault in command.faults] == [wrong]


def test_models_are_forbidden_by_name() -> None:
    assert parse_command("models forbid grok-3 channel") == AdminCommand(
        "models forbid", CHANNEL, ("grok-3",)
    )


def test_all_models_are_allowed_at_once_but_not_forbidden() -> None:
    forbidden = parse_command("models forbid all")

    assert parse_command("models allow ALL workspace") == AdminCommand(
        "models allow", WORKSPACE, fields={"models": None}
    )
    assert forbidden
    assert [fault.allowed for fault in forbidden.faults] == [
        "write `/grok pause` to stop questions for a while"
    ]


@pytest.mark.parametrize("text", ["models allow", "models forbid channel", "models allow “”"])
def test_no_model_is_a_fault(text: str) -> None:
    command = parse_command(text)

    assert command
    assert command.name.startswith("models")
    assert [fault.problem for fault in command.faults] == ["no model is named"]


@pytest.mark.parametrize("month", ["2025-13", "2025-00", "2025", "1999-01", "2025-3-1"])
def test_what_is_no_month_is_a_fault(month: str) -> None:
    command = parse_command(f"usage export {month}")

    assert command
    assert command.name == "usage export"
    assert [fault.problem for fault in command.faults] == [f"{month} is no month"]


@given(st.data())
def test_quotas_as_they_are_written_are_read_again(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(VERBS["quota set"].scopes))
    target = CommandTarget(kind, "U1" if kind == "user" else "")
    fitting = [quota for quota in QUOTAS.values() if target.scope_kind in quota.scopes]
    chosen = data.draw(st.lists(st.sampled_from(fitting), min_size=1, unique=True))
    limits = {quota.name: data.draw(st.integers(quota.least, quota.most)) for quota in chosen}
    pairs = [f"{name}={QUOTAS[name].typed(most)}" for name, most in limits.items()]
    text = " ".join(["quota set", *pairs, kind, *(["@ana"] if target.user else [])])

    command = AdminCommand("quota set", target, fields=limit_fields(limits))
    assert parse_command(text, [target.user]) == command


@given(written_requests, st.sampled_from(["", "channel", "workspace"]))
def test_flags_as_they_are_written_are_defaults(request: CompletionRequest, scope: str) -> None:
    given_ = {name: value for name, value in request.given().items() if name != "prompt"}
    command = parse_command(f"defaults set {written_flags(given_)} {scope}")

    assert command
    assert command.fields == default_fields(given_)
    assert bool(command.faults) == (not given_)
    assert command.target == CommandTarget("workspace" if scope == "workspace" else "channel")


QUESTIONS = [
    "usage of commas in English",
    "usage?",
    "usage me too",
    "usage each-user",
    "usage user @ana",
    "usage export data to CSV",
    "usage export July",
    "usage export 2025 figures",
    "models of the atom",
    "models allow users to express ideas",
    "models allow that.",
    "models allow all of us to see",
    "models forbid gpt-2 and others",
    "models channel",
    "model",
    "audit the following code",
    "audit channel",
    "pause for a second and think",
    "pause each-user",
    "resume of Albert Einstein",
    "resume me",
    "defaults set in stone",
    "defaults set -- in stone",
    "defaults in the credit market",
    "defaults show up late",
    "defaults unset model behaviour",
    "defaults reset the router how",
    "defaults each-user",
    "quota systems explained",
    "quota set by the EU",
    "quota set theory",
    "quota set x=5 and solve",
    "quota set concurrent users",
    "quota unset foo bar",
    "quota user",
    "quota user ana",
    "quota show user @ana please",
    "quota show me",
    "ask models",
    "-- usage",
    "--temperature 1 usage",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_stays_a_question(text: str) -> None:
    assert parse_command(text, ("U1",) if "@ana" in text else ()) is None
    assert isinstance(parse(text), Flags)


@pytest.mark.parametrize(
    ("start", "name"),
    [("quota set", "token{}=1"), ("quota unset", "answers{}"), ("defaults unset", "seed{}")],
)
def test_a_list_longer_than_all_names_is_no_command(start: str, name: str) -> None:
    short, long = (
        " ".join([start, *(name.format(number) for number in range(count))]) for count in (40, 41)
    )

    assert parse_command(short) is not None
    assert parse_command(long) is None


ENGLISH = st.sampled_from(
    ["the", "a", "how", "explain", "commas", "please", "in", "of", "is", "Slack", "why?", "they"]
)


@settings(max_examples=200)
@given(
    st.sampled_from(
        [
            *("usage", "usage export", "models", "models allow", "audit", "pause", "resume"),
            *("defaults", "defaults set", "defaults unset", "defaults reset"),
            *("quota", "quota show", "quota set", "quota unset"),
        ]
    ),
    st.lists(ENGLISH, min_size=2, max_size=6).filter(lambda words: len({*words}) > 1),
)
def test_english_behind_a_command_is_a_question(start: str, words: list[str]) -> None:
    assert parse_command(" ".join([start, *words])) is None


PIECES = st.sampled_from(
    [
        *("models", "usage", "audit", "defaults", "quota", "pause", "resume"),
        *("allow", "forbid", "all", "show", "set", "unset", "reset", "export"),
        *("channel", "workspace", "each-user", "user", "me", "@ana", "@U12345678"),
        *QUOTAS,
        *(option.flag for option in OPTIONS.values()),
        *("=", "=200k", "=$5", "tokens-per-day=", "x=y", ",", "2025-03", "2025-99", "grok-4"),
        *("—", "--", "-t", "“", "”", '"', "\\", "0.5", "\ud800", "{", "9" * 5000, "[" * 3000),
    ]
)


@settings(max_examples=400)
@given(
    st.lists(PIECES | st.text(max_size=4), max_size=8).map(" ".join),
    st.sampled_from(["", "models allow ", "usage export ", "quota set ", "quota unset "])
    | st.sampled_from(["defaults set ", "defaults set --echo ", "defaults unset "]),
    st.lists(st.just("U1"), max_size=1),
)
def test_no_text_raises(text: str, start: str, mentions: list[str]) -> None:
    command = parse_command(start + text, mentions)

    assert command is None or all(
        fault.problem and "<" not in fault.problem for fault in command.faults
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "piece"),
    [
        ("quota set ", "tokens-per-dax=1 "),
        ("quota set tokens-per-day=1 ", "tokens-per-dax{}=1 "),
        ("quota set tokens-per-day=1", " "),
        ("quota set a", " ="),
        ("quota unset ", "tokens-per-da{} "),
        ("defaults unset ", "temperatur{} "),
        ("defaults set --echo ", "-- "),
        ("defaults set ", "--temperature 1 "),
        ("models allow ", "a-1 "),
        ("models allow a", "-"),
        ("usage export 2", "0"),
    ],
)
def test_work_does_not_grow_with_the_square_of_the_text(start: str, piece: str) -> None:
    pieces = "".join(piece.format(number) for number in range(20_000))

    parse_command(f"{start}{pieces}?")  # the test's own timeout is the bound


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("feedback", "feedback"),
        ("usage votes 2025-03", "feedback"),
        ("Feedback show", "feedback"),
        ("feedback export 2025-3", "feedback export"),
        ("feedback on workspace", "feedback on"),
        ("feedback off", "feedback off"),
        ("feedback texts OFF", "feedback texts"),
        ("feedback on my essay", ""),
        ("feedback texts", ""),
        ("feedback texts on workspace", ""),
        ("feedback texts are dull", ""),
        ("feedback off the record", ""),
        ("usage votes of commas", ""),
    ],
)
def test_votes_are_shown_exported_and_switched(text: str, name: str) -> None:
    command = parse_command(text)

    assert (command.name if command else "") == name
